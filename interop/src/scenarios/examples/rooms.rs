//! The turn game in the rooms of `examples/rooms`: engines join a room by its path, as Godot's demo would.

use std::time::{Duration, Instant};

use game::Action;
use rooms::{LobbyOptions, Place as RoomPlace, RoomCode, RoomsClient, RoomsEvent, RoomsHost};
use websocket_peer::{
    OriginPolicy,
    multiplayer::{RoomServer, RoomServerOptions},
};

use crate::engine::{Place, Program};
use crate::runner::Scenario;
use crate::waiting::until;

/// The rolls of each player that are enough.
const ROLLS: usize = 3;

/// The time between two actions of one of our players.
const PACE: Duration = Duration::from_millis(50);

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::of_examples("examples::rooms::engines_play_in_two_rooms", engines_play_in_two_rooms),
        Scenario::of_examples("examples::rooms::an_unknown_room", an_unknown_room),
    ]
}

/// The server, and our players. They roll when it is their turn.
struct World {
    server: RoomServer,
    host: RoomsHost,
    url: String,
    players: Vec<(RoomsClient, Instant)>,
}

impl World {
    fn new() -> Self {
        let mut server = RoomServer::bind("127.0.0.1:0", RoomServerOptions::default()).expect("a free port");
        let options = LobbyOptions { create_interval: Duration::ZERO, ..LobbyOptions::default() };
        let host = RoomsHost::open(&mut server, options, OriginPolicy::default()).expect("a new server");
        let placer = host.placer();
        server.on_request(move |request| placer.place(request));
        let url = format!("ws://{}", server.local_addr().expect("a port"));
        Self { server, host, url, players: Vec::new() }
    }

    /// Starts to enter the lobby. Returns the index of the player.
    fn enter(&mut self, name: &str) -> usize {
        let client = RoomsClient::connect(&self.url, name).expect("a URL");
        self.players.push((client, Instant::now()));
        let index = self.players.len() - 1;
        self.until("a player in the lobby", |world| world.players[index].0.is_in_lobby());
        index
    }

    /// Lets a player create a room, and waits until the server has moved it there.
    fn create(&mut self, player: usize) -> RoomCode {
        self.players[player].0.create_room("A game").expect("it is in the lobby");
        self.until("a player in its room", |world| world.names(player).len() == 1);
        match self.players[player].0.place() {
            RoomPlace::Room(code) => code,
            place => panic!("the player is at {place:?}"),
        }
    }

    /// Returns the names at a player's table, in alphabetical order.
    fn names(&self, player: usize) -> Vec<String> {
        let table = self.players[player].0.table();
        let mut names: Vec<String> = table.players().iter().map(|player| player.name.clone()).collect();
        names.sort_unstable();
        names
    }

    fn step(&mut self) {
        self.server.wait(self.host.wait_time(Duration::from_millis(2)));
        while let Some(event) = self.server.next_event() {
            self.host.handle(&mut self.server, event);
        }
        self.host.update(&mut self.server);
        for (client, last_action) in &mut self.players {
            client.poll();
            for event in std::iter::from_fn(|| client.next_event()) {
                assert!(!matches!(event, RoomsEvent::Refused(_) | RoomsEvent::Closed(_)), "{event:?}");
            }
            if client.game().can_act() && last_action.elapsed() >= PACE {
                client.act(Action::Roll).expect("its turn");
                *last_action = Instant::now();
            }
        }
    }

    #[track_caller]
    fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        until(what, || {
            self.step();
            done(self)
        });
    }
}

/// Returns the number of a player's rolls that an engine has seen.
fn rolls(engine: &Program, name: &str) -> usize {
    engine.lines("").iter().filter(|line| line.contains(&format!("{name}: rolls "))).count()
}

/// Two rooms behind one port, each with one of our players, which has created it in the lobby, and an engine.
fn engines_play_in_two_rooms(place: &Place) {
    let mut world = World::new();
    let mut tables = Vec::new();
    for (ours, theirs) in [("Ann", "Godette"), ("Ben", "Godot")] {
        let player = world.enter(ours);
        let code = world.create(player);
        let url = format!("{}/room/{code}", world.url);
        tables.push((player, code, ours, theirs, Program::start(place, &["turns", "join", &url, theirs])));
    }
    assert_ne!(tables[0].1, tables[1].1, "each room has a code of its own");
    for (player, _, ours, theirs, engine) in &tables {
        world.until("two players with their names", |world| world.names(*player) == [*ours, *theirs]);
        world.until("both have rolled three times", |_| {
            rolls(engine, ours) >= ROLLS && rolls(engine, theirs) >= ROLLS
        });
    }
    for (index, (.., engine)) in tables.iter().enumerate() {
        let (_, _, ours, theirs, _) = &tables[1 - index];
        assert_eq!((rolls(engine, ours), rolls(engine, theirs)), (0, 0), "players of the other room");
    }

    // One room ends, and the other plays on.
    let (_, code, _, _, mut ended) = tables.remove(0);
    let room = world.server.find(code.as_str()).expect("the room is open");
    world.players.remove(0);
    world.server.close(room, "the evening is over").expect("the room is open");
    ended.line("the host has left", || world.step());
    assert_eq!(ended.ended(|| world.step()), 0);
    ended.assert_quiet(&[]);
    let (_, _, ours, _, engine) = &tables[0];
    let before = rolls(engine, ours);
    world.until("the other room plays on", |_| rolls(engine, ours) > before + ROLLS);
    engine.assert_quiet(&[]);
}

/// An engine that asks for a room that does not exist is rejected.
fn an_unknown_room(place: &Place) {
    let mut world = World::new();
    let url = format!("{}/room/ZZZZ", world.url);
    let mut engine = Program::start(place, &["turns", "join", &url, "Godette"]);
    engine.line("no answer", || world.step());
    assert_eq!(engine.ended(|| world.step()), 1);
    assert_eq!(world.server.stats().server.rejections.iter().collect::<Vec<_>>(), [(404, 1)]);
}
