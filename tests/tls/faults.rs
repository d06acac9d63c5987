//! TLS connections that fail: the wrong protocol at one end, silence, an early end, garbage. And one that works
//! although its bytes arrive one by one.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

use testkit::certs::Authority;
use websocket_peer::{
    CloseCause, Packet, PeerOptions, ReadyState, Timeout, TlsFailure, TlsOptions, TlsRoots, WebSocketPeer,
};

use super::server::identity;
use crate::common::{
    PATIENCE, closed, opened,
    raw::{REQUEST, accepting, admit, connecting, listener},
    receive, server, until,
};

const SOON: Duration = Duration::from_millis(200);

const TIMED_OUT: CloseCause = CloseCause::TimedOut(Timeout::Connect);

fn secure_server() -> PeerOptions {
    let identity = identity(Authority::new("own authority").unwrap().issue(&["localhost"]).unwrap());
    PeerOptions::for_server().tls(TlsOptions::default().certificate(identity))
}

fn trusting() -> PeerOptions {
    let roots = TlsRoots::Custom { pem: server().ca_pem().as_bytes().to_vec() };
    PeerOptions::default().tls(TlsOptions::default().roots(roots))
}

/// A secure client and a raw server that has accepted it.
fn secure_client(options: PeerOptions) -> (WebSocketPeer, TcpStream) {
    let (listener, port) = listener();
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(&format!("wss://127.0.0.1:{port}/")).unwrap();
    let tcp = admit(&listener, &mut peer);
    (peer, tcp)
}

/// Returns `true` for a TLS failure with a text that is not a debug form.
fn is_other_tls_failure(cause: &CloseCause) -> bool {
    let CloseCause::Tls(TlsFailure::Other(what)) = cause else { return false };
    let is_camel_case = |pair: (char, char)| pair.0.is_lowercase() && pair.1.is_uppercase();
    what.contains(' ')
        && !what.contains(['{', '[', '"'])
        && !what.chars().zip(what.chars().skip(1)).any(is_camel_case)
}

#[test]
fn a_plain_client_at_a_tls_server_fails_at_once() {
    let (listener, port) = listener();
    let mut client = WebSocketPeer::new();
    client.connect(&format!("ws://127.0.0.1:{port}/")).unwrap();
    let mut server = WebSocketPeer::with_options(secure_server());
    server.accept(admit(&listener, &mut client)).unwrap();
    until("both ends close", || [client.poll(), server.poll()] == [ReadyState::Closed; 2]);
    let (client, server) = (client.close_info().unwrap(), server.close_info().unwrap());
    assert!(matches!(client.cause, CloseCause::HandshakeFailed { .. }), "{client:?}");
    assert!(is_other_tls_failure(&server.cause), "{server:?}");
}

#[test]
fn a_tls_client_at_a_plain_server_fails_at_once() {
    let (listener, port) = listener();
    let mut client = WebSocketPeer::new();
    client.connect(&format!("wss://127.0.0.1:{port}/")).unwrap();
    let mut server = WebSocketPeer::with_options(PeerOptions::for_server());
    server.accept(admit(&listener, &mut client)).unwrap();
    until("both ends close", || [client.poll(), server.poll()] == [ReadyState::Closed; 2]);
    let (client, server) = (client.close_info().unwrap(), server.close_info().unwrap());
    assert!(is_other_tls_failure(&client.cause), "{client:?}");
    assert!(matches!(server.cause, CloseCause::HandshakeFailed { .. }), "{server:?}");
}

#[test]
fn a_server_that_is_silent_during_the_tls_handshake_times_out() {
    let (mut peer, _tcp) = secure_client(trusting().connect_timeout(SOON));
    assert_eq!(closed(&mut peer).cause, TIMED_OUT);
}

#[test]
fn a_server_that_stops_during_the_tls_handshake_times_out() {
    let (mut peer, mut tcp) = secure_client(trusting().connect_timeout(SOON));
    // The header of a record of 100 bytes, and some of them.
    tcp.write_all(&[0x16, 3, 3, 0, 100, 2, 0, 0]).unwrap();
    assert_eq!(closed(&mut peer).cause, TIMED_OUT);
}

#[test]
fn a_client_that_is_silent_during_the_tls_handshake_times_out() {
    for bytes in [&[][..], &[0x16], &[0x16, 3, 1, 0, 100, 1, 0, 0]] {
        let (mut peer, mut raw) = accepting(secure_server().connect_timeout(SOON));
        raw.send(bytes);
        assert_eq!(closed(&mut peer).cause, TIMED_OUT, "{bytes:?}");
    }
}

#[test]
fn an_end_of_tcp_during_the_tls_handshake_is_a_tls_failure() {
    let (mut peer, tcp) = secure_client(trusting());
    drop(tcp);
    assert!(is_other_tls_failure(&closed(&mut peer).cause), "{:?}", peer.close_info());

    let (mut peer, mut raw) = accepting(secure_server());
    raw.send([0x16, 3, 1, 0, 100, 1, 0, 0]);
    drop(raw);
    assert!(is_other_tls_failure(&closed(&mut peer).cause), "{:?}", peer.close_info());
}

#[test]
fn garbage_instead_of_tls_is_a_tls_failure() {
    for garbage in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"SSH-2.0-x\r\n", &[0; 64], &[0xFF; 64]] {
        let (mut peer, mut tcp) = secure_client(trusting());
        tcp.write_all(garbage).unwrap();
        assert!(is_other_tls_failure(&closed(&mut peer).cause), "{garbage:?}: {:?}", peer.close_info());

        let (mut peer, mut raw) = accepting(secure_server());
        raw.send(garbage);
        assert!(is_other_tls_failure(&closed(&mut peer).cause), "{garbage:?}: {:?}", peer.close_info());
    }
}

#[test]
fn a_server_that_is_silent_after_the_tls_handshake_times_out() {
    let mut peer = WebSocketPeer::with_options(trusting().connect_timeout(Duration::from_secs(1)));
    peer.connect(&server().secure_url("/stall-before")).unwrap();
    assert_eq!(closed(&mut peer).cause, TIMED_OUT);
}

#[test]
fn an_end_of_tcp_after_the_tls_handshake_fails_the_http_handshake() {
    let mut peer = WebSocketPeer::with_options(trusting());
    peer.connect(&server().secure_url("/cut-before")).unwrap();
    let info = closed(&mut peer);
    assert!(matches!(info.cause, CloseCause::HandshakeFailed { .. }), "{info:?}");
}

#[test]
fn an_end_of_tcp_without_close_alert_is_a_lost_connection() {
    for path in ["/cut", "/cut-mid-frame", "/half-close"] {
        let mut peer = WebSocketPeer::with_options(trusting());
        peer.connect(&server().secure_url(path)).unwrap();
        assert_eq!(closed(&mut peer).cause, CloseCause::ConnectionLost, "{path}");
    }
}

#[test]
fn a_peer_can_use_tls_after_a_plain_connection() {
    let (mut peer, mut raw) = connecting(trusting());
    raw.send("HTTP/1.1 403 Forbidden\r\n\r\n");
    assert!(matches!(closed(&mut peer).cause, CloseCause::Refused { status: Some(403), .. }));
    peer.connect(&server().secure_url("/echo")).unwrap();
    opened(&mut peer);
}

#[test]
fn a_tls_server_rejects_a_plain_request() {
    let (mut peer, mut raw) = accepting(secure_server());
    raw.send(REQUEST);
    assert!(is_other_tls_failure(&closed(&mut peer).cause), "{:?}", peer.close_info());
}

#[test]
fn bytes_that_arrive_one_by_one_are_read() {
    let port = forward_byte_by_byte(server().secure_addr().port());
    let mut peer = WebSocketPeer::with_options(trusting());
    peer.connect(&format!("wss://127.0.0.1:{port}/echo")).unwrap();
    opened(&mut peer);
    let packet = Packet::binary((0..4000).map(|index| (index % 251) as u8).collect::<Vec<_>>());
    peer.send_packet(&packet).unwrap();
    assert_eq!(receive(&mut peer), packet);
    peer.close();
    assert_eq!(closed(&mut peer).cause, CloseCause::Local);
}

/// Returns a port that forwards to `port`, byte by byte in both directions.
fn forward_byte_by_byte(port: u16) -> u16 {
    let (listener, entrance) = listener();
    thread::spawn(move || {
        let (client, _) = listener.accept().expect("the peer connects");
        let server = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        for tcp in [&client, &server] {
            tcp.set_nodelay(true).expect("no delay");
            tcp.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        }
        thread::scope(|scope| {
            scope.spawn(|| copy_byte_by_byte(&client, &server));
            scope.spawn(|| copy_byte_by_byte(&server, &client));
        });
    });
    entrance
}

fn copy_byte_by_byte(mut from: &TcpStream, mut to: &TcpStream) {
    let mut buffer = [0; 4096];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                if buffer[..read].iter().any(|byte| to.write_all(&[*byte]).is_err()) {
                    break;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    // Fails where the other direction has ended already.
    let _ = to.shutdown(Shutdown::Write);
}
