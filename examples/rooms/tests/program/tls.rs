//! The certificate: clients over TLS, and new files without a restart.

use testkit::certs::{Authority, Identity};
use websocket_peer::{
    PeerOptions, TlsOptions, TlsRoots,
    multiplayer::{Event, MultiplayerOptions, SceneMultiplayer},
};

use crate::child::{self, Folder, Program, eventually};

struct Files {
    folder: Folder,
    certificates: String,
    key: String,
}

impl Files {
    fn new(name: &str, identity: &Identity) -> Self {
        let folder = Folder::new(name);
        let certificates = folder.write("chain.pem", &identity.certificates_pem);
        let key = folder.write("key.pem", &identity.key_pem);
        Self { folder, certificates, key }
    }

    fn replace(&self, identity: &Identity) {
        self.folder.write("chain.pem", &identity.certificates_pem);
        self.folder.write("key.pem", &identity.key_pem);
    }

    fn server(&self, check_interval: &str) -> Program {
        self.server_with(&format!("tls.check_interval={check_interval}"))
    }

    fn server_with(&self, setting: &str) -> Program {
        Program::server(&[
            "127.0.0.1:0",
            "--tls-certificates",
            &self.certificates,
            "--tls-key",
            &self.key,
            "--set",
            setting,
        ])
    }
}

fn authority(name: &str) -> (Authority, Identity) {
    let authority = Authority::new(name).expect("an authority");
    let identity = authority.issue(&["127.0.0.1", "game.example"]).expect("a certificate");
    (authority, identity)
}

/// Connects with trust in this authority alone. Returns `true` if the connection opened.
fn can_join(server: &Program, authority: &Authority) -> bool {
    join(server, authority).is_some()
}

/// Connects with trust in this authority alone. Returns the client if the connection opened.
fn join(server: &Program, authority: &Authority) -> Option<SceneMultiplayer> {
    let roots = TlsRoots::Custom { pem: authority.pem().as_bytes().to_vec() };
    let options = PeerOptions::default().tls(TlsOptions::default().roots(roots));
    let url = format!("{}/lobby", server.url());
    let mut client =
        SceneMultiplayer::connect(&url, MultiplayerOptions::default().client(options)).expect("a valid URL");
    let has_joined = eventually("an answer", || {
        client.wait(child::STEP);
        std::iter::from_fn(|| client.next_event()).find_map(|event| match event {
            Event::Connected { .. } => Some(true),
            Event::ConnectionFailed { .. } => Some(false),
            _ => None,
        })
    });
    has_joined.then_some(client)
}

#[test]
fn new_files_are_used_without_a_restart_and_broken_ones_are_not() {
    let (old, identity) = authority("old");
    let files = Files::new("renewed", &identity);
    let mut server = files.server("0.05");
    assert!(server.url().starts_with("wss://"));
    assert!(can_join(&server, &old));

    let (new, identity) = authority("new");
    assert!(!can_join(&server, &new));
    files.replace(&identity);
    eventually("the new certificate is in use", || can_join(&server, &new).then_some(()));
    assert!(!can_join(&server, &old));
    server.log_line("a new certificate is in use");

    // The key of another certificate, and then no certificate at all.
    let (_, other) = authority("other");
    files.folder.write("key.pem", &other.key_pem);
    server.log_line("the old certificate stays in use");
    assert!(can_join(&server, &new));
    files.folder.write("chain.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    eventually("a second warning", || {
        let warnings = server.log().iter().filter(|line| line.contains("the old certificate stays")).count();
        (warnings >= 2).then_some(())
    });
    assert!(can_join(&server, &new));
    let (last, identity) = authority("last");
    files.replace(&identity);
    eventually("the last certificate is in use", || can_join(&server, &last).then_some(()));
}

#[cfg(unix)]
#[test]
fn sighup_reads_the_files_again() {
    let (_, identity) = authority("old");
    let files = Files::new("signal", &identity);
    let mut server = files.server("0");
    let (new, identity) = authority("new");
    files.replace(&identity);
    assert!(!can_join(&server, &new));
    server.signal("HUP");
    server.log_line("a new certificate is in use");
    assert!(can_join(&server, &new));
}

#[test]
fn an_expired_certificate_causes_a_warning_and_a_metric() {
    let (_, identity) = authority("a");
    let files = Files::new("expired", &identity);
    let expired = Authority::new("b").and_then(|authority| authority.issue_expired(&["127.0.0.1"]));
    files.replace(&expired.expect("a certificate"));
    let mut server = files.server("0");
    server.log_line("the certificate has expired");
}

#[test]
fn the_check_of_the_health_trusts_the_files() {
    let (_, identity) = authority("health");
    let files = Files::new("health", &identity);
    let server = files.server("0");
    let address = server.address();
    let check = |certificates: &str| {
        let flags = ["--tls-certificates", certificates, "--tls-key", &files.key, "--check-health"];
        Program::run(&[&[address.as_str()], &flags[..]].concat())
    };
    let ended = check(&files.certificates);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (_, other) = authority("other");
    let other = files.folder.write("other.pem", &other.certificates_pem);
    assert_eq!(check(&other).code, Some(1));
}

#[test]
fn a_full_server_with_tls_is_healthy() {
    let (authority, identity) = authority("full");
    let files = Files::new("full", &identity);
    let server = files.server_with("rooms.server.max_peers=1");
    let client = join(&server, &authority).expect("there is room for one");
    assert!(!can_join(&server, &authority), "the server is full");
    let flags = ["--tls-certificates", &files.certificates, "--tls-key", &files.key, "--check-health"];
    let ended = Program::run(&[&[server.address().as_str()], &flags[..]].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    drop(client);
}
