//! The programs that README shows.

use std::{net::TcpListener, process::Command};

use tungstenite::handshake::derive_accept_key;

use crate::common::{
    A_WHILE, eventually,
    program::{Program, example},
    raw::{ANSWER, BINARY, CLOSE, Raw, TEXT, accept_next, close_payload, listener, server_frame},
    until,
};

fn hello_client(url: &str) -> Program {
    let mut command = Command::new(example("hello_client"));
    command.arg(url);
    Program::start(command)
}

/// The client, and its connection, open.
fn open() -> (Program, Raw) {
    let (listener, port): (TcpListener, u16) = listener();
    let client = hello_client(&format!("ws://127.0.0.1:{port}"));
    let mut raw = Raw::new(accept_next(&listener));
    let head = eventually("the request", || raw.head());
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    let accept = derive_accept_key(key.as_bytes());
    raw.send(ANSWER.replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &accept));
    (client, raw)
}

#[test]
fn the_client_greets_once_prints_packets_and_ends_with_the_connection() {
    let (mut client, mut raw) = open();
    let hello = eventually("a frame", || raw.frame());
    assert_eq!((hello.first, hello.payload.as_slice()), (TEXT, &b"Hello!"[..]));
    raw.send([server_frame(TEXT, "welcome"), server_frame(BINARY, [1, 2, 3])].concat());
    assert!(client.line("received ").contains("welcome"));
    until("the second packet", || client.lines().len() == 2);
    // It greets once only.
    std::thread::sleep(5 * A_WHILE);
    assert_eq!(raw.frame(), None);
    assert!(client.is_running());

    raw.send(server_frame(TEXT, "last"));
    raw.send(server_frame(CLOSE, close_payload(4001, "bye")));
    let ended = client.end();
    assert_eq!((ended.code, ended.err.as_slice()), (Some(0), &[][..]));
    let [_, _, last, end] = &ended.out[..] else { panic!("{ended:?}") };
    assert!(last.starts_with("received ") && last.contains("last"), "{ended:?}");
    assert_eq!(end, "closed by the other end (code 4001, reason: bye)");
}

#[test]
fn the_client_ends_without_a_server() {
    let (listener, port) = listener();
    drop(listener);
    let ended = hello_client(&format!("ws://127.0.0.1:{port}")).end();
    assert_eq!((ended.code, ended.out.as_slice()), (Some(0), &["the connection was refused".to_owned()][..]));
}

#[test]
fn the_client_rejects_an_invalid_url() {
    let ended = hello_client("nonsense").end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[test]
fn the_server_sends_packets_to_all_and_prints_who_connects() {
    let mut command = Command::new(example("hello_server"));
    command.arg("127.0.0.1:0");
    let mut server = Program::start(command);
    let address = server.line("listening on ").trim_start_matches("listening on ").to_owned();
    let mut client = hello_client(&format!("ws://{address}"));
    assert!(client.line("received ").contains("Hello!"));
    drop(client);
    until("the client disconnects", || server.lines().len() == 4);
    let lines = server.lines();
    let (peer, _) = lines[1].split_once(" connected").expect("a client");
    assert_eq!(lines[2], "sent to 1");
    assert_eq!(lines[3], format!("{peer} disconnected: the connection was lost"));
    assert!(server.is_running());
}
