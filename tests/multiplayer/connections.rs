//! Secure connections, and sub-protocols.

use websocket_peer::{
    CloseCause, PeerOptions, ServerOptions, TlsCertificate, TlsOptions, TlsRoots,
    multiplayer::{Event, MultiplayerOptions, SceneMultiplayer, Target},
};

use crate::{
    common::raw::{Raw, connect},
    test_session::{HOST, TestPeer, TestSession, said},
};

#[test]
fn a_session_runs_over_secure_connections() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    let tls_certificate = TlsCertificate::from_pem(certificate.clone(), key);
    let mut peer = PeerOptions::for_server();
    peer.tls.certificate = Some(tls_certificate);
    let mut test_session =
        TestSession::hosted(MultiplayerOptions::default().server(ServerOptions::default().connection(peer)));
    let port = test_session.members[HOST].peer.local_addr().unwrap().port();
    let mut tls = TlsOptions::default();
    tls.roots = TlsRoots::Custom { pem: certificate.into_bytes() };
    let options = MultiplayerOptions::default().client(PeerOptions::default().tls(tls));
    let client = SceneMultiplayer::connect(&format!("wss://localhost:{port}"), options).unwrap();
    test_session.members.push(TestPeer::new(client));
    assert!(matches!(test_session.event(1), Event::Connected { .. }));
    test_session.until("it is admitted", |test_session| test_session.members[HOST].peer.peers().len() == 1);
    test_session.members[HOST].events.clear();
    test_session.members[1].say(Target::SERVER, "secret");
    assert_eq!(test_session.call(HOST).1, said("secret"));
}

#[test]
fn a_client_without_the_sub_protocol_is_rejected_with_400() {
    // One setter for both roles.
    let options = MultiplayerOptions::default().protocols(["ludus"]);
    let mut test_session = TestSession::hosted(options.clone());
    let good = test_session.join_with(options);
    assert!(matches!(test_session.event(good), Event::Connected { .. }));
    let id = test_session.id(good);
    test_session.until("it is admitted", |test_session| test_session.members[HOST].peer.peers().len() == 1);
    assert_eq!(test_session.members[HOST].peer.peer(id).unwrap().protocol(), Some("ludus"));
    for offered in [&["other"][..], &["Ludus", "ludus2"], &[]] {
        let client = PeerOptions::default().protocols(offered.iter().copied());
        let bad = test_session.join_with(MultiplayerOptions::default().client(client));
        let Event::ConnectionFailed { info } = test_session.event(bad) else {
            panic!("it was admitted: {offered:?}")
        };
        assert!(matches!(info.cause, CloseCause::Refused { status: Some(400), .. }), "{offered:?}: {info}");
    }
    assert_eq!(test_session.members[HOST].peer.peers().len(), 1);
}

/// The request is an engine's. An engine's client gives up only when the server rejects it.
#[test]
fn a_raw_client_without_the_sub_protocol_gets_no_id() {
    let mut test_session = TestSession::hosted(MultiplayerOptions::default().protocols(["ludus", "demo"]));
    let address = test_session.members[HOST].peer.local_addr().unwrap();
    let mut ask = |offer: &str| {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n"
        );
        let mut raw = Raw::new(connect(address));
        raw.send(request);
        let mut head = None;
        test_session.until("the answer", |_| {
            head = raw.head();
            head.is_some()
        });
        (head.unwrap_or_default(), test_session.members[HOST].peer.peers().len())
    };
    for offer in ["", "Sec-WebSocket-Protocol: other\r\n", "Sec-WebSocket-Protocol: Ludus,lud\r\n"] {
        let (head, peers) = ask(offer);
        assert!(head.starts_with("HTTP/1.1 400 "), "{offer}: {head}");
        assert_eq!(peers, 0, "{offer}");
    }
    let (head, _) = ask("Sec-WebSocket-Protocol: other,demo\r\n");
    assert!(
        head.starts_with("HTTP/1.1 101 ") && head.contains("\r\nSec-WebSocket-Protocol: demo\r\n"),
        "{head}"
    );
}

#[test]
fn a_session_that_does_not_require_its_sub_protocol_admits_clients_without_one() {
    let peer = PeerOptions::for_server().protocols(["ludus"]).require_protocol(false);
    let mut test_session =
        TestSession::hosted(MultiplayerOptions::default().server(ServerOptions::default().connection(peer)));
    let without = test_session.join_with(MultiplayerOptions::default());
    assert!(matches!(test_session.event(without), Event::Connected { .. }));
}
