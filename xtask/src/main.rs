//! `cargo xtask`: sets up what is missing on this machine, then builds, shows and tests websocket-peer.
//!
//! [`cli`] reads what was asked for; [`demo`], [`bench`](mod@bench), [`soak`], [`interop`] and [`checks`] do it. Below them, from the general to the particular:
//! [`project`] knows where things are, [`sh`] runs programs (and says so first), [`tools`], [`node`], [`targets`], [`browser`],
//! [`autobahn`], [`godot`] and [`apt`] get what is missing, [`page`] builds the page, [`serve`] serves it, [`webdriver`] looks at it.

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
mod page;
mod ports;
mod project;
mod report;
mod serve;
mod sh;
mod soak;
mod targets;
mod tools;
mod wait;
mod webdriver;

use std::process::ExitCode;

use anyhow::Result;

use cli::{Command, Line};
use project::Project;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Whichever ends first drops the other, and what is dropped stops the processes it started.
    let ended = tokio::select! {
        ended = run() => ended,
        interrupted = interruption() => interrupted.map(|()| Outcome::Interrupted),
    };
    match ended {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
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
    Done,
    /// What failed has been said already.
    Failed,
    Interrupted,
}

async fn run() -> Result<Outcome> {
    let Line { command, install } = Line::from_env()?;
    if command == Command::Help {
        print!("{}", cli::HELP);
        return Ok(Outcome::Done);
    }
    let project = Project::find()?.allow_install(install);
    let all_passed = match command {
        Command::Help => true,
        Command::Demo(options) => demo::run(&project, &options).await.map(|()| true)?,
        Command::Bench(options) => bench::run(&project, &options).await.map(|()| true)?,
        Command::Soak(options) => soak::run(&project, &options).await.map(|()| true)?,
        Command::Interop(names) => interop::run(&project, &names).await.map(|()| true)?,
        Command::Test => checks::everything(&project).await,
        Command::TestBrowsers(engines) => checks::contract_in(&project, &engines).await,
        Command::Autobahn => checks::autobahn(&project).await,
    };
    Ok(if all_passed { Outcome::Done } else { Outcome::Failed })
}

/// Ends when somebody wants us to end: Ctrl-C, and on Unix also a request to terminate or a closed terminal.
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
