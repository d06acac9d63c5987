//! Tests the npm package as its users have it: the tarball is installed in an empty project, compiled by TypeScript,
//! bundled by Vite, and run in Chrome and in Node. The programs are those of its README, word for word apart from the
//! addresses; they join a host of this crate and one in a Godot engine.

mod consumer;
mod hosts;
mod play;

use std::env;

use anyhow::{Context, Result, bail, ensure};
use testkit::Server;

use self::consumer::Consumer;
use self::hosts::ChatHost;
use crate::godot::{self, Availability, Engine};
use crate::npm::{self, Package};
use crate::project::Project;
use crate::report::Outcome;

/// All that the package contains.
const FILES: [&str; 11] = [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "dist/classes.js",
    "dist/index.d.ts",
    "dist/index.js",
    "dist/load.js",
    "dist/node.js",
    "dist/websocket_peer.js",
    "dist/websocket_peer.wasm",
    "package.json",
];

/// The bytes that the tarball, and the module as a web server sends it, may have.
const MAX_SIZE: u64 = 400_000;

pub async fn run(project: &Project) -> Result<Outcome> {
    let engine = engine(project).await?;
    let package = npm::pack(project).await?;
    check_contents(&package)?;

    let consumer = Consumer::install(project, &package).await?;
    consumer.check_package(project, &package).await?;
    let server = Server::start()?;
    consumer.test_in_node(project, &server).await?;
    let host = ChatHost::in_rust()?;
    consumer.write_programs(&host, &server)?;
    consumer.check_types(project).await?;
    play::run(project, &consumer, host).await?;

    let mut note = format!("{} bytes, module {} bytes, gzip", package.size, package.module.1);
    match engine {
        Ok(engine) => {
            let host = ChatHost::in_godot(project, &engine, &consumer.script()?).await?;
            consumer.write_programs(&host, &server)?;
            play::run(project, &consumer, host).await?;
        }
        Err(reason) => note.push_str(&format!("; without a Godot engine: {reason}")),
    }
    Ok(Outcome::PassedWith(note))
}

/// Returns an engine, or why this machine has none. In CI a missing engine is a failure, because the notes are not read
/// there.
async fn engine(project: &Project) -> Result<Result<Engine, String>> {
    let is_required = env::var_os("CI").is_some() && godot::can_install(project).await;
    match godot::get(project).await {
        Ok(Availability::Available(engine)) => Ok(Ok(engine)),
        Ok(Availability::Unavailable(reason)) if is_required => bail!("no Godot engine: {reason}"),
        Ok(Availability::Unavailable(reason)) => Ok(Err(reason)),
        Err(error) if is_required || env::var_os("GODOT").is_some() => Err(error),
        Err(error) => Ok(Err(format!("{error:#}"))),
    }
}

/// Checks that the package has its files, no others, and is not too large.
fn check_contents(package: &Package) -> Result<()> {
    let stray: Vec<_> = package.files.iter().filter(|file| !FILES.contains(&file.as_str())).collect();
    ensure!(stray.is_empty(), "files that do not belong into the package: {stray:?}");
    let missing: Vec<_> = FILES.iter().filter(|file| !package.files.iter().any(|has| has == *file)).collect();
    ensure!(missing.is_empty(), "files that the package lacks: {missing:?}");
    ensure!(package.size <= MAX_SIZE, "the package has {} bytes, over {MAX_SIZE}", package.size);
    let (_, module) = package.module;
    let module = u64::try_from(module).context("no module is as large as this")?;
    ensure!(module <= MAX_SIZE, "the module has {module} bytes, compressed by gzip, over {MAX_SIZE}");
    Ok(())
}
