//! A server disconnects peers that send too many packets that it rejects.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, CloseInfo, Limit, Packet,
    multiplayer::{AuthFailure, DisconnectReason, Event, Output, PeerId, Session, SessionOptions},
};

use crate::world::{A, B, SERVER, events, outputs, refusals};

const NOW: Duration = Duration::ZERO;

/// A server with the members A and B, with 10 rejected packets per second for each.
fn server() -> Session {
    let mut server = Session::server(SessionOptions::default().max_rejected_packets_per_second(10));
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
    }
    outputs(&mut server);
    events(&mut server);
    server
}

/// Reads all events, and counts the peers.
fn members(session: &mut Session) -> usize {
    events(session);
    session.peers().len()
}

/// A peer sends empty packets, which are always rejected.
fn flood(server: &mut Session, from: PeerId, count: usize, now: Duration) {
    for _ in 0..count {
        server.receive(from, Packet::binary([]), now);
    }
}

#[track_caller]
fn assert_is_rejected(info: &CloseInfo) {
    assert_eq!(
        (info.cause.clone(), info.code),
        (CloseCause::LimitExceeded(Limit::RejectedPacketRate), Some(1008))
    );
}

/// The peer has been disconnected, by the one output that waits.
#[track_caller]
fn assert_disconnected(server: &mut Session, expected: PeerId) {
    let Some(Output::Disconnect { peer, code, reason }) = server.next_output() else {
        panic!("it is not disconnected")
    };
    assert_eq!((peer, code.get()), (expected, 1008));
    assert_eq!(reason, "sent too many packets that were rejected");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_over_the_limit_of_rejected_packets_is_disconnected_with_1008() {
    let mut server = server();
    flood(&mut server, A, 20, NOW);
    assert_eq!(refusals(&mut server).len(), 20);
    assert_eq!(server.next_output(), None);
    flood(&mut server, A, 1, NOW);
    assert_disconnected(&mut server, A);
    assert_eq!(outputs(&mut server), [(vec![3], vec![7, 2, 2, 0, 0, 0])]);
    let told = events(&mut server);
    let [Event::PacketRejected { .. }, Event::PeerDisconnected(A, DisconnectReason::Closed(info))] =
        &told[..]
    else {
        panic!("{told:?}")
    };
    assert_is_rejected(info);
    assert_eq!(server.peers().collect::<Vec<_>>(), [B]);

    // The session reads nothing more from it, and reports its end once.
    flood(&mut server, A, 100, NOW);
    for packet in [&[3, 1][..], &[7, 3, 0, 0, 0, 0, 3, 1], &[2, 1, 1, 0, 0, 0]] {
        server.receive(A, Packet::binary(packet), NOW);
    }
    assert_eq!((outputs(&mut server), server.next_deadline()), (vec![], None));
    server.peer_left(A, CloseCause::Local.into());
    assert_eq!((events(&mut server), server.stats().rejected_packets), (vec![], 21));
    // The other member has a limit of its own, and so has the next peer with this id.
    server.peer_joined(A, NOW);
    for peer in [A, B] {
        flood(&mut server, peer, 20, NOW);
    }
    events(&mut server);
    assert_eq!(server.peers().collect::<Vec<_>>(), [A, B]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_within_the_limit_of_rejected_packets_stays() {
    let mut server = server();
    for tenth in 0..1000 {
        flood(&mut server, A, 1, Duration::from_millis(tenth * 100));
    }
    assert_eq!((server.peers().len(), server.stats().rejected_packets), (2, 1000));
    flood(&mut server, A, 20, Duration::from_secs(100));
    assert_eq!(server.peers().len(), 2);
    flood(&mut server, A, 1, Duration::from_secs(100));
    assert_eq!(members(&mut server), 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_limit_of_rejected_packets_holds_from_the_first_packet() {
    let options = SessionOptions::default().authenticate(true).max_rejected_packets_per_second(10);
    let mut server = Session::server(options);
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
        flood(&mut server, peer, 20, NOW);
    }
    outputs(&mut server);
    events(&mut server);
    server.send_auth(A, b"who is there?").unwrap();
    outputs(&mut server);
    flood(&mut server, A, 1, NOW);
    assert_disconnected(&mut server, A);
    let told = events(&mut server);
    let [Event::PacketRejected { .. }, Event::AuthFailed { peer: A, reason: AuthFailure::Closed(info) }] =
        &told[..]
    else {
        panic!("{told:?}")
    };
    assert_is_rejected(info);
    assert!(server.complete_auth(A).is_err());
    server.peer_left(A, CloseCause::Local.into());
    assert_eq!((events(&mut server), outputs(&mut server)), (vec![], vec![]));

    // What was counted before the admission counts after it.
    server.complete_auth(B).unwrap();
    server.receive(B, Packet::binary([7, 0]), NOW);
    events(&mut server);
    assert_eq!(server.peers().collect::<Vec<_>>(), [B]);
    outputs(&mut server);
    flood(&mut server, B, 1, NOW);
    assert_disconnected(&mut server, B);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_packet_is_rejected_once_however_much_of_it_is_wrong() {
    let mut server = server();
    let entry = [1, 0, 0, 0, 2, 0, 0, 0, 2, 7];
    let sync = [&[6, 1, 0][..], &entry.repeat(3)].concat();
    for _ in 0..20 {
        server.receive(A, Packet::binary(&sync[..]), NOW);
    }
    assert_eq!((members(&mut server), server.stats().rejected_packets), (2, 60));
    server.receive(A, Packet::binary(&sync[..]), NOW);
    assert_eq!((members(&mut server), server.stats().rejected_packets), (1, 63));
}

#[wasm_bindgen_test(unsupported = test)]
fn by_default_100_packets_per_second_may_be_rejected_and_0_is_no_limit() {
    let mut server = Session::server(SessionOptions::default());
    server.peer_joined(A, NOW);
    flood(&mut server, A, 200, NOW);
    assert_eq!(members(&mut server), 1);
    flood(&mut server, A, 1, NOW);
    assert_eq!(members(&mut server), 0);

    let mut server = Session::server(SessionOptions::default().max_rejected_packets_per_second(0));
    server.peer_joined(A, NOW);
    flood(&mut server, A, 10_000, NOW);
    assert_eq!(members(&mut server), 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn peers_over_the_limit_of_rejected_packets_leave_together() {
    let mut server = server();
    let crowd = (10..110).map(|number| PeerId::new(number).unwrap());
    for peer in crowd.clone() {
        server.peer_joined(peer, NOW);
    }
    outputs(&mut server);
    for peer in crowd.clone() {
        flood(&mut server, peer, 21, NOW);
    }
    for peer in crowd {
        assert_disconnected(&mut server, peer);
    }
    let Some(Output::SendAll { packets, .. }) = server.next_output() else { panic!("no list of packets") };
    assert_eq!((packets.len(), server.next_output()), (100, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_has_no_limit_of_rejected_packets_for_its_server() {
    let mut client = Session::client(SessionOptions::default().max_rejected_packets_per_second(1));
    client.receive(SERVER, Packet::binary([9, 0, 0, 0]), NOW);
    client.receive(SERVER, Packet::binary([7, 1, 2, 0, 0, 0]), NOW);
    flood(&mut client, SERVER, 1000, NOW);
    for _ in 0..1000 {
        client.receive(SERVER, Packet::binary([7, 3, 2, 0, 0, 0, 3]), NOW);
    }
    assert_eq!((members(&mut client), client.stats().rejected_packets), (2, 2000));
    assert_eq!(client.next_output(), None);
}
