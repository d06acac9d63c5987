//! `cargo xtask interop`: the program in `interop/`, against a real engine, with a page that has a client in it.

use std::net::TcpListener;

use anyhow::{Result, bail};

use crate::godot::{self, Engine, Found};
use crate::page;
use crate::ports::loopback;
use crate::project::Project;
use crate::serve::PageServer;
use crate::sh::Cmd;
use crate::webdriver::Page;

/// Plays the scenarios whose name has one of these in it, or all. Without an engine it fails.
pub async fn run(project: &Project, names: &[String]) -> Result<()> {
    match godot::get(project).await? {
        Found::Here(engine) => play(project, &engine, names, Cmd::run).await,
        Found::NotHere(why) => bail!("there is no Godot engine here: {why}"),
    }
}

/// Says which engine it is, opens the page, and has `run` run the command that plays them.
pub async fn play<T>(
    project: &Project,
    engine: &Engine,
    names: &[String],
    run: impl AsyncFnOnce(Cmd) -> Result<T>,
) -> Result<T> {
    println!("Godot {}", engine.version(project).await?);
    page::build(project).await?;
    // The page would wait for it, and complain.
    project.command("cargo").args(["build", "--package", "interop"]).run().await?;
    let tests = project.root().join("tests").join("js");
    let pages = PageServer::start(0, &tests, &[("/pkg", &page::package(project))])?;
    // The page looks for the program at this port, and until it is there, again and again.
    let port = TcpListener::bind(loopback(0))?.local_addr()?.port();
    let page =
        Page::open(project, &pages.url(&format!("/agent.html?control=ws://{}", loopback(port)))).await?;
    let played = run(command(project, engine).arg("--browser").arg(port.to_string()).args(names)).await;
    if played.is_err() {
        for error in page.console_errors().await? {
            println!("the browser's console: {error}");
        }
    }
    page.close().await?;
    played
}

fn command(project: &Project, engine: &Engine) -> Cmd {
    let command = project.command("cargo").args(["run", "--quiet", "--package", "interop", "--"]);
    match engine {
        Engine::Installed(program) => command.arg("--godot").arg(program),
        Engine::Chroot(root) => command.arg("--chroot").arg(root),
    }
}
