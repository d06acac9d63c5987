//! The end of the server by signals: what clients receive, and in what time.

use rooms::RoomsEvent;
use websocket_peer::CloseCause;

use crate::{
    child::{self, Program, eventually},
    http::{get, request},
    join, next,
};

#[test]
fn sigterm_closes_with_1001_after_everything_that_was_sent_before() {
    for signal in ["TERM", "INT"] {
        let mut server = Program::server(&["127.0.0.1:0", "--set=lobby.list_interval=0"]);
        let (mut creator, mut other) = (join(&server.url()), join(&server.url()));
        creator.create_room("Last").expect("it is in the lobby");
        let entered = next(&mut creator, |event| matches!(event, RoomsEvent::EnteredRoom(_)));
        let RoomsEvent::EnteredRoom(code) = entered else { unreachable!() };
        // The server has sent the list with the room to the other client, which reads it only now.
        server.signal(signal);
        let mut has_list = false;
        let closed = eventually("the connection ends", || {
            creator.poll();
            other.wait(child::STEP);
            while let Some(event) = other.next_event() {
                match event {
                    RoomsEvent::List(rooms) => has_list |= rooms.iter().any(|room| room.code == code),
                    RoomsEvent::Closed(info) => return Some(info),
                    _ => {}
                }
            }
            None
        });
        assert!(has_list, "the last list is lost");
        assert_eq!((closed.code, closed.cause), (Some(1001), CloseCause::Remote));
        let closed = next(&mut creator, |event| matches!(event, RoomsEvent::Closed(_)));
        let RoomsEvent::Closed(info) = closed else { unreachable!() };
        assert_eq!(info.code, Some(1001));
        server.log_line("a signal to end");
        let ended = server.end();
        assert_eq!(ended.code, Some(0), "{:#?}", ended.err);
        assert!(
            ended.err.last().is_some_and(|line| line.contains("the server has ended")),
            "{:#?}",
            ended.err
        );
    }
}

#[test]
fn in_the_notice_health_is_503_players_are_rejected_and_games_go_on() {
    let mut server = Program::server(&["127.0.0.1:0", "--set=shutdown.notice=3600"]);
    let mut client = join(&server.url());
    server.signal("TERM");
    eventually("the health changes", || (get(&server.address(), "/health", &[]).status == 503).then_some(()));
    let upgrade = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    assert_eq!(get(&server.address(), "/lobby", &upgrade).status, 503);
    assert_eq!(get(&server.address(), "/metrics", &[]).status, 200);
    client.create_room("Late").expect("it is in the lobby");
    next(&mut client, |event| matches!(event, RoomsEvent::EnteredRoom(_)));
    // The second signal ends it at once.
    server.signal("TERM");
    server.log_line("a second signal");
    assert_eq!(server.end().code, Some(1));
}

#[test]
fn a_client_that_does_not_answer_delays_the_end_by_no_more_than_the_timeout() {
    use std::io::{Read, Write};

    let server = Program::server(&["127.0.0.1:0", "--shutdown-timeout=0.5"]);
    let mut silent = std::net::TcpStream::connect(server.address()).expect("it listens");
    let fields = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    write!(silent, "GET /lobby HTTP/1.1\r\nHost: a\r\n{fields}{key}\r\n\r\n").expect("it reads");
    let mut start = [0; 12];
    silent.read_exact(&mut start).expect("a response");
    assert_eq!(&start, b"HTTP/1.1 101");
    server.signal("TERM");
    // It never answers the close frame. The test waits for the end without any other help.
    assert_eq!(server.end().code, Some(0));
    drop(silent);
}

#[test]
fn a_server_that_has_ended_leaves_its_port() {
    let server = Program::server(&["127.0.0.1:0"]);
    let address = server.address();
    assert!(request(&address, "/health", &[]).is_some());
    server.signal("TERM");
    assert_eq!(server.end().code, Some(0));
    let again = Program::server(&[&address]);
    assert_eq!(again.address(), address);
}
