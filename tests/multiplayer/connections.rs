//! Secure connections, and sub-protocols.

use websocket_peer::{
    CloseCause, Options, ServerOptions, TlsIdentity, TlsOptions, TlsRoots,
    multiplayer::{Event, MultiplayerOptions, MultiplayerPeer, Target},
};

use crate::party::{HOST, Member, Party, said};

#[test]
fn a_session_on_secure_connections() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    let identity = TlsIdentity { certificates_pem: certificate.clone().into(), key_pem: key.into() };
    let mut peer = Options::for_server();
    peer.tls.identity = Some(identity);
    let mut party = Party::hosted(MultiplayerOptions::default().server(ServerOptions::default().peer(peer)));
    let port = party.members[HOST].peer.local_addr().unwrap().port();
    let mut tls = TlsOptions::default();
    tls.roots = TlsRoots::Custom { pem: certificate.into_bytes() };
    let options = MultiplayerOptions::default().client(Options::default().tls(tls));
    let client = MultiplayerPeer::create_client(&format!("wss://localhost:{port}"), options).unwrap();
    party.members.push(Member::new(client));
    assert!(matches!(party.event(1), Event::Connected { .. }));
    party.until("it is admitted", |party| party.members[HOST].peer.peers().len() == 1);
    party.members[HOST].told.clear();
    party.members[1].say(Target::SERVER, "in secret");
    assert_eq!(party.call(HOST).1, said("in secret"));
}

#[test]
fn a_sub_protocol_must_be_shared() {
    let ludus = || Options::default().protocols(["ludus"]);
    let server = ServerOptions::default().peer(Options::for_server().protocols(["ludus"]));
    let mut party = Party::hosted(MultiplayerOptions::default().server(server));
    let good = party.join_with(MultiplayerOptions::default().client(ludus()));
    assert!(matches!(party.event(good), Event::Connected { .. }));
    let id = party.id(good);
    party.until("it is admitted", |party| party.members[HOST].peer.peers().len() == 1);
    assert_eq!(party.members[HOST].peer.peer(id).unwrap().protocol(), Some("ludus"));
    let bad = party.join_with(MultiplayerOptions::default().client(ludus().protocols(["other"])));
    let Event::ConnectionFailed { info } = party.event(bad) else { panic!("it was let in") };
    assert!(matches!(info.cause, CloseCause::Refused { .. } | CloseCause::Handshake { .. }), "{info:?}");
}
