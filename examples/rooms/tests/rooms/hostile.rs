//! Clients and servers that do not keep to the protocol.

use std::time::{Duration, Instant};

use game::{GameCall, messages::PATH as GAME_PATH};
use rooms::{
    LobbyCall, Place, RoomsClient, RoomsEvent, RoomsNotice,
    messages::{PATH, PROTOCOL},
};
use websocket_peer::{
    multiplayer::{Event, MultiplayerOptions, Node, PeerId, SceneMultiplayer, Target},
    variant::{Array, Dictionary, Variant},
};

use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(120);

/// An end that calls what it wants.
struct Scripted {
    peer: SceneMultiplayer,
    lobby: Node<LobbyCall>,
    joined: Vec<PeerId>,
    calls: Vec<LobbyCall>,
    is_closed: bool,
}

impl Scripted {
    fn client(url: &str) -> Self {
        let options = MultiplayerOptions::default().protocols([PROTOCOL]);
        Self::new(SceneMultiplayer::connect(&format!("{url}/lobby"), options).expect("the URL is valid"))
    }

    fn new(mut peer: SceneMultiplayer) -> Self {
        let lobby = peer.session().register_node::<LobbyCall>(PATH).expect("the path is valid");
        Self { peer, lobby, joined: Vec::new(), calls: Vec::new(), is_closed: false }
    }

    fn step(&mut self) {
        self.peer.poll();
        while let Some(event) = self.peer.next_event() {
            match event {
                Event::PeerConnected(id) => self.joined.push(id),
                Event::Disconnected { .. } | Event::ConnectionFailed { .. } => self.is_closed = true,
                Event::Call(call) => {
                    self.calls.extend(self.lobby.read(call).and_then(Result::ok));
                }
                _ => {}
            }
        }
    }

    fn call(&mut self, to: Target, call: LobbyCall) {
        self.peer.session().call(self.lobby, to, call).expect("the session is open");
    }

    fn lists(&self) -> usize {
        self.calls.iter().filter(|call| matches!(call, LobbyCall::Rooms { .. })).count()
    }
}

#[track_caller]
fn until(
    world: &mut World,
    client: &mut Scripted,
    what: &str,
    condition: impl Fn(&World, &Scripted) -> bool,
) {
    let start = Instant::now();
    while !condition(world, client) {
        assert!(start.elapsed() < PATIENCE, "{what}: {:?}\n{:?}", world.notices, client.calls);
        world.step();
        client.step();
    }
}

fn world_with_client() -> (World, Scripted) {
    let mut world = World::new();
    world.enter("Ann");
    let mut client = Scripted::client(&world.url);
    until(&mut world, &mut client, "it is in the lobby", |_, client| client.lists() > 0);
    (world, client)
}

#[test]
fn peers_of_the_lobby_do_not_see_each_other() {
    let (mut world, client) = world_with_client();
    assert_eq!(client.joined, [PeerId::SERVER]);
    world.step();
    let joined = |event: &RoomsEvent| matches!(event, RoomsEvent::Game(_));
    assert!(!world.clients[0].events.iter().any(joined), "{:?}", world.clients[0].events);
}

#[test]
fn the_methods_of_the_server_are_rejected_from_clients() {
    let (mut world, mut client) = world_with_client();
    for call in [
        LobbyCall::Rooms { list: Array::new() },
        LobbyCall::Moving { code: "lobby".to_owned() },
        LobbyCall::RoomCreated { code: "ABCD".to_owned() },
        LobbyCall::RoomRefused { reason: "fake".to_owned() },
    ] {
        client.call(Target::SERVER, call);
    }
    client.call(Target::SERVER, LobbyCall::CreateRoom { title: "real".to_owned() });
    until(&mut world, &mut client, "the last call has an effect", |world, _| world.host.lobby().len() == 1);
    let rejected =
        |notice: &&RoomsNotice| matches!(notice, RoomsNotice::Warning(_, text) if text.contains("rejected"));
    assert_eq!(world.notices.iter().filter(rejected).count(), 4, "{:?}", world.notices);
    assert!(world.client(0).is_in_lobby());
}

#[test]
fn requests_for_lists_in_a_row_are_answered_together() {
    let (mut world, mut client) = world_with_client();
    let before = client.lists();
    let start = Instant::now();
    for _ in 0..200 {
        client.call(Target::SERVER, LobbyCall::ListRooms {});
    }
    client.call(Target::SERVER, LobbyCall::JoinRoom { code: "?".to_owned() });
    until(&mut world, &mut client, "all were read", |_, client| {
        client.calls.iter().any(|call| matches!(call, LobbyCall::RoomRefused { .. }))
            && client.lists() > before
    });
    let intervals = start.elapsed().as_millis() / world.host.lobby().options().list_interval.as_millis();
    let lists = client.lists() - before;
    assert!(lists as u128 <= intervals + 1, "{lists} lists in {intervals} intervals");
}

#[test]
fn a_room_has_only_the_way_back_to_the_lobby() {
    let (mut world, mut client) = world_with_client();
    let other = world.create(0, "");
    client.call(Target::SERVER, LobbyCall::CreateRoom { title: String::new() });
    until(&mut world, &mut client, "it is in its room", |world, _| {
        let rooms = world.host.lobby().list();
        rooms.len() == 2 && rooms.iter().all(|room| room.players == 1)
    });
    for call in [
        LobbyCall::CreateRoom { title: "another".to_owned() },
        LobbyCall::JoinRoom { code: other.to_string() },
        LobbyCall::ListRooms {},
    ] {
        client.call(Target::SERVER, call);
    }
    until(&mut world, &mut client, "all are refused", |_, client| {
        let refused = |call: &&LobbyCall| matches!(call, LobbyCall::RoomRefused { .. });
        client.calls.iter().filter(refused).count() == 3
    });
    assert_eq!((world.host.lobby().len(), world.names(0)), (2, vec!["Ann"]));
    let before = client.lists();
    client.call(Target::SERVER, LobbyCall::JoinRoom { code: "lobby".to_owned() });
    until(&mut world, &mut client, "it is in the lobby", |_, client| client.lists() > before);
}

#[test]
fn a_client_that_vanishes_while_it_is_moved_leaves_no_trace() {
    let (mut world, mut client) = world_with_client();
    let code = world.create(0, "");
    for _ in 0..10 {
        client.call(Target::SERVER, LobbyCall::JoinRoom { code: code.to_string() });
        until(&mut world, &mut client, "it is moved", |_, client| {
            client.calls.iter().any(|call| matches!(call, LobbyCall::Moving { .. }))
        });
        drop(client);
        client = Scripted::client(&world.url);
        until(&mut world, &mut client, "the next one is in the lobby", |_, client| client.lists() > 0);
    }
    world.until("Ann is alone", |world| {
        world.names(0) == ["Ann"] && world.host.lobby().list().iter().all(|room| room.players == 1)
    });
}

#[test]
fn a_client_survives_every_call_of_a_hostile_server() {
    let options = MultiplayerOptions::default().protocols([PROTOCOL]);
    let mut server = SceneMultiplayer::bind("127.0.0.1:0", options).expect("a port is free");
    let url = format!("ws://{}", server.local_addr().expect("it listens"));
    let game = server.session().register_node::<GameCall>(GAME_PATH).expect("the path is valid");
    let mut server = Scripted::new(server);
    let mut client = RoomsClient::connect(&url, "Ann").expect("the URL is valid");
    let start = Instant::now();
    let mut events = Vec::new();
    let mut step = |server: &mut Scripted, client: &mut RoomsClient| {
        assert!(start.elapsed() < PATIENCE, "the client did not read everything");
        server.step();
        client.poll();
        events.extend(std::iter::from_fn(|| client.next_event()));
        events.len()
    };
    while server.joined.is_empty() {
        step(&mut server, &mut client);
    }
    let text = || "\u{202e}x\n".repeat(200);
    let entry: Dictionary = [("code", Variant::from("ABCD")), ("title", text().into())].into_iter().collect();
    for code in ["", "lobby", "ABCD", "LOBBY", "AB1D", "../..", "ABCD", "lobby", "ABCD", "ABCD"] {
        for call in [
            LobbyCall::Rooms { list: [Variant::Nil, entry.clone().into()].into_iter().collect() },
            LobbyCall::RoomCreated { code: code.to_owned() },
            LobbyCall::Moving { code: code.to_owned() },
            LobbyCall::RoomRefused { reason: text() },
            LobbyCall::CreateRoom { title: text() },
        ] {
            server.call(Target::All, call);
            let add = GameCall::AddPlayer { id: 7, name: Some(text()) };
            server.peer.session().call(game, Target::All, add).expect("the session is open");
        }
        let _ = client.leave_room();
        step(&mut server, &mut client);
    }
    server.call(Target::All, LobbyCall::Moving { code: "lobby".to_owned() });
    server.call(Target::All, LobbyCall::Rooms { list: Array::new() });
    while !client.is_in_lobby() || client.place() != Place::Lobby {
        step(&mut server, &mut client);
    }
    assert_eq!(client.table().players(), []);
    for event in &events {
        if let RoomsEvent::Refused(reason) = event {
            assert!(reason.chars().count() <= 200 && !reason.contains('\n'), "{reason:?}");
        }
        assert!(!matches!(event, RoomsEvent::Closed(_)), "{event:?}");
    }
}
