//! Peers that move between the sessions of one server.

mod arriving;
mod random;
mod replication;
mod rooms;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error, Packet,
    multiplayer::{
        DisconnectReason, Event, Method, Methods, NodeKey, Output, PeerId, Recipients, Session,
        SessionOptions, Target,
    },
};

use self::rooms::{MOVE_TIMEOUT, Rooms};
use crate::world::{A, B, C, SERVER, events, gone, outputs};

fn left(peer: PeerId) -> Event {
    gone(peer, DisconnectReason::ReportedByServer)
}

fn packet(from: PeerId, bytes: &[u8]) -> Event {
    Event::Packet { from, data: Packet::binary(bytes) }
}

fn methods() -> Methods {
    Methods::new().with(Method::new("play").any_peer())
}

/// Registers the same node in all rooms and at all clients.
fn register(rooms: &mut Rooms, path: &str) -> Vec<NodeKey> {
    let sessions = rooms.rooms.iter_mut().chain(rooms.clients.values_mut());
    sessions.map(|session| session.register_node_with(path, methods()).unwrap()).collect()
}

#[track_caller]
fn assert_called(events: &[Event], from: PeerId) {
    assert!(matches!(events, [Event::Call(call)] if call.from == from), "{events:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_moves_sees_the_others_leave_and_join_and_keeps_its_id() {
    for seed in 0..20 {
        let mut rooms = Rooms::of(&[&[A, B], &[C]]);
        rooms.seed(seed);
        rooms.rooms[0].send_bytes(A, b"last of the old").unwrap();
        rooms.start_move(A, 1).unwrap();
        // It is gone at once, as far as the program's calls are concerned.
        assert_eq!(rooms.rooms[0].peers().collect::<Vec<_>>(), [B]);
        assert_eq!(rooms.rooms[0].send_bytes(A, b"late"), Err(Error::UnknownPeer.into()));
        assert_eq!(rooms.room_events(0), [gone(A, DisconnectReason::Moved)]);
        assert_eq!((rooms.room_events(1), rooms.rooms[1].peers().collect()), (vec![], vec![C]));
        rooms.settle();
        assert_eq!(rooms.room_events(1), [Event::PeerConnected(A)]);
        assert_eq!(
            rooms.client_events(A),
            [packet(SERVER, b"last of the old"), left(B), Event::PeerConnected(C)]
        );
        assert_eq!(rooms.client_events(B), [left(A)]);
        assert_eq!(rooms.client_events(C), [Event::PeerConnected(A)]);
        assert_eq!((rooms.client(A).id(), rooms.client(A).peers().collect()), (Some(A), vec![SERVER, C]));
        assert_eq!((rooms.rejected(), rooms.outdated()), (0, 0));
        assert!(rooms.rooms.iter().all(|room| room.next_deadline().is_none()));

        // And all of it works: packets, relay, and the way back.
        rooms.client(A).send_bytes(Target::All, b"hello").unwrap();
        rooms.rooms[1].send_bytes(Target::All, b"welcome").unwrap();
        rooms.rooms[0].send_bytes(Target::All, b"quiet").unwrap();
        rooms.settle();
        assert_eq!(rooms.room_events(1), [packet(A, b"hello")]);
        assert_eq!(rooms.client_events(A), [packet(SERVER, b"welcome")]);
        assert_eq!(rooms.client_events(B), [packet(SERVER, b"quiet")]);
        let mut seen = rooms.client_events(C);
        seen.sort_by_key(|event| matches!(event, Event::Packet { from: SERVER, .. }));
        assert_eq!(seen, [packet(A, b"hello"), packet(SERVER, b"welcome")]);
        rooms.move_peer(A, 0);
        assert_eq!(rooms.client_events(A), [left(C), Event::PeerConnected(B)]);
        assert_eq!(rooms.client_events(C), [left(A)]);
        assert_eq!(rooms.rejected(), 0);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn path_ids_that_were_confirmed_are_used_in_the_new_room() {
    let mut rooms = Rooms::of(&[&[A, B], &[C]]);
    let nodes = register(&mut rooms, "Game");
    let ([first, second, a, b, _], play) = (nodes[..].try_into().unwrap(), "play");
    // Both ends confirm each other's ids, and other paths get numbers in both rooms.
    for room in [0, 1] {
        let other = rooms.rooms[room].register_node_with(&format!("Other{room}"), methods()).unwrap();
        rooms.rooms[room].call_method(other, Target::All, play, vec![]).unwrap();
    }
    rooms.settle();
    let unknown_paths = rooms.rejected();
    rooms.rooms[0].call_method(first, A, play, vec![]).unwrap();
    rooms.client(A).call_method(a, Target::All, play, vec![]).unwrap();
    rooms.settle();
    rooms.forget_events();
    rooms.move_peer(A, 1);
    rooms.forget_events();

    // A call by an id, which is 3 at the server: "Other" has the first two. No path is announced again.
    rooms.rooms[1].call_method(second, A, play, vec![]).unwrap();
    assert_eq!(outputs(&mut rooms.rooms[1]), [(vec![2], vec![0x80, 3, 0])]);
    rooms.rooms[1].call_method(second, A, play, vec![]).unwrap();
    rooms.client(A).call_method(a, SERVER, play, vec![]).unwrap();
    assert_eq!(outputs(rooms.client(A)), [(vec![1], vec![0x80, 1, 0])]);
    rooms.client(A).call_method(a, SERVER, play, vec![]).unwrap();
    rooms.settle();
    assert_called(&rooms.client_events(A), SERVER);
    assert_called(&rooms.room_events(1), A);
    // The peer that stayed has other peers' calls neither.
    rooms.client(B).call_method(b, Target::All, play, vec![]).unwrap();
    rooms.settle();
    assert_called(&rooms.room_events(0), B);
    assert_eq!((rooms.client_events(A), rooms.room_events(1)), (vec![], vec![]));
    assert_eq!(rooms.rejected(), unknown_paths);
}

#[wasm_bindgen_test(unsupported = test)]
fn only_an_admitted_peer_of_a_server_can_move() {
    let mut rooms = Rooms::of(&[&[A, B], &[]]);
    assert_eq!(rooms.rooms[1].release_peer(A).err(), Some(Error::UnknownPeer));
    assert_eq!(rooms.client(A).release_peer(SERVER).err(), Some(Error::UnknownPeer));
    assert_eq!(rooms.client(A).release_peer(B).err(), Some(Error::UnknownPeer));
    rooms.start_move(A, 1).unwrap();
    // It is arriving.
    assert_eq!(rooms.rooms[0].release_peer(A).err(), Some(Error::UnknownPeer));
    assert_eq!(rooms.rooms[1].release_peer(A).err(), Some(Error::UnknownPeer));
    assert_eq!(rooms.rooms[1].send_bytes(A, b"soon"), Err(Error::UnknownPeer.into()));
    rooms.rooms[0].disconnect_peer(B).unwrap();
    assert_eq!(rooms.rooms[0].release_peer(B).err(), Some(Error::UnknownPeer));

    let mut server = Session::server(SessionOptions::default().authenticate(true));
    server.peer_joined(A, rooms.now);
    assert_eq!(server.release_peer(A).err(), Some(Error::UnknownPeer));
    // An id that is taken or cannot be a client's has no effect.
    let mut rooms = Rooms::of(&[&[A], &[B]]);
    for wrong in [B, SERVER] {
        let transfer = rooms.rooms[0].release_peer(A).unwrap();
        outputs(&mut rooms.rooms[0]);
        rooms.rooms[1].adopt_peer(wrong, transfer, MOVE_TIMEOUT, rooms.now);
        assert_eq!((rooms.rooms[1].next_output(), rooms.rooms[1].peers().collect()), (None, vec![B]));
        rooms.rooms[0].peer_joined(A, rooms.now);
        outputs(&mut rooms.rooms[0]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_new_room_is_the_members_of_that_time_and_relays_only_to_them() {
    let mut rooms = Rooms::of(&[&[A, B], &[C]]);
    // The client has not read that B is gone, and sends to all that it knows.
    rooms.start_move(A, 1).unwrap();
    rooms.client(A).send_bytes(Target::All, b"to B").unwrap();
    rooms.client(A).send_bytes(B, b"to B").unwrap();
    rooms.settle();
    assert_eq!(rooms.room_events(0), [gone(A, DisconnectReason::Moved)]);
    assert_eq!(rooms.client_events(B), [left(A)]);
    assert_eq!(rooms.client_events(C), [Event::PeerConnected(A)]);
    assert_eq!(rooms.room_events(1), [Event::PeerConnected(A)]);
    assert_eq!((rooms.rejected(), rooms.outdated()), (0, 2));
    assert_eq!(rooms.rooms[0].stats().relayed + rooms.rooms[1].stats().relayed, 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_relay_only_the_server_and_the_peer_take_part_in_a_move() {
    let mut rooms = Rooms::with(2, &SessionOptions::default().relay(false));
    for (client, room) in [(A, 0), (B, 0), (C, 1)] {
        rooms.join(client, room);
    }
    rooms.settle();
    rooms.forget_events();
    rooms.move_peer(A, 1);
    assert_eq!(rooms.room_events(0), [gone(A, DisconnectReason::Moved)]);
    assert_eq!(rooms.room_events(1), [Event::PeerConnected(A)]);
    for client in [A, B, C] {
        assert_eq!(rooms.client_events(client), []);
    }
    assert_eq!(rooms.rejected(), 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_receives_all_of_its_former_room_in_one_output() {
    let mut rooms = Rooms::of(&[&[A, B, C], &[]]);
    rooms.rooms[0].release_peer(B).unwrap();
    let Some(Output::SendAll { to, packets, .. }) = rooms.rooms[0].next_output() else { panic!("no list") };
    assert_eq!(to, Recipients::One(B));
    let deleted = |peer: PeerId| [&[7, 2], &peer.get().to_le_bytes()[..]].concat();
    let request = [&[1][..], b"d41d8cd98f00b204e9800998ecf8427e", &[0, 1, 0, 0, 0x40], b".\0"].concat();
    let packets: Vec<Vec<u8>> = packets.into_iter().map(Packet::into_vec).collect();
    assert_eq!(packets, [deleted(A), deleted(C), request]);
    assert_eq!(outputs(&mut rooms.rooms[0]), [(vec![2, 4], deleted(B))]);
    assert_eq!(events(&mut rooms.rooms[0]), [gone(B, DisconnectReason::Moved)]);
}

#[wasm_bindgen_test(unsupported = test)]
fn each_move_of_a_peer_requests_a_confirmation_with_a_new_number() {
    let mut rooms = Rooms::of(&[&[A], &[]]);
    for count in 1..=3 {
        let (from, to) = (usize::from(count % 2 == 0), usize::from(count % 2 == 1));
        let transfer = rooms.rooms[from].release_peer(A).unwrap();
        let sent = outputs(&mut rooms.rooms[from]);
        assert_eq!(sent[0].1[34..38], [count, 0, 0, 0x40]);
        let now = rooms.now;
        rooms.rooms[to].adopt_peer(A, transfer, MOVE_TIMEOUT, now);
        // Other numbers confirm nothing: an engine may have answered an earlier request late.
        for (number, is_admitted) in [(count - 1, false), (count + 1, false), (count, true)] {
            rooms.rooms[to].receive(A, Packet::binary([2, 1, number, 0, 0, 0x40]), now);
            let seen = rooms.room_events(to);
            assert_eq!(seen.contains(&Event::PeerConnected(A)), is_admitted, "{number} in move {count}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_path_that_the_peer_did_not_confirm_is_announced_again_in_the_new_room() {
    let mut rooms = Rooms::of(&[&[A], &[B]]);
    let nodes = [0, 1].map(|room| rooms.rooms[room].register_node_with("Game", methods()).unwrap());
    rooms.rooms[0].call_method(nodes[0], A, "play", vec![]).unwrap();
    rooms.settle();
    // The client had no node at the path, and has one now.
    assert_eq!(rooms.rejected(), 2);
    rooms.client(A).register_node_with("Game", methods()).unwrap();
    rooms.move_peer(A, 1);
    rooms.forget_events();
    for by_id in [false, true] {
        rooms.rooms[1].call_method(nodes[1], A, "play", vec![]).unwrap();
        let sent = outputs(&mut rooms.rooms[1]);
        assert_eq!(sent.iter().any(|(_, packet)| packet[..] == [0x80, 1, 0]), by_id, "{sent:?}");
        assert_eq!(sent.len(), if by_id { 1 } else { 2 });
        for (_, packet) in sent {
            let now = rooms.now;
            rooms.client(A).receive(SERVER, Packet::binary(packet), now);
        }
        rooms.settle();
        assert_called(&rooms.client_events(A), SERVER);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_confirms_any_number_of_moves() {
    let mut rooms = Rooms::with(2, &SessionOptions::default().max_paths_per_peer(3));
    rooms.join(A, 0);
    rooms.settle();
    rooms.forget_events();
    let nodes = register(&mut rooms, "Game");
    for count in 1..=1100 {
        rooms.move_peer(A, count % 2);
        assert_eq!(rooms.room_events(count % 2), [Event::PeerConnected(A)], "move {count}");
        rooms.room_events((count + 1) % 2);
    }
    // Its own limit for paths is not used up, and neither is the server's for the client's paths.
    rooms.rooms[0].call_method(nodes[0], A, "play", vec![]).unwrap();
    rooms.client(A).call_method(nodes[2], SERVER, "play", vec![]).unwrap();
    rooms.settle();
    assert_called(&rooms.client_events(A), SERVER);
    assert_called(&rooms.room_events(0), A);
    assert_eq!(rooms.rejected(), 0);
    // When its limit is used up, it still confirms that it has read everything before it is disconnected.
    for path in ["Two", "Three", "Four"] {
        let node = rooms.rooms[0].register_node_with(path, methods()).unwrap();
        rooms.client(A).register_node_with(path, methods()).unwrap();
        rooms.rooms[0].call_method(node, A, "play", vec![]).unwrap();
        rooms.settle();
    }
    assert_eq!(rooms.rejected(), 1);
    rooms.rooms[0].disconnect_peer(A).unwrap();
    rooms.settle();
    assert_eq!(rooms.closes[&A].0, 1000);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_that_has_a_new_node_at_a_path_in_each_room_does_not_use_up_its_limit() {
    let mut rooms = Rooms::with(2, &SessionOptions::default().max_paths_per_peer(4));
    rooms.join(A, 0);
    rooms.settle();
    for room in [0, 1] {
        rooms.rooms[room].register_node_with("Game", methods()).unwrap();
    }
    for count in 1..=20 {
        // The scene of a client is new in each room, and so are its ids.
        let node = rooms.client(A).register_node_with("Game", methods()).unwrap();
        let room = count % 2;
        rooms.move_peer(A, room);
        rooms.forget_events();
        for _ in 0..2 {
            rooms.client(A).call_method(node, SERVER, "play", vec![]).unwrap();
            rooms.settle();
            assert_called(&rooms.room_events(room), A);
        }
        // Rooms of a server come and go, with paths of their own.
        let path = format!("Level{count}");
        let level = rooms.rooms[room].register_node_with(&path, methods()).unwrap();
        let ours = rooms.client(A).register_node_with(&path, methods()).unwrap();
        rooms.client(A).call_method(ours, SERVER, "play", vec![]).unwrap();
        rooms.settle();
        assert_called(&rooms.room_events(room), A);
        rooms.rooms[room].unregister_node(level);
        rooms.client(A).unregister_node(ours);
        rooms.client(A).unregister_node(node);
    }
    assert_eq!(rooms.rejected(), 0);
}
