//! A host: `cargo run -p game --bin game_host`, or with `--play NAME` to play as well.

#[path = "shared/console.rs"]
mod console;

use std::{error::Error, io, process::ExitCode, time::Duration};

use clap::Parser;
use console::Console;
use game::{Host, HostEvent, HostOptions, commands::Command};

/// The longest sleep.
const STEP: Duration = Duration::from_secs(60);

/// The time in which the players receive the last lines.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// Hosts the game of Godot's multiplayer demo. Windows of the demo, programs and pages can join it. Type `/help` to see
/// what can be typed.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on. Port 0 takes a free one.
    #[arg(default_value = "127.0.0.1:8080")]
    address: String,
    /// Play as well, with this name.
    #[arg(long, value_name = "NAME")]
    play: Option<String>,
    /// End after this number of rounds of at least two players.
    #[arg(long)]
    rounds: Option<u32>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let options = HostOptions { play_as: arguments.play, ..HostOptions::default() };
    let mut host = Host::bind(&arguments.address, options)
        .map_err(|error| format!("cannot host on {}: {error}", arguments.address))?;
    let mut console = Console::start(host.waker())?;
    console.print(format!("hosting on ws://{}", host.local_addr()?))?;
    let mut is_over = false;
    while !is_over {
        console.set_prompt(if host.table().is_own_turn() { "roll or pass> " } else { "> " })?;
        host.frame(STEP)?;
        while let Some(command) = console.next_command() {
            is_over |= command == Command::Quit;
            perform(command, &mut host, &console)?;
        }
        while let Some(event) = host.next_event() {
            match event {
                HostEvent::Table(event) => console.show(&event, host.table())?,
                HostEvent::Warning(text) => console.warn(text)?,
            }
        }
        is_over |= arguments.rounds.is_some_and(|rounds| host.rounds() >= rounds);
    }
    let end = if host.rounds() == 1 { "round" } else { "rounds" };
    console.print(format!("the game is over after {} {end}", host.rounds()))?;
    host.shutdown(SHUTDOWN);
    Ok(())
}

fn perform(command: Command, host: &mut Host, console: &Console) -> io::Result<()> {
    let done = match command {
        Command::Act(_) | Command::Name(_) if host.table().own().is_none() => {
            return console.warn("the host does not play");
        }
        Command::Act(action) => host.act(action),
        Command::Name(name) => host.set_name(&name),
        Command::Table => return console.show_table(host.table()),
        Command::Help => return console.show_help(),
        Command::Quit | Command::Nothing => Ok(()),
        Command::Unknown(line) => {
            return console.warn(format!("unknown: {line}; /help shows what can be typed"));
        }
    };
    match done {
        Ok(()) => Ok(()),
        Err(error) => console.warn(error.to_string()),
    }
}
