//! Connections that begin and end: the states of replicon, its entities of clients, and the messages around an end.

use bevy::prelude::*;
use bevy_replicon::prelude::*;
use bevy_websocket_peer::{
    Disconnected, WebSocketClient, WebSocketServer,
    replicon::{ClientPeer, UNRELIABLE_BACKLOG},
};
use serde::{Deserialize, Serialize};
use websocket_peer::{ReadyState, ServerOptions, WebSocketPeer, WebSocketServer as PlainServer};

use crate::{
    apps::{app, client_state, connect, count, listen, server_state, update_until},
    replacing::replacements,
};

/// An event in both directions, with a number.
#[derive(Event, Serialize, Deserialize, Clone, Copy)]
struct Number(u32);

/// The numbers that an app has received.
#[derive(Resource, Default)]
struct Received(Vec<u32>);

/// The close codes of the connections that an app had as a client.
#[derive(Resource, Default)]
struct CloseCodes(Vec<Option<u16>>);

#[derive(Component, Serialize, Deserialize)]
struct Value(u32);

fn numbers(app: &mut App) {
    app.init_resource::<Received>()
        .init_resource::<CloseCodes>()
        .replicate::<Value>()
        .add_client_event::<Number>(Channel::Ordered)
        .add_server_event::<Number>(Channel::Ordered)
        .add_observer(|number: On<Number>, mut received: ResMut<Received>| received.0.push(number.0))
        .add_observer(|number: On<FromClient<Number>>, mut received: ResMut<Received>| {
            received.0.push(number.message.0)
        })
        .add_observer(|end: On<Disconnected>, mut codes: ResMut<CloseCodes>| codes.0.push(end.info.code));
}

/// A server, and a client that it has authorized.
fn connected() -> (App, App, String) {
    let (mut server, mut client) = (app(numbers), app(numbers));
    let url = listen(&mut server);
    connect(&mut client, &url);
    until_authorized(&mut server, &mut client);
    (server, client, url)
}

#[track_caller]
fn until_authorized(server: &mut App, client: &mut App) {
    update_until(&mut [server, client], "the client is authorized", |apps| {
        count::<AuthorizedClient>(apps[0]) == 1 && client_state(apps[1]) == ClientState::Connected
    });
}

#[track_caller]
fn until_disconnected(server: &mut App, client: &mut App) {
    update_until(&mut [server, client], "the client is disconnected", |apps| {
        count::<ConnectedClient>(apps[0]) == 0 && client_state(apps[1]) == ClientState::Disconnected
    });
}

/// The entity of the server's only client.
fn client_entity(server: &mut App) -> Entity {
    let world = server.world_mut();
    world.query_filtered::<Entity, With<ConnectedClient>>().single(world).expect("there is one client")
}

fn received(app: &App) -> &[u32] {
    &app.world().resource::<Received>().0
}

fn close_codes(app: &App) -> &[Option<u16>] {
    &app.world().resource::<CloseCodes>().0
}

#[test]
fn the_states_follow_the_connection() {
    let (mut server, mut client) = (app(numbers), app(numbers));
    for app in [&mut server, &mut client] {
        app.update();
        assert_eq!((server_state(app), client_state(app)), (ServerState::Stopped, ClientState::Disconnected));
    }
    let url = listen(&mut server);
    connect(&mut client, &url);
    server.update();
    assert_eq!(server_state(&server), ServerState::Running);
    // The server's answer is not read before the server is updated again.
    client.update();
    assert_eq!(client_state(&client), ClientState::Connecting);
    until_authorized(&mut server, &mut client);

    server.world_mut().remove_resource::<WebSocketServer>();
    until_disconnected(&mut server, &mut client);
    assert_eq!(server_state(&server), ServerState::Stopped);
}

#[test]
fn a_client_that_cannot_connect_is_disconnected() {
    let mut server = app(numbers);
    let url = listen(&mut server);
    server.world_mut().remove_resource::<WebSocketServer>();
    let mut client = app(numbers);
    connect(&mut client, &url);
    update_until(&mut [&mut client], "the attempt has failed", |apps| {
        apps[0].world().resource::<CloseCodes>().0.len() == 1
            && client_state(apps[0]) == ClientState::Disconnected
    });
}

#[test]
fn messages_before_a_disconnect_request_are_delivered() {
    let (mut server, mut client, _) = connected();
    let entity = client_entity(&mut server);
    for number in 0..100 {
        let targets = SendTargets::Single(entity.into());
        server.world_mut().server_trigger(ToClients { targets, message: Number(number) });
    }
    server.world_mut().write_message(DisconnectRequest { client: entity });
    until_disconnected(&mut server, &mut client);
    assert_eq!(received(&client), (0..100).collect::<Vec<_>>());
    assert_eq!(close_codes(&client), [Some(1000)]);
}

#[test]
fn a_client_is_disconnected_when_its_entity_is_despawned() {
    let (mut server, mut client, _) = connected();
    let entity = client_entity(&mut server);
    server.world_mut().despawn(entity);
    until_disconnected(&mut server, &mut client);
    assert_eq!(close_codes(&client), [Some(1000)]);
}

#[test]
fn messages_before_the_close_of_a_client_are_received() {
    let (mut server, mut client, _) = connected();
    for number in 0..100 {
        client.world_mut().client_trigger(Number(number));
    }
    client.update();
    client.world_mut().resource_mut::<WebSocketClient>().close();
    until_disconnected(&mut server, &mut client);
    assert_eq!(received(&server), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_client_with_another_protocol_is_notified_and_disconnected() {
    #[derive(Component, Serialize, Deserialize)]
    struct Other;
    #[derive(Resource)]
    struct Mismatch;

    let mut server = app(numbers);
    let url = listen(&mut server);
    let mut client = app(|app| {
        numbers(app);
        app.replicate::<Other>();
        app.add_observer(|_: On<ProtocolMismatch>, mut commands: Commands| {
            commands.insert_resource(Mismatch)
        });
    });
    connect(&mut client, &url);
    update_until(&mut [&mut server, &mut client], "the client has left", |apps| {
        close_codes(apps[1]).len() == 1
    });
    until_disconnected(&mut server, &mut client);
    assert!(client.world().contains_resource::<Mismatch>());
    assert_eq!(close_codes(&client), [Some(1000)]);
}

#[test]
fn a_client_that_replaces_its_connection_joins_anew() {
    let (mut server, mut client, url) = connected();
    let before = client_entity(&mut server);
    connect(&mut client, &url);
    assert_joins_anew(server, client, before);
}

#[test]
fn a_client_that_is_replaced_by_one_that_was_accepted_or_is_open_joins_anew() {
    for (way, replace) in replacements() {
        for is_open in [false, true] {
            let (mut server, mut client, url) = connected();
            let before = client_entity(&mut server);
            let mut peer = WebSocketPeer::new();
            peer.connect(&url).expect("the URL is valid");
            update_until(&mut [&mut server], "the server has accepted the next connection", |apps| {
                let is_accepted = count::<ConnectedClient>(apps[0]) == 2;
                // Otherwise the server's answer is not read.
                is_accepted && (!is_open || peer.poll() == ReadyState::Open)
                    || !is_accepted && peer.poll() != ReadyState::Connecting
            });
            assert_eq!(peer.state() == ReadyState::Open, is_open);
            replace(client.world_mut(), WebSocketClient::from(peer));
            // For the former connection. The next one has not joined, so nothing is sent to it in the rest of the frame.
            client.world_mut().client_trigger(Number(99));
            client.world_mut().run_schedule(PostUpdate);
            assert_eq!(client.world().resource::<WebSocketClient>().stats().packets_sent, 0, "{way}");
            assert_joins_anew(server, client, before);
        }
    }
}

/// Updates both until the server has another client than the one before, and both directions work.
fn assert_joins_anew(mut server: App, mut client: App, before: Entity) {
    update_until(&mut [&mut server, &mut client], "the new connection is the only one", |apps| {
        count::<ConnectedClient>(apps[0]) == 1 && client_entity(apps[0]) != before
    });
    until_authorized(&mut server, &mut client);
    client.world_mut().client_trigger(Number(1));
    let targets = SendTargets::Single(client_entity(&mut server).into());
    server.world_mut().server_trigger(ToClients { targets, message: Number(2) });
    update_until(&mut [&mut server, &mut client], "both have a number", |apps| {
        received(apps[0]) == [1] && received(apps[1]) == [2]
    });
}

#[test]
fn a_server_that_is_replaced_has_no_clients_of_the_former_one() {
    for (way, replace) in replacements() {
        let (mut server, mut client, _) = connected();
        let before = client_entity(&mut server);
        let key = server.world().get::<ClientPeer>(before).expect("the client is connected").key();

        // The first peer of the next server has the key of the former server's first peer.
        let mut next = PlainServer::bind("127.0.0.1:0", ServerOptions::default()).expect("a port is free");
        let url = format!("ws://{}", next.local_addr().expect("the server listens"));
        let mut peer = WebSocketPeer::new();
        peer.connect(&url).expect("the URL is valid");
        update_until(&mut [&mut client], "the next server has a peer", |_| {
            next.poll();
            while next.next_event().is_some() {}
            peer.poll() == ReadyState::Open && next.peers().any(|other| other == key)
        });

        let former = replace(server.world_mut(), WebSocketServer::from(next));
        // For the client of the former server, in the rest of the frame.
        let targets = SendTargets::Single(before.into());
        server.world_mut().server_trigger(ToClients { targets, message: Number(99) });
        server.world_mut().run_schedule(PostUpdate);
        if way == "assigned" {
            // That closes no peer of the next server.
            server.world_mut().despawn(before);
        }
        server.update();
        assert_eq!(count::<ConnectedClient>(&mut server), 0, "{way}");
        drop(former);
        update_until(&mut [&mut client], "the former client is disconnected", |apps| {
            client_state(apps[0]) == ClientState::Disconnected
        });

        // The peer of the next server is a client now, and has received nothing so far.
        update_until(&mut [&mut server], "the peer is a client", |apps| {
            peer.poll();
            count::<ConnectedClient>(apps[0]) == 1
        });
        assert_ne!(client_entity(&mut server), before);
        peer.close();
        update_until(&mut [&mut server], "the peer has left", |apps| {
            peer.poll() == ReadyState::Closed && count::<ConnectedClient>(apps[0]) == 0
        });
        assert_eq!(peer.recv(), None, "{way}");
        assert_eq!(peer.close_info().and_then(|info| info.code), Some(1000), "{way}");

        connect(&mut client, &url);
        until_authorized(&mut server, &mut client);
    }
}

#[test]
fn the_clients_of_a_server_that_is_removed_are_despawned() {
    let (mut server, mut client, _) = connected();
    server.world_mut().remove_resource::<WebSocketServer>();
    server.update();
    assert_eq!(count::<ConnectedClient>(&mut server), 0);
    until_disconnected(&mut server, &mut client);
    let url = listen(&mut server);
    connect(&mut client, &url);
    until_authorized(&mut server, &mut client);
}

#[test]
fn a_connection_that_returns_joins_anew() {
    let (mut server, mut client, _) = connected();
    let before = client_entity(&mut server);
    let former: WebSocketServer = server.world_mut().remove_resource().expect("there is a server");
    server.update();
    server.insert_resource(former);
    update_until(&mut [&mut server], "its peer is a client again", |apps| {
        count::<ConnectedClient>(apps[0]) == 1
    });
    let again = client_entity(&mut server);
    assert_ne!(again, before);
    // The client has joined already, and does not send the hash of its protocol again.
    assert_eq!(count::<AuthorizedClient>(&mut server), 0);
    server.world_mut().despawn(again);
    until_disconnected(&mut server, &mut client);
    assert_eq!(close_codes(&client), [Some(1000)]);
}

#[test]
fn statistics_are_measured_and_the_peer_is_known() {
    let (mut server, mut client, _) = connected();
    let value = server.world_mut().spawn((Replicated, Value(0))).id();
    let entity = client_entity(&mut server);
    update_until(&mut [&mut server, &mut client], "both ends have measured", |apps| {
        apps[0].world_mut().get_mut::<Value>(value).expect("it exists").0 += 1;
        let server = **apps[0].world().get::<ConnectedClientStats>(entity).expect("the client is connected");
        let client = *apps[1].world().resource::<ClientStats>();
        [server.sent_bps, server.received_bps, client.sent_bps, client.received_bps]
            .iter()
            .all(|rate| *rate > 0.0)
    });
    let key = server.world().get::<ClientPeer>(entity).expect("the client is connected").key();
    let info = server.world().resource::<WebSocketServer>().peer(key).expect("the peer is open");
    assert!(info.addr().ip().is_loopback() && info.buffered() <= UNRELIABLE_BACKLOG);
}
