//! The TLS listener and its certificates.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use testkit::Server;
use testkit::certs::Authority;

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn client(server: &Server, trusted_pem: &str) -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let tcp = TcpStream::connect(server.secure_addr()).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), tcp)
}

fn rejection(server: &Server, trusted_pem: &str) -> String {
    let error = client(server, trusted_pem).write_all(b"GET").unwrap_err();
    error.to_string()
}

#[test]
fn a_client_that_trusts_the_authority_gets_an_echo() {
    let server = Server::start().unwrap();
    let (mut websocket, _) =
        tungstenite::client(server.secure_url("/echo"), client(&server, server.ca_pem())).unwrap();
    websocket.send("hello".into()).unwrap();
    assert_eq!(websocket.read().unwrap().into_text().unwrap().as_str(), "hello");
}

#[test]
fn a_cut_sends_no_close_notify() {
    let server = Server::start().unwrap();
    let (mut websocket, _) =
        tungstenite::client(server.secure_url("/cut"), client(&server, server.ca_pem())).unwrap();
    let error = websocket.get_mut().read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn unknown_expired_and_misnamed_certificates_are_rejected() {
    let authority = Authority::new("mine").unwrap();
    let other = Authority::new("theirs").unwrap();

    let good = Server::start_as(&authority, &authority.issue(&["localhost"]).unwrap()).unwrap();
    let error = rejection(&good, other.pem());
    assert!(error.contains("UnknownIssuer"), "{error}");

    let expired = Server::start_as(&authority, &authority.issue_expired(&["localhost"]).unwrap()).unwrap();
    let error = rejection(&expired, authority.pem());
    assert!(error.contains("expired"), "{error}");

    let misnamed = Server::start_as(&authority, &authority.issue(&["example.org"]).unwrap()).unwrap();
    let error = rejection(&misnamed, authority.pem());
    assert!(error.contains("not valid for name"), "{error}");
}
