//! This library and a running Godot engine: each plays both parts, and every scenario looks at both ends.
//!
//! It is a program and no test of cargo's, because it takes an engine: `cargo xtask interop` gets one and says where it is.
//! [`engine`] runs an engine and talks to the project in `agent/`, which does there what a scenario asks for; [`runner`]
//! goes through the [`scenarios`]; [`browser`] talks to a page, if there is one; [`waiting`] is how they wait, never for a
//! length of time but for what must happen.

mod browser;
mod certificates;
mod engine;
mod hex;
mod runner;
mod scenarios;
mod values;
mod waiting;

use std::path::PathBuf;
use std::process::ExitCode;

use browser::Browser;
use engine::Place;

const USAGE: &str = "usage: interop (--godot PROGRAM | --chroot FOLDER) [--browser PORT] [NAME]…";

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("interop: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all scenarios passed.
fn run() -> Result<bool, Failure> {
    let Arguments { place, browser, names } = arguments()?;
    let mut browser = browser.map(Browser::meet).transpose()?;
    match &mut browser {
        Some(browser) => println!("     With the page in {}", browser.version()),
        None => println!("     Without a page: what is played with one is left out"),
    }
    runner::run(&place, scenarios::all(browser), &names)
}

struct Arguments {
    place: Place,
    /// The port at which a page looks for this program.
    browser: Option<u16>,
    /// Parts of the names of the scenarios to run; without any, all are.
    names: Vec<String>,
}

fn arguments() -> Result<Arguments, Failure> {
    use lexopt::prelude::*;

    let (mut place, mut browser) = (None, None);
    let mut names = Vec::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("godot") => place = Some(Place::Installed(PathBuf::from(parser.value()?))),
            Long("chroot") => place = Some(Place::Chroot(PathBuf::from(parser.value()?))),
            Long("browser") => browser = Some(parser.value()?.parse()?),
            Value(name) => names.push(name.string()?),
            other => return Err(format!("{}\n{USAGE}", other.unexpected()).into()),
        }
    }
    let place =
        place.ok_or_else(|| format!("no engine to run against; `cargo xtask interop` gets one\n{USAGE}"))?;
    Ok(Arguments { place, browser, names })
}
