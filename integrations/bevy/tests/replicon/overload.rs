//! Clients that read too slowly, and messages that are too large.

use bevy::prelude::*;
use bevy_replicon::prelude::*;
use bevy_websocket_peer::{
    Disconnected, WebSocketServer,
    replicon::{ClientPeer, UNRELIABLE_BACKLOG},
};
use serde::{Deserialize, Serialize};
use websocket_peer::{PeerOptions, ServerOptions};

use crate::apps::{app, client_state, connect, count, listen_with, update_until};

/// A number, and bytes that make its changes large.
#[derive(Component, Serialize, Deserialize, PartialEq)]
struct Value(u32, Vec<u8>);

#[derive(Event, Serialize, Deserialize)]
struct Bytes(Vec<u8>);

/// The close codes of the connections that an app had as a client.
#[derive(Resource, Default)]
struct CloseCodes(Vec<Option<u16>>);

/// The bytes of a change.
const SIZE: usize = 8 * 1024;

fn protocol(app: &mut App) {
    app.init_resource::<CloseCodes>()
        .replicate::<Value>()
        .add_server_event::<Bytes>(Channel::Ordered)
        .add_client_event::<Bytes>(Channel::Ordered)
        .add_observer(|end: On<Disconnected>, mut codes: ResMut<CloseCodes>| codes.0.push(end.info.code));
}

/// A server with these options for its connections, and a client that it has authorized.
fn connected(connection: PeerOptions) -> (App, App) {
    let (mut server, mut client) = (app(protocol), app(protocol));
    let url = listen_with(&mut server, ServerOptions::default().connection(connection));
    connect(&mut client, &url);
    update_until(&mut [&mut server, &mut client], "the client is authorized", |apps| {
        count::<AuthorizedClient>(apps[0]) == 1
    });
    (server, client)
}

#[test]
fn a_slow_client_gets_the_newest_values_and_not_all() {
    // A client that is not updated answers no ping.
    let (mut server, mut client) =
        connected(PeerOptions::for_server().heartbeat_interval(std::time::Duration::ZERO));
    let value = server.world_mut().spawn((Replicated, Value(0, vec![0; SIZE]))).id();
    update_until(&mut [&mut server, &mut client], "the value exists", |apps| count::<Value>(apps[1]) == 1);

    let key =
        server.world_mut().query::<&ClientPeer>().single(server.world()).expect("there is one client").key();
    let change = |server: &mut App| {
        server.world_mut().get_mut::<Value>(value).expect("it exists").0 += 1;
        server.world().resource::<WebSocketServer>().peer(key).expect("the client is connected").buffered()
    };
    // The client does not read, so the buffers of the system fill up.
    update_until(&mut [&mut server], "changes wait in the send queue", |apps| {
        change(apps[0]) > UNRELIABLE_BACKLOG
    });
    for _ in 0..200 {
        let backlog = change(&mut server);
        server.update();
        assert!(backlog <= UNRELIABLE_BACKLOG + 2 * SIZE, "{backlog} bytes wait");
    }
    let newest = server.world().get::<Value>(value).expect("it exists").0;
    update_until(&mut [&mut server, &mut client], "the client has the newest value", |apps| {
        let world = apps[1].world_mut();
        world.query::<&Value>().single(world).is_ok_and(|value| value.0 == newest)
    });
    assert_eq!(client_state(&client), ClientState::Connected);
}

#[test]
fn a_client_is_disconnected_when_a_message_that_must_arrive_does_not_fit() {
    let (mut server, mut client) = connected(PeerOptions::for_server().outbound_buffer_size(64 * 1024));
    let message = Bytes(vec![0; 100 * 1024]);
    server.world_mut().server_trigger(ToClients { targets: SendTargets::All, message });
    update_until(&mut [&mut server, &mut client], "the client has left", |apps| {
        count::<ConnectedClient>(apps[0]) == 0 && client_state(apps[1]) == ClientState::Disconnected
    });
    assert_eq!(client.world().resource::<CloseCodes>().0, [Some(4408)]);
}

#[test]
fn a_client_disconnects_when_a_message_that_must_arrive_does_not_fit() {
    let (mut server, mut client) = connected(PeerOptions::for_server());
    client.world_mut().client_trigger(Bytes(vec![0; 5 * 1024 * 1024]));
    update_until(&mut [&mut server, &mut client], "the client has left", |apps| {
        count::<ConnectedClient>(apps[0]) == 0 && client_state(apps[1]) == ClientState::Disconnected
    });
    assert_eq!(client.world().resource::<CloseCodes>().0, [Some(4408)]);
}
