//! Players and hosts that do not keep to the game.

use std::time::Duration;

use game::{
    Action, GameCall, HostEvent, Player, PlayerEvent, TableEvent,
    messages::{PATH, PROTOCOL},
    rules::MAX_USELESS_REQUESTS,
    table::{MAX_LOG, MAX_SHOWN},
};
use websocket_peer::{
    CloseInfo,
    multiplayer::{Event, MultiplayerOptions, Node, PeerId, SceneMultiplayer, Target},
};

use crate::world::{Waiting, World};

/// An end that calls what it wants.
struct Scripted {
    peer: SceneMultiplayer,
    game: Node<GameCall>,
    joined: Vec<PeerId>,
    is_closed: bool,
}

impl Scripted {
    fn client(url: &str) -> Self {
        let options = MultiplayerOptions::default().protocols([PROTOCOL]);
        Self::new(SceneMultiplayer::connect(url, options).expect("the URL is valid"))
    }

    fn host() -> (Self, String) {
        let options = MultiplayerOptions::default().protocols([PROTOCOL]);
        let host = SceneMultiplayer::bind("127.0.0.1:0", options).expect("a port is free");
        let url = format!("ws://{}", host.local_addr().expect("it listens"));
        (Self::new(host), url)
    }

    fn new(mut peer: SceneMultiplayer) -> Self {
        let game = peer.session().register_node::<GameCall>(PATH).expect("the path is valid");
        Self { peer, game, joined: Vec::new(), is_closed: false }
    }

    fn step(&mut self) {
        self.peer.wait(Duration::from_millis(1));
        while let Some(event) = self.peer.next_event() {
            match event {
                Event::PeerConnected(id) => self.joined.push(id),
                Event::Disconnected { .. } | Event::ConnectionFailed { .. } => self.is_closed = true,
                _ => {}
            }
        }
    }

    fn call(&mut self, to: Target, call: GameCall) {
        self.peer.session().call(self.game, to, call).expect("the session is open");
    }

    fn id(&self) -> PeerId {
        self.peer.id().expect("it is connected")
    }
}

/// A world with Ann and a scripted client, which is the second player.
fn world_with_client() -> (World, Scripted) {
    let mut world = World::new(None);
    world.join("Ann");
    let mut client = Scripted::client(&world.url);
    let waiting = Waiting::start("the client has joined");
    while client.joined.len() < 2 {
        waiting.check();
        world.step();
        client.step();
    }
    world.until("both are in the list", |world| world.names().len() == 2 && world.tables_agree());
    (world, client)
}

fn request(action: &str) -> GameCall {
    GameCall::RequestAction { action: action.to_owned() }
}

#[test]
fn cheating_and_invalid_actions_are_reported_to_all_and_change_nothing() {
    let (mut world, mut client) = world_with_client();
    client.call(Target::SERVER, request("roll"));
    let cheat = format!("Someone is trying to cheat! {}", client.id());
    world.until("it is reported", |world| world.log() == [&cheat] && world.tables_agree());
    assert_eq!(world.current(), Some("Ann"));

    world.act(0, Action::Roll);
    client.call(Target::SERVER, request("win\n\u{202e}"));
    world.until("it is reported", |world| world.log().last() == Some(&"Invalid action: win"));
    client.call(Target::SERVER, request("roll"));
    world.until("its turn is over", |world| world.current() == Some("Ann"));
}

#[test]
fn the_methods_of_the_host_are_rejected_from_players() {
    let (mut world, mut client) = world_with_client();
    let ann = world.players[0].player.table().own_id().expect("Ann has joined");
    let calls = [
        GameCall::Log { message: "fake".to_owned() },
        GameCall::AddPlayer { id: 1, name: Some("fake".to_owned()) },
        GameCall::DelPlayer { id: ann.get() },
        GameCall::SetTurn { index: 1 },
        GameCall::UpdatePlayerName { id: ann.get(), name: "fake".to_owned() },
    ];
    for call in calls {
        // To the host, and by its relay to Ann.
        client.call(Target::SERVER, call.clone());
        client.call(Target::Peer(ann), call);
    }
    // The methods of players are for the host, not for other players.
    client.call(Target::Peer(ann), request("roll"));
    client.call(Target::Peer(ann), GameCall::SetPlayerName { name: "fake".to_owned() });
    client.call(Target::SERVER, GameCall::SetPlayerName { name: "Eve".to_owned() });
    world.until("the last call has an effect", |world| {
        world.names() == ["Ann", "Eve"] && world.tables_agree()
    });
    assert_eq!((world.current(), world.log().len()), (Some("Ann"), 0));
    let rejections =
        |event: &&HostEvent| matches!(event, HostEvent::Warning(text) if text.contains("rejected"));
    assert_eq!(world.host_events.iter().filter(rejections).count(), 5);
    let rejections =
        |event: &&PlayerEvent| matches!(event, PlayerEvent::Warning(text) if text.contains("rejected"));
    world.until("Ann has read the calls", |world| {
        world.players[0].events.iter().filter(rejections).count() == 5
    });
    assert_eq!(world.players[0].player.table().log().len(), 0);
}

#[test]
fn a_player_that_only_cheats_is_disconnected() {
    let (mut world, mut client) = world_with_client();
    // Within the rate at which a player may send.
    for _ in 0..=MAX_USELESS_REQUESTS {
        client.call(Target::SERVER, request("roll"));
    }
    let info = run_until_closed(&mut world, &mut client);
    assert_eq!((info.code, info.reason.as_str()), (Some(1000), "disconnected by the server"));
    assert_eq!(world.log().len(), MAX_USELESS_REQUESTS as usize);
    assert!(world.log().iter().all(|line| line.starts_with("Someone is trying to cheat! ")));
    assert_undisturbed(&mut world);
}

#[test]
fn a_flood_of_requests_is_stopped_by_the_limit_of_the_connection() {
    let (mut world, mut client) = world_with_client();
    // These have no effect in the game.
    for _ in 0..2000 {
        client.call(Target::SERVER, GameCall::SetTurn { index: 1 });
    }
    let info = run_until_closed(&mut world, &mut client);
    assert_eq!(info.code, Some(1008), "{info}");
    assert_eq!(world.log().len(), 0);
    assert_undisturbed(&mut world);
}

fn run_until_closed(world: &mut World, client: &mut Scripted) -> CloseInfo {
    let waiting = Waiting::start("the client is closed");
    while !client.is_closed {
        waiting.check();
        world.step();
        client.step();
    }
    client.peer.close_info().expect("it is closed").clone()
}

/// Asserts that Ann is alone in the list, and plays on.
#[track_caller]
fn assert_undisturbed(world: &mut World) {
    world.until("the client is gone", |world| world.names() == ["Ann"] && world.tables_agree());
    world.act(0, Action::Roll);
    assert!(!world.players[0].player.is_closed(), "a player is not penalised for others");
}

#[test]
fn the_warnings_about_a_host_are_limited() {
    let (mut host, url) = Scripted::host();
    let mut player = Player::connect(&url, "Ann").expect("the URL is valid");
    let other = host.peer.session().register_node::<GameCall>("Other").expect("the path is valid");
    let waiting = Waiting::start("the player has read everything");
    while host.joined.is_empty() {
        waiting.check();
        host.step();
        player.poll();
    }
    for _ in 0..100 {
        let call = GameCall::SetTurn { index: 0 };
        host.peer.session().call(other, Target::All, call).expect("the session is open");
    }
    host.call(Target::All, GameCall::Log { message: "end".to_owned() });
    let mut warnings = 0;
    while player.table().log().len() == 0 {
        waiting.check();
        host.step();
        player.wait(Duration::from_millis(1));
        while let Some(event) = player.next_event() {
            warnings += usize::from(matches!(event, PlayerEvent::Warning(_)));
        }
    }
    assert_eq!(warnings, 10);
}

#[test]
fn a_player_survives_every_call_of_a_hostile_host() {
    let (mut host, url) = Scripted::host();
    let mut player = Player::connect(&url, "Ann").expect("the URL is valid");
    let mut turns = 0;
    let mut read = |host: &mut Scripted, player: &mut Player| {
        host.step();
        player.poll();
        while let Some(event) = player.next_event() {
            turns += usize::from(matches!(event, PlayerEvent::Table(TableEvent::TurnChanged(_))));
            assert!(!matches!(event, PlayerEvent::Closed(_)), "{event:?}");
        }
        turns
    };
    let waiting = Waiting::start("the player has read everything");
    while host.joined.is_empty() {
        waiting.check();
        read(&mut host, &mut player);
    }
    let text = || "\u{202e}x\n".repeat(200);
    for index in 0..2 * MAX_SHOWN as i32 {
        let id = index.wrapping_mul(i32::MAX / 7);
        for call in [
            GameCall::SetTurn { index: id },
            GameCall::AddPlayer { id, name: (index % 2 == 0).then(text) },
            GameCall::AddPlayer { id, name: None },
            GameCall::UpdatePlayerName { id: id / 2, name: text() },
            GameCall::Log { message: text() },
            request("roll"),
            GameCall::SetPlayerName { name: text() },
        ] {
            host.call(Target::All, call);
        }
        read(&mut host, &mut player);
    }
    for id in [i32::MIN, -1, 0, i32::MAX] {
        host.call(Target::All, GameCall::DelPlayer { id });
    }
    host.call(Target::All, GameCall::SetTurn { index: -1 });
    while read(&mut host, &mut player) < 2 * MAX_SHOWN + 1 {
        waiting.check();
    }
    let table = player.table();
    assert!(table.players().len() <= MAX_SHOWN && table.log().len() == MAX_LOG);
    assert_eq!((table.current(), player.can_act()), (None, false));
}
