//! The built programs with pipes in the place of terminals.

#[path = "common/mod.rs"]
mod common;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
};

use chat::{Mode, SUB_PROTOCOL};
use common::{MODES, eventually, program::Program};
use websocket_peer::{PeerOptions, ReadyState, WebSocketPeer};

/// Starts a client, and waits until it has its name.
#[track_caller]
fn named(url: &str, mode: Mode, name: &str) -> Program {
    let mut client = Program::client(url, mode, &["--name", name]);
    client.prints(&format!("You are called {name}."));
    client
}

/// Connects a peer as an engine would, and waits until it is open.
#[track_caller]
fn engine(url: &str) -> WebSocketPeer {
    let mut peer = WebSocketPeer::with_options(PeerOptions::default().protocols([SUB_PROTOCOL]));
    peer.connect(url).expect("a valid URL");
    eventually("the peer opens", || (peer.poll() == ReadyState::Open).then_some(()));
    peer
}

#[test]
fn two_clients_chat_through_pipes() {
    for mode in MODES {
        let (mut server, url) = Program::server(mode);
        let mut ann = named(&url, mode, "Ann");
        let mut bob = named(&url, mode, "Bob");
        bob.prints("Ann is here");
        ann.line(|line| line.ends_with("] is called Bob"));
        ann.type_line("hello Bob");
        ann.prints("Ann: hello Bob");
        bob.prints("Ann: hello Bob");
        bob.type_line("//quit is a command");
        ann.prints("Bob: /quit is a command");
        server.line(|line| line.ends_with("] Ann: hello Bob"));
        bob.type_line("/name Bo");
        ann.prints("Bob is called Bo");
        ann.type_line("/who");
        ann.prints("Here: Ann (you), Bo");

        server.type_line("welcome");
        ann.prints("Server: welcome");
        bob.prints("Server: welcome");
        bob.end_input();
        ann.prints("Bo left");
        let (code, out, err) = bob.end();
        assert_eq!((code, err), (Some(0), Vec::new()));
        assert_eq!(out.iter().filter(|line| line.contains("hello Bob")).count(), 1, "{out:#?}");
        assert_eq!(out.last().map(String::as_str), Some("You left the chat."));
    }
}

#[test]
fn a_script_sends_all_its_lines_before_it_leaves() {
    let (_server, url) = Program::server(Mode::Plain);
    let mut ann = named(&url, Mode::Plain, "Ann");
    let mut script = Program::client(&url, Mode::Plain, &[]);
    for number in 0..14 {
        script.type_line(&format!("line {number}"));
    }
    script.end_input();
    ann.line(|line| line.ends_with(": line 13"));
    assert_eq!(script.end().0, Some(0));
    let lines = ann.lines();
    let received: Vec<&str> =
        lines.iter().filter_map(|line| line.split_once(": ").map(|(_, text)| text)).collect();
    assert_eq!(received, (0..14).map(|number| format!("line {number}")).collect::<Vec<_>>());
}

#[test]
fn the_servers_commands_list_and_remove_members() {
    for mode in MODES {
        let (mut server, url) = Program::server(mode);
        let mut ann = named(&url, mode, "Ann");
        let bob = named(&url, mode, "Bob B");
        server.type_line("/list");
        server.prints("2 members");
        server.line(|line| line.ends_with("] Bob B") && !line.contains("called"));
        server.type_line("/kick Bob B be kind");
        ann.prints("Bob B left");
        let (code, out, _) = bob.end();
        assert_eq!(code, Some(1));
        assert_eq!(out.last().map(String::as_str), Some("The server removed you from the chat: be kind"));
        server.line(|line| line.ends_with("was removed: be kind"));
        server.type_line("/kick Bob");
        server.prints("There is no such member. /list shows the members.");
        server.type_line("/halt");
        server.prints("There is no command /halt. /help shows the commands.");
        server.type_line("/help");
        server.line(|line| line.starts_with("/kick ID|NAME"));
    }
}

#[test]
fn the_server_closes_all_and_ends_with_its_input() {
    for mode in MODES {
        let (mut server, url) = Program::server(mode);
        let mut clients = [named(&url, mode, "Ann"), Program::client(&url, mode, &[])];
        clients[1].prints("Connected. /help shows the commands.");
        server.end_input();
        for client in clients {
            let (code, out, _) = client.end();
            assert_eq!((code, out.last().map(String::as_str)), (Some(1), Some("The server has shut down.")));
        }
        let (code, out, err) = server.end();
        assert_eq!((code, err.len()), (Some(0), 0), "{out:#?} {err:#?}");
    }
}

#[test]
fn names_that_break_a_rule_are_refused() {
    let (_server, url) = Program::server(Mode::Plain);
    let long = "x".repeat(21);
    for (name, error) in [
        ("", "a name has 1 to 20 characters"),
        (&long, "a name has 1 to 20 characters"),
        ("A\u{202e}nn", "a name has no invisible characters"),
    ] {
        let (code, _, err) = Program::client(&url, Mode::Plain, &["--name", name]).end();
        assert_eq!((code, err), (Some(1), vec![error.to_owned()]), "{name:?}");
    }
    let _ann = named(&url, Mode::Plain, "Ann");
    let mut bob = Program::client(&url, Mode::Plain, &["--name", "ann"]);
    bob.prints("Your name was refused: this name is taken.");
    bob.type_line("/name Server");
    bob.prints("Nothing was sent: this name cannot be chosen.");
    bob.type_line(&"x".repeat(501));
    bob.prints("Nothing was sent: the line has 501 characters, and at most 500 can be sent.");
    bob.type_line("/nmae Bob");
    bob.prints("There is no command /nmae. /help shows the commands.");
}

#[test]
fn a_peer_that_floods_is_removed_with_a_reason() {
    let (mut server, url) = Program::server(Mode::Plain);
    let mut ann = named(&url, Mode::Plain, "Ann");
    let mut flood = engine(&url);
    for _ in 0..500 {
        flood.send_text("flood").expect("an open peer");
    }
    eventually("the peer is removed", || (flood.poll() == ReadyState::Closed).then_some(()));
    let info = flood.close_info().expect("a closed peer has a close info");
    assert_eq!((info.code, info.reason.as_str()), (Some(4000), "you send faster than people type"));
    server.line(|line| line.ends_with("was removed: you send faster than people type"));
    ann.line(|line| line.ends_with("] left"));
    ann.type_line("peace");
    ann.prints("Ann: peace");
}

#[test]
fn a_message_over_the_limit_closes_with_1009() {
    let (_server, url) = Program::server(Mode::Plain);
    let mut peer = engine(&url);
    peer.send_text(&"x".repeat(8 * 1024 + 1)).expect("an open peer");
    eventually("the peer is closed", || (peer.poll() == ReadyState::Closed).then_some(()));
    assert_eq!(peer.close_info().and_then(|info| info.code), Some(1009));
}

#[test]
fn a_health_check_is_answered_and_joins_nothing() {
    let (mut server, url) = Program::server(Mode::Plain);
    let address = url.trim_start_matches("ws://").trim_end_matches("/test/");
    for (path, status) in [("/health", "200 OK"), ("/test/", "426 Upgrade Required")] {
        let mut check = TcpStream::connect(address).expect("a listening server");
        check
            .write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes())
            .expect("an open stream");
        let mut answer = String::new();
        check.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
    }
    server.type_line("/list");
    server.prints("0 members");
}

#[test]
fn a_server_that_cannot_listen_prints_the_error() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound listener").to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat_server"));
    command.arg(&address);
    let (code, out, err) = Program::start(command, Stdio::piped()).end();
    assert_eq!((code, out), (Some(1), Vec::new()));
    assert!(
        matches!(&err[..], [only] if only.starts_with(&format!("Unable to serve at {address}: "))),
        "{err:?}"
    );
}

#[test]
fn a_client_without_a_server_prints_why() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("a bound listener"));
    drop(listener);
    let (code, out, _) = Program::client(&url, Mode::Plain, &[]).end();
    let why = "There is no server at this address, or it cannot be reached.";
    assert_eq!((code, out.last().map(String::as_str)), (Some(1), Some(why)));
    let (code, _, err) = Program::client("http://127.0.0.1/", Mode::Plain, &[]).end();
    assert!(code == Some(1) && err.len() == 1, "{err:?}");
}

/// A service has the null device as its input, which is no reason to end.
#[cfg(unix)]
#[test]
fn a_server_without_an_input_keeps_running() {
    let mut server = Program::start(common::program::server_command(Mode::Plain), Stdio::null());
    let line = server.line(|line| line.starts_with("Listening on "));
    let url = line.trim_start_matches("Listening on ").to_owned();
    for name in ["Ann", "Bob"] {
        named(&url, Mode::Plain, name);
        server.line(|line| line.ends_with(&format!("is called {name}")));
    }
}
