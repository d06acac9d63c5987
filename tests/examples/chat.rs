//! The chat, by guests who connect as any program does.

use std::{net::TcpListener, process::Command};

use websocket_peer::{CloseCause, Packet, WebSocketPeer};

use crate::common::{
    closed, opened,
    program::{Program, chat_server, example},
    receive, until,
};

/// Somebody who has connected.
fn guest(url: &str) -> WebSocketPeer {
    let mut guest = WebSocketPeer::new();
    guest.connect(url).expect("a good URL");
    opened(&mut guest);
    guest
}

/// Somebody who has told this name, and heard that it was taken note of.
fn named(url: &str, name: &str) -> WebSocketPeer {
    let mut guest = guest(url);
    guest.send_text(name).expect("an open peer");
    hears(&mut guest, &format!("* {name} joined"));
    guest
}

/// The next that it hears is this.
#[track_caller]
fn hears(guest: &mut WebSocketPeer, line: &str) {
    assert_eq!(receive(guest), Packet::text(line));
}

/// It is shown the door, with this reason.
#[track_caller]
fn is_kicked(guest: &mut WebSocketPeer, reason: &str) {
    let info = closed(guest);
    let expected = (Some(4000), reason, CloseCause::Remote);
    assert_eq!((info.code, info.reason.as_str(), info.cause), expected);
}

#[test]
fn what_one_says_the_others_hear() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    let mut bob = named(&url, "Bob");
    hears(&mut ada, "* Bob joined");
    ada.send_text("hello").expect("an open peer");
    hears(&mut bob, "Ada: hello");
    bob.send_text("hello, Ada").expect("an open peer");
    hears(&mut ada, "Bob: hello, Ada");
    bob.close();
    hears(&mut ada, "* Bob left");
}

#[test]
fn whoever_vanishes_has_left() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    drop(named(&url, "Bob"));
    hears(&mut ada, "* Bob joined");
    hears(&mut ada, "* Bob left");
}

#[test]
fn what_is_no_name_is_not_taken() {
    let (_server, url) = chat_server();
    let long = "x".repeat(41);
    for name in ["", "* Ada", "a:b", long.as_str()] {
        let mut guest = guest(&url);
        guest.send_text(name).expect("an open peer");
        is_kicked(&mut guest, "a name is a few letters and digits");
    }
}

#[test]
fn a_name_has_one_owner_at_a_time() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    let mut other = guest(&url);
    other.send_text("Ada").expect("an open peer");
    is_kicked(&mut other, "somebody else has this name");
    ada.close();
    closed(&mut ada);
    named(&url, "Ada");
}

#[test]
fn rude_guests_are_shown_the_door_and_heard_no_more() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    for rude in [Packet::binary([0]), Packet::text("\u{7}"), Packet::text("hi\n* Ada left")] {
        let mut bob = named(&url, "Bob");
        hears(&mut ada, "* Bob joined");
        bob.send_packet(&rude).expect("an open peer");
        bob.send_text("not heard").expect("an open peer");
        is_kicked(&mut bob, "here one says a line of text at a time");
        hears(&mut ada, "* Bob was shown the door");
    }
}

#[test]
fn the_server_itself_ends_floods_and_novels() {
    let (_server, url) = chat_server();
    let mut ada = named(&url, "Ada");
    for (name, texts, code) in [("Bob", vec!["flood"; 20], 1008), ("Eve", vec![&*"x".repeat(2001)], 1009)] {
        let mut guest = named(&url, name);
        hears(&mut ada, &format!("* {name} joined"));
        for text in texts {
            guest.send_text(text).expect("an open peer");
        }
        assert_eq!(closed(&mut guest).code, Some(code), "{name}");
        while receive(&mut ada) != Packet::text(format!("* {name} left")) {}
    }
}

#[test]
fn when_the_input_ends_everybody_is_told_and_the_server_goes() {
    let (mut server, url) = chat_server();
    let mut guests = [named(&url, "Ada"), guest(&url)];
    server.end_input();
    for guest in &mut guests {
        let info = closed(guest);
        assert_eq!((info.code, info.cause), (Some(1001), CloseCause::Remote));
    }
    let ended = server.end();
    assert_eq!((ended.code, ended.err.len()), (Some(0), 0), "{ended:?}");
}

#[test]
fn a_health_check_is_answered_and_is_no_guest() {
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
    hears(&mut ada, "* Bob joined");
}

#[test]
fn a_chat_that_cannot_listen_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound listener").to_string();
    let mut command = Command::new(example("chat_server"));
    command.arg(&address);
    let ended = Program::start(command).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let expected = format!("Unable to serve at {address}: ");
    assert!(matches!(&ended.err[..], [only] if only.starts_with(&expected)), "{ended:?}");
}
