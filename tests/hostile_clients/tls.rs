//! Attacks on TLS: handshakes that cost a private-key operation each, and records without data that cost decryption.

use std::{
    io::{Read, Write},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use testkit::certs::Authority;
use websocket_peer::{
    CloseCause, Limit, PeerOptions, RateLimits, ReadyState, ServerOptions, TlsCertificate, TlsOptions,
};

use crate::{
    common::{
        raw::{CLOSE, End, REQUEST, Raw, TEXT, client_frame},
        until,
    },
    host::{Host, unlimited, with_peer},
};

fn secure(authority: &Authority, options: ServerOptions) -> Host {
    let identity = authority.issue(&["127.0.0.1"]).unwrap();
    let identity =
        TlsCertificate::from_pem(identity.certificates_pem.into_bytes(), identity.key_pem.into_bytes());
    let peer = options.connection.clone().tls(TlsOptions::default().certificate(identity));
    Host::start(options.connection(peer))
}

fn authority() -> Authority {
    Authority::new("own authority").unwrap()
}

/// A client's side of TLS, without a socket.
fn client(authority: &Authority) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.pem().as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), ServerName::try_from("127.0.0.1").unwrap()).unwrap()
}

fn hello(authority: &Authority) -> Vec<u8> {
    let mut hello = Vec::new();
    client(authority).write_tls(&mut hello).unwrap();
    hello
}

/// A TLS client on a raw connection.
struct Secure {
    tls: ClientConnection,
    raw: Raw,
    received: Vec<u8>,
}

impl Secure {
    fn new(host: &Host, authority: &Authority) -> Self {
        Self { tls: client(authority), raw: host.connect(), received: Vec::new() }
    }

    /// Sends and receives TLS records. The server may have ended the connection.
    fn exchange(&mut self) {
        let mut tcp = self.raw.tcp();
        while self.tls.wants_write() && self.tls.write_tls(&mut tcp).is_ok() {}
        if self.tls.read_tls(&mut tcp).is_ok() {
            self.tls.process_new_packets().unwrap();
        }
        // An error means that no more data has arrived.
        let _ = self.tls.reader().read_to_end(&mut self.received);
    }

    /// Opens a WebSocket.
    fn open(host: &mut Host, authority: &Authority) -> Self {
        let mut this = Self::new(host, authority);
        this.tls.writer().write_all(REQUEST.as_bytes()).unwrap();
        host.until_so("the answer to the request", |_| {
            this.exchange();
            this.received.ends_with(b"\r\n\r\n")
        });
        assert!(this.received.starts_with(b"HTTP/1.1 101 "));
        this.received.clear();
        this
    }
}

#[test]
fn a_client_that_is_rejected_at_once_costs_no_tls_handshake() {
    let authority = authority();
    let mut host = secure(&authority, ServerOptions::default().max_pending_handshakes_per_address(1));
    let _silent = host.connect();
    host.until_so("it is accepted", |host| host.server.stats().pending == 1);
    let mut refused = host.connect_and_send(hello(&authority));
    host.end(&mut refused);
    assert_eq!(refused.rest(), b"", "a response to the hello would have cost a signature");
    assert_eq!(host.server.stats().pending, 1);
}

#[test]
fn the_time_for_tls_handshakes_in_a_poll_is_limited_and_the_next_poll_continues() {
    // Each costs a signature. On any machine all of them take longer than the 8 ms of a poll.
    const COUNT: usize = 400;
    let authority = authority();
    let options = ServerOptions::default()
        .max_pending_handshakes(COUNT)
        .max_pending_handshakes_per_address(COUNT)
        .max_connections_per_address_per_second(0);
    let peer = options.connection.clone().connect_timeout(std::time::Duration::from_secs(60));
    let mut host = secure(&authority, options.connection(peer));
    let mut clients = Vec::new();
    for _ in 0..COUNT {
        clients.push(host.connect());
        host.step();
    }
    host.until_so("they are accepted", |host| host.server.stats().pending == COUNT);
    let hello = hello(&authority);
    clients.iter_mut().for_each(|raw| raw.send(&hello));
    let answered = |clients: &mut Vec<Raw>| {
        clients.iter_mut().for_each(|raw| {
            raw.look();
        });
        clients.iter().filter(|raw| !raw.rest().is_empty()).count()
    };
    host.server.poll();
    let first = answered(&mut clients);
    assert!((1..COUNT / 2).contains(&first), "{first} of {COUNT} in one poll");
    let mut polls = 1;
    until("all are answered", || {
        host.server.poll();
        polls += 1;
        polls % 20 == 0 && answered(&mut clients) == COUNT
    });
}

#[test]
fn a_client_of_a_full_server_costs_no_tls_handshake() {
    let authority = authority();
    let mut host = secure(&authority, ServerOptions::default().max_peers(1));
    let _admitted = Secure::open(&mut host, &authority);
    host.opened();
    let mut refused = host.connect_and_send(hello(&authority));
    host.end(&mut refused);
    assert_eq!(refused.rest(), b"", "a response to the hello would have cost a signature");
}

#[test]
fn tls_records_without_data_count_for_the_byte_rate() {
    let authority = authority();
    let limits = unlimited().max_bytes_per_second(2_000);
    let mut host = secure(&authority, ServerOptions::default().rate_limits(limits));
    let mut client = Secure::open(&mut host, &authority);
    let key = host.opened();
    // Each of these records updates the keys, and has no data.
    for _ in 0..1000 {
        client.tls.refresh_traffic_keys().unwrap();
    }
    host.until_so("it is closed", |host| {
        client.exchange();
        host.server.peer(key).is_none_or(|peer| peer.state() == ReadyState::Closed)
    });
    assert_eq!(host.closed(key).cause, CloseCause::LimitExceeded(Limit::ByteRate));
}

/// Bytes after the close frame are dropped without decryption.
#[test]
fn a_closed_connection_ends_although_its_client_continues_to_send() {
    let authority = authority();
    let peer = PeerOptions::for_server().close_timeout(std::time::Duration::from_secs(60));
    let mut host = secure(&authority, with_peer(peer).rate_limits(RateLimits::default()));
    let mut client = Secure::open(&mut host, &authority);
    let key = host.opened();
    client.tls.writer().write_all(&client_frame(CLOSE, [3, 0xE8])).unwrap();
    host.until_so("it is closed", |host| {
        client.exchange();
        host.server.peer(key).is_none()
    });
    host.closed(key);
    // These bytes are not TLS.
    assert_is_ended(&mut host, &mut client.raw);
}

/// Over plain TCP, too.
#[test]
fn a_rejected_client_that_continues_to_send_is_ended() {
    let peer = PeerOptions::for_server().close_timeout(std::time::Duration::from_secs(60));
    let mut host = Host::start(with_peer(peer));
    let mut raw = host.connect_and_send("BAD\r\n\r\n");
    host.until_so("it is refused", |host| host.server.stats().rejected == 1);
    assert_is_ended(&mut host, &mut raw);
}

/// Checks that the server ends the connection. The client sends much more than may be in flight.
#[track_caller]
fn assert_is_ended(host: &mut Host, raw: &mut Raw) {
    let junk = [b'x'; 64 * 1024];
    let mut sent = 0_u64;
    raw.tcp().set_nonblocking(true).unwrap();
    host.until_so("the server ends TCP", |_| {
        match raw.tcp().write(&junk) {
            Ok(written) => sent += written as u64,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return true,
        }
        false
    });
    assert!(sent < 64 << 20, "{sent} bytes were taken");
}

#[test]
fn a_well_behaved_tls_client_is_served() {
    let authority = authority();
    let mut host = secure(&authority, ServerOptions::default());
    let mut client = Secure::open(&mut host, &authority);
    let key = host.opened();
    client.tls.writer().write_all(&client_frame(TEXT, "hello")).unwrap();
    client.exchange();
    assert_eq!(host.packet(key).as_text(), Some("hello"));
    host.server.close_with(key, websocket_peer::CloseCode::NORMAL, "bye").unwrap();
    host.until_so("the close frame", |_| {
        client.exchange();
        client.received.ends_with(b"bye")
    });
    client.tls.writer().write_all(&client_frame(CLOSE, [3, 0xE8])).unwrap();
    host.until_so("the end", |_| {
        client.exchange();
        client.raw.end() == Some(End::Eof)
    });
}
