//! A build without the feature `tls`: secure connections are an error, plain ones work.

use testkit::certs::Authority;
use websocket_peer::{Error, PeerOptions, ReadyState, TlsCertificate, TlsOptions, WebSocketPeer};

use crate::common::{opened, raw::tcp_pair, receive, server};

#[test]
fn a_secure_url_is_unsupported() {
    let mut peer = WebSocketPeer::new();
    let result = peer.connect(&server().secure_url("/echo"));
    assert!(matches!(result, Err(Error::Unsupported { what, .. }) if what.contains("`tls`")), "{result:?}");
    assert_eq!((peer.state(), peer.close_info(), peer.url()), (ReadyState::Closed, None, None));
}

#[test]
fn a_certificate_is_unsupported() {
    let identity = Authority::new("own").unwrap().issue(&["localhost"]).unwrap();
    let identity =
        TlsCertificate::from_pem(identity.certificates_pem.into_bytes(), identity.key_pem.into_bytes());
    let options = PeerOptions::for_server().tls(TlsOptions::default().certificate(identity));
    let mut peer = WebSocketPeer::with_options(options);
    let result = peer.accept(tcp_pair().1);
    assert!(matches!(result, Err(Error::Unsupported { what, .. }) if what.contains("`tls`")), "{result:?}");
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closed, None));
}

#[test]
fn a_plain_connection_works() {
    let mut peer = WebSocketPeer::new();
    peer.connect(&server().url("/echo")).unwrap();
    opened(&mut peer);
    peer.send_text("plain").unwrap();
    assert_eq!(receive(&mut peer).as_text(), Some("plain"));
}
