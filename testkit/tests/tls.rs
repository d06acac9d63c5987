//! The TLS listener and the certificates it can be given.

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

fn refusal(server: &Server, trusted_pem: &str) -> String {
    let error = client(server, trusted_pem).write_all(b"GET").unwrap_err();
    error.to_string()
}

#[test]
fn its_own_authority_is_enough_to_echo() {
    let server = Server::start().unwrap();
    let (mut websocket, _) =
        tungstenite::client(server.secure_url("/echo"), client(&server, server.ca_pem())).unwrap();
    websocket.send("hello".into()).unwrap();
    assert_eq!(websocket.read().unwrap().into_text().unwrap().as_str(), "hello");
}

#[test]
fn a_cut_comes_without_a_goodbye_from_tls() {
    let server = Server::start().unwrap();
    let (mut websocket, _) =
        tungstenite::client(server.secure_url("/cut"), client(&server, server.ca_pem())).unwrap();
    let error = websocket.get_mut().read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn bad_certificates_are_as_bad_as_they_should_be() {
    let authority = Authority::new("mine").unwrap();
    let other = Authority::new("theirs").unwrap();

    let good = Server::start_as(&authority, &authority.issue(&["localhost"]).unwrap()).unwrap();
    let refused = refusal(&good, other.pem());
    assert!(refused.contains("UnknownIssuer"), "{refused}");

    let expired = Server::start_as(&authority, &authority.issue_expired(&["localhost"]).unwrap()).unwrap();
    let refused = refusal(&expired, authority.pem());
    assert!(refused.contains("expired"), "{refused}");

    let misnamed = Server::start_as(&authority, &authority.issue(&["example.org"]).unwrap()).unwrap();
    let refused = refusal(&misnamed, authority.pem());
    assert!(refused.contains("not valid for name"), "{refused}");
}
