//! A player in Rust for the game in `examples/godot`, hosted by Godot or by `godot_server`. It walks to the coin, and chats
//! once.
//!
//! `cargo run --example godot_client -- ws://127.0.0.1:9080 NAME [WORDS]`

use std::{
    env,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{
    Error,
    multiplayer::{Call, Event, MultiplayerOptions, Node, PeerId, SceneMultiplayer, SessionError, Target},
    variant::Vector2,
};

#[path = "godot/room/rejections.rs"]
mod rejections;
#[path = "godot/room/room.rs"]
mod room;

use rejections::Rejections;
use room::{PATH, Room, View};

const FRAME: Duration = Duration::from_millis(16);

/// The time between two steps.
const TICK: Duration = Duration::from_millis(100);
const STEP: f32 = 40.0;

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let (Some(url), Some(name)) = (args.next(), args.next()) else {
        eprintln!("usage: godot_client URL NAME [WORDS]");
        return ExitCode::FAILURE;
    };
    match play(&url, name, args.next()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cannot join {url}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(url: &str, name: String, words: Option<String>) -> Result<ExitCode, SessionError> {
    let mut peer = SceneMultiplayer::connect(url, MultiplayerOptions::default())?;
    let room = peer.session().register_node::<Room>(PATH)?;
    println!("joining {url}");
    let (view, next_step, rejections) = (View::default(), Instant::now(), Rejections::default());
    let mut player = Player { peer, room, name, words, view, next_step, is_refused: false, rejections };
    loop {
        if let Some(code) = player.frame()? {
            return Ok(code);
        }
        thread::sleep(FRAME);
    }
}

struct Player {
    peer: SceneMultiplayer,
    room: Node<Room>,
    name: String,
    /// The line to send, until it has been sent.
    words: Option<String>,
    view: View,
    next_step: Instant,
    is_refused: bool,
    rejections: Rejections,
}

impl Player {
    /// Runs one frame. Returns the exit code when the game is over.
    fn frame(&mut self) -> Result<Option<ExitCode>, SessionError> {
        self.peer.poll();
        while let Some(event) = self.peer.next_event() {
            match event {
                Event::PeerConnected(PeerId::SERVER) => {
                    println!("connected");
                    let player_name = self.name.clone();
                    self.call(Target::SERVER, Room::Enter { player_name })?;
                }
                Event::Call(call) if !self.is_refused => self.handle_call(call),
                Event::ConnectionFailed { info } => {
                    println!("no answer: {info}");
                    return Ok(Some(ExitCode::FAILURE));
                }
                Event::Disconnected { .. } if self.is_refused => return Ok(Some(ExitCode::FAILURE)),
                Event::Disconnected { info } => {
                    println!("the host has left: {info}");
                    return Ok(Some(ExitCode::SUCCESS));
                }
                Event::ChecksumMismatch { peer, ours, .. } => {
                    eprintln!("{peer} has other methods than {}", ours.join(", "));
                }
                Event::PacketRejected { from, error } => self.rejections.note(from, error),
                _ => {}
            }
        }
        self.rejections.report(self.peer.session().stats().rejected_packets);
        if Instant::now() >= self.next_step {
            self.next_step = Instant::now() + TICK;
            self.step()?;
        }
        Ok(None)
    }

    fn handle_call(&mut self, call: Call) {
        let from = call.from;
        let Some(Ok(call)) = self.room.read(call) else { return };
        if let Room::Refuse { reason } = &call {
            println!("refused: {reason}");
            self.is_refused = true;
            self.peer.close();
        } else if let Some(line) = self.view.apply(from, &call) {
            println!("{line}");
        }
    }

    /// Walks a step to the coin, in a round.
    fn step(&mut self) -> Result<(), SessionError> {
        let Some(id) = self.peer.session().id() else { return Ok(()) };
        let Some((me, coin)) = self.view.players.get(&id.get()).zip(self.view.coin) else { return Ok(()) };
        let (x, y) = (coin.x - me.position.x, coin.y - me.position.y);
        let part = (STEP / x.hypot(y)).min(1.0);
        let to = Vector2::new(me.position.x + x * part, me.position.y + y * part);

        // To the host and, by its relay, to the other players.
        let call = Room::MoveMarker { to };
        self.view.apply(id, &call);
        self.call(Target::All, call)?;
        match self.words.take() {
            Some(text) => self.call(Target::SERVER, Room::Chat { text }),
            None => Ok(()),
        }
    }

    fn call(&mut self, to: Target, call: Room) -> Result<(), SessionError> {
        match self.peer.session().call(self.room, to, call) {
            // An event reports the end, after what came before it.
            Err(SessionError::Peer(Error::UnknownPeer | Error::NotOpen { .. })) => Ok(()),
            sent => sent,
        }
    }
}
