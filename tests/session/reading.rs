//! Unread events have no effect: they decide which peers "all" means, and which calls are possible.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, Error, Packet, ReadyState,
    multiplayer::{
        Call, DisconnectReason, Event, Method, Methods, NodeKey, PeerId, Scene, Session, SessionOptions,
        Spawn, Spawner, Target,
    },
    variant::Variant,
};

use crate::world::{A, B, C, SERVER, events, gone, id, outputs};

const NOW: Duration = Duration::ZERO;

fn methods() -> Methods {
    Methods::new().with(Method::new("play").any_peer().call_local().variadic())
}

/// A server with these clients. No event has been read.
fn server_with(clients: &[PeerId]) -> (Session, NodeKey) {
    let mut server = Session::server(SessionOptions::default());
    let node = server.register_node_with("Game", methods()).unwrap();
    for client in clients {
        server.peer_joined(*client, NOW);
    }
    outputs(&mut server);
    (server, node)
}

/// A client that has read the events of these other peers.
fn client_with(others: &[PeerId]) -> (Session, NodeKey) {
    let mut client = Session::client(SessionOptions::default());
    let node = client.register_node_with("Game", methods()).unwrap();
    client.connected(id(9), NOW);
    others.iter().for_each(|other| add(&mut client, *other));
    events(&mut client);
    (client, node)
}

/// The server announces another peer to a client.
fn add(client: &mut Session, peer: PeerId) {
    client.receive(SERVER, Packet::binary([&[7, 1], &peer.get().to_le_bytes()[..]].concat()), NOW);
}

fn lose(session: &mut Session, peer: PeerId) {
    session.peer_left(peer, CloseCause::ConnectionLost.into());
}

fn peers(session: &Session) -> Vec<PeerId> {
    session.peers().collect()
}

/// The receivers of all outputs of a session.
fn receivers(session: &mut Session) -> Vec<i32> {
    let mut to: Vec<i32> = outputs(session).into_iter().flat_map(|(to, _)| to).collect();
    to.sort_unstable();
    to.dedup();
    to
}

/// The number in a local call.
fn number(event: Option<Event>) -> Option<i64> {
    match event? {
        Event::Call(Call { arguments, .. }) => match arguments[..] {
            [Variant::Int(number)] => Some(number),
            _ => None,
        },
        _ => None,
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn all_means_the_peers_whose_connection_was_read() {
    let (mut server, node) = server_with(&[A, B]);
    let play = |server: &mut Session, to| {
        server.call_method(node, to, "play", vec![]).unwrap();
        assert!(matches!(server.next_event(), Some(Event::Call(_))));
        receivers(server)
    };
    assert_eq!((play(&mut server, Target::All), peers(&server)), (vec![], vec![]));
    assert_eq!(server.next_event(), Some(Event::PeerConnected(A)));
    assert_eq!((play(&mut server, Target::All), peers(&server)), (vec![2], vec![A]));
    assert_eq!(play(&mut server, Target::AllExcept(C)), [2]);
    server.send_bytes(Target::All, &[1]).unwrap();
    server.send_bytes(Target::AllExcept(A), &[1]).unwrap();
    assert_eq!(receivers(&mut server), [2]);
    assert_eq!(server.next_event(), Some(Event::PeerConnected(B)));
    assert_eq!(play(&mut server, Target::AllExcept(C)), [2, 3]);
    assert_eq!(peers(&server), [A, B]);
}

#[wasm_bindgen_test(unsupported = test)]
fn all_means_the_same_at_a_client() {
    let (mut client, node) = client_with(&[A]);
    add(&mut client, B);
    client.call_method(node, Target::AllExcept(PeerId::new(9).unwrap()), "play", vec![]).unwrap();
    // An announcement and a call: to the server, and by relay to A.
    let relayed_to = |sent: &(Vec<i32>, Vec<u8>)| if sent.1[..2] == [7, 3] { sent.1[2] } else { 1 };
    let sent = outputs(&mut client);
    assert_eq!(sent.iter().map(relayed_to).collect::<Vec<_>>(), [1, 2, 1, 2]);
    // Bytes for all go to the server once, but separately if a new peer has not been read.
    client.send_bytes(Target::All, &[5]).unwrap();
    let bytes = |to: i32| [&[7, 3], &to.to_le_bytes()[..], &[3, 5]].concat();
    assert_eq!(outputs(&mut client), [(vec![1], vec![3, 5]), (vec![1], bytes(2))]);
    assert_eq!((peers(&client), client.next_event()), (vec![SERVER, A], Some(Event::PeerConnected(B))));
    client.send_bytes(Target::All, &[5]).unwrap();
    assert_eq!(outputs(&mut client), [(vec![1], bytes(0))]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_knows_its_server_as_soon_as_its_own_id() {
    let mut client = Session::client(SessionOptions::default());
    client.connected(id(9), NOW);
    let connecting = Err(Error::NotOpen { state: ReadyState::Connecting }.into());
    assert_eq!(client.send_bytes(Target::All, b"my name"), connecting, "its id has not been read");
    assert!(matches!(client.next_event(), Some(Event::Connected { .. })));
    client.send_bytes(Target::All, b"my name").unwrap();
    assert_eq!((outputs(&mut client).len(), peers(&client)), (1, vec![SERVER]));
    assert_eq!((events(&mut client), peers(&client)), (vec![Event::PeerConnected(SERVER)], vec![SERVER]));
}

#[wasm_bindgen_test(unsupported = test)]
fn sending_to_a_peer_whose_disconnect_was_not_read_is_not_an_error() {
    let (mut server, node) = server_with(&[A, B]);
    let spawner = server.register_spawner("Spawner", Spawner::new().scene(Scene::new([]))).unwrap();
    let coin = server.spawn(spawner, Spawn::scene(0)).unwrap();
    events(&mut server);
    lose(&mut server, A);
    outputs(&mut server);
    server.call_method(node, A, "play", vec![]).unwrap();
    server.send_bytes(A, &[1]).unwrap();
    server.hide(coin, A).unwrap();
    assert_eq!((outputs(&mut server), peers(&server)), (vec![], vec![A, B]));
    server.send_bytes(Target::All, &[1]).unwrap();
    assert_eq!(receivers(&mut server), [3]);
    server.disconnect_peer(A).unwrap();
    assert_eq!(events(&mut server), [gone(A, DisconnectReason::Closed(CloseCause::ConnectionLost.into()))]);

    assert_eq!(peers(&server), [B]);
    assert_eq!(server.call_method(node, A, "play", vec![]), Err(Error::UnknownPeer.into()));
    assert_eq!(server.send_bytes(A, &[1]), Err(Error::UnknownPeer.into()));
    assert_eq!(server.hide(coin, A), Err(Error::UnknownPeer.into()));
    assert_eq!(server.disconnect_peer(A), Err(Error::UnknownPeer));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_the_program_disconnects_is_removed_at_once() {
    let (mut server, _) = server_with(&[A, B]);
    events(&mut server);
    server.disconnect_peer(A).unwrap();
    assert_eq!((peers(&server), server.send_bytes(A, &[1])), (vec![B], Err(Error::UnknownPeer.into())));
    assert_eq!(events(&mut server), [gone(A, DisconnectReason::Kicked)]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_lost_server_is_a_peer_until_its_disconnect_was_read() {
    let (mut client, node) = client_with(&[A]);
    lose(&mut client, SERVER);
    for event in 0..3 {
        client.call_method(node, Target::All, "play", vec![]).unwrap();
        assert!(matches!(client.next_event(), Some(Event::Call(_))));
        client.send_bytes(Target::All, &[1]).unwrap();
        assert_eq!((outputs(&mut client), peers(&client).len()), (vec![], [2, 1, 0][event]));
        client.next_event().unwrap();
    }
    assert_eq!(client.next_event(), None);
    let closed = Err(Error::NotOpen { state: ReadyState::Closed }.into());
    assert_eq!(client.send_bytes(Target::All, &[1]), closed);
    assert_eq!(client.call_method(node, Target::All, "play", vec![]), closed);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_call_at_this_end_is_the_next_event() {
    let (mut server, node) = server_with(&[A]);
    events(&mut server);
    // Two packets arrive in one poll. The changes that the first causes must apply before the second.
    for number in [1, 2] {
        let bytes = Packet::binary([3, number]);
        server.receive(A, bytes, NOW);
    }
    let call = |server: &mut Session, number: i64| {
        server.call_method(node, Target::All, "play", vec![number.into()]).unwrap();
    };
    assert!(matches!(server.next_event(), Some(Event::Packet { .. })));
    call(&mut server, 1);
    call(&mut server, 4);
    assert_eq!(number(server.next_event()), Some(1));
    // Calls in response to such an event come before earlier calls.
    call(&mut server, 2);
    call(&mut server, 3);
    for expected in 2..=4 {
        assert_eq!(number(server.next_event()), Some(expected));
    }
    assert!(matches!(server.next_event(), Some(Event::Packet { .. })));
    assert_eq!(server.next_event(), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn after_leaving_calls_to_all_are_local() {
    let (mut server, node) = server_with(&[A]);
    events(&mut server);
    server.peer_joined(B, NOW);
    server.receive(A, Packet::binary([3, 1]), NOW);
    outputs(&mut server);
    server.call_method(node, SERVER, "play", vec![1.into()]).unwrap();
    server.leave();
    assert_eq!((outputs(&mut server).len(), peers(&server)), (1, vec![]));
    server.call_method(node, Target::All, "play", vec![2.into()]).unwrap();
    server.call_method(node, Target::AllExcept(A), "play", vec![3.into()]).unwrap();
    server.send_bytes(Target::All, &[1]).unwrap();
    assert_eq!(outputs(&mut server), []);
    let closing = Err(Error::NotOpen { state: ReadyState::Closing }.into());
    assert_eq!(server.send_bytes(A, &[1]), closing);
    assert_eq!(server.call_method(node, A, "play", vec![]), closing);
    for expected in 1..=3 {
        assert_eq!(number(server.next_event()), Some(expected));
    }
    assert_eq!(server.next_event(), None);
    for peer in [A, B] {
        lose(&mut server, peer);
    }
    assert!(server.is_closed());
    assert_eq!((events(&mut server), server.send_bytes(Target::All, &[1])), (vec![], Ok(())));
}
