//! A server with a certificate: with the crate's clients, and with clients that never complete a TLS handshake.

use std::{
    env, fs,
    path::PathBuf,
    process,
    time::{Duration, Instant},
};

use testkit::certs::Authority;
use websocket_peer::{
    Admission, CloseCause, Error, Limit, Packet, PeerKey, PeerOptions, ReadyState, ServerEvent,
    ServerOptions, TlsCertificate, TlsFailure, TlsOptions, TlsRoots, WebSocketPeer, WebSocketServer,
};

use crate::{
    common::raw::REQUEST,
    host::{Host, unlimited, with_peer},
};

const MIB: usize = 1024 * 1024;
const SOON: Duration = Duration::from_millis(400);

fn authority() -> Authority {
    Authority::new("own authority").unwrap()
}

fn identity(authority: &Authority) -> TlsCertificate {
    let identity = authority.issue(&["127.0.0.1"]).unwrap();
    TlsCertificate::from_pem(identity.certificates_pem.into_bytes(), identity.key_pem.into_bytes())
}

/// Options for peers of a server with this certificate.
fn peer(identity: TlsCertificate) -> PeerOptions {
    PeerOptions::for_server().max_message_size(MIB).tls(TlsOptions::default().certificate(identity))
}

fn secure(authority: &Authority) -> Host {
    Host::start(with_peer(peer(identity(authority))).rate_limits(unlimited()))
}

/// A client that has begun to connect, and trusts this authority.
fn connecting(host: &Host, authority: &Authority) -> WebSocketPeer {
    let roots = TlsRoots::Custom { pem: authority.pem().as_bytes().to_vec() };
    let mut client =
        WebSocketPeer::with_options(PeerOptions::default().tls(TlsOptions::default().roots(roots)));
    client.connect(&host.url("/room?x=1").replace("ws:", "wss:")).unwrap();
    client
}

#[track_caller]
fn connected(host: &mut Host, authority: &Authority) -> (PeerKey, WebSocketPeer) {
    let mut client = connecting(host, authority);
    host.until_so("it opens", |_| client.poll() != ReadyState::Connecting);
    assert_eq!(client.state(), ReadyState::Open, "{:?}", client.close_info());
    (host.opened(), client)
}

/// Returns `true` if a packet of this peer has arrived.
fn has_packet(host: &Host, key: PeerKey) -> bool {
    host.events.iter().any(|event| matches!(event, ServerEvent::Packet(from, _) if *from == key))
}

/// Checks that a packet arrives at the server, and at the client.
#[track_caller]
fn assert_passes(host: &mut Host, key: PeerKey, client: &mut WebSocketPeer, packet: &Packet) {
    client.send_packet(packet).unwrap();
    host.until_so("it arrives", |host| {
        client.poll();
        has_packet(host, key)
    });
    assert!(host.packet(key) == *packet, "{} bytes were changed on the way in", packet.len());
    host.server.send_packet(key, packet).unwrap();
    host.until_so("it comes back", |_| {
        client.poll();
        client.available() > 0
    });
    assert!(client.recv().as_ref() == Some(packet), "{} bytes were changed on the way out", packet.len());
}

/// Returns why a client is closed that is not admitted.
#[track_caller]
fn refused(host: &mut Host, mut client: WebSocketPeer) -> CloseCause {
    host.until_so("it ends", |_| client.poll() == ReadyState::Closed);
    client.close_info().unwrap().cause.clone()
}

/// A folder for one test, which is removed after it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("websocket-peer-{name}-{}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system removes files that are left in this place.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_server_uses_a_certificate_and_key_from_files() {
    let folder = Folder::new("files");
    let (certificates, key) = (folder.0.join("chain.pem"), folder.0.join("key.pem"));
    let authority = authority();
    let issued = authority.issue(&["127.0.0.1"]).unwrap();
    fs::write(&certificates, issued.certificates_pem).unwrap();
    fs::write(&key, issued.key_pem).unwrap();

    let identity = TlsCertificate::from_files(&certificates, &key).unwrap();
    let mut host = Host::start(with_peer(peer(identity)));
    let (key, mut client) = connected(&mut host, &authority);
    let request = host.server.peer(key).unwrap().request();
    assert!(request.is_secure());
    assert_eq!(Some(&*request.url()), client.url());
    assert_passes(&mut host, key, &mut client, &Packet::text("hello"));

    let missing = TlsCertificate::from_files(folder.0.join("nothing.pem"), &certificates);
    assert!(matches!(missing, Err(Error::Io { kind: std::io::ErrorKind::NotFound, .. })), "{missing:?}");
}

#[test]
fn packets_of_every_size_arrive_unchanged() {
    let authority = authority();
    let mut host = secure(&authority);
    let (key, mut client) = connected(&mut host, &authority);
    for size in [0, 1, 125, 126, 16_383, 16_384, 65_535, 65_536, MIB] {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        assert_passes(&mut host, key, &mut client, &Packet::binary(bytes));
        assert_passes(&mut host, key, &mut client, &Packet::text("x".repeat(size)));
    }
    client.close();
    assert_eq!(host.closed(key).code, Some(1000));
    host.until_so("both are closed", |_| client.poll() == ReadyState::Closed);
    assert!(client.close_info().unwrap().was_clean());
    host.until_empty();
}

#[test]
fn a_broadcast_reaches_all_peers() {
    let authority = authority();
    let mut host = secure(&authority);
    let mut clients: Vec<_> = (0..5).map(|_| connected(&mut host, &authority).1).collect();
    for packet in [Packet::text("small"), Packet::binary(vec![7; 300_000])] {
        assert_eq!(host.server.broadcast(&packet, None), 5);
        for client in &mut clients {
            host.until_so("it arrives", |_| {
                client.poll();
                client.available() > 0
            });
            assert!(client.recv().as_ref() == Some(&packet));
        }
    }
}

#[test]
fn rejections_are_answered_over_tls_too() {
    let authority = authority();
    let options = with_peer(peer(identity(&authority))).paths(["/else"]);
    let mut host = Host::start(options);
    let client = connecting(&host, &authority);
    assert!(matches!(refused(&mut host, client), CloseCause::Refused { status: Some(404), .. }));
}

#[test]
fn a_stalled_tls_handshake_ends_at_the_deadline_and_delays_no_other_client() {
    let authority = authority();
    // Long enough for a handshake on a loaded machine.
    const LIMIT: Duration = Duration::from_secs(4);
    let mut host = Host::start(with_peer(peer(identity(&authority)).connect_timeout(LIMIT)));
    let start = Instant::now();
    // Nothing; a part of a record's header; a record that is not complete.
    let mut stalled = [&b""[..], b"\x16\x03", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abc"]
        .map(|bytes| host.connect_and_send(bytes));
    host.until_so("they are accepted", |host| host.server.stats().pending == 3);
    let (key, mut client) = connected(&mut host, &authority);
    assert_passes(&mut host, key, &mut client, &Packet::text("hello"));
    for raw in &mut stalled {
        host.end(raw);
    }
    assert!(start.elapsed() >= LIMIT - Duration::from_millis(20), "{:?}", start.elapsed());
    assert_passes(&mut host, key, &mut client, &Packet::text("still here"));
    assert_eq!(host.server.stats().rejected, 3);
}

#[test]
fn a_client_without_tls_is_rejected() {
    let mut host = secure(&authority());
    for bytes in [REQUEST.as_bytes(), b"\0\0\0\0\0\0\0\0", &[0xFF; 20_000]] {
        let mut raw = host.connect_and_send(bytes);
        host.end(&mut raw);
    }
    host.until_empty();
    assert_eq!(host.server.stats().rejected, 3);
    assert_eq!(host.events, []);
}

/// Endless loop in a TLS library (RUSTSEC-2024-0336): a close_notify alert in the middle of a handshake.
#[test]
fn a_close_notify_within_the_tls_handshake_ends_it() {
    let mut host = Host::start(with_peer(peer(identity(&authority())).connect_timeout(SOON)));
    let close_notify = [0x15, 3, 3, 0, 2, 1, 0];
    let _raw = [host.connect_and_send(close_notify), host.connect_and_send(close_notify.repeat(1000))];
    let mut wakeups = 0;
    while host.server.stats().rejected < 2 {
        host.server.wait(Duration::from_secs(20));
        wakeups += 1;
        assert!(wakeups <= 20, "woken {wakeups} times: {:?}", host.server.stats());
    }
}

#[test]
fn a_certificate_can_be_replaced_while_the_server_runs() {
    let [old, new] = ["an old authority", "a new authority"].map(|name| Authority::new(name).unwrap());
    let mut host = secure(&old);
    let (old_key, mut old_client) = connected(&mut host, &old);
    let early = connecting(&host, &new);
    assert_eq!(refused(&mut host, early), CloseCause::Tls(TlsFailure::UnknownIssuer));

    host.server.set_certificate(identity(&new)).unwrap();
    let (new_key, mut new_client) = connected(&mut host, &new);
    let late = connecting(&host, &old);
    assert_eq!(refused(&mut host, late), CloseCause::Tls(TlsFailure::UnknownIssuer));
    assert_passes(&mut host, old_key, &mut old_client, &Packet::text("the old one still works"));
    assert_passes(&mut host, new_key, &mut new_client, &Packet::text("the new one as well"));
}

#[test]
fn an_unusable_certificate_leaves_the_old_one_in_place() {
    let authority = authority();
    let mut host = secure(&authority);
    let before = host.server.options().clone();
    let [good, other] = [(); 2].map(|()| authority.issue(&["127.0.0.1"]).unwrap());
    for (certificates_pem, key_pem) in [
        ("garbage".to_owned(), good.key_pem.clone()),
        (good.certificates_pem.clone(), String::new()),
        (good.certificates_pem.clone(), other.key_pem),
        (good.key_pem.clone(), good.certificates_pem.clone()),
    ] {
        let refused = host.server.set_certificate(TlsCertificate::from_pem(certificates_pem, key_pem));
        assert!(
            matches!(refused, Err(Error::InvalidOption { option: "tls.certificate", .. })),
            "{refused:?}"
        );
        assert_eq!(host.server.options(), &before);
    }
    connected(&mut host, &authority);
    let good = TlsCertificate::from_pem(good.certificates_pem, good.key_pem);
    host.server.set_certificate(good.clone()).unwrap();
    assert_eq!(host.server.options().connection.tls.certificate, Some(good));
}

#[test]
fn set_certificate_fails_on_a_plain_server() {
    let mut host = Host::start(ServerOptions::default());
    let refused = host.server.set_certificate(identity(&authority()));
    assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
    host.open_client();
}

#[test]
fn a_server_cannot_be_bound_with_an_unusable_certificate() {
    let identity = TlsCertificate::from_pem(b"garbage".to_vec(), b"garbage".to_vec());
    let refused = WebSocketServer::bind("127.0.0.1:0", with_peer(peer(identity)));
    assert!(matches!(refused, Err(Error::InvalidOption { option: "tls.certificate", .. })), "{refused:?}");
}

#[test]
fn a_slow_reader_is_limited_and_closed_over_tls_too() {
    let authority = authority();
    let options = peer(identity(&authority)).outbound_buffer_size(200_000);
    let mut host = Host::start(with_peer(options).slow_reader_timeout(SOON));
    let (key, _client) = connected(&mut host, &authority);
    let packet = Packet::binary(vec![0; 10_000]);
    host.until_so("it is closed", |host| {
        while host.server.send_packet(key, &packet).is_ok() {}
        assert!(host.server.stats().memory <= 250_000, "{:?}", host.server.stats());
        host.server.peer(key).is_none()
    });
    assert_eq!(host.closed(key).cause, CloseCause::LimitExceeded(Limit::SlowReader));
}

#[test]
fn an_http_response_of_the_hook_is_sent_over_tls_too() {
    let authority = authority();
    let mut host = secure(&authority);
    host.server.on_request(|_| Admission::respond(200, vec![b'x'; 64 * 1024]));
    let mut client = connecting(&host, &authority);
    host.until_so("it is answered", |_| client.poll() == ReadyState::Closed);
    let cause = &client.close_info().expect("it is closed").cause;
    assert!(matches!(cause, CloseCause::Refused { status: Some(200), .. }), "{cause}");
    host.until_empty();
    assert_eq!(host.server.stats().answered, 1);
}

#[test]
fn a_flood_over_tls_does_not_delay_other_peers() {
    let authority = authority();
    let mut host = secure(&authority);
    const ROUNDS: u32 = 20;
    let (flooding, mut flood) = connected(&mut host, &authority);
    let (key, mut client) = connected(&mut host, &authority);
    let block = Packet::binary(vec![0; 500_000]);
    let mut polls = 0;
    for round in 0..ROUNDS {
        let before = host.server.stats().bytes_received;
        // As much as the network takes.
        for _ in 0..10 {
            while flood.send_packet(&block).is_ok() {}
            flood.poll();
        }
        client.send_text("may I?").unwrap();
        // The kernel has it now, unless the machine is busy. So the polls of all rounds count together.
        while !has_packet(&host, key) {
            polls += 1;
            assert!(polls <= 5 * ROUNDS, "round {round}: not received in {polls} polls");
            host.step();
        }
        host.packet(key);
        host.events.clear();
        assert!(round == 0 || host.server.stats().bytes_received > before);
    }
    assert!(host.server.peer(flooding).is_some());
}
