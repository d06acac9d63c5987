//! A peer that has been moved, and has not read that yet.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, CloseCode, Packet,
    multiplayer::{DisconnectReason, Event, Target},
};

use super::{
    left, methods,
    rooms::{MOVE_TIMEOUT, Rooms},
};
use crate::world::{A, B, C, SERVER, gone};

const MOMENT: Duration = Duration::from_millis(1);

fn failed(reason: DisconnectReason) -> [Event; 1] {
    [Event::ArrivalFailed { peer: A, reason }]
}

/// `A` has been moved from the room of `B` to the room of `C`. Nothing has arrived. Events of the rooms were read.
fn arriving() -> Rooms {
    let mut rooms = Rooms::of(&[&[A, B], &[C]]);
    rooms.start_move(A, 1).unwrap();
    rooms.room_events(0);
    rooms
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_confirms_no_move_in_time_is_disconnected_with_1008() {
    let mut rooms = arriving();
    assert_eq!(rooms.rooms[1].next_deadline(), Some(MOVE_TIMEOUT));
    rooms.advance(MOVE_TIMEOUT - MOMENT);
    assert_eq!(rooms.room_events(1), []);
    rooms.advance(MOMENT);
    assert_eq!(rooms.room_events(1), failed(DisconnectReason::TimedOut));
    rooms.settle();
    let (code, reason) = rooms.closes[&A].clone();
    assert_eq!((code, &*reason), (1008, "did not confirm the move to another room in time"));
    assert_eq!((rooms.room_events(1), rooms.rooms[1].next_deadline()), (vec![], None));
    // The others of the new room have seen nothing of it.
    assert_eq!(rooms.client_events(C), []);
    assert_eq!(rooms.client_events(B), [left(A)]);
    // It can connect again.
    rooms.join(A, 1);
    rooms.settle();
    assert_eq!(rooms.room_events(1), [Event::PeerConnected(A)]);

    // Without a limit it may take any time.
    let mut rooms = Rooms::of(&[&[A, B], &[C]]);
    let transfer = rooms.rooms[0].release_peer(A).unwrap();
    rooms.flush();
    rooms.rooms[1].adopt_peer(A, transfer, Duration::ZERO, rooms.now);
    rooms.room_of.insert(A, 1);
    assert_eq!(rooms.rooms[1].next_deadline(), None);
    rooms.advance(MOVE_TIMEOUT * 1000);
    rooms.settle();
    assert_eq!(rooms.room_events(1), [Event::PeerConnected(A)]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_is_lost_during_a_move_is_one_event() {
    let mut rooms = arriving();
    rooms.network.cut(A);
    rooms.settle();
    assert_eq!(rooms.room_events(1), failed(DisconnectReason::Closed(CloseCause::ConnectionLost.into())));
    assert_eq!((rooms.client_events(C), rooms.rooms[1].next_deadline()), (vec![], None));
    // One that leaves before it has read of the move still confirms it.
    let mut rooms = arriving();
    rooms.client(A).leave();
    rooms.settle();
    let info = CloseCause::Remote.into();
    let seen = [Event::PeerConnected(A), gone(A, DisconnectReason::Closed(info))];
    assert_eq!(rooms.room_events(1), seen);
    assert_eq!(rooms.client_events(C), [Event::PeerConnected(A), left(A)]);
    assert_eq!((rooms.rejected(), rooms.rooms[1].next_deadline()), (0, None));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_can_be_disconnected_during_a_move_and_receives_everything_sent_before() {
    for seed in 0..20 {
        let mut rooms = Rooms::of(&[&[A, B], &[C]]);
        rooms.seed(seed);
        rooms.network.is_lossy = true;
        rooms.rooms[0].send_bytes(A, b"the last").unwrap();
        rooms.start_move(A, 1).unwrap();
        let code = CloseCode::application::<4000>();
        rooms.rooms[1].disconnect_peer_with(A, code, "full after all").unwrap();
        assert_eq!(rooms.room_events(1), failed(DisconnectReason::Kicked));
        rooms.settle();
        assert_eq!(rooms.closes[&A], (4000, "full after all".to_owned()));
        let seen = rooms.client_events(A);
        let data = Packet::binary(b"the last");
        assert_eq!(seen[..2], [Event::Packet { from: SERVER, data }, left(B)]);
        assert!(matches!(seen.last(), Some(Event::Disconnected { .. })));
        assert_eq!((rooms.room_events(1), rooms.client_events(C)), (vec![], vec![]));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_room_that_ends_disconnects_the_peers_that_arrive() {
    let mut rooms = arriving();
    rooms.rooms[1].leave_with(CloseCode::GOING_AWAY, "noon").unwrap();
    rooms.settle();
    assert_eq!(rooms.room_events(1), []);
    assert!(rooms.rooms[1].is_closed());
    assert_eq!((rooms.closes[&A].0, rooms.closes[&C].0), (1001, 1001));
    // And those that would arrive later.
    let transfer = rooms.rooms[0].release_peer(B).unwrap();
    rooms.flush();
    rooms.room_of.insert(B, 1);
    rooms.rooms[1].adopt_peer(B, transfer, MOVE_TIMEOUT, rooms.now);
    rooms.settle();
    assert_eq!(rooms.closes[&B], (1001, "noon".to_owned()));
    assert_eq!(
        (rooms.room_events(1), rooms.room_events(0)),
        (vec![], vec![gone(B, DisconnectReason::Moved)])
    );
    assert!(rooms.network.is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_a_peer_sends_before_it_knows_of_the_move_is_not_rejected() {
    for seed in 0..20 {
        let mut rooms = Rooms::of(&[&[A, B], &[C]]);
        rooms.seed(seed);
        // Only the former room has this node.
        rooms.rooms[0].register_node_with("Lobby", methods()).unwrap();
        let lobby = rooms.client(A).register_node_with("Lobby", methods()).unwrap();
        rooms.start_move(A, 1).unwrap();
        for _ in 0..10 {
            let client = rooms.client(A);
            client.call_method(lobby, SERVER, "play", vec![]).unwrap();
            client.send_bytes(Target::All, b"hello?").unwrap();
        }
        rooms.settle();
        assert_eq!(rooms.room_events(1), [Event::PeerConnected(A)]);
        assert_eq!((rooms.rejected(), rooms.outdated()), (0, 20));
        // It never learns that the node is gone, and uses the id.
        rooms.client(A).call_method(lobby, SERVER, "play", vec![]).unwrap();
        rooms.settle();
        assert_eq!((rooms.room_events(1), rooms.rejected(), rooms.outdated()), (vec![], 0, 21));
        // In the lobby the node works again.
        rooms.move_peer(A, 0);
        rooms.forget_events();
        rooms.client(A).call_method(lobby, SERVER, "play", vec![]).unwrap();
        rooms.settle();
        assert!(matches!(rooms.room_events(0)[..], [Event::Call(_)]));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn malformed_packets_count_as_rejected_also_during_a_move() {
    let mut rooms = Rooms::of(&[&[A, B], &[C]]);
    // The limit counts over the move: 150 of the burst of 200 are used up.
    let garbage = || Packet::binary([2, 2]);
    let now = rooms.now;
    for _ in 0..150 {
        rooms.rooms[0].receive(A, garbage(), now);
    }
    rooms.start_move(A, 1).unwrap();
    for _ in 0..50 {
        rooms.rooms[1].receive(A, garbage(), now);
    }
    rooms.flush();
    assert_eq!(rooms.closes.get(&A), None);
    rooms.rooms[1].receive(A, garbage(), now);
    rooms.flush();
    assert_eq!(rooms.closes[&A].0, 1008);
    let seen = rooms.room_events(1);
    let failed = seen.iter().filter(|event| matches!(event, Event::ArrivalFailed { peer: A, .. }));
    assert_eq!((failed.count(), seen.len()), (1, 52));
}
