//! The built programs in a pseudo-terminal: what a person sees while typing.

#![cfg(unix)]

#[path = "common/mod.rs"]
mod common;

use std::net::TcpListener;

use chat::{Mode, SUB_PROTOCOL};
use common::{
    eventually,
    program::Program,
    screen::{Terminal, rows},
};
use websocket_peer::{PeerOptions, ReadyState, WebSocketPeer};

const CLIENT: &str = env!("CARGO_BIN_EXE_chat");
const SERVER: &str = env!("CARGO_BIN_EXE_chat_server");

/// Starts a client with a name in a terminal of 12 rows, and waits until it has its name.
#[track_caller]
fn ann(url: &str, columns: u16, variables: &[(&str, &str)]) -> Terminal {
    let mut ann = Terminal::start(CLIENT, &[url, "--name", "Ann"], variables, 12, columns);
    ann.ends_with(&["Connected. /help shows the commands.", "You are called Ann.", "Ann>"]);
    ann
}

/// Starts a client with pipes, and waits until it has its name.
#[track_caller]
fn bob(url: &str) -> Program {
    let mut bob = Program::client(url, Mode::Plain, &["--name", "Bob"]);
    bob.prints("You are called Bob.");
    bob
}

#[test]
fn a_half_typed_line_survives_messages_and_resizes() {
    let (_server, url) = Program::server(Mode::Plain);
    let mut ann = ann(&url, 60, &[]);
    ann.keys("half a li");
    ann.ends_with(&["You are called Ann.", "Ann> half a li"]);
    let mut bob = bob(&url);
    bob.type_line("one");
    ann.ends_with(&["[3] joined", "[3] is called Bob", "Bob: one", "Ann> half a li"]);
    ann.resize(8, 40);
    bob.type_line("a line that is longer than forty columns, so it wraps");
    let wrapped = ["Bob: a line that is longer than forty co", "lumns, so it wraps"];
    ann.ends_with(&["Bob: one", wrapped[0], wrapped[1], "Ann> half a li"]);
    ann.resize(6, 12);
    // A line that is printed before the program knows the new width may leave a part of the prompt behind.
    ann.ends_with(&["Ann> f a li"]);
    bob.type_line("two");
    ann.ends_with(&["Bob: two", "Ann> f a li"]);
    ann.resize(12, 50);
    ann.ends_with(&["Ann> half a li"]);
    bob.type_line("three");
    ann.ends_with(&["Bob: two", "Bob: three", "Ann> half a li"]);
    ann.keys("ne\r");
    bob.prints("Ann: half a line");
    ann.ends_with(&["Bob: two", "Bob: three", "Ann: half a line", "Ann>"]);
    assert_eq!(ann.events().callbacks().unexpected, [""; 0]);
}

#[test]
fn many_messages_while_a_person_types_leave_whole_lines() {
    let (mut server, url) = Program::server(Mode::Plain);
    let mut ann = ann(&url, 40, &[]);
    let mut expected = Vec::new();
    for number in 0..60 {
        server.type_line(&format!("line {number}"));
        ann.keys(["x", "\x7f", "é", "\x1b[D", "\x1b[C", "語"][number % 6]);
        if number % 10 == 9 {
            ann.resize(12, 40 + (number as u16 % 20));
        }
        expected.push(format!("Server: line {number}"));
    }
    expected.push(format!("Ann> {}", "é語".repeat(10)));
    let end: Vec<&str> = expected[49..].iter().map(String::as_str).collect();
    ann.shows(&end);
}

#[test]
fn names_have_colours_unless_they_are_turned_off() {
    let (_server, url) = Program::server(Mode::Plain);
    let mut colored = ann(&url, 60, &[]);
    let mut plain = Terminal::start(CLIENT, &[&url], &[("NO_COLOR", "1")], 12, 60);
    plain.ends_with(&["Ann is here", ">"]);
    let mut bob = bob(&url);
    bob.type_line("hello");
    bob.type_line("again");
    for terminal in [&mut colored, &mut plain] {
        terminal.until("both lines are there", |screen| rows(screen).iter().any(|row| row == "Bob: again"));
    }
    let styles = |terminal: &Terminal| -> Vec<_> {
        let parser = terminal.events();
        let screen = parser.screen();
        let lines = rows(screen).into_iter().enumerate();
        let lines = lines.filter(|(_, row)| row.starts_with("Bob: ")).map(|(row, _)| row as u16);
        let cell = |row, column| screen.cell(row, column).expect("a cell of the screen");
        lines.map(|row| (cell(row, 0).fgcolor(), cell(row, 6).fgcolor())).collect()
    };
    let default = vt100::Color::Default;
    let colors = styles(&colored);
    assert!(matches!(colors[..], [(vt100::Color::Idx(_), text), _] if text == default), "{colors:?}");
    assert_eq!(colors[0], colors[1], "a member keeps its colour");
    assert_eq!(styles(&plain), [(default, default), (default, default)]);
    let parser = plain.events();
    let cells = (0..12).flat_map(|row| (0..60).map(move |column| (row, column)));
    let styled = cells.filter_map(|(row, column)| parser.screen().cell(row, column));
    assert!(!styled.into_iter().any(|cell| cell.bold() || cell.dim() || cell.fgcolor() != default));
}

#[test]
fn leaving_restores_the_terminal() {
    let (_server, url) = Program::server(Mode::Plain);
    for keys in ["/quit\r", "\x03", "\x04", "half a line\x03"] {
        let mut ann = ann(&url, 60, &[]);
        ann.until("a pasted text is marked", vt100::Screen::bracketed_paste);
        ann.keys(keys);
        assert_eq!(ann.ended(), Some(0), "{keys:?}");
        ann.ends_with(&["You are called Ann.", "You left the chat.", ""]);
        ann.until("a pasted text is not marked any more", |screen| !screen.bracketed_paste());
        // Only a terminal that was restored shows what is typed.
        ann.keys("echo");
        ann.ends_with(&["You left the chat.", "echo"]);
    }
}

#[test]
fn the_end_of_the_connection_is_explained_and_restores_the_terminal() {
    let (mut server, url) = Program::server(Mode::Plain);
    let mut ann = ann(&url, 60, &[]);
    ann.keys("half a line");
    // Keys that the program has not read would be typed into the restored terminal.
    ann.ends_with(&["You are called Ann.", "Ann> half a line"]);
    server.type_line("/kick Ann be kind");
    assert_eq!(ann.ended(), Some(1));
    ann.ends_with(&["The server removed you from the chat: be kind", ""]);
    ann.keys("echo");
    ann.ends_with(&["The server removed you from the chat: be kind", "echo"]);
}

#[test]
fn the_line_is_edited_as_in_a_shell() {
    let (_server, url) = Program::server(Mode::Plain);
    let mut ann = ann(&url, 60, &[]);
    for (keys, line) in [
        ("helo\x1b[Dl\x1b[F!", "hello!"),
        ("\x01oh, \x05?", "oh, hello!?"),
        ("\x17bye", "oh, bye"),
        ("\x15日本語\x7f", "日本"),
        ("\x15\x1b[200~one\ntwo\tthree\x1b[201~", "one two three"),
        ("\x1b[H\x1b[3~\x1b[3~", "e two three"),
        ("\x0b\x19", "e two three"),
        ("\x0c", "e two three"),
    ] {
        ann.keys(keys);
        ann.ends_with(&[format!("Ann> {line}").as_str()]);
    }
    ann.shows(&["Ann> e two three"]);
    ann.keys("\r");
    ann.ends_with(&["Ann: e two three", "Ann>"]);
    ann.keys("draft\x1b[A");
    ann.ends_with(&["Ann> e two three"]);
    ann.keys("\x1b[B");
    ann.ends_with(&["Ann> draft"]);
    ann.keys("\x15/name Anna\r");
    ann.ends_with(&["You are called Anna.", "Anna>"]);
    ann.keys("/help\r");
    ann.ends_with(&["//TEXT      sends a line that begins with a slash", "Anna>"]);
}

#[test]
fn a_narrow_terminal_that_cuts_rows_loses_no_line() {
    let (mut server, url) = Program::server(Mode::Plain);
    let mut ann = ann(&url, 60, &[]);
    server.type_line("one");
    ann.keys("0123456789012345678901234567890123456789");
    ann.ends_with(&["Server: one", "Ann> 0123456789012345678901234567890123456789"]);
    ann.resize(12, 22);
    ann.ends_with(&["Server: one", "Ann> 4567890123456789"]);
    assert_eq!(ann.events().callbacks().asked, 1);
}

#[test]
fn control_characters_from_the_network_never_reach_the_terminal() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("a bound listener"));
    let mut terminal = Terminal::start(CLIENT, &[&url], &[], 12, 60);
    let mut server = WebSocketPeer::with_options(PeerOptions::for_server().protocols([SUB_PROTOCOL]));
    server.accept(listener.accept().expect("a connection").0).expect("a new stream");
    eventually("the client connects", || (server.poll() == ReadyState::Open).then_some(()));
    let hostile = "\x1b[2J\x1b]0;title\x07\x1b[31m\u{9b}5m\u{202e}\x08\r\n\x0e\x1bcx";
    for text in ["[7] Says: ", "Server says: ", "", "[7] is called ", "You are called ", "Name refused: "] {
        server.send_text(&format!("{text}{hostile}")).expect("an open peer");
    }
    server.send_text("[7] Says: last").expect("an open peer");
    eventually("the text leaves", || {
        server.poll();
        (server.buffered() == 0).then_some(())
    });
    let text = "[2J]0;title[31m5m  cx";
    let rows = [
        "Connected. /help shows the commands.".to_owned(),
        format!("[7]: {text}"),
        format!("Server: {text}"),
        text.to_owned(),
        format!("Your name was refused: {text}."),
        "[7]: last".to_owned(),
        ">".to_owned(),
    ];
    terminal.ends_with(&rows.each_ref().map(String::as_str));
    assert_eq!(terminal.events().callbacks().unexpected, [""; 0]);
    server.close_with(websocket_peer::CloseCode::NORMAL, hostile).expect("an open peer");
    eventually("the connection closes", || (server.poll() == ReadyState::Closed).then_some(()));
    assert_eq!(terminal.ended(), Some(1));
    terminal.ends_with(&[&format!("The server closed the connection: {text}"), ""]);
    assert_eq!(terminal.events().callbacks().unexpected, [""; 0]);
}

#[test]
fn the_servers_operator_types_while_members_chat() {
    let mut server = Terminal::start(SERVER, &["127.0.0.1:0"], &[], 12, 70);
    server.until("the server listens", |screen| rows(screen).len() == 3);
    let line = rows(server.events().screen())[0].clone();
    let url = line.trim_start_matches("Listening on ").to_owned();
    server.keys("wel");
    let mut bob = bob(&url);
    bob.type_line("hello");
    server.ends_with(&["[2] connected", "[2] is called Bob", "[2] Bob: hello", "> wel"]);
    server.keys("come\r");
    bob.prints("Server: welcome");
    server.ends_with(&["[2] Bob: hello", "Server: welcome", ">"]);
    server.keys("\x03");
    assert_eq!(server.ended(), Some(0));
    server.keys("echo");
    server.until("the terminal echoes", |screen| rows(screen).last().is_some_and(|row| row == "echo"));
}
