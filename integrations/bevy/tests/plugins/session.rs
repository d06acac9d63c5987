//! The session: its events reach observers in order and once, between a server's app and a client's app.

use std::thread;

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_websocket_peer::{SessionEvent, WebSocketSession, WebSocketSessionPlugin, in_session};
use websocket_peer::{
    CloseCause,
    multiplayer::{
        DisconnectReason, Event as NetworkEvent, MultiplayerOptions, Node, PeerId, SceneMultiplayer, Target,
    },
};

use crate::support::until;

websocket_peer::rpc! {
    /// Messages of the room.
    pub enum Room {
        /// A line of a client.
        Say { text: String } = "say" [any_peer];
    }
}

/// The room's node, and the lines that were called at this end.
#[derive(Resource)]
pub struct Lines(pub Node<Room>, Vec<String>);

/// Every event, in order, and the number of frames in a session.
#[derive(Resource, Default)]
pub struct Log {
    pub events: Vec<NetworkEvent>,
    frames: u32,
}

pub fn app(mut session: WebSocketSession) -> App {
    let room = session.session().register_node::<Room>("Room").unwrap();
    let mut app = App::new();
    app.add_plugins(WebSocketSessionPlugin)
        .insert_resource(session)
        .insert_resource(Lines(room, Vec::new()))
        .init_resource::<Log>()
        .add_observer(|event: On<SessionEvent>, mut log: ResMut<Log>| log.events.push(event.0.clone()))
        .add_observer(|event: On<SessionEvent>, mut lines: ResMut<Lines>| {
            if let NetworkEvent::Call(call) = &event.0
                && let Some(Ok(Room::Say { text })) = lines.0.read(call.clone())
            {
                lines.1.push(text);
            }
        })
        .add_systems(Update, (|mut log: ResMut<Log>| log.frames += 1).run_if(in_session));
    app
}

pub fn server() -> (App, String) {
    let session = WebSocketSession::bind("127.0.0.1:0", MultiplayerOptions::default()).unwrap();
    let url = format!("ws://{}", session.local_addr().unwrap());
    (app(session), url)
}

/// A client's app, whose arrival both ends have reported.
#[track_caller]
pub fn join(server: &mut App, url: &str) -> App {
    let mut client = app(WebSocketSession::connect(url, MultiplayerOptions::default()).unwrap());
    client.update();
    assert_eq!(client.world().resource::<Log>().frames, 0);
    until("both ends are connected", || {
        server.update();
        client.update();
        is_connected(server) && is_connected(&client)
    });
    client
}

fn is_connected(app: &App) -> bool {
    let events = &app.world().resource::<Log>().events;
    events.iter().any(|event| matches!(event, NetworkEvent::PeerConnected(_)))
}

fn lines(app: &App) -> &[String] {
    &app.world().resource::<Lines>().1
}

#[test]
fn calls_reach_the_observers_of_the_other_end_in_order_and_once() {
    let (mut server, url) = server();
    let mut client = join(&mut server, &url);
    let expected: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    for (app, to) in [(&mut client, Target::from(PeerId::SERVER)), (&mut server, Target::All)] {
        let room = app.world().resource::<Lines>().0;
        for text in expected.clone() {
            app.world_mut()
                .resource_mut::<WebSocketSession>()
                .session()
                .call(room, to, Room::Say { text })
                .unwrap();
        }
    }
    until("the calls arrive", || {
        server.update();
        client.update();
        lines(&server).len() >= 100 && lines(&client).len() >= 100
    });
    for _ in 0..5 {
        server.update();
        client.update();
    }
    assert_eq!(lines(&server), expected);
    assert_eq!(lines(&client), expected);
    assert!(client.world().resource::<Log>().frames > 0);
}

#[test]
fn commands_of_an_observer_are_applied_before_the_next_event() {
    #[derive(Resource, PartialEq, Debug)]
    struct Handled(usize);

    let (mut server, url) = server();
    let mut client = join(&mut server, &url);
    server.insert_resource(Handled(0));
    server.add_observer(|event: On<SessionEvent>, handled: Res<Handled>, mut commands: Commands| {
        if let NetworkEvent::Packet { data, .. } = &event.0 {
            assert_eq!(data.as_bytes(), [handled.0 as u8 + 1]);
            commands.insert_resource(Handled(handled.0 + 1));
        }
    });
    for byte in 1..=10 {
        let mut session = client.world_mut().resource_mut::<WebSocketSession>();
        session.session().send_bytes(PeerId::SERVER, &[byte]).unwrap();
    }
    until("the packets arrive", || {
        client.update();
        server.update();
        *server.world().resource::<Handled>() == Handled(10)
    });
}

#[test]
fn an_observer_may_remove_the_session() {
    let (mut server, url) = server();
    let mut client = join(&mut server, &url);
    client.add_observer(|_: On<SessionEvent>, mut commands: Commands| {
        commands.remove_resource::<WebSocketSession>();
    });
    let room = server.world().resource::<Lines>().0;
    for text in ["first", "second"].map(String::from) {
        let mut session = server.world_mut().resource_mut::<WebSocketSession>();
        session.session().call(room, Target::All, Room::Say { text }).unwrap();
    }
    until("a call arrives", || {
        server.update();
        client.update();
        !lines(&client).is_empty()
    });
    client.update();
    assert_eq!(lines(&client), ["first"]);
    until("the server reports the end", || {
        server.update();
        ends(&server).count() == 1
    });
}

#[test]
fn a_client_leaves_before_its_app_exits() {
    let mut server = SceneMultiplayer::bind("127.0.0.1:0", MultiplayerOptions::default()).unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    let room = server.session().register_node::<Room>("Room").unwrap();
    let mut client = app(WebSocketSession::connect(&url, MultiplayerOptions::default()).unwrap());
    until("the client is connected", || {
        server.poll();
        while server.next_event().is_some() {}
        client.update();
        is_connected(&client)
    });

    // The client waits for answers in its last frame.
    let server = thread::spawn(move || {
        let mut events = Vec::new();
        until("the end is reported", || {
            server.poll();
            events.extend(std::iter::from_fn(|| server.next_event()));
            matches!(events.last(), Some(NetworkEvent::PeerDisconnected(..)))
        });
        events
    });
    let room_of_client = client.world().resource::<Lines>().0;
    let mut session = client.world_mut().resource_mut::<WebSocketSession>();
    let text = "the last line".to_owned();
    session.session().call(room_of_client, PeerId::SERVER, Room::Say { text }).unwrap();
    client.world_mut().write_message(AppExit::Success);
    client.update();
    drop(client);

    let mut events = server.join().unwrap();
    let Some(NetworkEvent::PeerDisconnected(_, DisconnectReason::Closed(info))) = events.pop() else {
        panic!("it was not closed: {events:?}");
    };
    assert_eq!((info.code, &info.cause), (Some(1000), &CloseCause::Remote));
    let Some(NetworkEvent::Call(call)) = events.pop() else { panic!("no call: {events:?}") };
    assert!(matches!(room.read(call), Some(Ok(Room::Say { text })) if text == "the last line"));
}

/// The reasons for which peers are gone.
fn ends(app: &App) -> impl Iterator<Item = &DisconnectReason> {
    app.world().resource::<Log>().events.iter().filter_map(|event| match event {
        NetworkEvent::PeerDisconnected(_, reason) => Some(reason),
        _ => None,
    })
}

/// All events of an app's session, in order.
pub fn events(app: &App) -> &[NetworkEvent] {
    &app.world().resource::<Log>().events
}

#[test]
fn without_a_session_nothing_runs() {
    let mut app = App::new();
    app.add_plugins(WebSocketSessionPlugin)
        .init_resource::<Log>()
        .add_systems(Update, (|mut log: ResMut<Log>| log.frames += 1).run_if(in_session));
    app.update();
    app.world_mut().write_message(AppExit::Success);
    app.update();
    assert_eq!(app.world().resource::<Log>().frames, 0);
}
