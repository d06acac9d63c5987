//! Godot's own server: the project in `bench/godot`, laid down where the engine can see it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::godot::{self, Engine, Found};
use crate::project::Project;

const PROJECT: &str = "bench/godot";

/// Where an engine that lives in a root folder of its own finds it.
const INSIDE: &str = "srv/bench";

/// An engine that is ready to serve.
pub struct Rival {
    pub version: String,
    engine: Engine,
    /// As the engine sees it.
    folder: PathBuf,
}

impl Rival {
    /// Gets an engine, and gives it the project; or says why this machine cannot have one.
    pub async fn prepare(project: &Project) -> Result<Result<Self, String>> {
        let engine = match godot::get(project).await? {
            Found::Here(engine) => engine,
            Found::NotHere(why) => return Ok(Err(why)),
        };
        let version = engine.version(project).await?;
        let (folder, seen) = match &engine {
            Engine::Installed(_) => {
                let folder = project.target().join("bench-godot");
                (folder.clone(), folder)
            }
            Engine::Chroot(root) => (root.join(INSIDE), Path::new("/").join(INSIDE)),
        };
        lay_down(&project.root().join(PROJECT), &folder)
            .with_context(|| format!("cannot write to {}", folder.display()))?;
        Ok(Ok(Self { version, engine, folder: seen }))
    }

    /// The command that serves, on a port of its own choice.
    pub fn command(&self, args: &[&str]) -> Vec<OsString> {
        // What it remembers of its user stays out of the user's own folder. `env` and `chroot` become the engine: there is one
        // process.
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

fn lay_down(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to.join("user"))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
