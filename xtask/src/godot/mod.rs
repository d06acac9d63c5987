//! Gets a Godot engine for the tests: the program that `GODOT` names, or Debian's in its own root folder under
//! `target`.

mod install;
mod mirror;

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::process::Cmd;
use crate::project::Project;

/// An engine that can be run.
pub enum Engine {
    /// A program of this system.
    Installed(PathBuf),
    /// A root folder with the engine and everything that it needs.
    Chroot(PathBuf),
}

pub enum Availability {
    Available(Engine),
    /// This machine cannot have an engine. Holds the reason.
    Unavailable(String),
}

/// Returns an engine. Installing it takes about a minute, the first time.
pub async fn get(project: &Project) -> Result<Availability> {
    if let Some(program) = env::var_os("GODOT").filter(|program| !program.is_empty()) {
        let Some(program) = project.which(&program.to_string_lossy()) else {
            bail!("GODOT names {}, which is not a program", program.display());
        };
        return Ok(Availability::Available(Engine::Installed(program)));
    }
    if !can_install(project).await {
        let reason = "only root on Linux can install one; set GODOT to the path of one";
        return Ok(Availability::Unavailable(reason.into()));
    }
    let Some(mirror) = mirror::find(project).await? else {
        let reason = "apt has no Debian mirror to get one from; set GODOT to the path of one";
        return Ok(Availability::Unavailable(reason.into()));
    };
    let root = install::get(project, &mirror).await.context("cannot install Godot")?;
    Ok(Availability::Available(Engine::Chroot(root)))
}

/// Returns `true` if this user, on this system, can install an engine in its own root folder.
pub async fn can_install(project: &Project) -> bool {
    let is_root =
        async { project.command("id").arg("-u").query().await.is_ok_and(|user| user.trim() == "0") };
    env::consts::OS == "linux" && is_root.await
}

impl Engine {
    /// Returns the version as the engine prints it: `4.6.3.stable.…`.
    pub async fn version(&self, project: &Project) -> Result<String> {
        let command = self.command(project).args(["--headless", "--version"]);
        command.query().await.context("the engine does not run")
    }

    /// Returns a command that runs the engine; its arguments follow.
    pub fn command(&self, project: &Project) -> Cmd {
        match self {
            Self::Installed(program) => project.command(&program.to_string_lossy()),
            Self::Chroot(root) => project.command("chroot").arg(root).arg("godot"),
        }
    }
}
