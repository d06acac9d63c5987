//! The programs of the tutorial, played through pipes as a reader plays them.

#[path = "play/program.rs"]
mod program;

use std::net::TcpListener;
use std::time::Duration;

use program::{Ended, Program, until};
use websocket_peer::{
    Packet, PeerOptions, ReadyState, ServerEvent, ServerOptions, WebSocketPeer, WebSocketServer,
};

/// The server, and its URL.
fn server() -> (Program, String) {
    let mut server = Program::start(env!("CARGO_BIN_EXE_server"), &["127.0.0.1:0"]);
    let url = server.line("listening on ").replace("listening on ", "");
    (server, url)
}

/// A server in this process, which acts when it is polled.
fn own_server() -> (WebSocketServer, String) {
    let clients = PeerOptions::for_server().protocols(["demo-chat"]);
    let server = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default().connection(clients))
        .expect("a free port");
    let url = format!("ws://{}", server.local_addr().expect("it is bound"));
    (server, url)
}

fn client(url: &str) -> Program {
    let mut client = Program::start(env!("CARGO_BIN_EXE_client"), &[url]);
    assert_eq!(client.line("connecting to "), format!("connecting to {url}"));
    client
}

/// A peer that is no program of the tutorial, open or rejected.
fn connect(url: &str, options: PeerOptions) -> WebSocketPeer {
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(url).expect("a valid URL");
    until("the handshake", || (peer.poll() != ReadyState::Connecting).then_some(()));
    peer
}

fn of_the_chat() -> PeerOptions {
    PeerOptions::default().protocols(["demo-chat"])
}

#[test]
fn two_terminals_chat_and_leave() {
    let (mut server, url) = server();
    let mut ann = client(&url);
    server.line("[1] connected");
    let mut ben = client(&url);
    ann.line("[2] connected");
    ann.types("hello, \"Ben\" 👋");
    ben.line("[1] Says: hello, \"Ben\" 👋");
    ben.types("hello, Ann");
    ann.line("[2] Says: hello, Ann");

    // The last line still arrives.
    ben.types("bye");
    let Ended { code, out, err } = ben.end_input().end();
    assert_eq!((code, &err[..]), (Some(0), &[][..]));
    assert_eq!(out[1..], ["[1] Says: hello, \"Ben\" 👋", "closed by this end (code 1000)"]);
    ann.line("[2] Says: bye");
    ann.line("[2] disconnected");
    let out = ann.end_input().end().out;
    let lines = ["[2] connected", "[2] Says: hello, Ann", "[2] Says: bye", "[2] disconnected"];
    assert_eq!((&out[1..5], out.len()), (&lines.map(str::to_owned)[..], 6), "its own lines are not printed");
    server.line("[1] disconnected");
}

#[test]
fn lines_that_are_typed_before_the_connection_opens_are_sent() {
    let (mut server, url) = own_server();
    let mut ann = client(&url);
    (0..50).for_each(|line| ann.types(&format!("line {line}")));
    // The server does not answer the handshake yet.
    std::thread::sleep(Duration::from_millis(300));
    let ann = ann.end_input();
    let mut received = Vec::new();
    until("the end of the connection", || {
        server.poll();
        std::iter::from_fn(|| server.next_event()).find(|event| {
            if let ServerEvent::Packet(_, packet) = event {
                received.extend(packet.as_text().map(str::to_owned));
            }
            matches!(event, ServerEvent::Closed(..))
        })
    });
    assert_eq!(received, (0..50).map(|line| format!("line {line}")).collect::<Vec<_>>());
    assert_eq!(ann.end().code, Some(0));
}

#[test]
fn a_client_ends_with_the_cause() {
    let (mut server, url) = server();
    let mut ann = client(&url);
    server.line("[1] connected");
    let mut ben = client(&url);
    ann.line("[2] connected");
    ben.types(&"x".repeat(2001));
    let ended = ben.end();
    assert_eq!((ended.code, ended.err.len()), (Some(0), 0), "{ended:?}");
    assert!(ended.out[1].starts_with("closed by the other end (code 1009"), "{ended:?}");
    ann.line("[2] disconnected");

    drop(server);
    assert_eq!(ann.end().out.last().expect("a line"), "the connection was lost");
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it is bound");
    assert_eq!(client(&format!("ws://{free}")).end().out[1..], ["the connection was refused"]);
    let ended = Program::start(env!("CARGO_BIN_EXE_client"), &["nonsense"]).end();
    assert_eq!(ended.code, Some(1));
    assert!(ended.err[0].contains("invalid WebSocket URL"), "{ended:?}");
}

#[test]
fn a_message_is_one_line_without_control_characters() {
    let (mut server, url) = server();
    let mut ann = client(&url);
    server.line("[1] connected");
    let mut attacker = connect(&url, of_the_chat());
    attacker.send(&[0xff, 0x00]).expect("it is open");
    attacker.send_text("\u{1b}[2J\u{9b}a\n[7] connected").expect("it is open");
    let expected = "[2] Says:  [2J a [7] connected";
    ann.line(expected);
    server.line(expected);
    let lines = server.lines();
    assert!(lines.iter().all(|line| !line.contains(char::is_control)), "{lines:?}");
    assert_eq!(lines.len(), 4, "a binary packet is ignored: {lines:?}");
}

#[test]
fn a_client_trusts_no_server() {
    let (mut hostile, url) = own_server();
    let mut ann = client(&url);
    until("the client", || {
        hostile.poll();
        hostile.next_event()
    });
    hostile.broadcast(Packet::binary([0x1b, b'c']), None);
    hostile.broadcast(Packet::text("\u{1b}]0;title\u{7}\r\nend"), None);
    until("the line", || {
        hostile.poll();
        ann.lines().get(1).cloned()
    });
    assert_eq!(ann.line(" ]0;title"), " ]0;title   end");
}

#[test]
fn a_client_without_the_sub_protocol_is_rejected() {
    let (mut server, url) = server();
    let info = connect(&url, PeerOptions::default()).close_info().expect("it is closed").to_string();
    assert_eq!(info, "the server refused the connection with HTTP status 400");
    let mut other = connect(&url, of_the_chat());
    assert_eq!(other.state(), ReadyState::Open);
    other.close();
    server.line("[2] disconnected");
    assert!(!server.lines().iter().any(|line| line.starts_with("[1]")));
}
