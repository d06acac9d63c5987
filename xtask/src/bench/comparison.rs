//! The servers that are compared, the paths of their programs, and the order in which they run.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use crate::process::Cmd;
use crate::project::Project;

/// An echo server with the command line `ADDR [--max-message BYTES] [--hz N]`.
#[derive(Debug, PartialEq)]
pub struct Server {
    pub name: &'static str,
    program: &'static str,
}

pub const OURS: Server = Server { name: "websocket-peer", program: "echo_server" };
pub const RELAY: Server = Server { name: "websocket-peer", program: "multiplayer_relay" };
pub const ROOMS: Server = Server { name: "websocket-peer", program: "rooms" };
pub const PLAIN: Server = Server { name: "plain tungstenite loop", program: "plain" };

/// All echo servers, ours first and the plain loop second.
pub const SERVERS: [Server; 5] = [
    OURS,
    PLAIN,
    Server { name: "tokio-tungstenite", program: "tokio_tungstenite" },
    Server { name: "fastwebsockets", program: "fastwebsockets" },
    Server { name: "tokio-websockets", program: "tokio_websockets" },
];

/// The settings of one run.
pub struct Comparison<'a> {
    pub project: &'a Project,
    pub quick: bool,
}

impl<'a> Comparison<'a> {
    /// Builds all programs, or those for sessions only.
    pub async fn prepare(project: &'a Project, quick: bool, sessions_only: bool) -> Result<Self> {
        let cargo = || project.command("cargo").args(["build", "--release"]);
        let manifest = ["--manifest-path", "bench/Cargo.toml", "--target-dir", "bench/target"];
        let mut packages = vec!["--package", "load", "--package", "servers"];
        if !sessions_only {
            cargo().args(["--example", OURS.program]).run().await?;
            packages.extend(["--package", "clients"]);
        }
        cargo().args(manifest).args(packages).run().await?;
        Ok(Self { project, quick })
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
        let address = ["127.0.0.1:0"].iter();
        let command = self.program(name).args(args).arg("--").arg(self.path(server));
        command.args(address.chain(server_args))
    }

    /// Measures every candidate once per round, so that a disturbance of the machine affects all of them. Returns the
    /// measurements of each candidate.
    pub async fn run_rounds<C, M: DeserializeOwned>(
        &self,
        rounds: usize,
        candidates: &[C],
        command: impl Fn(&C) -> Cmd,
    ) -> Result<Vec<Vec<M>>> {
        let mut measured: Vec<Vec<M>> = candidates.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for (comparisonant, measured) in candidates.iter().zip(&mut measured) {
                let lines = command(comparisonant).read().await?;
                let line = lines.last().context("the program printed nothing")?;
                println!("  {line}");
                measured.push(serde_json::from_str(line).with_context(|| format!("cannot parse {line}"))?);
            }
        }
        Ok(measured)
    }

    /// Returns the path of a server's program.
    pub fn path(&self, server: &Server) -> PathBuf {
        if *server == OURS {
            let path = self.project.target().join("release").join("examples").join(server.program);
            // Commands run at the root, so the path can be relative, which is shorter in the output.
            path.strip_prefix(self.project.root()).map(PathBuf::from).unwrap_or(path)
        } else {
            ["bench", "target", "release", server.program].iter().collect()
        }
    }
}
