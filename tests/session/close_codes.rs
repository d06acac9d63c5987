//! Close codes and reasons that the program chooses for a peer, or for the end of the session.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, CloseCode, Error, Packet,
    multiplayer::{DisconnectReason, Event, Output, PeerId, Session, SessionOptions},
};

use crate::world::{A, B, SERVER, events, gone, outputs};

const NOW: Duration = Duration::ZERO;
const DRAIN_TIMEOUT: Duration = Duration::from_millis(500);
const BANNED: CloseCode = CloseCode::application::<4003>();

/// A server with these clients. Its outputs and events have been read.
fn server_of(clients: &[PeerId], options: SessionOptions) -> Session {
    let mut server = Session::server(options);
    clients.iter().for_each(|client| server.peer_joined(*client, NOW));
    outputs(&mut server);
    events(&mut server);
    server
}

fn client() -> Session {
    let mut client = Session::client(SessionOptions::default());
    client.connected(A, NOW);
    events(&mut client);
    client
}

/// The next output closes a connection: the peer, the code and the reason.
#[track_caller]
fn close(session: &mut Session) -> (PeerId, u16, String) {
    match session.next_output() {
        Some(Output::Disconnect { peer, code, reason, .. }) => (peer, code.get(), reason.into_owned()),
        other => panic!("{other:?} closes no connection"),
    }
}

/// A peer confirms the first path id.
fn confirm(session: &mut Session, from: PeerId) {
    session.receive(from, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_close_frame_of_a_disconnected_peer_has_the_code_and_reason_of_the_program() {
    let expected = (A, 4003, "banned until 18:00".to_owned());
    let ban = |server: &mut Session| server.disconnect_peer_with(A, BANNED, "banned until 18:00").unwrap();
    // The peer confirms that it has read everything.
    let mut server = server_of(&[A, B], SessionOptions::default());
    ban(&mut server);
    assert_eq!(events(&mut server), [gone(A, DisconnectReason::Kicked)]);
    outputs(&mut server);
    confirm(&mut server, A);
    assert_eq!(close(&mut server), expected);
    assert_eq!(server.disconnect_peer_with(A, BANNED, ""), Err(Error::UnknownPeer));
    // It does not.
    let mut server = server_of(&[A], SessionOptions::default());
    ban(&mut server);
    outputs(&mut server);
    server.advance(DRAIN_TIMEOUT);
    assert_eq!(close(&mut server), expected);
    // There is no time for that.
    let mut server = server_of(&[A], SessionOptions::default().drain_timeout(Duration::ZERO));
    ban(&mut server);
    assert_eq!(close(&mut server), expected);
    // It authenticates, and has received nothing, or some data.
    for has_data in [false, true] {
        let mut server = server_of(&[A], SessionOptions::default().authenticate(true));
        if has_data {
            server.send_auth(A, b"name?").unwrap();
            outputs(&mut server);
        }
        ban(&mut server);
        assert!(matches!(events(&mut server)[..], [Event::AuthFailed { peer: A, .. }]));
        server.advance(DRAIN_TIMEOUT);
        assert_eq!(close(&mut server), expected);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn all_connections_of_a_session_that_was_left_close_with_its_code_and_reason() {
    let mut server = server_of(&[A], SessionOptions::default());
    server.leave_with(CloseCode::GOING_AWAY, "back at noon").unwrap();
    outputs(&mut server);
    // The first reason counts, also for a client that connects now.
    server.leave_with(BANNED, "later").unwrap();
    server.leave();
    server.peer_joined(B, NOW);
    assert_eq!(close(&mut server), (B, 1001, "back at noon".to_owned()));
    confirm(&mut server, A);
    assert_eq!(close(&mut server), (A, 1001, "back at noon".to_owned()));

    let mut server = server_of(&[A], SessionOptions::default().authenticate(true));
    server.leave_with(CloseCode::GOING_AWAY, "back at noon").unwrap();
    assert_eq!(close(&mut server), (A, 1001, "back at noon".to_owned()));

    for leave in [
        |client: &mut Session| client.leave_with(BANNED, "bored"),
        |client: &mut Session| client.disconnect_peer_with(SERVER, BANNED, "bored"),
    ] {
        let mut client = client();
        leave(&mut client).unwrap();
        outputs(&mut client);
        confirm(&mut client, SERVER);
        assert_eq!(close(&mut client), (SERVER, 4003, "bored".to_owned()));
        client.peer_left(SERVER, CloseCause::Local.into());
        assert!(client.is_closed());

        let mut connecting = Session::client(SessionOptions::default());
        leave(&mut connecting).unwrap();
        assert_eq!(close(&mut connecting), (SERVER, 4003, "bored".to_owned()));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_code_or_reason_that_cannot_be_sent_is_an_error_and_changes_nothing() {
    let (longest, longer) = ("é".repeat(61) + "e", "é".repeat(62));
    let too_long = Err(Error::ReasonTooLong { len: 124 });
    let mut server = server_of(&[A], SessionOptions::default());
    assert_eq!(server.disconnect_peer_with(A, BANNED, &longer), too_long);
    assert_eq!(server.leave_with(BANNED, &longer), too_long);
    assert_eq!((server.peers().collect(), server.next_output()), (vec![A], None));
    server.disconnect_peer_with(A, BANNED, &longest).unwrap();
    outputs(&mut server);
    confirm(&mut server, A);
    assert_eq!(close(&mut server).2, longest);

    let mut client = client();
    let invalid = Err(Error::InvalidCloseCode { code: 1001 });
    assert_eq!(client.leave_with(CloseCode::GOING_AWAY, ""), invalid);
    assert_eq!(client.disconnect_peer_with(SERVER, CloseCode::GOING_AWAY, ""), invalid);
    assert_eq!(client.leave_with(BANNED, &longer), too_long);
    assert_eq!((client.peers().collect(), client.next_output()), (vec![SERVER], None));
}
