//! `cargo xtask interop`: the program in `interop/`, against a real engine.

use anyhow::{Result, bail};

use crate::godot::{self, Engine, Found};
use crate::project::Project;
use crate::sh::Cmd;

/// Plays the scenarios whose name has one of these in it, or all. Without an engine it fails.
pub async fn run(project: &Project, names: &[String]) -> Result<()> {
    match godot::get(project).await? {
        Found::Here(engine) => command(project, &engine, names).await?.run().await,
        Found::NotHere(why) => bail!("there is no Godot engine here: {why}"),
    }
}

/// The command that plays them. It has said which engine it is.
pub async fn command(project: &Project, engine: &Engine, names: &[String]) -> Result<Cmd> {
    println!("Godot {}", engine.version(project).await?);
    let command = project.command("cargo").args(["run", "--quiet", "--package", "interop", "--"]);
    let command = match engine {
        Engine::Installed(program) => command.arg("--godot").arg(program),
        Engine::Chroot(root) => command.arg("--chroot").arg(root),
    };
    Ok(command.args(names))
}
