//! Two players at the running server, and packets that a server should not send.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use circles::{MAX_PLAYERS, Players, encode};
use websocket_peer::{ReadyState, WebSocketPeer};

const PATIENCE: Duration = Duration::from_secs(60);

/// The running server. It is killed when this is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

fn start() -> (Server, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    let mut child = command.arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().expect("the server starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    (Server(child), line.trim().strip_prefix("Listening on ").expect("an address").to_owned())
}

fn connected(url: &str) -> WebSocketPeer {
    let mut peer = WebSocketPeer::new();
    peer.connect(url).expect("a valid URL");
    until("it opens", || peer.poll() == ReadyState::Open);
    peer
}

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn receive_all(peer: &mut WebSocketPeer, players: &mut Players) {
    peer.poll();
    while let Some(packet) = peer.recv() {
        players.receive(&packet);
    }
}

#[test]
fn players_see_the_circles_of_the_others_until_they_leave() {
    let (_server, url) = start();
    let (mut one, mut two) = (connected(&url), connected(&url));
    let mut seen = [Players::default(), Players::default()];
    // The server has read the arrival of both when each has received something of the other.
    until("both see one circle", || {
        for (peer, seen) in [&mut one, &mut two].into_iter().zip(&mut seen) {
            peer.send(&encode([0.25, 1.0])).expect("an open peer");
            receive_all(peer, seen);
        }
        seen.iter().all(|players| players.0.values().eq([&[0.25, 1.0]]))
    });
    drop(two);
    until("the circle has gone", || {
        receive_all(&mut one, &mut seen[0]);
        seen[0] == Players::default()
    });
}

#[test]
fn a_new_player_sees_a_circle_that_does_not_move() {
    let (_server, url) = start();
    let (mut one, mut two) = (connected(&url), connected(&url));
    let mut seen = Players::default();
    // Then the server has read the arrival of both.
    until("one sees two", || {
        two.send(&encode([0.5, 0.5])).expect("an open peer");
        two.poll();
        receive_all(&mut one, &mut seen);
        !seen.0.is_empty()
    });
    one.send(&encode([0.25, 1.0])).expect("an open peer");
    let is_seen = |seen: &Players| seen.0.values().any(|position| *position == [0.25, 1.0]);
    seen = Players::default();
    until("two sees one", || {
        one.poll();
        receive_all(&mut two, &mut seen);
        is_seen(&seen)
    });
    // Nothing of the first player is on its way any more.
    let mut three = connected(&url);
    seen = Players::default();
    until("three sees one", || {
        receive_all(&mut three, &mut seen);
        is_seen(&seen)
    });
}

#[test]
fn a_packet_of_another_length_is_a_reason_to_disconnect() {
    let (_server, url) = start();
    let mut peer = connected(&url);
    peer.send(&[0; 9]).expect("an open peer");
    until("it closes", || peer.poll() == ReadyState::Closed);
    assert_eq!(peer.close_info().and_then(|info| info.code), Some(1009));
}

#[test]
fn other_packets_of_a_server_have_no_effect() {
    let mut players = Players::default();
    let nan = [[0; 8], encode([f32::NAN, 0.0])].concat();
    let outside = [[0; 8], encode([0.0, 1.5])].concat();
    for packet in [&[][..], &[1; 7], &[1; 8], &[1; 9], &[1; 15], &[1; 17], &nan, &outside] {
        players.receive(packet);
        assert_eq!(players, Players::default(), "{packet:?}");
    }
    for id in 0..2 * MAX_PLAYERS as u64 {
        players.receive(&[id.to_le_bytes(), encode([0.5; 2])].concat());
    }
    assert_eq!(players.0.len(), MAX_PLAYERS);
}
