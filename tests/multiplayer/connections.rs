//! Secure connections, and sub-protocols.

use websocket_peer::{
    CloseCause, PeerOptions, ServerOptions, TlsCertificate, TlsOptions, TlsRoots,
    multiplayer::{Event, MultiplayerOptions, MultiplayerPeer, Target},
};

use crate::{
    common::raw::{Raw, connect},
    party::{HOST, Member, Party, said},
};

#[test]
fn a_session_on_secure_connections() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    let identity = TlsCertificate::from_pem(certificate.clone(), key);
    let mut peer = PeerOptions::for_server();
    peer.tls.certificate = Some(identity);
    let mut party =
        Party::hosted(MultiplayerOptions::default().server(ServerOptions::default().connection(peer)));
    let port = party.members[HOST].peer.local_addr().unwrap().port();
    let mut tls = TlsOptions::default();
    tls.roots = TlsRoots::Custom { pem: certificate.into_bytes() };
    let options = MultiplayerOptions::default().client(PeerOptions::default().tls(tls));
    let client = MultiplayerPeer::connect(&format!("wss://localhost:{port}"), options).unwrap();
    party.members.push(Member::new(client));
    assert!(matches!(party.event(1), Event::Connected { .. }));
    party.until("it is admitted", |party| party.members[HOST].peer.peers().len() == 1);
    party.members[HOST].told.clear();
    party.members[1].say(Target::SERVER, "in secret");
    assert_eq!(party.call(HOST).1, said("in secret"));
}

#[test]
fn a_sub_protocol_must_be_shared() {
    // One setter for both roles.
    let options = MultiplayerOptions::default().protocols(["ludus"]);
    let mut party = Party::hosted(options.clone());
    let good = party.join_with(options);
    assert!(matches!(party.event(good), Event::Connected { .. }));
    let id = party.id(good);
    party.until("it is admitted", |party| party.members[HOST].peer.peers().len() == 1);
    assert_eq!(party.members[HOST].peer.peer(id).unwrap().protocol(), Some("ludus"));
    for offered in [&["other"][..], &["Ludus", "ludus2"], &[]] {
        let client = PeerOptions::default().protocols(offered.iter().copied());
        let bad = party.join_with(MultiplayerOptions::default().client(client));
        let Event::ConnectionFailed { info } = party.event(bad) else { panic!("it was let in: {offered:?}") };
        assert!(matches!(info.cause, CloseCause::Refused { status: Some(400), .. }), "{offered:?}: {info}");
    }
    assert_eq!(party.members[HOST].peer.peers().len(), 1);
}

/// The bytes are an engine's, whose client gives up only when the server refuses it.
#[test]
fn a_foreign_client_without_the_sub_protocol_gets_no_id() {
    let mut party = Party::hosted(MultiplayerOptions::default().protocols(["ludus", "demo"]));
    let address = party.members[HOST].peer.local_addr().unwrap();
    let mut ask = |offer: &str| {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n"
        );
        let mut raw = Raw::new(connect(address));
        raw.send(request);
        let mut head = None;
        party.until("the answer", |_| {
            head = raw.head();
            head.is_some()
        });
        (head.unwrap_or_default(), party.members[HOST].peer.peers().len())
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
fn a_session_that_does_not_require_its_sub_protocol_admits_all_who_take_none() {
    let peer = PeerOptions::for_server().protocols(["ludus"]).require_protocol(false);
    let mut party =
        Party::hosted(MultiplayerOptions::default().server(ServerOptions::default().connection(peer)));
    let without = party.join_with(MultiplayerOptions::default());
    assert!(matches!(party.event(without), Event::Connected { .. }));
}
