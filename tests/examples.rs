//! The examples as programs: what they print, how they end, and what they survive.

#![cfg(not(target_family = "wasm"))]

#[path = "examples/chat.rs"]
mod chat;
mod common;
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

/// What the client prints, and its exit code, when it does not get a connection.
#[track_caller]
fn assert_unable(url: &str, cause: &str) {
    let ended = minimal_client(url).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let expected = format!("Unable to connect to {url}: {cause}");
    assert!(matches!(&ended.err[..], [only] if only.starts_with(&expected)), "{expected}\n{ended:?}");
    assert!(!ended.out.iter().any(|line| line.starts_with('>')), "{ended:?}");
}

#[test]
fn client_and_server_talk() {
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
fn several_clients_are_served_side_by_side() {
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
fn a_client_that_is_killed_is_lost_to_the_server() {
    let (mut server, url) = minimal_server();
    let mut raw = raw(&url);
    raw.send(REQUEST);
    until("the answer", || raw.head().is_some());
    drop(raw);
    server.line("- Peer 2 closed with code: -1, reason: . Clean: false");
}

#[test]
fn the_server_tells_code_and_reason_and_lets_no_reason_forge_a_line() {
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
        // Some are answered, some only left; what counts is that the server goes on.
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
fn a_client_to_whom_nobody_listens_says_so() {
    // Bound by a listener that is gone: nobody else gets the port within this moment.
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    assert_unable(&format!("ws://127.0.0.1:{port}"), "the connection was refused");
}

#[test]
fn a_client_that_is_refused_says_with_which_status() {
    let cause = "the server refused the connection with HTTP status 403";
    assert_unable(&server().url("/reject/403"), cause);
}

#[test]
fn a_client_that_gets_no_handshake_says_so() {
    assert_unable(&server().url("/garbage"), "no valid WebSocket handshake");
}

#[test]
fn a_client_with_a_bad_url_says_what_is_bad() {
    assert_unable("127.0.0.1:9080", "invalid WebSocket URL: it must begin with ws:// or wss://");
    assert_unable("http://127.0.0.1", "invalid WebSocket URL: its scheme is not ws or wss");
    assert_unable("", "invalid WebSocket URL: it is empty");
}

#[test]
fn a_client_that_cannot_make_a_secure_connection_says_why() {
    let cause = if cfg!(feature = "tls") {
        "no secure connection: the certificate was issued by an unknown authority"
    } else {
        "unsupported here: secure connections; build with the feature `tls`"
    };
    assert_unable(&server().secure_url("/echo"), cause);
}

#[test]
fn a_client_tells_how_the_server_closed() {
    let client = minimal_client(&server().url("/close/4000/enough?wait=message")).end();
    assert_eq!(client.out.last().unwrap(), "WebSocket closed with code: 4000. Clean: true", "{client:?}");
    assert_eq!(client.code, Some(0), "{client:?}");
}

#[test]
fn a_client_shows_what_came_with_the_close() {
    // All of it may arrive within one poll: opened, told something, closed.
    let client = minimal_client(&server().url("/send-then-close/1/4000/enough")).end();
    assert!(client.out.contains(&"< Got text data from server: 0".to_owned()), "{client:?}");
    assert_eq!(client.out.last().unwrap(), "WebSocket closed with code: 4000. Clean: true", "{client:?}");
    assert_eq!(client.code, Some(0), "{client:?}");
}

#[test]
fn a_client_whose_connection_breaks_says_so_and_fails() {
    let client = minimal_client(&server().url("/cut?wait=message")).end();
    assert_eq!(client.out.last().unwrap(), "WebSocket closed with code: -1. Clean: false", "{client:?}");
    assert_eq!(client.code, Some(1), "{client:?}");
}

#[test]
fn a_client_shows_binary_data_by_its_size() {
    let client = minimal_client(&server().url("/burst-binary/1/10")).end();
    assert!(client.out.contains(&"< Got binary data from server: 10 bytes".to_owned()), "{client:?}");
}

#[test]
fn a_server_whose_port_is_in_use_says_so() {
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
fn a_server_with_a_bad_address_says_so() {
    let mut command = Command::new(example("minimal_server"));
    command.arg("nonsense");
    let ended = Program::start(command).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err[0].starts_with("Unable to start server on nonsense: "), "{ended:?}");
}

#[test]
fn the_server_waits_for_as_long_as_nobody_comes() {
    let (mut server, _) = minimal_server();
    thread::sleep(A_WHILE);
    assert!(server.is_running());
}
