//! The command line.

use clap::{Parser, Subcommand};

use crate::bench;
use crate::browser::Engine;
use crate::checks::Integration;
use crate::demo;
use crate::soak;

/// Sets up what is missing, then builds, shows and tests websocket-peer. Every command prints what it runs before it
/// runs it.
#[derive(Debug, Parser, PartialEq)]
#[command(
    bin_name = "cargo xtask",
    flatten_help = true,
    disable_help_subcommand = true,
    max_term_width = 120
)]
pub struct Cli {
    /// Installs missing system packages with apt-get on Debian and Ubuntu. Without it, xtask asks at a terminal, and
    /// otherwise prints what to run. CI=true, and root in a container, are a permission as well
    #[arg(long, global = true)]
    pub install: bool,
    /// Without one, the help is printed.
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, PartialEq, Subcommand)]
pub enum Command {
    /// Builds the pages, serves them on this machine with an echo server, a chat and a game, and runs until Ctrl-C
    Demo(demo::Options),
    /// Runs formatting, lints, documentation, tests natively, in headless Chrome and with Godot, other targets,
    /// packaging and the demo
    Test {
        /// Runs only the contract tests, in these engines, separated by commas
        #[arg(long, value_name = "LIST", value_delimiter = ',')]
        browsers: Vec<Engine>,
    },
    /// Runs the Autobahn test suite against the echo server and the client of the examples; a part of `test`.
    /// The reports are kept in target/autobahn
    Autobahn,
    /// Builds the static server of rooms, and checks the files in docs/hosting with the tools of this machine; a part of
    /// `test`
    Hosting,
    /// Builds the smallest client in a page, uses it in Chrome, and prints its size and what each use of the library adds;
    /// the check is a part of `test`
    Size,
    /// Builds the npm package, and packs it in target/npm
    Npm,
    /// Checks the integrations as `test` does, in integrations/, packages/ and examples/axum: lints and tests, and uses their examples and pages
    Integrations {
        /// Runs only the checks of these
        #[arg(value_name = "NAME")]
        names: Vec<Integration>,
    },
    /// Runs a Godot engine with this library at the other end; a part of `test`. The engine is the program that the
    /// environment variable GODOT names; without it, Debian's, which root on Linux gets into target/godot
    Interop {
        /// Runs only the scenarios with this in their name
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Measures the server and the client beside others, on a quiet machine; a full run is written to
    /// docs/performance.md
    Bench(bench::Options),
    /// Runs a server and many clients that connect, send, stall, vanish and come back; a short soak is a part of `test`
    Soak(soak::Options),
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use clap::{CommandFactory, error::ErrorKind};

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(["xtask"].into_iter().chain(line.split_whitespace()))
    }

    fn command(line: &str) -> Command {
        parse(line).unwrap().command.unwrap()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        assert_eq!(parse("").unwrap().command, None);
        assert_eq!(parse("demo --help").unwrap_err().kind(), ErrorKind::DisplayHelp);
    }

    #[test]
    fn every_command_accepts_the_permission_to_install() {
        for line in [
            "demo",
            "test",
            "test --browsers chrome",
            "bench",
            "autobahn",
            "hosting",
            "size",
            "npm",
            "integrations",
            "integrations egui",
            "interop",
            "interop rpc",
        ] {
            assert!(!parse(line).unwrap().install, "{line}");
            let permitted = parse(&format!("{line} --install")).unwrap();
            assert!(permitted.install, "{line}");
            assert_eq!(permitted.command, Some(command(line)));
        }
    }

    #[test]
    fn defaults_and_options_are_read() {
        let demo = demo::Options { echo_port: 9000, ..demo::Options::check() };
        assert_eq!(command("demo --check --port 9000"), Command::Demo(demo));
        let demo = demo::Options {
            open: true,
            check: false,
            godot: Some(demo::GodotRole::Join),
            page_port: 1,
            echo_port: 2,
            chat_port: 3,
            game_port: 4,
            ..demo::Options::check()
        };
        let ports = "--page-port 1 --echo-port 2 --chat-port 3 --game-port 4";
        assert_eq!(command(&format!("demo --open --godot join {ports}")), Command::Demo(demo));
        let pictures = Some("docs/images".into());
        let demo = demo::Options { pictures, godot: Some(demo::GodotRole::Host), ..demo::Options::check() };
        assert_eq!(command("demo --check --godot host --pictures docs/images"), Command::Demo(demo));
        let soak =
            soak::Options { connections: 5000, time: Duration::from_secs(120), ..soak::Options::short() };
        let soak = soak::Options { patience: 5, talk: 30, ..soak };
        assert_eq!(command("soak --minutes 2"), Command::Soak(soak));
        let names = vec!["rpc".into(), "relay".into()];
        assert_eq!(command("interop rpc relay"), Command::Interop { names });
        let names = vec![Integration::Npm, Integration::Bevy];
        assert_eq!(command("integrations npm bevy"), Command::Integrations { names });
        assert_eq!(command("integrations"), Command::Integrations { names: vec![] });
        let browsers = vec![Engine::Firefox, Engine::WebKit];
        assert_eq!(command("test --browsers firefox,webkit"), Command::Test { browsers });
        let bench = bench::Options { quick: true, only: Some(bench::Part::Idle) };
        assert_eq!(command("bench --quick --only idle"), Command::Bench(bench));
    }

    #[test]
    fn unknown_commands_options_and_values_are_rejected() {
        for line in [
            "bake",
            "demo --port",
            "demo --port many",
            "demo --pictures docs/images",
            "demo --game-port 65536",
            "demo --godot",
            "demo --godot play",
            "soak --minutes long",
            "test --fast",
            "test --browsers opera",
            "bench --only slow",
            "autobahn --fast",
            "interop --fast",
            "npm --publish",
            "integrations unity",
            "--fast",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
