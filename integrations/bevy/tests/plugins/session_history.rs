//! Sessions that come and go: a resource that is inserted with a history, replaced or removed.

use std::time::Duration;

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_websocket_peer::{SessionEvent, WebSocketSession};
use websocket_peer::{
    CloseCause, CloseInfo,
    multiplayer::{
        DisconnectReason, Event as NetworkEvent, MultiplayerOptions, PeerId, Scene, SceneMultiplayer,
        SessionOptions, Spawn, Spawner, Target,
    },
};

use crate::{
    replacing::replacements,
    session::{Lines, Log, Room, app, events, join, server},
    support::until,
};

#[test]
fn the_end_of_a_session_that_is_removed_or_replaced_is_reported() {
    for (way, replace) in
        replacements().map(|(way, replace)| (way, Some(replace))).into_iter().chain([("removed", None)])
    {
        let (mut server, url) = server();
        let mut client = join(&mut server, &url);
        let id = client.world().resource::<WebSocketSession>().id().unwrap();
        let spawner = |app: &mut App| {
            let mut session = app.world_mut().resource_mut::<WebSocketSession>();
            session.session().register_spawner("Spawner", Spawner::new().scene(Scene::new([]))).unwrap()
        };
        let (spawner, of_server) = (spawner(&mut client), spawner(&mut server));
        let mut session = server.world_mut().resource_mut::<WebSocketSession>();
        session.session().spawn(of_server, Spawn::scene(0)).unwrap();
        let mut node = None;
        until("the node is spawned", || {
            server.update();
            client.update();
            node = events(&client).iter().find_map(|event| match event {
                NetworkEvent::Spawned(spawned) => Some(spawned.node),
                _ => None,
            });
            node.is_some()
        });

        let info = || CloseInfo::from(CloseCause::Aborted);
        let (of_client, of_server) = (events(&client).len(), events(&server).len());
        let mut kept = Vec::new();
        for (app, next) in [
            (&mut client, WebSocketSession::connect(&url, MultiplayerOptions::default())),
            (&mut server, WebSocketSession::bind("127.0.0.1:0", MultiplayerOptions::default())),
        ] {
            let world = app.world_mut();
            // What was swapped out stays open.
            kept.extend(match replace {
                Some(replace) => replace(world, next.unwrap()),
                None => world.remove_resource(),
            });
            app.update();
            app.update();
        }
        let server_id = PeerId::SERVER;
        assert_eq!(
            events(&client)[of_client..],
            [
                NetworkEvent::Despawned { from: server_id, spawner, node: node.unwrap() },
                NetworkEvent::PeerDisconnected(server_id, DisconnectReason::Closed(info())),
                NetworkEvent::Disconnected { info: info() },
            ],
            "{way}"
        );
        let ended = NetworkEvent::PeerDisconnected(id, DisconnectReason::Closed(info()));
        assert_eq!(events(&server)[of_server..], [ended], "{way}");
    }
}

#[test]
fn a_session_that_was_connected_before_is_reported() {
    let (mut server, url) = server();
    let mut client = join(&mut server, &url);
    let id = client.world().resource::<WebSocketSession>().id().unwrap();
    for app in [&mut server, &mut client] {
        let session: WebSocketSession = app.world_mut().remove_resource().unwrap();
        app.update();
        app.world_mut().resource_mut::<Log>().events.clear();
        app.insert_resource(session);
        app.update();
    }
    assert_eq!(events(&server), [NetworkEvent::PeerConnected(id)]);
    let connected = [NetworkEvent::Connected { id }, NetworkEvent::PeerConnected(PeerId::SERVER)];
    assert_eq!(events(&client), connected);
}

/// Polls a session as a program without the plugin, until it has read its id.
fn read_id(server: &mut App, session: &mut SceneMultiplayer) -> NetworkEvent {
    let mut first = None;
    until("the client has an id", || {
        server.update();
        session.poll();
        first = session.next_event();
        first.is_some()
    });
    first.unwrap()
}

#[test]
fn a_session_whose_program_has_read_only_its_id_is_reported() {
    let (mut server, url) = server();
    let mut session = SceneMultiplayer::connect(&url, MultiplayerOptions::default()).unwrap();
    let connected = read_id(&mut server, &mut session);
    let mut client = app(session.into());
    client.update();
    assert_eq!(events(&client), [connected, NetworkEvent::PeerConnected(PeerId::SERVER)]);
}

#[test]
fn a_session_that_authenticates_is_reported_with_its_id() {
    let session = SessionOptions::default().authenticate(true).auth_timeout(Duration::ZERO);
    let options = MultiplayerOptions::default().session(session);
    let session = WebSocketSession::bind("127.0.0.1:0", options.clone()).unwrap();
    let url = format!("ws://{}", session.local_addr().unwrap());
    let mut server = app(session);
    let mut session = SceneMultiplayer::connect(&url, options).unwrap();
    let connected = read_id(&mut server, &mut session);
    let mut client = app(session.into());
    client.update();
    client.world_mut().remove_resource::<WebSocketSession>();
    client.update();
    let (first, last) = (events(&client).first(), events(&client).last());
    assert_eq!(first, Some(&connected));
    assert_eq!(last, Some(&NetworkEvent::Disconnected { info: CloseCause::Aborted.into() }));
}

#[test]
fn an_attempt_to_join_that_is_removed_has_failed_and_one_that_is_replaced_has_not() {
    let (_server, url) = server();
    let connect = || WebSocketSession::connect(&url, MultiplayerOptions::default()).unwrap();
    let mut client = app(connect());
    for (_, replace) in replacements() {
        client.update();
        replace(client.world_mut(), connect());
    }
    client.update();
    assert_eq!(events(&client), []);
    client.world_mut().remove_resource::<WebSocketSession>();
    client.update();
    client.update();
    assert_eq!(events(&client), [NetworkEvent::ConnectionFailed { info: CloseCause::Aborted.into() }]);
}

#[test]
fn a_session_that_was_left_before_it_is_removed_reports_no_peer() {
    let (mut server, url) = server();
    let mut client = join(&mut server, &url);
    let (of_client, of_server) = (events(&client).len(), events(&server).len());
    server.world_mut().resource_mut::<WebSocketSession>().close();
    until("both are closed", || {
        server.update();
        client.update();
        let is_closed = |app: &App| app.world().resource::<WebSocketSession>().is_closed();
        is_closed(&server) && is_closed(&client)
    });
    for app in [&mut server, &mut client] {
        app.world_mut().remove_resource::<WebSocketSession>();
        app.update();
    }
    assert_eq!(events(&server)[of_server..], []);
    assert!(matches!(
        events(&client)[of_client..],
        [NetworkEvent::PeerDisconnected(PeerId::SERVER, _), NetworkEvent::Disconnected { .. }]
    ));
}

#[test]
fn the_events_of_a_session_that_an_observer_puts_in_place_follow_the_end_of_the_former_one() {
    #[derive(Resource)]
    struct Next(Option<SceneMultiplayer>);

    let (mut server, url) = server();
    let mut client = join(&mut server, &url);
    let mut next = SceneMultiplayer::connect(&url, MultiplayerOptions::default()).unwrap();
    until("the next session has unread events", || {
        server.update();
        client.update();
        next.poll();
        next.id().is_some()
    });
    let id = next.id().unwrap();
    client.insert_resource(Next(Some(next)));
    client.add_observer(
        |event: On<SessionEvent>, mut session: ResMut<WebSocketSession>, mut next: ResMut<Next>| {
            if let NetworkEvent::Call(_) = &event.0 {
                *session = next.0.take().unwrap().into();
            }
        },
    );
    let count = events(&client).len();
    let room = server.world().resource::<Lines>().0;
    for text in ["first", "second"].map(String::from) {
        let mut session = server.world_mut().resource_mut::<WebSocketSession>();
        session.session().call(room, Target::All, Room::Say { text }).unwrap();
    }
    until("the next session is connected", || {
        server.update();
        client.update();
        let server_id = NetworkEvent::PeerConnected(PeerId::SERVER);
        events(&client)[count..].contains(&server_id)
    });
    // Both clients know each other, too.
    let of_session = |event: &&NetworkEvent| match event {
        NetworkEvent::PeerConnected(peer) | NetworkEvent::PeerDisconnected(peer, _) => {
            *peer == PeerId::SERVER
        }
        _ => true,
    };
    let mut reported = events(&client)[count..].iter().filter(of_session);
    assert!(matches!(reported.next(), Some(NetworkEvent::Call(_))));
    assert!(matches!(reported.next(), Some(NetworkEvent::PeerDisconnected(PeerId::SERVER, _))));
    assert!(matches!(reported.next(), Some(NetworkEvent::Disconnected { .. })));
    assert_eq!(reported.next(), Some(&NetworkEvent::Connected { id }));
    assert_eq!(reported.next(), Some(&NetworkEvent::PeerConnected(PeerId::SERVER)));
}
