//! The server as a program: started with a file, asked over HTTP, joined by clients, and ended by signals.

#[path = "program/child.rs"]
mod child;
#[path = "program/http.rs"]
mod http;
#[cfg(unix)]
#[path = "program/journal.rs"]
mod journal;
#[path = "program/metrics_text.rs"]
mod metrics_text;
#[cfg(unix)]
#[path = "program/signals.rs"]
mod signals;
#[path = "program/tls.rs"]
mod tls;

use std::process::Command;

use rooms::{RoomsClient, RoomsEvent};
use websocket_peer::{
    CloseCode,
    multiplayer::{Event, MultiplayerOptions, SceneMultiplayer},
};

use crate::{
    child::{Folder, Program, eventually},
    http::get,
    metrics_text::Samples,
};

/// Returns a client in the lobby.
#[track_caller]
fn join(url: &str) -> RoomsClient {
    let mut client = RoomsClient::connect(url, "Ann").expect("a valid URL");
    next(&mut client, |event| matches!(event, RoomsEvent::List(_)));
    client
}

/// Waits for such an event of a client, and returns it.
#[track_caller]
fn next(client: &mut RoomsClient, is_wanted: impl Fn(&RoomsEvent) -> bool) -> RoomsEvent {
    eventually("such an event", || {
        client.wait(child::STEP);
        let event = std::iter::from_fn(|| client.next_event()).find(&is_wanted);
        assert!(event.is_some() || client.close_info().is_none(), "{:?}", client.close_info());
        event
    })
}

fn metrics(server: &Program) -> Samples {
    let response = get(&server.address(), "/metrics", &[]);
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    Samples::parse(&response.body)
}

#[test]
fn a_server_with_a_file_answers_health_and_metrics_and_admits_players() {
    let folder = Folder::new("file");
    let file = folder.write(
        "rooms.toml",
        "listen = \"127.0.0.1:0\"\n[room]\ncapacity = 3\n[rooms.server]\nmax_peers = 50\n",
    );
    let mut server = Program::server(&["--config", &file]);
    server.log_line("at most 50 connections, 501 rooms, 3 players in a room");
    let health = get(&server.address(), "/health", &[]);
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    assert_eq!(health.header("cache-control"), Some("no-store"));

    let before = metrics(&server);
    assert_eq!((before.value("rooms_open"), before.value("rooms_peers")), (1.0, 0.0), "the lobby");
    assert_eq!(before.value("rooms_up"), 1.0);
    let mut client = join(&server.url());
    client.create_room("First").expect("it is in the lobby");
    let entered = next(&mut client, |event| matches!(event, RoomsEvent::EnteredRoom(_)));
    let RoomsEvent::EnteredRoom(code) = entered else { unreachable!() };
    let after = eventually("the metrics count the player", || {
        client.wait(child::STEP);
        Some(metrics(&server)).filter(|metrics| metrics.value("rooms_moves_total") == 1.0)
    });
    assert_eq!((after.value("rooms_open"), after.value("rooms_peers")), (2.0, 1.0));
    for counter in ["rooms_packets_sent_total", "rooms_packets_received_total", "rooms_sent_bytes_total"] {
        assert!(after.value(counter) > before.value(counter), "{counter}");
    }
    server.log_line(&format!("{code}: \"First\""));
    server.log_line("joined room ");
    let list = get(&server.address(), "/rooms", &[]);
    assert!(list.status == 200 && list.body.contains(code.as_str()), "{list:?}");
    assert_eq!(get(&server.address(), "/elsewhere", &[]).status, 404);

    drop(client);
    let after = eventually("the metrics count its end and the rejection", || {
        Some(metrics(&server)).filter(|metrics| metrics.sum("rooms_closes_total") == 1.0)
    });
    assert_eq!(after.value("rooms_rejections_total{status=\"404\"}"), 1.0);
    assert_eq!(after.value("rooms_closes_total{cause=\"connection_lost\"}"), 1.0);
    assert!(after.value("rooms_poll_seconds_count") > before.value("rooms_poll_seconds_count"));
}

#[test]
fn metrics_are_for_listed_networks_and_not_for_requests_through_a_proxy() {
    let server = Program::server(&["127.0.0.1:0"]);
    for field in ["Forwarded: for=192.0.2.1", "X-Forwarded-For: 127.0.0.1", "x-real-ip: 127.0.0.1"] {
        assert_eq!(get(&server.address(), "/metrics", &[field]).status, 403, "{field}");
    }
    assert_eq!(get(&server.address(), "/metrics", &[]).status, 200);
    let server = Program::server(&["127.0.0.1:0", "--metrics-from", "192.0.2.0/24"]);
    assert_eq!(get(&server.address(), "/metrics", &[]).status, 403);
    assert_eq!(get(&server.address(), "/health", &[]).status, 200, "health is for all");
}

#[test]
fn checked_settings_are_printed_and_errors_have_their_line() {
    let run = |arguments: &[&str]| {
        let output = Command::new(child::PROGRAM).args(arguments).output().expect("it starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let folder = Folder::new("check");
    let good = folder.write("good.toml", "[rooms.server]\nmax_peers = 50\n");
    let (code, out, err) = run(&["--config", &good, "--check-config", "--max-rooms=7"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("max_peers = 50") && out.contains("max_rooms = 7"), "{out}");
    let again = folder.write("again.toml", &out);
    assert_eq!(run(&["--config", &again, "--check-config"]), (Some(0), out, String::new()));

    let unknown = folder.write("unknown.toml", "\n[rooms.server]\nmax_peer = 50\n");
    let (code, out, err) = run(&["--config", &unknown]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("unknown.toml:3:1: ") && err.contains("did you mean `max_peers`?"), "{err}");

    // The library's own checks.
    let (code, _, err) = run(&["--check-config", "--set=rooms.server.max_buffered_bytes=1"]);
    assert!(code == Some(1) && err.contains("max_buffered_bytes"), "{err}");
    let (code, _, err) = run(&["--check-config", "--tls-key=absent.pem", "--tls-certificates=absent.pem"]);
    assert!(code == Some(1) && err.contains("absent.pem"), "{err}");
    let (code, _, err) = run(&["192.0.2.1:1"]);
    assert!(code == Some(1) && err.contains("cannot serve at 192.0.2.1:1: "), "{err}");
}

#[test]
fn the_check_of_the_health_asks_the_running_server() {
    let server = Program::server(&["127.0.0.1:0"]);
    let address = server.address();
    let check = || Program::run(&[&address, "--check-health"]);
    let ended = check();
    assert_eq!((ended.code, ended.err.len()), (Some(0), 0), "{ended:?}");
    drop(server);
    let ended = check();
    assert!(ended.code == Some(1) && ended.err[0].contains(&address), "{ended:?}");
}

#[test]
fn text_from_outside_cannot_forge_a_line_of_the_log() {
    let mut server = Program::server(&["127.0.0.1:0", "--log=debug"]);
    let mut client = join(&server.url());
    client.create_room("a\u{202e}b\u{2028}c\u{1b}[31m").expect("it is in the lobby");
    next(&mut client, |event| matches!(event, RoomsEvent::EnteredRoom(_)));
    server.log_line(" created room ");
    get(&server.address(), "/a%0aERROR%20forged?ticket=s3cret", &["X-A: s3cret"]);
    server.log_line("was not served");
    let url = format!("{}/lobby", server.url());
    let mut other = SceneMultiplayer::connect(&url, MultiplayerOptions::default()).expect("a valid URL");
    eventually("it joins", || {
        other.wait(child::STEP);
        std::iter::from_fn(|| other.next_event())
            .any(|event| matches!(event, Event::PeerConnected(_)))
            .then_some(())
    });
    let reason = "a\u{202e}b\u{2028}c\u{1b}[31m\nERROR forged";
    other.session().leave_with(CloseCode::NORMAL, reason).expect("it is connected");
    eventually("it leaves", || {
        other.wait(child::STEP);
        while other.next_event().is_some() {}
        other.is_closed().then_some(())
    });
    server.log_line("forged)");
    let log = server.log();
    let is_plain = |line: &String| line.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    assert!(log.iter().all(is_plain), "{log:#?}");
    assert!(!log.iter().any(|line| line.contains("s3cret") || line.starts_with("ERROR")), "{log:#?}");
}
