//! Clients that read slowly or not at all. A packet to several peers is reliable, one to a single peer is an error.

use std::net::TcpListener;

use socket2::SockRef;
use websocket_peer::{
    CloseCause, Error, Limit, PeerOptions, ServerOptions, WebSocketServer,
    multiplayer::{PeerEvent, PeerId, Target, WebSocketMultiplayerPeer},
};

use super::{Group, HOST, Member};
use crate::common::{
    eventually,
    raw::{KERNEL, REQUEST, Raw, connect},
};

const SERVER: PeerId = PeerId::SERVER;
const QUEUE: usize = 64 * 1024;
const PACKET: usize = 10_000;

/// A server with small buffers, one client that reads, and one that never does.
fn with_a_stalled_client() -> (Group, Raw, PeerId) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    SockRef::from(&listener).set_send_buffer_size(KERNEL).unwrap();
    let options = ServerOptions::default().connection(PeerOptions::for_server().outbound_buffer_size(QUEUE));
    let server = WebSocketServer::from_listener(listener, options).unwrap();
    let mut group = Group { members: vec![Member::new(WebSocketMultiplayerPeer::from_server(server))] };
    group.join();
    assert!(matches!(group.event(HOST), PeerEvent::Connected(_)));
    assert_eq!(group.event(1), PeerEvent::Connected(SERVER));
    let mut raw = Raw::new(connect(group.host().local_addr().unwrap()));
    raw.send(REQUEST);
    let PeerEvent::Connected(id) = group.event(HOST) else { panic!("it is not connected") };
    eventually("the answer", || {
        group.step();
        raw.head()
    });
    (group, raw, id)
}

/// Sends packets to all until the stalled client is disconnected, and returns how many.
fn send_to_all(group: &mut Group, stalled: PeerId) -> usize {
    let mut sent = 0;
    let info = eventually("it is disconnected", || {
        group.host().send(Target::All, &vec![sent as u8; PACKET]).unwrap();
        sent += 1;
        group.step();
        match group.members[HOST].events.pop_front()? {
            PeerEvent::Disconnected(id, info) if id == stalled => Some(info),
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(info.cause, CloseCause::LimitExceeded(Limit::SessionBacklog));
    sent
}

#[test]
fn a_client_that_misses_a_packet_to_all_is_disconnected_and_the_others_get_every_packet() {
    let (mut group, _raw, stalled) = with_a_stalled_client();
    let sent = send_to_all(&mut group, stalled);
    for number in 0..sent {
        assert_eq!(group.packet(1), (SERVER, vec![number as u8; PACKET]));
    }
    assert_eq!(group.members[HOST].peer.peers().len(), 1);
}

#[test]
fn a_packet_to_one_client_without_room_is_an_error_and_the_client_stays() {
    let (mut group, mut raw, stalled) = with_a_stalled_client();
    let mut sent = 0;
    let error = eventually("its queue is full", || {
        let result = group.host().send(stalled, &vec![sent as u8; PACKET]);
        sent += usize::from(result.is_ok());
        group.step();
        result.err()
    });
    assert!(matches!(error, Error::SendQueueFull { .. }), "{error:?}");
    assert!(group.members[HOST].events.is_empty());
    // It reads now, and has missed nothing that was sent.
    let mut frames = Vec::new();
    eventually("all packets", || {
        group.step();
        frames.extend(raw.frame());
        (frames.len() == sent + 1).then_some(())
    });
    assert_eq!(frames[0].payload, stalled.get().to_le_bytes());
    for (number, frame) in frames[1..].iter().enumerate() {
        assert_eq!(frame.payload, vec![number as u8; PACKET]);
    }
    group.host().send(stalled, b"next").unwrap();
    let next = eventually("the next packet", || {
        group.step();
        raw.frame()
    });
    assert_eq!(next.payload, b"next");
}

#[test]
fn packets_that_a_slow_client_has_sent_are_read_before_its_end() {
    let (mut group, mut raw, stalled) = with_a_stalled_client();
    raw.send(crate::common::raw::client_frame(crate::common::raw::BINARY, b"hello"));
    assert_eq!(group.packet(HOST), (stalled, b"hello".to_vec()));
    send_to_all(&mut group, stalled);
}
