//! Which certificates a client trusts, for which names.

use testkit::{
    Server,
    certs::{Authority, Identity},
};
use websocket_peer::{
    CloseCause, Error, PeerOptions, ReadyState, TlsFailure, TlsOptions, TlsRoots, WebSocketPeer,
};

use crate::common::{closed, opened, receive, server};

pub fn authority() -> Authority {
    Authority::new("own authority").unwrap()
}

pub fn serve(authority: &Authority, identity: &Identity) -> Server {
    Server::start_as(authority, identity).unwrap()
}

pub fn trusting(pem: &str) -> TlsOptions {
    TlsOptions::default().roots(TlsRoots::Custom { pem: pem.as_bytes().to_vec() })
}

fn peer(tls: TlsOptions) -> WebSocketPeer {
    WebSocketPeer::with_options(PeerOptions::default().tls(tls))
}

#[track_caller]
pub fn assert_opens(tls: TlsOptions, url: &str) {
    let mut peer = peer(tls);
    peer.connect(url).unwrap();
    opened(&mut peer);
    peer.send_text("over TLS").unwrap();
    assert_eq!(receive(&mut peer).as_text(), Some("over TLS"));
    peer.close();
    assert_eq!(closed(&mut peer).cause, CloseCause::Local);
}

#[track_caller]
pub fn failure(tls: TlsOptions, url: &str) -> TlsFailure {
    let mut peer = peer(tls);
    peer.connect(url).unwrap();
    let info = closed(&mut peer);
    assert_eq!((info.code, info.reason.as_str(), info.was_clean()), (None, "", false));
    match info.cause {
        CloseCause::Tls(failure) => failure,
        other => panic!("{other:?}"),
    }
}

/// Returns the error of `connect`, which starts nothing.
#[track_caller]
fn connect_error(tls: TlsOptions) -> Error {
    let mut peer = peer(tls);
    let error = peer.connect(&server().secure_url("/echo")).expect_err("it cannot be done");
    assert_eq!((peer.state(), peer.close_info(), peer.url()), (ReadyState::Closed, None, None));
    error
}

#[test]
fn a_custom_authority_is_trusted() {
    assert_opens(trusting(server().ca_pem()), &server().secure_url("/echo"));
}

#[test]
fn several_authorities_can_be_trusted() {
    let pem = format!("{}{}", authority().pem(), server().ca_pem());
    assert_opens(trusting(&pem), &server().secure_url("/echo"));
}

#[test]
fn a_certificate_can_be_for_an_address() {
    let port = server().secure_addr().port();
    assert_opens(trusting(server().ca_pem()), &format!("wss://127.0.0.1:{port}/echo"));
}

#[test]
fn an_unknown_authority_is_rejected() {
    let url = server().secure_url("/echo");
    assert_eq!(failure(trusting(authority().pem()), &url), TlsFailure::UnknownIssuer);
}

#[test]
fn an_authority_with_the_right_name_and_another_key_is_rejected() {
    let (ours, impostor) = (authority(), authority());
    let server = serve(&impostor, &impostor.issue(&["localhost"]).unwrap());
    // The failure depends on what the library checks first: the issuer or the signature.
    let failure = failure(trusting(ours.pem()), &server.secure_url("/echo"));
    assert!(matches!(failure, TlsFailure::UnknownIssuer | TlsFailure::Other(_)), "{failure:?}");
}

#[test]
fn the_test_authority_is_unknown_to_the_platform() {
    assert_eq!(failure(TlsOptions::default(), &server().secure_url("/echo")), TlsFailure::UnknownIssuer);
}

#[test]
fn a_certificate_for_another_name_is_rejected() {
    let authority = authority();
    let server = serve(&authority, &authority.issue(&["game.example"]).unwrap());
    assert_eq!(failure(trusting(authority.pem()), &server.secure_url("/echo")), TlsFailure::WrongName);
}

#[test]
fn a_certificate_for_a_name_is_not_valid_for_the_address() {
    let authority = authority();
    let server = serve(&authority, &authority.issue(&["localhost"]).unwrap());
    let url = format!("wss://{}/echo", server.secure_addr());
    assert_eq!(failure(trusting(authority.pem()), &url), TlsFailure::WrongName);
}

#[test]
fn an_expired_certificate_is_rejected() {
    let authority = authority();
    let server = serve(&authority, &authority.issue_expired(&["localhost"]).unwrap());
    assert_eq!(failure(trusting(authority.pem()), &server.secure_url("/echo")), TlsFailure::Expired);
}

#[test]
fn another_name_can_be_expected() {
    let authority = authority();
    let server = serve(&authority, &authority.issue(&["game.example"]).unwrap());
    assert_opens(trusting(authority.pem()).server_name("game.example"), &server.secure_url("/echo"));
}

#[test]
fn the_expected_name_replaces_the_one_of_the_url() {
    let url = server().secure_url("/echo");
    assert_eq!(failure(trusting(server().ca_pem()).server_name("game.example"), &url), TlsFailure::WrongName);
}

#[test]
fn a_failure_has_a_readable_text() {
    let mut peer = peer(trusting(authority().pem()));
    peer.connect(&server().secure_url("/echo")).unwrap();
    let text = closed(&mut peer).to_string();
    assert_eq!(text, "the TLS handshake failed: no trusted authority issued the certificate");
}

#[test]
fn the_same_peer_can_connect_after_a_rejected_certificate() {
    let mut peer = peer(trusting(authority().pem()));
    peer.connect(&server().secure_url("/echo")).unwrap();
    closed(&mut peer);
    peer.set_options(PeerOptions::default().tls(trusting(server().ca_pem())));
    peer.connect(&server().secure_url("/echo")).unwrap();
    opened(&mut peer);
}

#[test]
fn unreadable_authorities_are_an_error() {
    let label = |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    for pem in [String::new(), "garbage".into(), label("!!!"), label("Z2FyYmFnZQ=="), label("")] {
        let error = connect_error(trusting(&pem));
        assert!(matches!(error, Error::InvalidOption { option: "tls.roots", .. }), "{pem:?}: {error}");
    }
}

#[test]
fn an_invalid_expected_name_is_an_error() {
    for name in ["", "two words", "-", "ws://game.example", "game.example:80"] {
        let error = connect_error(trusting(server().ca_pem()).server_name(name));
        assert!(matches!(error, Error::InvalidOption { option: "tls.server_name", .. }), "{name:?}: {error}");
    }
}

#[test]
fn bundled_authorities_need_their_feature() {
    let tls = TlsOptions::default().roots(TlsRoots::Bundled);
    if cfg!(feature = "tls-bundled-roots") {
        assert_eq!(failure(tls, &server().secure_url("/echo")), TlsFailure::UnknownIssuer);
    } else {
        let error = connect_error(tls);
        assert!(
            matches!(error, Error::Unsupported { what, .. } if what.contains("`tls-bundled-roots`")),
            "{error}"
        );
    }
}

#[test]
fn accepting_any_certificate_needs_its_feature() {
    let tls = TlsOptions::default().roots(TlsRoots::DangerouslyAcceptAny);
    if cfg!(feature = "tls-dangerous") {
        let authority = authority();
        let expired = serve(&authority, &authority.issue_expired(&["game.example"]).unwrap());
        assert_opens(tls.clone(), &expired.secure_url("/echo"));
        assert_opens(tls, &server().secure_url("/echo"));
    } else {
        let error = connect_error(tls);
        assert!(
            matches!(error, Error::Unsupported { what, .. } if what.contains("`tls-dangerous`")),
            "{error}"
        );
    }
}
