//! The examples as programs: what they print, how they end, and what they survive.

#![cfg(not(target_family = "wasm"))]

mod common;
#[cfg(feature = "multiplayer")]
#[path = "examples/godot.rs"]
mod godot;
#[path = "examples/hello.rs"]
mod hello;

use std::{net::TcpListener, process::Command, thread};

use common::{
    A_WHILE,
    program::{Program, example, minimal_client, minimal_server},
    raw::{CLOSE, REQUEST, Raw, TEXT, client_frame, close_payload},
    server, until,
};

/// A raw client of the server at this URL.
fn raw(url: &str) -> Raw {
    let address = url.trim_start_matches("ws://");
    Raw::new(std::net::TcpStream::connect(address).expect("the server listens"))
}

/// Asserts what `minimal_client` prints, and its exit code, when it cannot connect.
#[track_caller]
fn assert_unable(url: &str, cause: &str) {
    let ended = minimal_client(url).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let expected = format!("Unable to connect to {url}: {cause}");
    assert!(matches!(&ended.err[..], [only] if only.starts_with(&expected)), "{expected}\n{ended:?}");
    assert!(!ended.out.iter().any(|line| line.starts_with('>')), "{ended:?}");
}

#[test]
fn client_and_server_exchange_a_packet() {
    let (mut server, url) = minimal_server();
    let client = minimal_client(&url).end();
    assert_eq!(client.code, Some(0), "{client:?}");
    assert_eq!(
        client.out,
        [
            &format!("Connecting to {url}..."),
            "> Sending test packet.",
            "< Got text data from server: Test packet",
            "WebSocket closed with code: 1000. Clean: true",
        ]
    );
    assert!(client.err.is_empty(), "{client:?}");
    server.line("- Peer 2 closed");
    assert_eq!(
        server.lines(),
        [
            "Server started.",
            &format!("Listening on {url}"),
            "+ Peer 2 connected.",
            "< Got text data from peer 2: \"Test packet\"... echoing",
            "- Peer 2 closed with code: 1000, reason: . Clean: true",
        ]
    );
    assert!(server.is_running());
}

#[test]
fn several_clients_are_served_at_once() {
    let (mut server, url) = minimal_server();
    let clients: Vec<Program> = (0..5).map(|_| minimal_client(&url)).collect();
    for client in clients {
        let ended = client.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.out.contains(&"< Got text data from server: Test packet".to_owned()), "{ended:?}");
    }
    for id in 2..=6 {
        server.line(&format!("+ Peer {id} connected."));
        server.line(&format!("< Got text data from peer {id}: \"Test packet\"... echoing"));
        server.line(&format!("- Peer {id} closed with code: 1000, reason: . Clean: true"));
    }
}

#[test]
fn a_client_that_is_killed_is_reported_as_lost() {
    let (mut server, url) = minimal_server();
    let mut raw = raw(&url);
    raw.send(REQUEST);
    until("the answer", || raw.head().is_some());
    drop(raw);
    server.line("- Peer 2 closed with code: -1, reason: . Clean: false");
}

#[test]
fn the_server_prints_code_and_reason_and_escapes_line_breaks() {
    let (mut server, url) = minimal_server();
    let mut raw = raw(&url);
    raw.send(REQUEST);
    raw.send(client_frame(CLOSE, close_payload(4001, "bye\n+ Peer 99 connected.")));
    server.line("- Peer 2 closed with code: 4001, reason: bye\\n+ Peer 99 connected.. Clean: true");
    assert!(!server.lines().iter().any(|line| line.starts_with("+ Peer 99")), "{:?}", server.lines());
}

#[test]
fn the_server_survives_garbage() {
    let (mut server, url) = minimal_server();
    let oversized = client_frame(TEXT, "x".repeat(70_000));
    let garbage: [&[u8]; 8] = [
        b"",
        b"garbage\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        &[0; 1000],
        &[0xFF; 20_000],
        &[REQUEST.as_bytes(), &[0xFF; 1000]].concat(),
        &[REQUEST.as_bytes(), &client_frame(TEXT, b"\xC3\x28")].concat(),
        &[REQUEST.as_bytes(), &oversized].concat(),
    ];
    for bytes in garbage {
        let mut raw = raw(&url);
        raw.send(bytes);
        // Some are answered, others are not. The server must go on.
        raw.look();
    }
    let ended = minimal_client(&url).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    server.line("- Peer 8 closed with code: 1007");
    server.line("- Peer 9 closed with code: 1009");
    server.line("- Peer 10 closed with code: 1000");
    assert!(server.is_running());
}

#[test]
fn a_client_without_a_server_prints_the_cause() {
    // A port that was just free.
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    assert_unable(&format!("ws://127.0.0.1:{port}"), "the connection was refused");
}

#[test]
fn a_rejected_client_prints_the_status() {
    let cause = "the server refused the connection with HTTP status 403";
    assert_unable(&server().url("/reject/403"), cause);
}

#[test]
fn a_client_prints_an_invalid_handshake() {
    assert_unable(&server().url("/garbage"), "invalid WebSocket handshake");
}

#[test]
fn a_client_prints_what_is_wrong_with_a_url() {
    assert_unable("127.0.0.1:9080", "invalid WebSocket URL: it must begin with ws:// or wss://");
    assert_unable("http://127.0.0.1", "invalid WebSocket URL: its scheme is not ws or wss");
    assert_unable("", "invalid WebSocket URL: it is empty");
}

#[test]
fn a_client_prints_why_tls_failed() {
    let cause = if cfg!(feature = "tls") {
        "the TLS handshake failed: no trusted authority issued the certificate"
    } else {
        "unsupported here: secure connections; build with the feature `tls`"
    };
    assert_unable(&server().secure_url("/echo"), cause);
}

#[test]
fn a_client_prints_the_close_code_of_the_server() {
    let client = minimal_client(&server().url("/close/4000/enough?wait=message")).end();
    assert_eq!(client.out.last().unwrap(), "WebSocket closed with code: 4000. Clean: true", "{client:?}");
    assert_eq!(client.code, Some(0), "{client:?}");
}

#[test]
fn a_client_prints_packets_that_arrived_with_the_close() {
    // All of it may arrive within one poll.
    let client = minimal_client(&server().url("/send-then-close/1/4000/enough")).end();
    assert!(client.out.contains(&"< Got text data from server: 0".to_owned()), "{client:?}");
    assert_eq!(client.out.last().unwrap(), "WebSocket closed with code: 4000. Clean: true", "{client:?}");
    assert_eq!(client.code, Some(0), "{client:?}");
}

#[test]
fn a_client_whose_connection_is_lost_fails() {
    let client = minimal_client(&server().url("/cut?wait=message")).end();
    assert_eq!(client.out.last().unwrap(), "WebSocket closed with code: -1. Clean: false", "{client:?}");
    assert_eq!(client.code, Some(1), "{client:?}");
}

#[test]
fn a_client_prints_the_size_of_binary_packets() {
    let client = minimal_client(&server().url("/burst-binary/1/10")).end();
    assert!(client.out.contains(&"< Got binary data from server: 10 bytes".to_owned()), "{client:?}");
}

#[test]
fn a_server_prints_that_its_port_is_in_use() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut command = Command::new(example("minimal_server"));
    command.arg(&address);
    let ended = Program::start(command).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let expected = format!("Unable to start server on {address}: ");
    assert!(matches!(&ended.err[..], [only] if only.starts_with(&expected)), "{ended:?}");
    assert!(ended.out.is_empty(), "{ended:?}");
}

#[test]
fn a_server_prints_that_its_address_is_invalid() {
    let mut command = Command::new(example("minimal_server"));
    command.arg("nonsense");
    let ended = Program::start(command).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err[0].starts_with("Unable to start server on nonsense: "), "{ended:?}");
}

#[test]
fn the_server_waits_for_clients() {
    let (mut server, _) = minimal_server();
    thread::sleep(A_WHILE);
    assert!(server.is_running());
}
