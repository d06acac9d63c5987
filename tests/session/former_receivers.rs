//! Packets for clients that have left: their senders did not know it yet.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, Packet,
    multiplayer::{PacketError, PeerId, Session, SessionOptions},
};

use crate::world::{A, B, C, events, outputs, rejections};

const NOW: Duration = Duration::ZERO;

/// Packets that are in transit when their receiver leaves: more than may be rejected in a second.
const IN_TRANSIT: usize = 1000;

fn server() -> Session {
    let mut server = Session::server(SessionOptions::default().max_rejected_packets_per_second(10));
    for peer in [A, B, C] {
        server.peer_joined(peer, NOW);
    }
    outputs(&mut server);
    events(&mut server);
    server
}

fn send(server: &mut Session, to: PeerId, now: Duration) {
    let packet = [&[7, 3], &to.get().to_le_bytes()[..], &[3, 1]].concat();
    server.receive(A, Packet::binary(packet), now);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_is_not_disconnected_for_packets_to_one_that_has_just_left() {
    let leave: [fn(&mut Session); 3] = [
        |server| server.peer_left(B, CloseCause::ConnectionLost.into()),
        |server| server.disconnect_peer(B).expect("it is connected"),
        |server| drop(server.release_peer(B).expect("it is admitted")),
    ];
    for leave in leave {
        let mut server = server();
        leave(&mut server);
        while server.next_output().is_some() {}
        events(&mut server);
        for _ in 0..IN_TRANSIT {
            send(&mut server, B, NOW);
        }
        assert_eq!((outputs(&mut server), events(&mut server)), (vec![], vec![]));
        let stats = server.stats();
        assert_eq!((stats.outdated_packets, stats.rejected_packets), (IN_TRANSIT as u64, 0));
        assert_eq!(server.peers().collect::<Vec<_>>(), [A, C]);
        // The sender can still send to others.
        send(&mut server, C, NOW);
        assert_eq!(outputs(&mut server).len(), 1);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn packets_to_peers_that_were_never_here_or_left_long_ago_are_rejected() {
    let mut server = server();
    send(&mut server, PeerId::new(99).unwrap(), NOW);
    assert_eq!(rejections(&mut server), [(A, PacketError::UnknownPeer)]);
    server.peer_left(B, CloseCause::ConnectionLost.into());
    outputs(&mut server);
    events(&mut server);
    send(&mut server, B, Duration::from_secs(60));
    assert_eq!(rejections(&mut server), []);
    send(&mut server, B, Duration::from_secs(61));
    assert_eq!(rejections(&mut server), [(A, PacketError::UnknownPeer)]);
}
