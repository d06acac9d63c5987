//! The command line: what was asked for, and the help that says what can be asked for.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use lexopt::{Arg, Parser, ValueExt};

use crate::bench;
use crate::browser::Engine;
use crate::demo;
use crate::soak;

const MINUTE: Duration = Duration::from_secs(60);

/// What `cargo xtask` prints when it is given nothing, or `--help`.
pub const HELP: &str = "\
Sets up what is missing, then builds, shows and tests websocket-peer. Every command says what it runs before it runs it.

USAGE
    cargo xtask demo [--open] [--check] [--page-port N] [--port N] [--install]
    cargo xtask test [--browsers LIST] [--install]
    cargo xtask bench [--quick] [--only NAME] [--install]
    cargo xtask soak [--connections N] [--minutes M]
    cargo xtask autobahn [--install]
    cargo xtask interop [--install] [NAME]...

    --install        installs packages of the system that are missing, by apt-get on Debian and Ubuntu. Without it you are
                     asked at a terminal, and else told what to run. CI=true, or being root in a container, permits it, too

demo    Builds the page, starts an echo server and a page server on this machine, and runs until Ctrl-C.
    --open           opens the page in the default browser
    --check          does it all without a person: page in headless Chrome and native client, then exits
    --page-port N    where the page is served (default 8080; the next free port when it is in use)
    --port N         where the echo server listens (default 9080; the next free port when it is in use)

test    Formatting, lints, documentation, tests natively, in headless Chrome and with Godot, other targets, packaging, the demo.
    --browsers LIST  instead, only the contract tests, in these engines: chrome, firefox, webkit (by commas)

autobahn
        The Autobahn test suite against the echo server and the client of the examples; a part of `test`.
        Its reports are kept in target/autobahn.

interop
        A running Godot engine with this library at the other end; a part of `test`. The engine is the program that the
        environment variable GODOT names, or else Debian's, which root on Linux gets into target/godot.
    NAME             only the scenarios with this in their name

bench   The server and the client beside others, on a quiet machine; a full run is written to docs/performance.md.
    --quick          everything once and briefly, to see that it works
    --only NAME      one part of it: echo, idle, broadcast, multiplayer, client, browser

soak    A server and many clients that come, talk, stall, vanish and come back; a short one is a part of `test`.
    --connections N  how many clients (default 5000)
    --minutes M      for how long, beside the time to warm up (default 3)
";

/// One command, as it was typed.
#[derive(Debug, PartialEq)]
pub enum Command {
    Help,
    Demo(demo::Options),
    Test,
    TestBrowsers(Vec<Engine>),
    Bench(bench::Options),
    Soak(soak::Options),
    Autobahn,
    Interop(Vec<String>),
}

/// A whole command line.
#[derive(Debug, PartialEq)]
pub struct Line {
    pub command: Command,
    /// Packages of the system may be installed without a question.
    pub install: bool,
}

impl Line {
    pub fn from_env() -> Result<Self> {
        Self::parse(Parser::from_env()).map_err(|error| anyhow!("{error} (`cargo xtask` prints the help)"))
    }

    fn parse(mut parser: Parser) -> Result<Self> {
        let mut install = false;
        let command = match parser.next()? {
            None | Some(Arg::Short('h') | Arg::Long("help")) => Command::Help,
            Some(Arg::Value(name)) => match name.string()?.as_str() {
                "help" => Command::Help,
                "demo" => parse_demo(parser, &mut install)?,
                "test" => parse_test(parser, &mut install)?,
                "bench" => parse_bench(parser, &mut install)?,
                "soak" => parse_soak(parser)?,
                "interop" => parse_interop(parser, &mut install)?,
                "autobahn" => parse_autobahn(parser, &mut install)?,
                other => bail!("there is no command `{other}`"),
            },
            Some(other) => return Err(other.unexpected().into()),
        };
        Ok(Self { command, install })
    }
}

fn parse_demo(mut parser: Parser, install: &mut bool) -> Result<Command> {
    let mut options = demo::Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("install") => *install = true,
            Arg::Long("open") => options.open = true,
            Arg::Long("check") => options.check = true,
            Arg::Long("page-port") => options.page_port = parser.value()?.parse()?,
            Arg::Long("port") => options.echo_port = parser.value()?.parse()?,
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Demo(options))
}

fn parse_test(mut parser: Parser, install: &mut bool) -> Result<Command> {
    let mut command = Command::Test;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("install") => *install = true,
            Arg::Long("browsers") => {
                let list = parser.value()?.string()?;
                command = Command::TestBrowsers(list.split(',').map(str::parse).collect::<Result<_>>()?);
            }
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(command)
}

fn parse_interop(mut parser: Parser, install: &mut bool) -> Result<Command> {
    let mut names = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("install") => *install = true,
            Arg::Value(name) => names.push(name.string()?),
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Interop(names))
}

fn parse_autobahn(mut parser: Parser, install: &mut bool) -> Result<Command> {
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("install") => *install = true,
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Autobahn)
}

fn parse_bench(mut parser: Parser, install: &mut bool) -> Result<Command> {
    let mut options = bench::Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("install") => *install = true,
            Arg::Long("quick") => options.quick = true,
            Arg::Long("only") => options.only = Some(parser.value()?.string()?.parse()?),
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Bench(options))
}

fn parse_soak(mut parser: Parser) -> Result<Command> {
    let mut options = soak::Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("connections") => options.connections = parser.value()?.parse()?,
            Arg::Long("minutes") => {
                let minutes: u32 = parser.value()?.parse()?;
                options.time = MINUTE * minutes;
            }
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Soak(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command> {
        Ok(whole(line)?.command)
    }

    fn whole(line: &str) -> Result<Line> {
        Line::parse(Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn what_may_need_packages_can_be_told_to_install_them() {
        let all = ["demo", "test", "test --browsers chrome", "bench", "autobahn", "interop", "interop rpc"];
        for line in all {
            assert!(!whole(line).unwrap().install, "{line}");
            let told = whole(&format!("{line} --install")).unwrap();
            assert!(told.install, "{line}");
            assert_eq!(told.command, parse(line).unwrap());
        }
    }

    #[test]
    fn nothing_is_help() {
        assert_eq!(parse("").unwrap(), Command::Help);
        assert_eq!(parse("demo --help").unwrap(), Command::Help);
    }

    #[test]
    fn demo_takes_its_ports() {
        let expected = demo::Options { check: true, echo_port: 9000, ..demo::Options::default() };
        assert_eq!(parse("demo --check --port 9000").unwrap(), Command::Demo(expected));
    }

    #[test]
    fn a_soak_takes_its_size() {
        let expected = soak::Options { connections: 10, time: MINUTE * 2, ..soak::Options::default() };
        assert_eq!(parse("soak --connections 10 --minutes 2").unwrap(), Command::Soak(expected));
        assert_eq!(parse("soak").unwrap(), Command::Soak(soak::Options::default()));
    }

    #[test]
    fn interop_takes_parts_of_names() {
        assert_eq!(parse("interop").unwrap(), Command::Interop(Vec::new()));
        assert_eq!(parse("interop rpc relay").unwrap(), Command::Interop(vec!["rpc".into(), "relay".into()]));
    }

    #[test]
    fn browsers_are_a_list() {
        let expected = vec![Engine::Firefox, Engine::WebKit];
        assert_eq!(parse("test --browsers firefox,webkit").unwrap(), Command::TestBrowsers(expected));
        assert!(parse("test --browsers opera").unwrap_err().to_string().contains("opera"));
    }

    #[test]
    fn a_part_of_the_benchmark_has_a_name() {
        let expected = bench::Options { quick: true, only: Some(bench::Part::Idle) };
        assert_eq!(parse("bench --quick --only idle").unwrap(), Command::Bench(expected));
        assert!(parse("bench --only slow").unwrap_err().to_string().contains("slow"));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for line in [
            "bake",
            "demo --port",
            "soak --install",
            "--install",
            "demo --port many",
            "test --fast",
            "autobahn --fast",
            "interop --fast",
            "--fast",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
