//! A Godot engine for the tests: the one that `GODOT` names, or Debian's own in a root folder of its own under `target`.

mod install;
mod mirror;

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::sh::Cmd;

/// An engine that can be run.
pub enum Engine {
    /// A program of this system.
    Installed(PathBuf),
    /// A root folder with the engine in it, and all that it needs.
    Chroot(PathBuf),
}

/// Whether there is one.
pub enum Found {
    Here(Engine),
    /// This machine cannot have one, and why.
    NotHere(String),
}

/// Gets an engine, which takes a minute when it must be installed first.
pub async fn get(project: &Project) -> Result<Found> {
    if let Some(program) = env::var_os("GODOT").filter(|program| !program.is_empty()) {
        let Some(program) = project.which(&program.to_string_lossy()) else {
            bail!("GODOT names {}, which is no program", program.display());
        };
        return Ok(Found::Here(Engine::Installed(program)));
    }
    if !can_install(project).await {
        return Ok(Found::NotHere("only root on Linux can install one; let GODOT name one".into()));
    }
    let Some(mirror) = mirror::find()? else {
        return Ok(Found::NotHere(
            "apt knows no mirror of Debian to get one from; let GODOT name one".into(),
        ));
    };
    let root = install::get(project, &mirror).await.context("cannot install Godot")?;
    Ok(Found::Here(Engine::Chroot(root)))
}

/// Whether this user, on this system, can have one in a root folder of its own.
pub async fn can_install(project: &Project) -> bool {
    let is_root = async { project.command("id").arg("-u").ask().await.is_ok_and(|user| user.trim() == "0") };
    env::consts::OS == "linux" && is_root.await
}

impl Engine {
    /// As it says it: `4.6.3.stable.…`.
    pub async fn version(&self, project: &Project) -> Result<String> {
        self.command(project).args(["--headless", "--version"]).ask().await.context("the engine does not run")
    }

    fn command(&self, project: &Project) -> Cmd {
        match self {
            Self::Installed(program) => project.command(&program.to_string_lossy()),
            Self::Chroot(root) => project.command("chroot").arg(root).arg("godot"),
        }
    }
}
