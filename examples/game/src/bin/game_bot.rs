//! A player that rolls when it is its turn: `cargo run -p game --bin game_bot -- ws://127.0.0.1:8080 --rounds 3`.

use std::{
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
    let arguments = Arguments::parse();
    println!("joining {} as {}", arguments.url, arguments.name);
    match Player::connect(&arguments.url, &arguments.name) {
        Ok(player) => Bot::new(player, &arguments).run(),
        Err(error) => {
            eprintln!("cannot join {}: {error}", arguments.url);
            ExitCode::FAILURE
        }
    }
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

    fn run(mut self) -> ExitCode {
        loop {
            let now = Instant::now();
            let sleep = self.acts_at.map_or(STEP, |at| at.saturating_duration_since(now).min(STEP));
            self.player.wait(sleep);
            while let Some(event) = self.player.next_event() {
                if let Some(code) = self.handle(&event) {
                    return code;
                }
            }
            if !self.player.is_closed() {
                self.think();
            }
        }
    }

    /// Handles an event. Returns the exit code if it is the last one.
    fn handle(&mut self, event: &PlayerEvent) -> Option<ExitCode> {
        match event {
            PlayerEvent::Connected(id) => println!("connected, with the id {id}"),
            PlayerEvent::Table(event) => {
                if let Some(line) = lines::line(event, self.player.table()) {
                    println!("{line}");
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
                println!("played {} rounds", self.played);
                return Some(ExitCode::SUCCESS);
            }
            PlayerEvent::Closed(info) => {
                println!("the game is over: {info}");
                let is_success = self.rounds.is_none() && self.player.table().own_id().is_some();
                return Some(if is_success { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
            _ => {}
        }
        None
    }

    fn is_finished(&self) -> bool {
        self.rounds.is_some_and(|rounds| self.played >= rounds)
    }

    /// Rolls when it has thought long enough.
    fn think(&mut self) {
        if !self.player.can_act() || self.player.table().players().len() < 2 {
            self.acts_at = None;
            return;
        }
        let now = Instant::now();
        if now < *self.acts_at.get_or_insert(now + self.pace) {
            return;
        }
        self.acts_at = None;
        match self.player.roll() {
            Ok(()) => {
                println!("> I roll");
                self.has_acted = true;
            }
            // Its end is the next event.
            Err(error) => eprintln!("cannot roll: {error}"),
        }
    }
}
