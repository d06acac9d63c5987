//! A peer that accepts with a certificate, and our client at the other end.

use std::{
    thread,
    time::{Duration, Instant},
};

use testkit::certs::{Authority, Identity};
use websocket_peer::{
    CloseCause, CloseCode, CloseInfo, Error, Packet, PeerOptions, ReadyState, TlsCertificate, TlsFailure,
    TlsOptions, TlsRoots, WebSocketPeer,
};

use crate::common::{
    PATIENCE,
    raw::{admit, listener, tcp_pair},
    until,
};

const MIB: usize = 1024 * 1024;
/// Far longer than any event here takes.
const LONG: Duration = Duration::from_secs(3600);

/// The two ends of a connection.
struct Pair {
    client: WebSocketPeer,
    server: WebSocketPeer,
}

pub fn identity(identity: Identity) -> TlsCertificate {
    TlsCertificate::from_pem(identity.certificates_pem.into_bytes(), identity.key_pem.into_bytes())
}

/// A client that trusts `trusted` connects to a server whose certificate `issuer` signed.
fn connecting(issuer: &Authority, trusted: &Authority) -> Pair {
    let (listener, port) = listener();
    let roots = TlsRoots::Custom { pem: trusted.pem().as_bytes().to_vec() };
    let options = PeerOptions::default().tls(TlsOptions::default().roots(roots));
    let mut client = WebSocketPeer::with_options(options);
    client.connect(&format!("wss://127.0.0.1:{port}/game?room=7")).unwrap();

    let identity = identity(issuer.issue(&["127.0.0.1"]).unwrap());
    let tls = TlsOptions::default().certificate(identity);
    let options = PeerOptions::for_server().max_message_size(MIB).tls(tls);
    let mut server = WebSocketPeer::with_options(options);
    server.accept(admit(&listener, &mut client)).unwrap();
    Pair { client, server }
}

fn open() -> Pair {
    let authority = Authority::new("own authority").unwrap();
    let mut pair = connecting(&authority, &authority);
    let Pair { client, server } = &mut pair;
    until("both ends open", || [client.poll(), server.poll()] == [ReadyState::Open; 2]);
    pair
}

impl Pair {
    #[track_caller]
    fn closed(&mut self) -> (CloseInfo, CloseInfo) {
        let Self { client, server } = self;
        until("both ends close", || [client.poll(), server.poll()] == [ReadyState::Closed; 2]);
        (client.close_info().unwrap().clone(), server.close_info().unwrap().clone())
    }
}

/// Sends a packet to the server and back, and compares it.
#[track_caller]
fn assert_passes(pair: &mut Pair, packet: &Packet) {
    let Pair { client, server } = pair;
    client.send_packet(packet).unwrap();
    until("the packet comes back", || {
        server.poll();
        while let Some(packet) = server.recv() {
            server.send_packet(&packet).unwrap();
        }
        client.poll();
        client.available() > 0
    });
    assert!(client.recv().as_ref() == Some(packet), "{packet:?} was changed");
}

#[test]
fn packets_pass_unchanged_and_keep_their_kind() {
    let mut pair = open();
    for size in [0, 1, 125, 126, 65_535, 65_536, MIB] {
        assert_passes(&mut pair, &Packet::text("x".repeat(size)));
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        assert_passes(&mut pair, &Packet::binary(bytes));
    }
    assert_passes(&mut pair, &Packet::text("grüße 🎮 \0"));
    assert_eq!(pair.server.stats().bytes_received, pair.client.stats().bytes_sent);
}

#[test]
fn a_wait_alone_drives_a_tls_connection() {
    let authority = Authority::new("own authority").unwrap();
    let Pair { mut client, mut server } = connecting(&authority, &authority);
    let echo = thread::spawn(move || {
        while server.wait(LONG) != ReadyState::Closed {
            while let Some(packet) = server.recv() {
                server.send_packet(&packet).unwrap();
            }
        }
        server.close_info().unwrap().clone()
    });
    let mut sizes = vec![MIB, 0, 65_536, 1].into_iter();
    let mut expected = None;
    let start = Instant::now();
    while client.wait(LONG) != ReadyState::Closed {
        assert!(start.elapsed() < PATIENCE, "overslept");
        if let Some(packet) = client.recv() {
            assert_eq!(Some(packet.len()), expected.take());
        }
        if client.state() == ReadyState::Open && expected.is_none() {
            expected = sizes.next();
            match expected {
                Some(size) => client.send(&vec![7; size]).unwrap(),
                None => client.close(),
            }
        }
    }
    assert!(client.close_info().unwrap().was_clean());
    assert!(echo.join().unwrap().was_clean());
}

#[test]
fn many_packets_both_ways_at_once_keep_their_order() {
    const COUNT: usize = 2000;
    let Pair { mut client, mut server } = open();
    for number in 0..COUNT {
        client.send_text(&number.to_string()).unwrap();
        server.send(number.to_string().as_bytes()).unwrap();
    }
    for peer in [&client, &server] {
        assert_eq!(peer.stats().packets_sent, COUNT as u64);
    }
    let (mut to_server, mut to_client) = (0, 0);
    until("all packets arrive", || {
        for (peer, count) in [(&mut client, &mut to_client), (&mut server, &mut to_server)] {
            peer.poll();
            while let Some(packet) = peer.recv() {
                assert_eq!(&packet[..], count.to_string().as_bytes());
                *count += 1;
            }
        }
        to_client == COUNT && to_server == COUNT
    });
}

#[test]
fn the_url_of_the_server_is_a_wss_url() {
    let pair = open();
    let url = pair.client.url().unwrap();
    assert!(url.starts_with("wss://127.0.0.1:") && url.ends_with("/game?room=7"), "{url}");
    assert_eq!(pair.server.url(), Some(url));
    assert!(pair.server.peer_addr().unwrap().ip().is_loopback());
}

#[test]
fn the_close_of_the_client_arrives_with_code_and_reason() {
    let mut pair = open();
    pair.client.send_text("last").unwrap();
    pair.client.close_with(CloseCode::new(4001).unwrap(), "client leaves").unwrap();
    let (client, server) = pair.closed();
    assert_eq!(
        (client.code, client.reason.as_str(), client.cause),
        (Some(4001), "client leaves", CloseCause::Local)
    );
    assert_eq!(
        (server.code, server.reason.as_str(), server.cause),
        (Some(4001), "client leaves", CloseCause::Remote)
    );
    assert_eq!(pair.server.recv().unwrap().as_text(), Some("last"));
}

#[test]
fn the_close_of_the_server_arrives_with_code_and_reason() {
    let mut pair = open();
    pair.server.send_text("last").unwrap();
    pair.server.close_with(CloseCode::new(1001).unwrap(), "server leaves").unwrap();
    let (client, server) = pair.closed();
    assert_eq!(
        (client.code, client.reason.as_str(), client.cause),
        (Some(1001), "server leaves", CloseCause::Remote)
    );
    assert_eq!(
        (server.code, server.reason.as_str(), server.cause),
        (Some(1001), "server leaves", CloseCause::Local)
    );
    assert_eq!(pair.client.recv().unwrap().as_text(), Some("last"));
}

#[test]
fn a_message_over_the_limit_closes_both_ends_with_the_cause() {
    let mut pair = open();
    pair.client.send(&vec![0; MIB + 1]).unwrap();
    let (client, server) = pair.closed();
    assert_eq!((server.code, server.cause), (Some(1009), CloseCause::MessageTooBig));
    assert_eq!((client.code, client.cause), (Some(1009), CloseCause::Remote));
}

#[test]
fn a_dropped_end_is_a_lost_connection_for_the_other() {
    for drop_server in [true, false] {
        let Pair { client, server } = open();
        let (dropped, mut left) = if drop_server { (server, client) } else { (client, server) };
        drop(dropped);
        until("the loss is reported", || left.poll() == ReadyState::Closed);
        assert_eq!(left.close_info().unwrap().cause, CloseCause::ConnectionLost);
    }
}

#[test]
fn a_client_that_rejects_the_certificate_sends_an_alert() {
    let (issuer, trusted) = (Authority::new("one").unwrap(), Authority::new("another").unwrap());
    let mut pair = connecting(&issuer, &trusted);
    let (client, server) = pair.closed();
    assert_eq!(client.cause, CloseCause::Tls(TlsFailure::UnknownIssuer));
    assert!(matches!(&server.cause, CloseCause::Tls(TlsFailure::Other(_))), "{server:?}");
    assert_eq!(pair.server.url(), None);
}

#[test]
fn an_unusable_certificate_is_an_error() {
    let authority = Authority::new("own authority").unwrap();
    let [one, other] = [(); 2].map(|()| authority.issue(&["localhost"]).unwrap());
    let certificates = one.certificates_pem.clone();
    let garbled = |label: &str| format!("-----BEGIN {label}-----\nZ2FyYmFnZQ==\n-----END {label}-----\n");
    for (what, certificates_pem, key_pem) in [
        ("no certificate", "garbage".to_owned(), one.key_pem.clone()),
        ("no key", certificates.clone(), "garbage".to_owned()),
        ("nothing", String::new(), String::new()),
        ("exchanged", one.key_pem.clone(), certificates.clone()),
        ("a garbled certificate", garbled("CERTIFICATE"), one.key_pem.clone()),
        ("a garbled key", certificates.clone(), garbled("PRIVATE KEY")),
        ("another's key", certificates, other.key_pem),
    ] {
        let tls = TlsOptions::default().certificate(TlsCertificate::from_pem(certificates_pem, key_pem));
        let mut peer = WebSocketPeer::with_options(PeerOptions::for_server().tls(tls));
        let error = peer.accept(tcp_pair().1).expect_err(what);
        assert!(matches!(error, Error::InvalidOption { option: "tls.certificate", .. }), "{what}: {error}");
        assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closed, None), "{what}");
    }
}

#[test]
fn a_client_does_not_use_a_server_certificate() {
    let authority = Authority::new("own authority").unwrap();
    let identity = identity(authority.issue(&["localhost"]).unwrap());
    let roots = TlsRoots::Custom { pem: crate::common::server().ca_pem().as_bytes().to_vec() };
    let tls = TlsOptions::default().roots(roots).certificate(identity);
    let mut peer = WebSocketPeer::with_options(PeerOptions::default().tls(tls));
    peer.connect(&crate::common::server().secure_url("/echo")).unwrap();
    crate::common::opened(&mut peer);
}
