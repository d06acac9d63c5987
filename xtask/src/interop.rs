//! `cargo xtask interop`: runs the program in `interop/` against a real engine, with a client in a page.

use std::net::TcpListener;

use anyhow::{Result, bail};

use crate::godot::{self, Availability, Engine};
use crate::page;
use crate::ports::loopback;
use crate::process::Cmd;
use crate::project::Project;
use crate::serve::PageServer;
use crate::webdriver::Page;

/// Runs the scenarios whose name contains one of these, or all. Fails without an engine.
pub async fn run(project: &Project, names: &[String]) -> Result<()> {
    match godot::get(project).await? {
        Availability::Available(engine) => run_with(project, &engine, names, Cmd::run).await,
        Availability::Unavailable(reason) => bail!("no Godot engine: {reason}"),
    }
}

/// Prints the engine's version, opens the page, and passes the command that runs the scenarios to `run`.
pub async fn run_with<T>(
    project: &Project,
    engine: &Engine,
    names: &[String],
    run: impl AsyncFnOnce(Cmd) -> Result<T>,
) -> Result<T> {
    println!("Godot {}", engine.version(project).await?);
    page::build(project).await?;
    // Built first, so that the page does not wait for the build.
    project.command("cargo").args(["build", "--package", "interop"]).run().await?;
    let tests = project.root().join("tests").join("js");
    let pages = PageServer::start(0, &tests, &[("/pkg", &page::package(project))])?;
    // The page retries this port until the program listens on it.
    let port = TcpListener::bind(loopback(0))?.local_addr()?.port();
    let page =
        Page::open(project, &pages.url(&format!("/agent.html?control=ws://{}", loopback(port)))).await?;
    let outcome = run(command(project, engine).arg("--browser").arg(port.to_string()).args(names)).await;
    if outcome.is_err() {
        for error in page.console_errors().await? {
            println!("browser console: {error}");
        }
    }
    page.close().await?;
    outcome
}

fn command(project: &Project, engine: &Engine) -> Cmd {
    let command = project.command("cargo").args(["run", "--quiet", "--package", "interop", "--"]);
    match engine {
        Engine::Installed(program) => command.arg("--godot").arg(program),
        Engine::Chroot(root) => command.arg("--chroot").arg(root),
    }
}
