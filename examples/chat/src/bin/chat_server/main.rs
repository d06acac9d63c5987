//! The chat's server: `cargo run -p chat --bin chat_server -- 127.0.0.1:8000`.
//!
//! It prints who joins and what they write. A line of its standard input goes to all members, and `/help` shows its
//! commands. At the end of its input, and in a terminal at Ctrl-C, it closes all connections and ends. As a service,
//! whose input is the null device, it runs until it is ended.

mod command;

use std::{error::Error, process::ExitCode, time::Duration};

use chat::{ChatServer, Mode};
use clap::Parser;
use terminal::{Input, Printer, Terminal};

use self::command::Command;

/// The longest sleep, while there is nothing to do.
const IDLE: Duration = Duration::from_secs(60);

/// A chat server. Godot's chat demo, terminals and pages can join it. Health checks are answered at /health.
#[derive(Debug, Parser)]
struct Arguments {
    /// The address to listen on. Port 0 takes a free port.
    #[arg(default_value = "127.0.0.1:8000")]
    address: String,
    /// Use the multiplayer mode: Variant strings between WebSocketMultiplayerPeers.
    #[arg(long)]
    multiplayer: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mode = if arguments.multiplayer { Mode::Multiplayer } else { Mode::Plain };
    let mut server = ChatServer::bind(&*arguments.address, mode)
        .map_err(|error| format!("Unable to serve at {}: {error}", arguments.address))?;
    let mut terminal = Terminal::start("> ", server.waker())?;
    let printer = terminal.printer();
    printer.line(&[format!("Listening on ws://{}", server.local_addr()?).into()])?;
    if terminal.is_interactive() {
        printer.line(&["A line that you type goes to all. /help shows the commands.".into()])?;
    }
    while !server.is_shut_down() {
        print_all(&printer, server.frame(IDLE))?;
        while let Some(input) = terminal.next_input() {
            let lines = match input {
                Input::Line(line) => carry_out(&mut server, Command::parse(&line)),
                Input::End => carry_out(&mut server, Command::Quit),
            };
            print_all(&printer, lines)?;
        }
    }
    Ok(())
}

/// Carries out a command, and returns what to print.
fn carry_out(server: &mut ChatServer, command: Command<'_>) -> Vec<String> {
    match command {
        Command::Nothing => Vec::new(),
        Command::Say(line) => {
            server.say(line);
            vec![format!("Server: {line}")]
        }
        Command::Kick(arguments) => {
            let found = command::split_member(arguments, |member| server.room().find(member));
            match found {
                Some((id, reason)) => server.kick(id, reason),
                None => vec!["There is no such member. /list shows the members.".to_owned()],
            }
        }
        Command::List => {
            let members = server.room().members();
            let line =
                |(id, name): (_, Option<&str>)| format!("[{id}] {}", name.unwrap_or("(without a name)"));
            let number = match members.len() {
                1 => "1 member".to_owned(),
                number => format!("{number} members"),
            };
            [number].into_iter().chain(members.map(line)).collect()
        }
        Command::Help => command::HELP.map(str::to_owned).to_vec(),
        Command::Quit => {
            server.shutdown();
            vec!["Shutting down.".to_owned()]
        }
        Command::Unknown(name) => vec![format!("There is no command {name}. /help shows the commands.")],
    }
}

fn print_all(printer: &Printer, lines: Vec<String>) -> std::io::Result<()> {
    lines.into_iter().try_for_each(|line| printer.line(&[line.into()]))
}
