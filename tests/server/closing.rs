//! Every way in which a connection can end: packets that arrived before are returned before, `Closed` is returned once
//! with the right cause, and no memory is left in use.

use std::time::Duration;

use websocket_peer::{
    CloseCause, CloseCode, CloseInfo, Error, Limit, Packet, PeerKey, PeerOptions, RateLimits, ServerEvent,
    ServerOptions, Timeout,
};

use crate::{
    common::{
        A_WHILE,
        raw::{BINARY, CLOSE, PING, Raw, TEXT, client_frame, close_payload, server_frame},
    },
    host::{Host, unlimited, with_peer},
};

const SOON: Duration = Duration::from_millis(200);

fn code(code: u16) -> CloseCode {
    CloseCode::new(code).unwrap()
}

/// A client sends a packet, and then `end` ends the connection. Returns the code and the cause.
#[track_caller]
fn ended(
    options: ServerOptions,
    end: impl FnOnce(&mut Host, PeerKey, Raw) -> Option<Raw>,
) -> (Option<u16>, CloseCause) {
    let mut host = Host::start(options);
    let (key, mut raw) = host.open_client();
    raw.send(client_frame(TEXT, "before"));
    // The kernel has the packet, and the server has not read it.
    let raw = end(&mut host, key, raw);
    let info = host.closed(key);
    assert_eq!(host.events.pop_front(), Some(ServerEvent::Packet(key, Packet::text("before"))));
    // The end of TCP does not matter here.
    drop(raw);
    assert_gone(&mut host, key);
    (info.code, info.cause)
}

/// Checks that the connection is gone, and that no other event follows.
#[track_caller]
fn assert_gone(host: &mut Host, key: PeerKey) {
    host.until_empty();
    host.run(A_WHILE);
    assert_eq!(host.events, []);
    let stats = host.server.stats();
    assert_eq!((stats.opened, stats.closed, stats.rejected), (1, 1, 0));
    assert!(host.server.peer(key).is_none());
    assert_eq!(host.server.send(key, b""), Err(Error::UnknownPeer));
    assert_eq!(host.server.close_with(key, CloseCode::NORMAL, ""), Err(Error::UnknownPeer));
    assert_eq!(host.server.abort(key), Err(Error::UnknownPeer));
}

macro_rules! closed_by_the_client {
    ($($name:ident: $bytes:expr => $code:expr, $cause:expr;)*) => {$(
        #[test]
        fn $name() {
            let ended_with = ended(ServerOptions::default(), |host, _, mut raw| {
                host.send(&mut raw, $bytes);
                Some(raw)
            });
            assert_eq!(ended_with, ($code, $cause));
        }
    )*};
}

closed_by_the_client! {
    a_client_closes_with_a_code: client_frame(CLOSE, close_payload(4001, "bye")) => Some(4001), CloseCause::Remote;
    a_client_closes_without_a_code: client_frame(CLOSE, []) => None, CloseCause::Remote;
    a_client_breaks_the_protocol: client_frame(0x83, "") => Some(1002), CloseCause::Protocol;
    a_client_sends_invalid_utf8: client_frame(TEXT, [0xFF]) => Some(1007), CloseCause::Protocol;
    a_client_sends_a_message_that_is_too_big: client_frame(BINARY, vec![0; 65_537]) => Some(1009), CloseCause::MessageTooBig;
    a_client_floods_with_pings: client_frame(PING, []).repeat(500) => Some(1008), limit_exceeded(Limit::ControlFrameRate);
}

fn limit_exceeded(limit: Limit) -> CloseCause {
    CloseCause::LimitExceeded(limit)
}

#[test]
fn a_client_ends_tcp() {
    let ended_with = ended(ServerOptions::default(), |_, _, raw| {
        raw.finish();
        Some(raw)
    });
    assert_eq!(ended_with, (None, CloseCause::ConnectionLost));
}

#[test]
fn a_client_ends_tcp_within_a_frame() {
    let ended_with = ended(ServerOptions::default(), |_, _, mut raw| {
        raw.send(&client_frame(TEXT, "the end is missing")[..9]);
        raw.finish();
        Some(raw)
    });
    assert_eq!(ended_with, (None, CloseCause::ConnectionLost));
}

#[test]
fn a_client_resets_tcp() {
    let ended_with = ended(ServerOptions::default(), |host, key, raw| {
        // A reset destroys unread data.
        host.until_so("the packet is read", |host| {
            host.server.peer(key).unwrap().stats().packets_received == 1
        });
        raw.reset();
        None
    });
    assert_eq!(ended_with, (None, CloseCause::ConnectionLost));
}

#[test]
fn the_server_closes_and_the_client_answers() {
    let ended_with = ended(ServerOptions::default(), |host, key, mut raw| {
        host.server.close_with(key, code(4002), "enough").unwrap();
        let frame = host.frame(&mut raw);
        assert_eq!((frame.first, &frame.payload[..]), (CLOSE, &close_payload(4002, "enough")[..]));
        raw.send(client_frame(CLOSE, frame.payload));
        Some(raw)
    });
    assert_eq!(ended_with, (Some(4002), CloseCause::Local));
}

#[test]
fn both_close_at_once() {
    let ended_with = ended(ServerOptions::default(), |host, key, mut raw| {
        raw.send(client_frame(CLOSE, close_payload(4001, "")));
        host.server.close_with(key, code(4002), "").unwrap();
        Some(raw)
    });
    assert_eq!(ended_with, (Some(4001), CloseCause::Local));
}

#[test]
fn the_server_closes_and_the_client_is_silent() {
    let options = with_peer(PeerOptions::for_server().close_timeout(SOON));
    let ended_with = ended(options, |host, key, raw| {
        host.server.close_with(key, CloseCode::NORMAL, "").unwrap();
        Some(raw)
    });
    assert_eq!(ended_with, (None, CloseCause::TimedOut(Timeout::Close)));
}

#[test]
fn the_server_closes_and_the_client_ends_tcp() {
    let ended_with = ended(ServerOptions::default(), |host, key, mut raw| {
        host.server.close_with(key, CloseCode::NORMAL, "").unwrap();
        host.frame(&mut raw);
        raw.finish();
        Some(raw)
    });
    assert_eq!(ended_with, (None, CloseCause::ConnectionLost));
}

#[test]
fn the_server_aborts() {
    let ended_with = ended(ServerOptions::default(), |host, key, raw| {
        host.until_so("the packet is read", |host| {
            host.server.peer(key).unwrap().stats().packets_received == 1
        });
        host.server.abort(key).unwrap();
        Some(raw)
    });
    assert_eq!(ended_with, (None, CloseCause::Aborted));
}

#[test]
fn the_server_aborts_while_it_closes() {
    let ended_with = ended(ServerOptions::default(), |host, key, mut raw| {
        host.server.close_with(key, CloseCode::NORMAL, "").unwrap();
        host.frame(&mut raw);
        host.server.abort(key).unwrap();
        Some(raw)
    });
    assert_eq!(ended_with, (None, CloseCause::Aborted));
}

#[test]
fn the_server_shuts_down_and_the_client_answers() {
    let ended_with = ended(ServerOptions::default(), |host, _, mut raw| {
        host.server.shutdown(Duration::from_secs(60));
        let frame = host.frame(&mut raw);
        raw.send(client_frame(CLOSE, frame.payload));
        Some(raw)
    });
    assert_eq!(ended_with, (Some(1001), CloseCause::Local));
}

#[test]
fn the_server_shuts_down_and_the_client_is_silent() {
    let ended_with = ended(ServerOptions::default(), |host, _, raw| {
        host.server.shutdown(SOON);
        Some(raw)
    });
    assert_eq!(ended_with, (None, CloseCause::Aborted));
}

#[test]
fn a_client_becomes_silent() {
    let options = PeerOptions::for_server().heartbeat_interval(SOON).heartbeat_timeout(SOON);
    let ended_with = ended(with_peer(options), |_, _, raw| Some(raw));
    assert_eq!(ended_with, (None, CloseCause::TimedOut(Timeout::Heartbeat)));
}

#[test]
fn a_client_never_finishes_its_message() {
    let limits = RateLimits::default().max_message_time(SOON);
    let ended_with = ended(ServerOptions::default().rate_limits(limits), |_, _, mut raw| {
        raw.send(client_frame(0x01, "to be continued"));
        Some(raw)
    });
    assert_eq!(ended_with, (Some(1008), CloseCause::TimedOut(Timeout::Message)));
}

#[test]
fn a_client_does_not_read() {
    let options =
        with_peer(PeerOptions::for_server().outbound_buffer_size(100_000)).slow_reader_timeout(SOON);
    let ended_with = ended(options, |host, key, raw| {
        host.until_so("the queue is full", |host| {
            while host.server.send(key, &[0; 10_000]).is_ok() {}
            host.server.peer(key).is_none_or(|peer| peer.state() != websocket_peer::ReadyState::Open)
                || host.events.iter().any(|event| matches!(event, ServerEvent::Closed(..)))
        });
        Some(raw)
    });
    assert_eq!(ended_with, (Some(1008), limit_exceeded(Limit::SlowReader)));
}

/// The connection is closed already when the program reads the packets.
#[test]
fn unread_packets_are_returned_before_the_end() {
    let mut host = Host::start(ServerOptions::default().rate_limits(unlimited()));
    let (key, mut raw) = host.open_client();
    for number in 0..100 {
        raw.send(client_frame(TEXT, format!("{number}")));
    }
    raw.send(client_frame(CLOSE, close_payload(1000, "")));
    crate::common::until("the server has read everything", || {
        host.server.poll();
        host.server.stats().peers == 0
    });
    host.read_events();
    let events: Vec<ServerEvent> = host.events.drain(..).collect();
    let expected = (0..100).map(|number| ServerEvent::Packet(key, Packet::text(number.to_string())));
    assert!(events[..100].iter().cloned().eq(expected), "{events:?}");
    assert!(
        matches!(&events[100..], [ServerEvent::Closed(closed, CloseInfo { code: Some(1000), .. })] if *closed == key),
        "{events:?}"
    );
}

#[test]
fn a_connection_that_ends_at_once_is_seen_open() {
    let mut host = Host::start(ServerOptions::default());
    let request = crate::common::raw::REQUEST.as_bytes();
    for end in [client_frame(CLOSE, close_payload(1000, "")), server_frame(TEXT, "unmasked")] {
        let raw = host.connect_and_send([request, &end[..]].concat());
        let key = host.opened();
        host.closed(key);
        assert_eq!(host.events, []);
        drop(raw);
    }
    let raw = host.connect_and_send(request);
    raw.finish();
    let key = host.opened();
    assert_eq!(host.closed(key).cause, CloseCause::ConnectionLost);
}

#[test]
fn a_server_that_is_dropped_ends_all_connections() {
    let mut host = Host::start(ServerOptions::default());
    let addr = host.addr();
    let mut clients: Vec<Raw> = (0..5).map(|_| host.open_client().1).collect();
    clients.push(host.connect());
    drop(host);
    for client in &mut clients {
        crate::common::eventually("the end of TCP", || client.end());
    }
    assert!(std::net::TcpStream::connect(addr).is_err(), "the port is closed");
}
