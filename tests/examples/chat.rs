//! The example `chat_server`, through clients of the library.

use std::{net::TcpListener, process::Command};

use websocket_peer::{CloseCause, Packet, WebSocketPeer};

use crate::common::{
    closed, opened,
    program::{Program, chat_server, example},
    receive, until,
};

/// Returns a connected client.
fn client(url: &str) -> WebSocketPeer {
    let mut client = WebSocketPeer::new();
    client.connect(url).expect("a valid URL");
    opened(&mut client);
    client
}

/// Returns a client that has joined with this name.
fn named(url: &str, name: &str) -> WebSocketPeer {
    let mut client = client(url);
    client.send_text(name).expect("an open peer");
    assert_receives(&mut client, &format!("* {name} joined"));
    client
}

/// Asserts that the next packet is this line.
#[track_caller]
fn assert_receives(client: &mut WebSocketPeer, line: &str) {
    assert_eq!(receive(client), Packet::text(line));
}

/// Asserts that the server kicks the client with this reason.
#[track_caller]
fn assert_kicked(client: &mut WebSocketPeer, reason: &str) {
    let info = closed(client);
    let expected = (Some(4000), reason, CloseCause::Remote);
    assert_eq!((info.code, info.reason.as_str(), info.cause), expected);
}

#[test]
fn a_line_goes_to_all_other_clients() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    let mut bob = named(&url, "Bob");
    assert_receives(&mut ada, "* Bob joined");
    ada.send_text("hello").expect("an open peer");
    assert_receives(&mut bob, "Ada: hello");
    bob.send_text("hello, Ada").expect("an open peer");
    assert_receives(&mut ada, "Bob: hello, Ada");
    bob.close();
    assert_receives(&mut ada, "* Bob left");
}

#[test]
fn a_client_whose_connection_is_lost_leaves() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    drop(named(&url, "Bob"));
    assert_receives(&mut ada, "* Bob joined");
    assert_receives(&mut ada, "* Bob left");
}

#[test]
fn an_invalid_name_is_rejected() {
    let (_server, url) = chat_server();
    let long = "x".repeat(41);
    for name in ["", "* Ada", "a:b", long.as_str()] {
        let mut client = client(&url);
        client.send_text(name).expect("an open peer");
        assert_kicked(&mut client, "a name has 1 to 40 letters and digits");
    }
}

#[test]
fn a_name_is_unique_while_it_is_in_use() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    let mut other = client(&url);
    other.send_text("Ada").expect("an open peer");
    assert_kicked(&mut other, "this name is taken");
    ada.close();
    closed(&mut ada);
    named(&url, "Ada");
}

#[test]
fn a_client_that_breaks_the_rules_is_kicked_and_ignored() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    for packet in [Packet::binary([0]), Packet::text("\u{7}"), Packet::text("hi\n* Ada left")] {
        let mut bob = named(&url, "Bob");
        assert_receives(&mut ada, "* Bob joined");
        bob.send_packet(&packet).expect("an open peer");
        bob.send_text("ignored").expect("an open peer");
        assert_kicked(&mut bob, "send one line of text at a time");
        assert_receives(&mut ada, "* Bob was kicked");
    }
}

#[test]
fn the_server_limits_rate_and_size() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    for (name, texts, code) in [("Bob", vec!["flood"; 20], 1008), ("Eve", vec![&*"x".repeat(2001)], 1009)] {
        let mut client = named(&url, name);
        assert_receives(&mut ada, &format!("* {name} joined"));
        for text in texts {
            client.send_text(text).expect("an open peer");
        }
        assert_eq!(closed(&mut client).code, Some(code), "{name}");
        while receive(&mut ada) != Packet::text(format!("* {name} left")) {}
    }
}

#[test]
fn the_server_closes_all_and_ends_with_its_input() {
    let (mut server, url) = chat_server();
    let mut clients = [named(&url, "Ada"), client(&url)];
    server.end_input();
    for client in &mut clients {
        let info = closed(client);
        assert_eq!((info.code, info.cause), (Some(1001), CloseCause::Remote));
    }
    let ended = server.end();
    assert_eq!((ended.code, ended.err.len()), (Some(0), 0), "{ended:?}");
}

#[test]
fn a_health_check_is_answered_and_does_not_join() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    for (path, status) in [("/health", "200 OK"), ("/", "426 Upgrade Required")] {
        let mut check = crate::raw(&url);
        check.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        until("the answer ends", || check.end().is_some());
        let answer = String::from_utf8_lossy(check.rest());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
    }
    named(&url, "Bob");
    assert_receives(&mut ada, "* Bob joined");
}

#[test]
fn a_server_that_cannot_listen_prints_the_error() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound listener").to_string();
    let mut command = Command::new(example("chat_server"));
    command.arg(&address);
    let ended = Program::start(command).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let expected = format!("Unable to serve at {address}: ");
    assert!(matches!(&ended.err[..], [only] if only.starts_with(&expected)), "{ended:?}");
}
