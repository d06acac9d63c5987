//! The chat in a terminal: `cargo run -p chat --bin chat -- ws://127.0.0.1:8000/test/ --name Ann`.
//!
//! Without a terminal it reads lines from its standard input, and prints them to its standard output: it waits until it
//! is connected, sends the lines as fast as people type, and leaves at the end of the input. It ends with code 1 if the
//! connection was lost or did not open.

mod show;

use std::{
    error::Error,
    process::ExitCode,
    time::{Duration, Instant},
};

use chat::{ChatClient, ChatError, ChatEvent, Mode, pace::Pace};
use clap::Parser;
use terminal::{Color, Input, Printer, Span, Terminal};
use websocket_peer::ReadyState;

use self::show::{help, show, who};

/// The longest sleep, while there is nothing to do.
const IDLE: Duration = Duration::from_secs(60);

/// The longest sleep while lines of a pipe wait for their time.
const PACED: Duration = Duration::from_millis(100);

/// The lines of a pipe that are sent at once. Less than the server allows: lines may be delayed, and arrive together.
const BURST: u32 = 5;

/// A chat client for the terminal. Godot's chat demo and this chat's server can be joined.
#[derive(Debug, Parser)]
struct Arguments {
    /// The address of the server.
    #[arg(default_value = "ws://127.0.0.1:8000/test/")]
    url: String,
    /// Your name, of 1 to 20 characters.
    #[arg(long)]
    name: Option<String>,
    /// Use the multiplayer mode, if the server does.
    #[arg(long)]
    multiplayer: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let mode = if arguments.multiplayer { Mode::Multiplayer } else { Mode::Plain };
    let mut client = ChatClient::connect(&arguments.url, mode, arguments.name.as_deref())?;
    // A line that was typed ends the sleep of the client.
    let terminal = Terminal::start("> ", client.waker())?;
    let printer = terminal.printer();
    let pace = Pace::new(BURST, Duration::ZERO);
    let program =
        Program { client, terminal, printer, pace, started: Instant::now(), prompt: None, is_leaving: false };
    program.note(&format!("Connecting to {} …", arguments.url))?;
    program.run()
}

/// A person, or a pipe, in a chat.
struct Program {
    client: ChatClient,
    terminal: Terminal,
    printer: Printer,
    pace: Pace,
    started: Instant,
    /// The name in the prompt.
    prompt: Option<String>,
    is_leaving: bool,
}

impl Program {
    fn run(mut self) -> Result<ExitCode, Box<dyn Error>> {
        loop {
            let is_paced = !self.terminal.is_interactive() && self.client.state() == ReadyState::Open;
            self.client.wait(if is_paced { PACED } else { IDLE });
            while let Some(event) = self.client.next_event() {
                self.printer.line(&show(&event, self.client.name(), self.is_leaving))?;
                if matches!(event, ChatEvent::Closed { .. }) {
                    return Ok(if self.is_leaving { ExitCode::SUCCESS } else { ExitCode::FAILURE });
                }
            }
            while self.takes_input() {
                let Some(input) = self.terminal.next_input() else { break };
                self.pace.allows(self.started.elapsed());
                self.handle(input)?;
            }
            self.show_name()?;
        }
    }

    /// Returns `true` if the next input has its time. People get an answer at once; lines of a pipe wait for the
    /// connection, and for the speed of people.
    fn takes_input(&mut self) -> bool {
        let is_open = self.client.state() == ReadyState::Open;
        self.terminal.is_interactive() || is_open && self.pace.is_ready(self.started.elapsed())
    }

    fn handle(&mut self, input: Input) -> Result<(), Box<dyn Error>> {
        let line = match input {
            Input::Line(line) => line,
            Input::End => "/quit".to_owned(),
        };
        let command = line.split_whitespace().next().unwrap_or_default();
        let result = match command {
            "" => Ok(()),
            "/quit" => {
                self.is_leaving = true;
                self.client.close();
                Ok(())
            }
            "/help" => return self.print_all(help()),
            "/who" => return Ok(self.printer.line(&who(&self.client))?),
            "/name" => self.client.set_name(line.trim().trim_start_matches("/name")),
            "//name" => return self.note("A line cannot begin with /name: servers take it for a name."),
            _ if command.starts_with("//") => self.client.send(&line.trim_start()[1..]),
            _ if command.starts_with('/') => {
                return self.note(&format!("There is no command {command}. /help shows the commands."));
            }
            _ => self.client.send(&line),
        };
        match result {
            Ok(()) => Ok(()),
            Err(ChatError::NotConnected) if self.client.state() == ReadyState::Connecting => {
                self.note("The line was not sent: the connection is not open yet.")
            }
            Err(error) => self.note(&format!("Nothing was sent: {error}.")),
        }
    }

    /// Shows the own name in the prompt.
    fn show_name(&mut self) -> Result<(), Box<dyn Error>> {
        if self.prompt.as_deref() != self.client.name() {
            self.prompt = self.client.name().map(str::to_owned);
            self.terminal.set_prompt(&format!("{}> ", self.prompt.as_deref().unwrap_or_default()))?;
        }
        Ok(())
    }

    fn print_all(&self, lines: &[&str]) -> Result<(), Box<dyn Error>> {
        lines.iter().try_for_each(|line| self.note(line))
    }

    fn note(&self, text: &str) -> Result<(), Box<dyn Error>> {
        Ok(self.printer.line(&[Span::colored(text, Color::Dim)])?)
    }
}
