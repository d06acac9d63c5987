//! The closing handshake, with codes that only servers may send.

use std::time::Duration;

use websocket_peer::{CloseCause, CloseCode, Error, PeerOptions, ReadyState, Timeout};

use crate::common::{
    closed,
    raw::{CLOSE, End, TEXT, accepted, client_frame, close_payload, end_from, frame_from},
    receive,
};

#[test]
fn close_codes_of_a_server_are_sent_unchanged() {
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999] {
        let (mut peer, mut raw) = accepted(PeerOptions::for_server());
        peer.close_with(CloseCode::new(code).unwrap(), "why").unwrap();
        assert_eq!(peer.state(), ReadyState::Closing);
        let frame = frame_from(&mut peer, &mut raw);
        assert_eq!((frame.first, frame.masked, frame.payload), (CLOSE, false, close_payload(code, "why")));
        raw.send(client_frame(CLOSE, close_payload(code, "why")));
        let info = closed(&mut peer);
        assert_eq!((info.code, info.reason.as_str(), info.cause), (Some(code), "why", CloseCause::Local));
        assert_eq!(end_from(&mut peer, &mut raw), End::Eof);
    }
}

#[test]
fn the_close_of_a_client_is_answered_with_its_code() {
    for (payload, code, reason) in [
        (close_payload(1000, ""), Some(1000), ""),
        (close_payload(1001, "tab closed"), Some(1001), "tab closed"),
        (close_payload(1014, "bad gateway"), Some(1014), "bad gateway"),
        (close_payload(4321, "ü 🎮"), Some(4321), "ü 🎮"),
        (Vec::new(), None, ""),
    ] {
        let (mut peer, mut raw) = accepted(PeerOptions::for_server());
        raw.send(client_frame(CLOSE, payload));
        let answer = frame_from(&mut peer, &mut raw);
        assert_eq!(answer.close_code(), code);
        assert_eq!(end_from(&mut peer, &mut raw), End::Eof);
        let info = closed(&mut peer);
        assert_eq!((info.code, info.reason.as_str(), info.cause), (code, reason, CloseCause::Remote));
    }
}

#[test]
fn packets_that_arrive_after_our_close_are_delivered() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    peer.close_with(CloseCode::new(1001).unwrap(), "").unwrap();
    assert_eq!(frame_from(&mut peer, &mut raw).close_code(), Some(1001));
    raw.send(client_frame(TEXT, "on its way already"));
    assert_eq!(receive(&mut peer).as_text(), Some("on its way already"));
    assert_eq!(peer.state(), ReadyState::Closing);
    raw.send(client_frame(CLOSE, close_payload(1001, "")));
    assert_eq!(closed(&mut peer).cause, CloseCause::Local);
}

#[test]
fn a_client_that_does_not_answer_the_close_times_out() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server().close_timeout(Duration::from_millis(200)));
    peer.close();
    let info = closed(&mut peer);
    assert_eq!((info.code, info.cause), (None, CloseCause::TimedOut(Timeout::Close)));
    assert_eq!(frame_from(&mut peer, &mut raw).close_code(), Some(1000));
    end_from(&mut peer, &mut raw);
}

#[test]
fn a_client_that_ends_tcp_instead_of_answering_is_a_lost_connection() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    peer.close();
    frame_from(&mut peer, &mut raw);
    drop(raw);
    assert_eq!(closed(&mut peer).cause, CloseCause::ConnectionLost);
}

#[test]
fn the_close_frame_reaches_a_client_that_never_stops_sending() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(client_frame(CLOSE, close_payload(1000, "")));
    raw.send_while(client_frame(TEXT, "x".repeat(50_000)).repeat(20), || {
        peer.poll();
    });
    assert_eq!(frame_from(&mut peer, &mut raw).close_code(), Some(1000));
    assert_eq!(end_from(&mut peer, &mut raw), End::Eof);
    assert_eq!(closed(&mut peer).cause, CloseCause::Remote);
    assert_eq!(peer.recv(), None, "frames after a close frame are ignored");
}

#[test]
fn two_closes_that_cross_are_one_clean_end() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(client_frame(CLOSE, close_payload(4001, "client")));
    peer.close_with(CloseCode::new(4002).unwrap(), "server").unwrap();
    assert_eq!(frame_from(&mut peer, &mut raw).close_code(), Some(4002));
    let info = closed(&mut peer);
    assert!(info.was_clean());
    assert_eq!((info.code, info.reason.as_str()), (Some(4001), "client"));
    assert_eq!(end_from(&mut peer, &mut raw), End::Eof);
    assert_eq!(raw.rest(), b"", "one close frame is enough");
}

#[test]
fn a_server_may_close_with_its_codes_after_the_connection_has_closed() {
    let going_away = CloseCode::new(1001).unwrap();
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(client_frame(CLOSE, close_payload(1000, "")));
    closed(&mut peer);
    assert_eq!(peer.close_with(going_away, ""), Ok(()), "while its last frame is sent");
    end_from(&mut peer, &mut raw);
    drop(raw);
    crate::common::raw::settle(&mut peer);
    for _ in 0..100 {
        peer.poll();
    }
    assert_eq!(peer.close_with(going_away, ""), Ok(()), "after that");
    assert_eq!(peer.send(b"x"), Err(Error::NotOpen { state: ReadyState::Closed }));
}
