//! A headless Godot engine that runs `examples/godot`: it hosts the game, or joins the game and the chat.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use crate::godot::{self, Availability, Engine};
use crate::ports::bind_near;
use crate::process::{Cmd, Running};
use crate::project::Project;
use crate::wait::within;

/// The name of the engine in the game and in the chat.
pub const NAME: &str = "Godot";

/// The line that an engine sends when it has joined the chat.
pub const GREETING: &str = "Hello from a Godot engine";

/// The deadline for an engine to start and to connect.
const START: Duration = Duration::from_secs(60);

/// The starts of the lines that an engine prints about its errors.
const ERRORS: [&str; 4] = ["ERROR:", "SCRIPT ERROR:", "USER ERROR:", "WARNING:"];

const PROJECT: &str = "examples/godot";

/// The project's path within the root folder of an engine.
const CHROOT_PATH: &str = "srv/demo";

/// An engine, and a copy of the project that it can read.
pub struct GodotProject {
    engine: Engine,
    /// The project's folder, as the engine sees it.
    folder: PathBuf,
}

/// A running engine. Its errors are printed, and its end. Dropping this stops it.
pub struct GodotRun {
    watch: JoinHandle<()>,
    _running: Running,
}

impl Drop for GodotRun {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl GodotProject {
    /// Gets an engine, which may install it.
    pub async fn prepare(project: &Project) -> Result<Self> {
        let engine = match godot::get(project).await? {
            Availability::Available(engine) => engine,
            Availability::Unavailable(reason) => bail!("no Godot engine: {reason}"),
        };
        println!("Godot {}", engine.version(project).await?);
        let (target, folder) = match &engine {
            Engine::Installed(_) => {
                let target = project.target().join("demo-godot");
                (target.clone(), target)
            }
            Engine::Chroot(root) => (root.join(CHROOT_PATH), Path::new("/").join(CHROOT_PATH)),
        };
        copy(&project.root().join(PROJECT), &target)
            .and_then(|()| fs::create_dir_all(target.join("user")))
            .with_context(|| format!("cannot write to {}", target.display()))?;
        Ok(Self { engine, folder })
    }

    /// Hosts the game on this port, or on the next free one, and plays.
    pub async fn host_game(&self, project: &Project, port: u16) -> Result<(SocketAddr, GodotRun)> {
        let addr = bind_near("game host", port, TcpListener::bind)?.local_addr()?;
        let port = addr.port().to_string();
        let host = self.run(project, &["turns", "host", &port, NAME], "hosting on port").await?;
        Ok((addr, host))
    }

    pub async fn join_game(&self, project: &Project, url: &str) -> Result<GodotRun> {
        self.run(project, &["turns", "join", url, NAME], "connected").await
    }

    pub async fn join_chat(&self, project: &Project, url: &str) -> Result<GodotRun> {
        self.run(project, &["chat", "join", url, NAME, GREETING], "connected").await
    }

    /// Starts an engine, and waits for a line that begins like this.
    async fn run(&self, project: &Project, words: &[&str], start: &str) -> Result<GodotRun> {
        let (running, mut lines) = self.command(project).arg("--").args(words).start()?;
        let started = async {
            loop {
                let line = lines.recv().await.context("the engine has ended")?;
                println!("godot: {line}");
                if line.starts_with(start) {
                    return anyhow::Ok(());
                }
            }
        };
        within(START, format_args!("waiting for “{start}” of the engine"), started).await?;
        Ok(GodotRun { watch: tokio::spawn(watch(lines)), _running: running })
    }

    fn command(&self, project: &Project) -> Cmd {
        // The engine's user data goes to this folder, not into the user's home.
        let command = self.engine.command(project).env("HOME", self.folder.join("user"));
        command.arg("--headless").arg("--path").arg(&self.folder)
    }
}

/// Reads the lines of an engine until it ends. Those of each turn would only hide what else is printed.
async fn watch(mut lines: UnboundedReceiver<String>) {
    while let Some(line) = lines.recv().await {
        if ERRORS.iter().any(|start| line.starts_with(start)) {
            println!("godot: {line}");
        }
    }
    println!("godot: the engine has ended");
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
