//! A player in a terminal: `cargo run -p game --bin game_player -- ws://127.0.0.1:8080 --name Ann`.

#[path = "shared/console.rs"]
mod console;

use std::{env, error::Error, io, process::ExitCode, time::Duration};

use clap::Parser;
use console::Console;
use game::{Player, PlayerEvent, TableEvent, commands::Command, messages::NAMELESS, names::DEFAULT_NAME};

/// The longest sleep.
const STEP: Duration = Duration::from_secs(60);

/// Plays the game of Godot's multiplayer demo. Type `r` to roll, `p` to pass, `/help` for more.
#[derive(Parser)]
struct Arguments {
    /// The address of the host.
    #[arg(default_value = "ws://127.0.0.1:8080")]
    url: String,
    /// The name to play as. Default: that of the user.
    #[arg(long)]
    name: Option<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let name = arguments.name.or_else(user_name).unwrap_or_else(|| DEFAULT_NAME.to_owned());
    let mut player = Player::connect(&arguments.url, &name)
        .map_err(|error| format!("cannot join {}: {error}", arguments.url))?;
    let mut console = Console::start(player.waker())?;
    console.print(format!("joining {} as {}", arguments.url, player.name()))?;
    let mut is_leaving = false;
    loop {
        console.set_prompt(prompt(&player))?;
        player.wait(STEP);
        while let Some(command) = console.next_command() {
            is_leaving |= command == Command::Quit;
            perform(command, &mut player, &console)?;
        }
        while let Some(event) = player.next_event() {
            if let PlayerEvent::Closed(info) = &event {
                let line = match is_leaving {
                    true => "you left".to_owned(),
                    false => format!("the game is over: {info}"),
                };
                console.print(line)?;
                let has_played = player.table().own_id().is_some();
                return Ok(if is_leaving || has_played { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
            show(&event, &player, &console)?;
        }
    }
}

/// Returns the name of the user, as the system has it in the environment.
fn user_name() -> Option<String> {
    ["USER", "USERNAME"].into_iter().find_map(|name| env::var(name).ok())
}

fn prompt(player: &Player) -> &'static str {
    match player.table().own() {
        None => "connecting> ",
        Some(_) if player.can_act() => "roll or pass> ",
        Some(_) => "> ",
    }
}

fn perform(command: Command, player: &mut Player, console: &Console) -> io::Result<()> {
    let done = match command {
        Command::Act(action) => player.act(action),
        Command::Name(name) => player.set_name(&name),
        Command::Table => return console.show_table(player.table()),
        Command::Help => return console.show_help(),
        Command::Quit => {
            player.leave();
            Ok(())
        }
        Command::Nothing => Ok(()),
        Command::Unknown(line) => {
            return console.warn(format!("unknown: {line}; /help shows what can be typed"));
        }
    };
    match done {
        Ok(()) => Ok(()),
        Err(error) => console.warn(error.to_string()),
    }
}

fn show(event: &PlayerEvent, player: &Player, console: &Console) -> io::Result<()> {
    match event {
        PlayerEvent::Connected(id) => console.print(format!("connected, with the id {id}")),
        PlayerEvent::Table(event) => {
            console.show(event, player.table())?;
            // The list of the players is complete when this player is in it, with its name.
            let is_own = |id: i32| player.table().own_id().is_some_and(|own| own.get() == id);
            match event {
                TableEvent::Renamed { player: named, before } if before == NAMELESS && is_own(named.id) => {
                    console.show_table(player.table())
                }
                _ => Ok(()),
            }
        }
        PlayerEvent::Warning(text) => console.warn(text.as_str()),
        _ => Ok(()),
    }
}
