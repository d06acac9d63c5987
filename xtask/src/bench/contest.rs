//! Who takes part, where their programs are, and how they take turns.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use crate::project::Project;
use crate::sh::Cmd;

/// A server with the command line `ADDR [--max-message BYTES] [--hz N]`.
#[derive(Debug, PartialEq)]
pub struct Server {
    pub name: &'static str,
    program: &'static str,
}

pub const OURS: Server = Server { name: "websocket-peer", program: "echo_server" };
pub const RELAY: Server = Server { name: "websocket-peer", program: "multiplayer_relay" };
pub const PLAIN: Server = Server { name: "plain tungstenite loop", program: "plain" };

/// Ours first.
pub const SERVERS: [Server; 5] = [
    OURS,
    PLAIN,
    Server { name: "tokio-tungstenite", program: "tokio_tungstenite" },
    Server { name: "fastwebsockets", program: "fastwebsockets" },
    Server { name: "tokio-websockets", program: "tokio_websockets" },
];

/// Everything that is measured in one run has this in common.
pub struct Contest<'a> {
    pub project: &'a Project,
    pub quick: bool,
}

impl<'a> Contest<'a> {
    /// Builds all the programs.
    pub async fn prepare(project: &'a Project, quick: bool) -> Result<Self> {
        let cargo = || project.command("cargo").args(["build", "--release"]);
        cargo().args(["--example", OURS.program]).run().await?;
        let manifest = ["--manifest-path", "bench/Cargo.toml", "--target-dir", "bench/target"];
        let packages = ["--package", "clients", "--package", "load", "--package", "servers"];
        cargo().args(manifest).args(packages).run().await?;
        Ok(Self { project, quick })
    }

    /// A full run's number, or a quick one's.
    pub fn full_or_quick<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// How often everybody has a turn. The median of these is told.
    pub fn rounds(&self) -> usize {
        self.full_or_quick(3, 1)
    }

    /// One of the programs in `bench/`.
    pub fn program(&self, name: &str) -> Cmd {
        self.project.command(&format!("bench/target/release/{name}"))
    }

    /// A program in `bench/` that starts a server and measures something about it.
    pub fn against(&self, name: &str, args: &[String], server: &Server, server_args: &[&str]) -> Cmd {
        let address = ["127.0.0.1:0"].iter();
        let command = self.program(name).args(args).arg("--").arg(self.path(server));
        command.args(address.chain(server_args))
    }

    /// Lets all of them have a turn, and all of them another one, and so on: what disturbs the machine for a while then disturbs
    /// everybody. Gives what was measured, by contestant.
    pub async fn take_turns<C, M: DeserializeOwned>(
        &self,
        rounds: usize,
        contestants: &[C],
        command: impl Fn(&C) -> Cmd,
    ) -> Result<Vec<Vec<M>>> {
        let mut measured: Vec<Vec<M>> = contestants.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for (contestant, measured) in contestants.iter().zip(&mut measured) {
                let lines = command(contestant).read().await?;
                let line = lines.last().context("it measured nothing")?;
                println!("  {line}");
                measured.push(serde_json::from_str(line).with_context(|| format!("not understood: {line}"))?);
            }
        }
        Ok(measured)
    }

    /// Where its program is.
    pub fn path(&self, server: &Server) -> PathBuf {
        if *server == OURS {
            let path = self.project.target().join("release").join("examples").join(server.program);
            // It is printed, and shorter is better; what is run is run at the root.
            path.strip_prefix(self.project.root()).map(PathBuf::from).unwrap_or(path)
        } else {
            ["bench", "target", "release", server.program].iter().collect()
        }
    }
}
