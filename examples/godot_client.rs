//! A player for the room of `examples/godot`, whoever hosts it: a Godot, or `godot_server`. It walks to the coin, and says
//! something once.
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
    multiplayer::{Call, Event, MultiplayerOptions, MultiplayerPeer, Node, PeerId, SessionError, Target},
    variant::Vector2,
};

#[path = "godot/rejections.rs"]
mod rejections;
#[path = "godot/room.rs"]
mod room;

use rejections::Rejections;
use room::{PATH, Room, View};

const FRAME: Duration = Duration::from_millis(16);

/// From one step to the next.
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
    let mut peer = MultiplayerPeer::connect(url, MultiplayerOptions::default())?;
    let room = peer.session().register_node::<Room>(PATH)?;
    println!("joining {url}");
    let (view, next_step, rejections) = (View::default(), Instant::now(), Rejections::default());
    let mut guest = Guest { peer, room, name, words, view, next_step, is_refused: false, rejections };
    loop {
        if let Some(code) = guest.frame()? {
            return Ok(code);
        }
        thread::sleep(FRAME);
    }
}

struct Guest {
    peer: MultiplayerPeer,
    room: Node<Room>,
    name: String,
    /// What is still to be said.
    words: Option<String>,
    view: View,
    next_step: Instant,
    is_refused: bool,
    rejections: Rejections,
}

impl Guest {
    /// One frame. Once it is over, with which code.
    fn frame(&mut self) -> Result<Option<ExitCode>, SessionError> {
        self.peer.poll();
        while let Some(event) = self.peer.next_event() {
            match event {
                Event::PeerConnected(PeerId::SERVER) => {
                    println!("connected");
                    let player_name = self.name.clone();
                    self.tell(Target::SERVER, Room::Enter { player_name })?;
                }
                Event::Call(call) if !self.is_refused => self.called(call),
                Event::ConnectionFailed { info } => {
                    println!("nobody answers: {info}");
                    return Ok(Some(ExitCode::FAILURE));
                }
                Event::Disconnected { .. } if self.is_refused => return Ok(Some(ExitCode::FAILURE)),
                Event::Disconnected { info } => {
                    println!("the host has gone: {info}");
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

    fn called(&mut self, call: Call) {
        let from = call.from;
        let Some(Ok(call)) = self.room.read(call) else { return };
        if let Room::Refuse { reason } = &call {
            println!("refused: {reason}");
            self.is_refused = true;
            self.peer.close();
        } else if let Some(line) = self.view.hear(from, &call) {
            println!("{line}");
        }
    }

    /// A step to the coin, in a round.
    fn step(&mut self) -> Result<(), SessionError> {
        let Some(id) = self.peer.session().id() else { return Ok(()) };
        let Some((me, coin)) = self.view.players.get(&id.get()).zip(self.view.coin) else { return Ok(()) };
        let (x, y) = (coin.x - me.position.x, coin.y - me.position.y);
        let part = (STEP / x.hypot(y)).min(1.0);
        let to = Vector2::new(me.position.x + x * part, me.position.y + y * part);

        // The host is told, and by its relay the other players.
        let call = Room::MoveMarker { to };
        self.view.hear(id, &call);
        self.tell(Target::All, call)?;
        match self.words.take() {
            Some(text) => self.tell(Target::SERVER, Room::Chat { text }),
            None => Ok(()),
        }
    }

    fn tell(&mut self, to: Target, call: Room) -> Result<(), SessionError> {
        match self.peer.session().call(self.room, to, call) {
            // That it is over will be told by an event, after what came before.
            Err(SessionError::Peer(Error::UnknownPeer | Error::NotOpen { .. })) => Ok(()),
            sent => sent,
        }
    }
}
