//! The servers that are compared, and the order in which they run.

use std::ffi::OsString;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use super::{cpp, javascript};
use crate::process::Cmd;
use crate::project::Project;

/// An echo server with the command line `ADDR [--max-message BYTES] [--hz N]`.
#[derive(Debug, PartialEq)]
pub struct Server {
    pub name: &'static str,
    program: Language,
}

/// What a server is written in, and the name of its program.
#[derive(Debug, PartialEq)]
enum Language {
    /// An example of the library.
    Example(&'static str),
    /// A program of `bench/servers`.
    Rust(&'static str),
    Cpp(&'static str),
    JavaScript(&'static str),
}

pub const OURS: Server = Server { name: "websocket-peer", program: Language::Example("echo_server") };
pub const OURS_OVER_TLS: Server = Server { name: "websocket-peer", program: Language::Rust("tls") };
pub const RELAY: Server = Server { name: "websocket-peer", program: Language::Rust("multiplayer_relay") };
pub const ROOMS: Server = Server { name: "websocket-peer", program: Language::Rust("rooms") };
pub const PLAIN: Server = Server { name: "plain tungstenite loop", program: Language::Rust("plain") };
pub const UWEBSOCKETS: Server =
    Server { name: "uWebSockets", program: Language::Cpp(cpp::UWEBSOCKETS.program) };
pub const UWEBSOCKETS_OVER_TLS: Server =
    Server { name: "uWebSockets", program: Language::Cpp(cpp::UWEBSOCKETS_OVER_TLS.program) };

/// All echo servers. The first three are ours, uWebSockets and the plain loop.
pub const SERVERS: [Server; 10] = [
    OURS,
    UWEBSOCKETS,
    PLAIN,
    Server { name: "tokio-tungstenite", program: Language::Rust("tokio_tungstenite") },
    Server { name: "fastwebsockets", program: Language::Rust("fastwebsockets") },
    Server { name: "tokio-websockets", program: Language::Rust("tokio_websockets") },
    Server { name: "yawc", program: Language::Rust("yawc") },
    Server { name: "sockudo-ws", program: Language::Rust("sockudo_ws") },
    Server { name: "Boost.Beast", program: Language::Cpp(cpp::BEAST.program) },
    Server { name: "ws for Node", program: Language::JavaScript(javascript::SERVER) },
];

/// Builds Rust programs optimized as a whole, as uWebSockets' own build is.
const BUILD: [&str; 8] = [
    "build",
    "--release",
    "--target-dir",
    "bench/target",
    "--config",
    "profile.release.lto = 'thin'",
    "--config",
    "profile.release.codegen-units = 1",
];

/// The programs that a run needs.
#[derive(Clone, Copy, PartialEq)]
pub enum ProgramSet {
    All,
    /// The plain loop is the server of the clients.
    Clients,
    /// The servers and the loads of sessions.
    Sessions,
}

/// The settings of one run.
pub struct Comparison<'a> {
    pub project: &'a Project,
    pub quick: bool,
    /// The folders with the packages of the servers in JavaScript.
    node_path: OsString,
}

impl<'a> Comparison<'a> {
    /// Builds and installs the programs.
    pub async fn prepare(project: &'a Project, quick: bool, programs: ProgramSet) -> Result<Self> {
        let cargo = || project.command("cargo").args(BUILD);
        let mut packages = vec!["--package", "load", "--package", "servers"];
        if programs != ProgramSet::Sessions {
            packages.extend(["--package", "clients"]);
        }
        cargo().args(["--manifest-path", "bench/Cargo.toml"]).args(packages).run().await?;
        let mut node_path = OsString::new();
        if programs == ProgramSet::All {
            cargo().args(["--example", "echo_server"]).run().await?;
            cpp::build(project).await?;
            node_path = javascript::install(project).await?;
        }
        Ok(Self { project, quick, node_path })
    }

    /// Returns the value for a full run or for a quick one.
    pub fn by_mode<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// The number of rounds. The median of the rounds is reported.
    pub fn rounds(&self) -> usize {
        self.by_mode(3, 1)
    }

    /// Returns a command that runs a program of `bench/`.
    pub fn program(&self, name: &str) -> Cmd {
        self.project.command(&format!("bench/target/release/{name}"))
    }

    /// Returns a command that runs a program of `bench/`, which starts the server and measures it.
    pub fn measuring(&self, name: &str, args: &[String], server: &Server, server_args: &[&str]) -> Cmd {
        let command = self.program(name).args(args).arg("--").args(self.start(server));
        let command = command.arg("127.0.0.1:0").args(server_args);
        match server.program {
            Language::JavaScript(_) => command.env("NODE_PATH", &self.node_path),
            _ => command,
        }
    }

    /// Measures every candidate once per round, so that a disturbance of the machine affects all of them, in turn forwards
    /// and backwards. Returns the measurements of each candidate.
    pub async fn run_rounds<C, M: DeserializeOwned>(
        &self,
        rounds: usize,
        candidates: &[C],
        command: impl Fn(&C) -> Cmd,
    ) -> Result<Vec<Vec<M>>> {
        let mut measured: Vec<Vec<M>> = candidates.iter().map(|_| Vec::new()).collect();
        for round in 0..rounds {
            let mut order: Vec<_> = candidates.iter().zip(&mut measured).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            for (candidate, measured) in order {
                let lines = command(candidate).read().await?;
                let line = lines.last().context("the program printed nothing")?;
                println!("  {line}");
                measured.push(serde_json::from_str(line).with_context(|| format!("cannot parse {line}"))?);
            }
        }
        Ok(measured)
    }

    /// Returns the start of the command line that starts a server. Commands run at the root, so its path is relative,
    /// which is shorter in the output.
    pub fn start(&self, server: &Server) -> Vec<OsString> {
        match server.program {
            Language::Example(name) => vec![format!("bench/target/release/examples/{name}").into()],
            Language::Rust(name) => vec![format!("bench/target/release/{name}").into()],
            Language::Cpp(name) => vec![format!("{}/{name}", cpp::FOLDER).into()],
            Language::JavaScript(script) => vec![crate::node::NODE.into(), script.into()],
        }
    }
}
