//! Peers that do not speak replicon's protocol.

use bevy::{ecs::entity::MapEntities, prelude::*};
use bevy_replicon::prelude::*;
use bevy_websocket_peer::WebSocketClient;
use serde::{Deserialize, Serialize};
use websocket_peer::{Packet, ReadyState, ServerEvent, ServerOptions, WebSocketPeer, WebSocketServer};

use crate::apps::{app, client_state, connect, count, listen, update_until};

#[derive(Component, Serialize, Deserialize)]
struct Value(Vec<String>);

#[derive(Event, Serialize, Deserialize)]
struct Words(Vec<String>, u64);

#[derive(Event, Serialize, Deserialize, MapEntities, Clone)]
struct Target(
    #[entities]
    #[serde(with = "bevy_replicon::compact_entity")]
    Entity,
);

#[derive(Message, Serialize, Deserialize)]
struct Text(String);

fn protocol(app: &mut App) {
    app.replicate::<Value>()
        .add_client_event::<Words>(Channel::Unordered)
        .add_mapped_client_event::<Target>(Channel::Ordered)
        .add_client_message::<Text>(Channel::Unreliable)
        .add_server_event::<Words>(Channel::Ordered);
}

/// A peer that is no app.
fn raw(url: &str) -> WebSocketPeer {
    let mut peer = WebSocketPeer::new();
    peer.connect(url).expect("the URL is valid");
    peer
}

/// Returns an honest client that the server authorizes.
fn join(server: &mut App, url: &str) -> App {
    let mut client = app(protocol);
    connect(&mut client, url);
    let before = count::<AuthorizedClient>(server);
    update_until(&mut [server, &mut client], "an honest client is authorized", |apps| {
        count::<AuthorizedClient>(apps[0]) == before + 1
    });
    client
}

#[test]
fn invalid_packets_close_the_connection_and_no_other() {
    let mut server = app(protocol);
    let url = listen(&mut server);
    let client = join(&mut server, &url);
    let channels = server.world().resource::<RepliconChannels>().client_channels().len();
    let first_unknown = u8::try_from(channels).expect("there are a few channels");
    for packet in [
        Packet::binary([]),
        Packet::binary([first_unknown]),
        Packet::binary([first_unknown, 1, 2, 3]),
        Packet::binary([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        Packet::binary([0x80]),
        Packet::binary([0x80, 0]),
        Packet::text(""),
        Packet::text("\0text"),
    ] {
        let mut peer = raw(&url);
        let mut is_sent = false;
        update_until(&mut [&mut server], &format!("{packet:?} is refused"), |_| {
            let state = peer.poll();
            if state == ReadyState::Open && !is_sent {
                peer.send_packet(&packet).expect("there is room");
                // Ignored, although it is valid.
                peer.send(&[0]).expect("there is room");
                is_sent = true;
            }
            while peer.recv().is_some() {}
            state == ReadyState::Closed
        });
        assert_eq!(peer.close_info().and_then(|info| info.code), Some(4400), "{packet:?}");
    }
    update_until(&mut [&mut server], "only the honest client is left", |apps| {
        count::<ConnectedClient>(apps[0]) == 1
    });
    assert_eq!(client_state(&client), ClientState::Connected);
}

#[test]
fn random_messages_on_every_channel_do_not_harm_the_server() {
    let mut server = app(protocol);
    let url = listen(&mut server);
    let mut client = join(&mut server, &url);
    let channels = server.world().resource::<RepliconChannels>().client_channels().len();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20 {
        let mut peer = raw(&url);
        let mut left = 200;
        update_until(&mut [&mut server, &mut client], "the messages were sent", |_| {
            // The server disconnects a peer that sends the hash of another protocol.
            let state = peer.poll();
            while state == ReadyState::Open && left > 0 {
                let mut message = vec![random.below(channels) as u8];
                message.extend((0..random.below(40)).map(|_| random.byte()));
                if peer.send(&message).is_err() {
                    break;
                }
                left -= 1;
            }
            while peer.recv().is_some() {}
            left == 0 && peer.buffered() == 0 || state == ReadyState::Closed
        });
        peer.close();
        update_until(&mut [&mut server, &mut client], "the peer has left", |apps| {
            peer.poll() == ReadyState::Closed && count::<ConnectedClient>(apps[0]) == 1
        });
    }
    assert_eq!(client_state(&client), ClientState::Connected);
    let another = join(&mut server, &url);
    assert_eq!(client_state(&another), ClientState::Connected);
}

#[test]
fn a_client_leaves_a_server_that_sends_invalid_packets() {
    for packet in [Packet::binary([]), Packet::binary([0x7f]), Packet::text("text")] {
        let mut server =
            WebSocketServer::bind("127.0.0.1:0", ServerOptions::default()).expect("a port is free");
        let url = format!("ws://{}", server.local_addr().expect("the server listens"));
        let mut client = app(protocol);
        connect(&mut client, &url);
        let mut code = None;
        update_until(&mut [&mut client], "the client has left", |apps| {
            server.poll();
            while let Some(event) = server.next_event() {
                match event {
                    ServerEvent::Opened(peer) => server.send_packet(peer, &packet).expect("there is room"),
                    ServerEvent::Closed(_, info) => code = info.code,
                    _ => {}
                }
            }
            code.is_some() && client_state(apps[0]) == ClientState::Disconnected
        });
        assert_eq!(code, Some(4400), "{packet:?}");
        assert_eq!(client.world().resource::<WebSocketClient>().state(), ReadyState::Closed);
    }
}

/// Numbers that look random, and are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Small values and the last ones are more frequent, as they are lengths and flags.
    fn byte(&mut self) -> u8 {
        let byte = self.next() as u8;
        match self.next() % 4 {
            0 => byte & 3,
            1 => byte | 0xf0,
            _ => byte,
        }
    }
}
