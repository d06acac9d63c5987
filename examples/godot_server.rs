//! A host in Rust for the game in `examples/godot`.
//!
//! `cargo run --example godot_server -- 127.0.0.1:9080 [--players=N] [--rounds=N] [--seconds=S]`

use std::{
    collections::hash_map::RandomState,
    env,
    hash::BuildHasher,
    process::ExitCode,
    time::{Duration, Instant},
};

use websocket_peer::{
    multiplayer::{Event, MultiplayerOptions, Node, PeerId, SceneMultiplayer, SessionError, Target},
    variant::Vector2,
};

#[path = "godot/room/rejections.rs"]
mod rejections;
#[path = "godot/room/room.rs"]
mod room;

use rejections::Rejections;
use room::{PATH, Room, SIZE, View};

const USAGE: &str = "usage: godot_server ADDR [--players=N] [--rounds=N] [--seconds=S]";

/// The longest sleep between two frames.
const FRAME: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_secs(1);

/// The distance at which a marker takes the coin.
const REACH: f32 = 16.0;
const MAX_NAME: usize = 20;
const MAX_TEXT: usize = 200;

fn main() -> ExitCode {
    let Some((address, rules)) = parse(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    match host(&address, rules) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot host at {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The rules that the command line sets.
struct Rules {
    /// The number of players that start the first round.
    players: usize,
    /// The number of rounds; 0 is no limit.
    rounds: i64,
    seconds: f64,
}

fn parse(args: impl Iterator<Item = String>) -> Option<(String, Rules)> {
    let mut address = None;
    let mut rules = Rules { players: 1, rounds: 0, seconds: 15.0 };
    for arg in args {
        match arg.split_once('=') {
            Some(("--players", players)) => rules.players = players.parse().ok()?,
            Some(("--rounds", rounds)) => rules.rounds = rounds.parse().ok()?,
            Some(("--seconds", seconds)) => rules.seconds = seconds.parse().ok()?,
            None if address.is_none() => address = Some(arg),
            _ => return None,
        }
    }
    // It must be a valid duration.
    Duration::try_from_secs_f64(rules.seconds).ok()?;
    Some((address?, rules))
}

fn host(address: &str, rules: Rules) -> Result<(), SessionError> {
    let mut peer = SceneMultiplayer::bind(address, MultiplayerOptions::default())?;
    let room = peer.session().register_node::<Room>(PATH)?;
    println!("hosting on ws://{}", peer.local_addr()?);
    let (view, rejections) = (View::default(), Rejections::default());
    let mut host = Host { peer, room, rules, view, round: 0, phase: Phase::Waiting, rejections };
    while !host.is_finished() {
        host.frame()?;
    }
    println!("the game is over");
    // The last packets must arrive.
    host.peer.close();
    while !host.peer.is_closed() {
        host.peer.wait(FRAME);
    }
    Ok(())
}

struct Host {
    peer: SceneMultiplayer,
    room: Node<Room>,
    rules: Rules,
    view: View,
    round: i64,
    phase: Phase,
    rejections: Rejections,
}

#[derive(Clone, Copy)]
enum Phase {
    /// For enough players.
    Waiting,
    Playing {
        until: Instant,
    },
    Pausing {
        until: Instant,
    },
}

impl Host {
    fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Pausing { until } if self.round == self.rules.rounds && Instant::now() >= until)
    }

    fn frame(&mut self) -> Result<(), SessionError> {
        self.peer.wait(FRAME);
        while let Some(event) = self.peer.next_event() {
            match event {
                Event::Call(call) => {
                    let from = call.from;
                    if let Some(Ok(call)) = self.room.read(call) {
                        self.handle_call(from, call)?;
                    }
                }
                Event::PeerDisconnected(peer, _) if self.view.players.contains_key(&peer.get()) => {
                    self.call_all(Room::RemovePlayer { id: peer.get() })?;
                }
                Event::ChecksumMismatch { peer, ours, .. } => {
                    eprintln!("{peer} has other methods than {}", ours.join(", "));
                }
                Event::PacketRejected { from, error } => self.rejections.note(from, error),
                _ => {}
            }
        }
        self.rejections.report(self.peer.session().stats().rejected_packets);
        match self.phase {
            Phase::Playing { until } if Instant::now() >= until => self.end_round(),
            Phase::Pausing { until } if Instant::now() >= until && !self.is_finished() => self.start_round(),
            _ => Ok(()),
        }
    }

    fn handle_call(&mut self, from: PeerId, call: Room) -> Result<(), SessionError> {
        match call {
            Room::Enter { player_name } => self.enter(from, player_name),
            Room::Chat { text } => {
                let is_in = self.view.players.contains_key(&from.get());
                if is_in && is_line(&text, MAX_TEXT) {
                    self.call_all(Room::Say { text, from: Some(from.get()) })?;
                }
                Ok(())
            }
            Room::MoveMarker { .. } => {
                self.view.apply(from, &call);
                self.take_coin(from)
            }
            // The host's own calls: the session rejects them from clients.
            _ => Ok(()),
        }
    }

    fn enter(&mut self, id: PeerId, player_name: String) -> Result<(), SessionError> {
        if self.view.players.contains_key(&id.get()) {
            return Ok(());
        }
        if let Some(reason) = self.objection_to(&player_name) {
            self.call(id, Room::Refuse { reason })?;
            // The session delivers the reason before it disconnects.
            return Ok(self.peer.session().disconnect_peer(id)?);
        }
        let players = self.view.players.iter().map(|(id, player)| Room::AddPlayer {
            id: *id,
            player_name: player.name.clone(),
            score: Some(player.score),
        });
        for player in players.collect::<Vec<_>>() {
            self.call(id, player)?;
        }
        self.call_all(Room::AddPlayer { id: id.get(), player_name, score: None })?;
        match (self.phase, self.view.coin) {
            (Phase::Playing { until }, Some(coin_at)) => {
                let seconds = until.saturating_duration_since(Instant::now()).as_secs_f64();
                self.call(id, Room::StartRound { number: self.round, seconds, coin_at })
            }
            (Phase::Waiting, _) if self.view.players.len() >= self.rules.players => self.start_round(),
            _ => Ok(()),
        }
    }

    fn objection_to(&self, name: &str) -> Option<String> {
        if !is_line(name, MAX_NAME) {
            return Some(format!("a name is 1 to {MAX_NAME} letters"));
        }
        let is_taken = self.view.players.values().any(|player| player.name == name);
        is_taken.then(|| "this name is taken".to_owned())
    }

    fn take_coin(&mut self, id: PeerId) -> Result<(), SessionError> {
        let Some((player, coin)) = self.view.players.get(&id.get()).zip(self.view.coin) else {
            return Ok(());
        };
        if (player.position.x - coin.x).hypot(player.position.y - coin.y) > REACH {
            return Ok(());
        }
        let score = player.score + 1;
        self.call_all(Room::SetScore { id: id.get(), score })?;
        self.call_all(Room::PlaceCoin { at: somewhere() })
    }

    fn start_round(&mut self) -> Result<(), SessionError> {
        self.round += 1;
        let seconds = self.rules.seconds;
        self.phase = Phase::Playing { until: Instant::now() + Duration::from_secs_f64(seconds) };
        self.call_all(Room::StartRound { number: self.round, seconds, coin_at: somewhere() })
    }

    fn end_round(&mut self) -> Result<(), SessionError> {
        self.phase = Phase::Pausing { until: Instant::now() + PAUSE };
        let mut best_first: Vec<_> = self.view.players.values().collect();
        best_first.sort_by_key(|player| -player.score);
        let ranking = best_first.iter().map(|player| player.name.clone()).collect();
        self.call_all(Room::EndRound { number: self.round, ranking })?;
        if self.round == self.rules.rounds {
            self.call_all(Room::Say { text: "no more rounds".to_owned(), from: None })?;
        }
        Ok(())
    }

    /// Calls a method at all ends, also at this one.
    fn call_all(&mut self, call: Room) -> Result<(), SessionError> {
        if let Some(line) = self.view.apply(PeerId::SERVER, &call) {
            println!("{line}");
        }
        self.call(Target::All, call)
    }

    fn call(&mut self, to: impl Into<Target>, call: Room) -> Result<(), SessionError> {
        self.peer.session().call(self.room, to, call)
    }
}

/// Returns `true` if the text is one line of 1 to `max` characters.
fn is_line(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Returns a random place. The standard library has random numbers for its hash maps.
fn somewhere() -> Vector2 {
    let chance = RandomState::new().hash_one(0);
    let part = |bits: u64| (bits % 1000) as f32 / 1000.0;
    Vector2::new((part(chance) * SIZE.x).round(), (part(chance >> 32) * SIZE.y).round())
}
