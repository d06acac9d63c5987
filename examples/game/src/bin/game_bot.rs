//! A player that rolls when it is its turn: `cargo run -p game --bin game_bot -- ws://127.0.0.1:8080 --rounds 3`.

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use game::{Player, PlayerEvent, TableEvent, lines};

/// The longest sleep.
const STEP: Duration = Duration::from_secs(1);

/// Joins a game, and rolls the dice when it is its turn. While it is alone, it waits for other players.
#[derive(Parser)]
struct Arguments {
    /// The address of the host, such as `ws://127.0.0.1:8080`.
    url: String,
    /// The name to play as.
    #[arg(long, default_value = "Bot")]
    name: String,
    /// Leave after this number of actions. Without it the bot stays until the host ends.
    #[arg(long)]
    rounds: Option<u32>,
    /// The time that it thinks about each action, in milliseconds.
    #[arg(long, default_value_t = 700)]
    pace: u64,
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
    let player = Player::connect(&arguments.url, &arguments.name)
        .map_err(|error| format!("cannot join {}: {error}", arguments.url))?;
    print(&format!("joining {} as {}", arguments.url, player.name()))?;
    Ok(Bot::new(player, arguments).run()?)
}

/// Prints a line. It fails if no program reads the output any more.
fn print(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

struct Bot {
    player: Player,
    rounds: Option<u32>,
    pace: Duration,
    /// The time of the next action, if it is the bot's turn.
    acts_at: Option<Instant>,
    /// `true` from an action until the turn has passed.
    has_acted: bool,
    played: u32,
}

impl Bot {
    fn new(player: Player, arguments: &Arguments) -> Self {
        let pace = Duration::from_millis(arguments.pace);
        Self { player, rounds: arguments.rounds, pace, acts_at: None, has_acted: false, played: 0 }
    }

    fn run(mut self) -> io::Result<ExitCode> {
        loop {
            let now = Instant::now();
            let sleep = self.acts_at.map_or(STEP, |at| at.saturating_duration_since(now).min(STEP));
            self.player.wait(sleep);
            while let Some(event) = self.player.next_event() {
                if let Some(code) = self.handle(&event)? {
                    return Ok(code);
                }
            }
            if !self.player.is_closed() {
                self.think()?;
            }
        }
    }

    /// Handles an event. Returns the exit code if it is the last one.
    fn handle(&mut self, event: &PlayerEvent) -> io::Result<Option<ExitCode>> {
        match event {
            PlayerEvent::Connected(id) => print(&format!("connected, with the id {id}"))?,
            PlayerEvent::Table(event) => {
                if let Some(line) = lines::line(event, self.player.table()) {
                    print(&line)?;
                }
                if matches!(event, TableEvent::TurnChanged(_)) {
                    self.played += u32::from(std::mem::take(&mut self.has_acted));
                }
                if self.is_finished() {
                    self.player.leave();
                }
            }
            PlayerEvent::Warning(text) => eprintln!("{text}"),
            PlayerEvent::Closed(_) if self.is_finished() => {
                print(&format!("played {} rounds", self.played))?;
                return Ok(Some(ExitCode::SUCCESS));
            }
            PlayerEvent::Closed(info) => {
                print(&format!("the game is over: {info}"))?;
                let is_success = self.rounds.is_none() && self.player.table().own_id().is_some();
                return Ok(Some(if is_success { ExitCode::SUCCESS } else { ExitCode::FAILURE }));
            }
            _ => {}
        }
        Ok(None)
    }

    fn is_finished(&self) -> bool {
        self.rounds.is_some_and(|rounds| self.played >= rounds)
    }

    /// Rolls when it has thought long enough.
    fn think(&mut self) -> io::Result<()> {
        if !self.player.can_act() || self.player.table().players().len() < 2 {
            self.acts_at = None;
            return Ok(());
        }
        let now = Instant::now();
        if now < *self.acts_at.get_or_insert(now + self.pace) {
            return Ok(());
        }
        self.acts_at = None;
        match self.player.roll() {
            Ok(()) => {
                self.has_acted = true;
                print("> I roll")
            }
            // The end of the connection is the next event.
            Err(error) => print(&format!("cannot roll: {error}")),
        }
    }
}
