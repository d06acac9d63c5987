//! Sessions and connections of this library with a running Godot engine, in both roles. Every scenario checks both ends.
//!
//! It is a program and not a cargo test, because it needs an engine: `cargo xtask interop` provides one. [`engine`] runs an
//! engine with the project in `agent/`, which follows the commands of a scenario; [`runner`] runs the [`scenarios`];
//! [`browser`] controls a page, if there is one; [`waiting`] waits for conditions, never for a fixed time.

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

/// Returns `true` if all scenarios passed.
fn run() -> Result<bool, Failure> {
    let Arguments { place, browser, names } = arguments()?;
    let mut browser = browser.map(Browser::meet).transpose()?;
    match &mut browser {
        Some(browser) => println!("     With the page in {}", browser.version()),
        None => println!("     Without a page: its scenarios are skipped"),
    }
    runner::run(&place, scenarios::all(browser), &names)
}

struct Arguments {
    place: Place,
    /// The port to which a page connects.
    browser: Option<u16>,
    /// Parts of the names of the scenarios to run; all run without one.
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
