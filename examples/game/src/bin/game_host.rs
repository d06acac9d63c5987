//! A host: `cargo run -p game --bin game_host`, or with `--play NAME` to play as well.

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use game::{Host, HostEvent, HostOptions, lines};
use websocket_peer::multiplayer::SessionError;

/// The longest sleep.
const STEP: Duration = Duration::from_secs(1);

/// The time in which the players receive the last lines.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// Hosts the game of Godot's multiplayer demo. Windows of the demo, programs and pages can join it.
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
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot host: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), SessionError> {
    let options = HostOptions { play_as: arguments.play, ..HostOptions::default() };
    let mut host = Host::bind(arguments.address, options)?;
    println!("hosting on ws://{}", host.local_addr()?);
    while arguments.rounds.is_none_or(|rounds| host.rounds() < rounds) {
        host.frame(STEP)?;
        show(&mut host);
    }
    println!("the game is over after {} rounds", host.rounds());
    host.shutdown(SHUTDOWN);
    Ok(())
}

fn show(host: &mut Host) {
    while let Some(event) = host.next_event() {
        match event {
            HostEvent::Table(event) => {
                if let Some(line) = lines::line(&event, host.table()) {
                    println!("{line}");
                }
            }
            HostEvent::Warning(text) => eprintln!("{text}"),
        }
    }
}
