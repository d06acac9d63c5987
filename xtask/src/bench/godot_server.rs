//! Godot's own server: runs the project in `bench/godot`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::godot::{self, Availability, Engine};
use crate::project::Project;

const PROJECT: &str = "bench/godot";

/// The project's path within the root folder of an engine.
const CHROOT_PATH: &str = "srv/bench";

/// An engine with the project.
pub struct GodotServer {
    pub version: String,
    engine: Engine,
    /// The project's folder, as the engine sees it.
    folder: PathBuf,
}

impl GodotServer {
    /// Gets an engine and copies the project to a folder that it can read. The inner error is the reason why this
    /// machine cannot have an engine.
    pub async fn prepare(project: &Project) -> Result<Result<Self, String>> {
        let engine = match godot::get(project).await? {
            Availability::Available(engine) => engine,
            Availability::Unavailable(reason) => return Ok(Err(reason)),
        };
        let version = engine.version(project).await?;
        let (folder, visible) = match &engine {
            Engine::Installed(_) => {
                let folder = project.target().join("bench-godot");
                (folder.clone(), folder)
            }
            Engine::Chroot(root) => (root.join(CHROOT_PATH), Path::new("/").join(CHROOT_PATH)),
        };
        copy_project(&project.root().join(PROJECT), &folder)
            .with_context(|| format!("cannot write to {}", folder.display()))?;
        Ok(Ok(Self { version, engine, folder: visible }))
    }

    /// Returns the command line of the server, which listens on a free port.
    pub fn command(&self, args: &[&str]) -> Vec<OsString> {
        // The engine's user data goes here, not into the user's home. `env` and `chroot` execute the engine in their
        // own process, so there is one process to measure.
        let mut user = OsString::from("HOME=");
        user.push(self.folder.join("user"));
        let mut command = vec!["env".into(), user];
        match &self.engine {
            Engine::Installed(program) => command.push(program.into()),
            Engine::Chroot(root) => command.extend(["chroot".into(), root.into(), "godot".into()]),
        }
        let serve = ["--headless", "--path"].map(OsStr::new).into_iter();
        let serve =
            serve.chain([self.folder.as_os_str()]).chain(["--script", "relay.gd", "--"].map(OsStr::new));
        command.extend(serve.chain(args.iter().map(OsStr::new)).map(OsStr::to_owned));
        command
    }
}

fn copy_project(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to.join("user"))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
