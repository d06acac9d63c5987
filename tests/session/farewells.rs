//! Leaving, and being sent away, so that the last message is not lost.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, CloseInfo, Error, Packet, ReadyState,
    multiplayer::{
        ConnectionStatus, DisconnectReason, Event, Method, Methods, Output, Session, SessionOptions, Target,
    },
};

use crate::world::{A, B, C, SERVER, World, events, gone, outputs};

const NOW: Duration = Duration::ZERO;
const FAREWELL: Duration = Duration::from_millis(500);

/// "I shall call the root so, which has no methods."
fn question(number: u32) -> Vec<u8> {
    [&[1][..], b"d41d8cd98f00b204e9800998ecf8427e", &[0], &number.to_le_bytes(), b".\0"].concat()
}

fn packet(bytes: &[u8]) -> Event {
    Event::Packet { from: SERVER, data: Packet::binary(bytes) }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_message_before_a_kick_arrives() {
    for seed in 0..20 {
        let mut world = World::of(&[A, B]);
        world.seed(seed);
        world.network.is_lossy = true;
        world.server.send_bytes(A, b"you are kicked").unwrap();
        world.server.disconnect_peer(A).unwrap();
        assert_eq!(world.events(SERVER), [gone(A, DisconnectReason::Kicked)]);
        world.settle();
        let info = CloseInfo::from(CloseCause::Remote);
        let told = world.events(A);
        assert_eq!(told[0], packet(b"you are kicked"));
        assert_eq!(told.last(), Some(&Event::Disconnected { info }));
        assert_eq!(world.events(B), [gone(A, DisconnectReason::ReportedByServer)]);
        assert_eq!(world.events(SERVER), []);
        assert_eq!(world.server.next_deadline(), None);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_farewell_knows_the_methods_of_the_root() {
    let has_mismatch = |world: &mut World, peer| {
        world.events(peer).iter().any(|event| matches!(event, Event::ChecksumMismatch { .. }))
    };
    for declaring in [&[SERVER, A][..], &[A], &[SERVER]] {
        let mut world = World::of(&[A]);
        for peer in declaring {
            let methods = Methods::new().with(Method::new("tell"));
            world.at(*peer).register_node_with(".", methods).unwrap();
        }
        world.server.disconnect_peer(A).unwrap();
        world.settle();
        assert!(!has_mismatch(&mut world, SERVER) && !has_mismatch(&mut world, A), "{declaring:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_message_of_one_who_leaves_arrives() {
    let mut world = World::of(&[A, B]);
    world.network.is_lossy = true;
    let client = world.at(A);
    client.send_bytes(Target::All, b"goodbye").unwrap();
    client.leave();
    assert_eq!(client.status(), ConnectionStatus::Disconnected);
    assert_eq!(client.send_bytes(SERVER, &[1]), Err(Error::NotOpen { state: ReadyState::Closing }));
    assert_eq!((events(client), client.peers().len()), (vec![], 0));
    assert!(!client.is_closed());
    world.settle();
    assert_eq!(world.events(A), [Event::Disconnected { info: CloseInfo::from(CloseCause::Local) }]);
    assert!(world.at(A).is_closed());
    let goodbye = Event::Packet { from: A, data: Packet::binary("goodbye") };
    let info = CloseInfo::from(CloseCause::Remote);
    assert_eq!(world.events(SERVER), [goodbye.clone(), gone(A, DisconnectReason::Closed(info))]);
    assert_eq!(world.events(B), [goodbye, gone(A, DisconnectReason::ReportedByServer)]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_server_that_ends_the_session_is_heard_to_the_end() {
    let mut world = World::of(&[A, B]);
    world.network.is_lossy = true;
    world.server.send_bytes(Target::All, b"closing time").unwrap();
    world.server.leave();
    world.settle();
    assert_eq!(world.events(SERVER), []);
    assert!(world.server.is_closed());
    for client in [A, B] {
        let told = world.events(client);
        assert_eq!(told[0], packet(b"closing time"));
        assert!(matches!(told.last(), Some(Event::Disconnected { .. })));
    }
    // Whoever comes now is told to go.
    world.server.peer_joined(C, NOW);
    assert!(matches!(world.server.next_output(), Some(Output::Disconnect { peer: C, .. })));
    assert_eq!((world.server.next_output(), world.events(SERVER)), (None, vec![]));
}

/// A server with peers of which none is there to answer.
fn server_of_the_silent() -> Session {
    let mut server = Session::server(SessionOptions::default());
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
    }
    outputs(&mut server);
    events(&mut server);
    server
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_is_waited_for_but_not_without_end() {
    let mut server = server_of_the_silent();
    server.disconnect_peer(A).unwrap();
    assert_eq!(outputs(&mut server), [(vec![3], vec![7, 2, 2, 0, 0, 0]), (vec![2], question(1))]);
    assert_eq!(server.next_deadline(), Some(FAREWELL));
    server.advance(FAREWELL - Duration::from_nanos(1));
    assert_eq!(server.next_output(), None);
    server.advance(FAREWELL);
    assert!(matches!(server.next_output(), Some(Output::Disconnect { peer: A, .. })));
    server.peer_left(A, CloseCause::Local.into());
    assert_eq!(events(&mut server), [gone(A, DisconnectReason::Kicked)]);

    let mut server = server_of_the_silent();
    server.leave();
    assert_eq!(outputs(&mut server), [(vec![2, 3], question(1))]);
    server.receive(B, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
    assert!(matches!(server.next_output(), Some(Output::Disconnect { peer: B, .. })));
    assert_eq!(server.next_output(), None);
    // The answer to something else; and B's answer once more.
    server.receive(A, Packet::binary([2, 1, 2, 0, 0, 0]), NOW);
    server.receive(B, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
    assert_eq!(server.next_output(), None);
    server.peer_left(B, CloseCause::Local.into());
    assert!(!server.is_closed());
    server.peer_left(A, CloseCause::ConnectionLost.into());
    assert!(server.is_closed());
}

#[wasm_bindgen_test(unsupported = test)]
fn who_was_sent_away_has_nothing_more_to_say() {
    let mut server = server_of_the_silent();
    server.disconnect_peer(A).unwrap();
    outputs(&mut server);
    events(&mut server);
    for said in
        [&[3, 1][..], &[7, 3, 0, 0, 0, 0, 3, 1], &[7, 0, 1], &[], &[7, 1, 9, 0, 0, 0], &[2, 1, 9, 0, 0, 0]]
    {
        server.receive(A, Packet::binary(said), NOW);
    }
    assert_eq!(
        (outputs(&mut server), events(&mut server), server.stats().rejected_packets),
        (vec![], vec![], 0)
    );
    assert_eq!(server.disconnect_peer(A), Err(Error::UnknownPeer));
    assert_eq!(server.send_bytes(A, &[1]), Err(Error::UnknownPeer));
    server.peer_joined(A, NOW);
    assert_eq!(outputs(&mut server), [], "the id is still in use");
}

#[wasm_bindgen_test(unsupported = test)]
fn both_ends_may_part_at_once() {
    let mut world = World::of(&[A]);
    world.server.disconnect_peer(A).unwrap();
    world.at(A).leave();
    world.settle();
    assert_eq!(world.now, NOW, "neither had to wait for its time limit");
    assert_eq!(world.events(SERVER), [gone(A, DisconnectReason::Kicked)]);
    assert!(matches!(world.events(A)[..], [Event::Disconnected { .. }]));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_farewell_of_no_time_is_none() {
    let mut server = Session::server(SessionOptions::default().drain_timeout(Duration::ZERO));
    server.peer_joined(A, NOW);
    outputs(&mut server);
    server.disconnect_peer(A).unwrap();
    assert!(matches!(server.next_output(), Some(Output::Disconnect { peer: A, .. })));
}

#[wasm_bindgen_test(unsupported = test)]
fn who_is_not_admitted_is_not_asked() {
    let options = SessionOptions::default().authenticate(true);
    let mut server = Session::server(options);
    for peer in [A, B] {
        server.peer_joined(peer, NOW);
    }
    server.send_auth(A, b"wrong token").unwrap();
    outputs(&mut server);
    for peer in [A, B] {
        server.disconnect_peer(peer).unwrap();
    }
    // B was told nothing, A has a moment to read what it was told.
    assert!(matches!(server.next_output(), Some(Output::Disconnect { peer: B, .. })));
    assert_eq!(server.next_output(), None);
    assert_eq!(server.next_deadline(), Some(FAREWELL / 4));
    server.advance(FAREWELL / 4);
    assert!(matches!(server.next_output(), Some(Output::Disconnect { peer: A, .. })));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_question_has_a_number_of_its_own() {
    let mut server = server_of_the_silent();
    let methods = Methods::new().with(Method::new("play"));
    let question = [&[1], methods.md5().as_bytes(), b"\0\x02\0\0\0.\0"].concat();
    let root = server.register_node_with(".", methods).unwrap();
    server.call_method(root, Target::All, "play", vec![]).unwrap();
    outputs(&mut server);
    for peer in [A, B] {
        server.disconnect_peer(peer).unwrap();
        assert_eq!(outputs(&mut server).last(), Some(&(vec![peer.get()], question.clone())));
        // That it knows the root by its other number is no answer.
        server.receive(peer, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
        assert_eq!(server.next_output(), None);
        server.receive(peer, Packet::binary([2, 0, 2, 0, 0, 0]), NOW);
        assert!(matches!(server.next_output(), Some(Output::Disconnect { .. })));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_that_has_no_id_just_goes() {
    let mut client = Session::client(SessionOptions::default());
    client.peer_joined(SERVER, NOW);
    client.leave();
    assert!(matches!(client.next_output(), Some(Output::Disconnect { peer: SERVER, .. })));
    client.receive(SERVER, Packet::binary([9, 0, 0, 0]), NOW);
    assert_eq!((events(&mut client), client.id()), (vec![], None));
    client.peer_left(SERVER, CloseCause::Local.into());
    assert_eq!(events(&mut client), [Event::ConnectionFailed { info: CloseCause::Local.into() }]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_can_disconnect_the_server_only() {
    let mut world = World::of(&[A, B]);
    assert_eq!(world.at(A).disconnect_peer(B), Err(Error::UnknownPeer));
    assert_eq!(world.events(A), []);
    world.at(A).disconnect_peer(SERVER).unwrap();
    assert_eq!(world.at(A).disconnect_peer(SERVER), Err(Error::UnknownPeer));
    world.at(A).leave();
    world.settle();
    assert!(matches!(world.events(A)[..], [Event::Disconnected { .. }]));
}
