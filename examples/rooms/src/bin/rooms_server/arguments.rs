//! The command line.

use std::path::PathBuf;

use clap::Parser;
use ipnet::IpNet;

/// A server of many games behind one port: a lobby in which players create rooms, and a turn game in each room. Pages,
/// programs and windows of Godot's demo can join. It also answers /health, /metrics and /rooms over HTTP.
///
/// Flags override the file. SIGTERM and Ctrl-C close all rooms and connections first; a second one ends the server at
/// once. SIGHUP reads the certificate again.
#[derive(Debug, Clone, Default, Parser)]
#[command(version)]
pub struct Arguments {
    /// The address to listen on, such as 0.0.0.0:9080. Port 0 takes a free port.
    pub address: Option<String>,
    /// Read the settings from this TOML file. docs/hosting/rooms.toml lists them.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set any setting of the file, such as rooms.server.max_peers=500. Can be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The certificate chain of TLS, as PEM.
    #[arg(long, value_name = "FILE")]
    pub tls_certificates: Option<PathBuf>,
    /// The private key of the certificate, as PEM.
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Accept the pages of this origin, such as `https://game.example`. Can be repeated.
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Vec<String>,
    /// The maximum number of connections.
    #[arg(long, value_name = "NUMBER")]
    pub max_peers: Option<usize>,
    /// The maximum number of rooms.
    #[arg(long, value_name = "NUMBER")]
    pub max_rooms: Option<usize>,
    /// The maximum number of players in a room.
    #[arg(long, value_name = "NUMBER")]
    pub capacity: Option<usize>,
    /// The time in seconds after which an empty room is closed.
    #[arg(long, value_name = "SECONDS")]
    pub empty_timeout: Option<f64>,
    /// The time in seconds that the connections have to close at the end.
    #[arg(long, value_name = "SECONDS")]
    pub shutdown_timeout: Option<f64>,
    /// Answer /metrics to clients of this network, such as 10.0.0.0/8. Can be repeated.
    #[arg(long, value_name = "NETWORK")]
    pub metrics_from: Vec<IpNet>,
    /// What to log: a level (error, warn, info, debug, trace), or levels by module.
    #[arg(long, value_name = "FILTER", env = "ROOMS_LOG")]
    pub log: Option<String>,
    /// Check the settings, print all of them, and end.
    #[arg(long)]
    pub check_config: bool,
    /// Ask a running server with these settings for its health, and end: with 0 if it is healthy.
    #[arg(long, conflicts_with = "check_config")]
    pub check_health: bool,
}
