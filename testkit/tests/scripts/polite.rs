//! The well-behaved scripts, tested by tungstenite's client.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::client::{PATIENCE, close, open, request, server, texts};
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error, Message};

#[test]
fn echo_returns_text_binary_and_the_close() {
    let server = server();
    let mut client = open(&server, "/echo?key=echo");
    for message in [Message::text("hé\0llo"), Message::binary(vec![0; 70_000])] {
        client.send(message.clone()).unwrap();
        assert_eq!(client.read().unwrap(), message);
    }
    let frame = CloseFrame { code: 4001.into(), reason: "bye".into() };
    client.close(Some(frame)).unwrap();
    assert_eq!(close(&mut client), Some((4001, "bye".to_owned())));
    assert!(matches!(client.read(), Err(Error::ConnectionClosed)));
    drop(client);

    let events = server.events().wait("echo", None, PATIENCE);
    let mut lines: Vec<&str> = events.lines().collect();
    lines.retain(|line| !line.starts_with("frame masked=yes mask=") && !line.starts_with("request "));
    assert_eq!(lines, ["path /echo?key=echo", "text 7", "binary 70000", "close 4001 bye", "eof"]);
}

#[test]
fn the_server_closes_with_any_code() {
    let server = server();
    let closed = |path| close(&mut open(&server, path));
    assert_eq!(closed("/close/4001/bye%20bye"), Some((4001, "bye bye".to_owned())));
    assert_eq!(closed("/close/1001"), Some((1001, String::new())));
    assert_eq!(closed("/close/empty"), None);
}

#[test]
fn packets_arrive_before_the_close() {
    let server = server();
    let mut client = open(&server, "/send-then-close/3/1000/done");
    assert_eq!(texts(&mut client, 3), ["0", "1", "2"]);
    assert_eq!(close(&mut client), Some((1000, "done".to_owned())));
}

#[test]
fn bursts_arrive_in_order() {
    let server = server();
    let expected: Vec<String> = (0..10_000).map(|number| number.to_string()).collect();
    assert_eq!(texts(&mut open(&server, "/burst/10000"), 10_000), expected);

    let mut client = open(&server, "/burst-binary/2/300");
    for _ in 0..2 {
        let bytes = client.read().unwrap().into_data();
        assert_eq!((bytes.len(), bytes[250], bytes[251]), (300, 250, 0));
    }
    assert_eq!(open(&server, "/huge/200000").read().unwrap().len(), 200_000);
}

#[test]
fn fragments_pings_and_pongs_are_sent_as_scripted() {
    let server = server();
    assert_eq!(texts(&mut open(&server, "/fragments"), 1), ["fragmented"]);
    assert_eq!(texts(&mut open(&server, "/ping"), 1), ["pong beat"]);
    let mut client = open(&server, "/pong");
    assert!(matches!(client.read().unwrap(), Message::Pong(_)));
    assert_eq!(texts(&mut client, 1), ["after"]);
}

#[test]
fn a_late_close_is_late() {
    let server = server();
    let mut client = open(&server, "/late-close/200");
    let begin = Instant::now();
    client.close(None).unwrap();
    close(&mut client);
    assert!(begin.elapsed() >= Duration::from_millis(200));
}

#[test]
fn count_records_a_total_and_flood_numbers_its_messages() {
    let server = server();
    let mut client = open(&server, "/count?key=count");
    for _ in 0..5 {
        client.send(Message::text("x")).unwrap();
    }
    client.close(None).unwrap();
    close(&mut client);
    assert!(server.events().wait("count", Some("count"), PATIENCE).contains("count 5"));

    let mut client = open(&server, "/flood?key=flood");
    for number in 0..100_u64 {
        assert_eq!(client.read().unwrap().into_data()[..8], number.to_be_bytes());
    }
    client.close(None).unwrap();
    close(&mut client);
    assert!(server.events().wait("flood", Some("sent"), PATIENCE).contains("sent "));
}

#[test]
fn events_are_those_of_another_connection() {
    let server = server();
    let mut client = open(&server, "/echo?key=other");
    client.send(Message::text("hello")).unwrap();
    let events = texts(&mut open(&server, "/events/other?want=text%205"), 1).remove(0);
    assert!(events.starts_with("path /echo?key=other\nrequest "), "{events}");
    assert!(events.contains("\nframe masked=yes mask="), "{events}");
}

#[test]
fn the_refused_port_refuses_connections() {
    let server = server();
    let port: u16 = texts(&mut open(&server, "/refused"), 1)[0].parse().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn the_first_subprotocol_is_selected() {
    let server = server();
    let head = crate::client::head(&mut request(&server, "/protocols"));
    assert!(head.contains("\r\nSec-WebSocket-Protocol: first\r\n"), "{head}");
}
