//! Plain HTTP at the port of the rooms, as a page or a tool sees it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::world::World;

/// Sends a request, and returns the response while the server runs.
#[track_caller]
fn request(world: &mut World, path: &str, fields: &str) -> String {
    let host = world.url.trim_start_matches("ws://").to_owned();
    let mut stream = TcpStream::connect(&host).expect("the server listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n").expect("the server is connected");
    stream.set_nonblocking(true).expect("the stream is open");
    let (start, mut response) = (Instant::now(), Vec::new());
    loop {
        assert!(start.elapsed() < Duration::from_secs(120), "there is no response");
        world.step();
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(0) => return String::from_utf8(response).expect("it is text"),
            Ok(count) => response.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn the_list_of_rooms_is_json_for_pages_of_the_same_host() {
    let mut world = World::new();
    let empty = request(&mut world, "/rooms", "");
    assert!(empty.starts_with("HTTP/1.1 200 "), "{empty}");
    assert!(empty.ends_with("\r\n\r\n[]"), "{empty}");

    let [ann, bob] = ["Ann", "Bob"].map(|name| world.enter(name));
    let code = world.create(ann, "\"Friday\" night");
    let entry = format!(r#"{{"code":"{code}","title":"\"Friday\" night","players":1,"capacity":3}}"#);
    world.until("the list has it", |world| world.list(bob).iter().any(|room| room.players == 1));
    let list = request(&mut world, "/rooms?x", "Origin: http://127.0.0.1:8090\r\n");
    assert!(list.ends_with(&format!("\r\n\r\n[{entry}]")), "{list}");
    let lower = list.to_lowercase();
    assert!(lower.contains("content-type: application/json\r\n"), "{list}");
    assert!(lower.contains("access-control-allow-origin: http://127.0.0.1:8090\r\n"), "{list}");

    let other = request(&mut world, "/rooms", "Origin: http://evil.example\r\n");
    assert!(!other.to_lowercase().contains("access-control"), "{other}");
}

#[test]
fn other_paths_are_404_and_rooms_are_only_for_websockets() {
    let mut world = World::new();
    for (path, status) in [
        ("/", "404"),
        ("/room/ABCD/x", "404"),
        ("/room/%41BCD", "404"),
        ("/../rooms", "404"),
        ("//rooms", "404"),
        ("/lobby", "426"),
        ("/room/ABCD", "426"),
    ] {
        let response = request(&mut world, path, "");
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {response}");
    }
}

#[test]
fn a_client_that_offers_only_other_sub_protocols_is_rejected() {
    let mut world = World::new();
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: other\r\n";
    let response = request(&mut world, "/lobby", upgrade);
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    let response = request(&mut world, "/nowhere", upgrade);
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
}
