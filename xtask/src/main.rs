//! `cargo xtask`: sets up what is missing on this machine, then builds, shows and tests websocket-peer.
//!
//! [`cli`] reads the command line; [`demo`], [`bench`](mod@bench), [`soak`], [`interop`] and [`checks`] are the
//! commands. Below them: [`project`] knows the paths and versions, [`process`] and [`service`] run programs, [`tools`], [`node`],
//! [`targets`], [`browser`], [`autobahn`], [`godot`] and [`apt`] get what is missing, [`page`] builds the page, [`npm`]
//! the npm package, [`wasm_opt`] makes their modules small, [`serve`] serves the page, and [`webdriver`] drives it in Chrome.

mod apt;
mod autobahn;
mod bench;
mod browser;
mod checks;
mod cli;
mod demo;
mod godot;
mod interop;
mod node;
mod npm;
mod page;
mod ports;
mod process;
mod project;
mod report;
mod serve;
mod service;
mod soak;
mod targets;
mod tools;
mod wait;
mod wasm;
mod wasm_opt;
mod webdriver;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser};

use cli::{Cli, Command};
use project::Project;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // The future that completes first drops the other one, which stops the processes that it started.
    let outcome = tokio::select! {
        outcome = run(cli) => outcome,
        interrupted = interruption() => interrupted.map(|()| Outcome::Interrupted),
    };
    match outcome {
        Ok(Outcome::Succeeded) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::FAILURE,
        Ok(Outcome::Interrupted) => {
            println!("\nstopped");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

enum Outcome {
    Succeeded,
    /// The failures have been printed.
    Failed,
    Interrupted,
}

async fn run(Cli { install, command }: Cli) -> Result<Outcome> {
    let Some(command) = command else {
        Cli::command().print_help()?;
        return Ok(Outcome::Succeeded);
    };
    let project = Project::find()?.allow_install(install);
    let all_passed = match command {
        Command::Demo(options) => demo::run(&project, &options).await.map(|()| true)?,
        Command::Bench(options) => bench::run(&project, &options).await.map(|()| true)?,
        Command::Soak(options) => soak::run(&project, &options).await.map(|()| true)?,
        Command::Interop { names } => interop::run(&project, &names).await.map(|()| true)?,
        Command::Test { browsers } if browsers.is_empty() => checks::everything(&project).await,
        Command::Test { browsers } => checks::contract_in(&project, &browsers).await,
        Command::Autobahn => checks::autobahn(&project).await,
        Command::Size => checks::size(&project).await?,
        Command::Npm => npm::run(&project).await.map(|()| true)?,
        Command::Integrations { names } => checks::integrations(&project, &names).await,
        Command::Hosting => checks::hosting(&project).await,
    };
    Ok(if all_passed { Outcome::Succeeded } else { Outcome::Failed })
}

/// Completes at Ctrl-C, and on Unix also at a request to terminate or when the terminal closes.
async fn interruption() -> Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed?,
            Some(()) = terminate.recv() => {}
            Some(()) = hang_up.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}
