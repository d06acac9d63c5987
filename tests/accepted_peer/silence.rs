//! Clients that say nothing: the heartbeat asks, and gives up on who does not answer.

use std::time::{Duration, Instant};

use websocket_peer::{CloseCause, CloseCode, PeerOptions, ReadyState, Timeout};

use crate::common::{
    A_WHILE, PATIENCE, closed, opened,
    raw::{CLOSE, PING, PONG, REQUEST, TEXT, accepted, accepting, client_frame, end_from, frame_from},
    receive, until,
};

const INTERVAL: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_millis(300);

fn watchful() -> PeerOptions {
    PeerOptions::for_server().heartbeat_interval(INTERVAL).heartbeat_timeout(TIMEOUT)
}

/// For clients that answer, as soon as the machine lets them.
fn patient() -> PeerOptions {
    watchful().heartbeat_timeout(PATIENCE)
}

const DEAD: CloseCause = CloseCause::TimedOut(Timeout::Heartbeat);

#[test]
fn a_silent_client_is_asked_and_then_given_up() {
    let start = Instant::now();
    let (mut peer, mut raw) = accepted(watchful());
    let ping = frame_from(&mut peer, &mut raw);
    assert_eq!((ping.first, ping.masked), (PING, false));
    assert!(start.elapsed() >= INTERVAL / 2, "{:?}", start.elapsed());
    let info = closed(&mut peer);
    assert!(start.elapsed() >= TIMEOUT, "{:?}", start.elapsed());
    assert_eq!((info.code, info.reason.as_str(), info.cause), (None, "", DEAD));
    end_from(&mut peer, &mut raw);
}

#[test]
fn pongs_keep_it_open_and_tell_the_round_trip() {
    let (mut peer, mut raw) = accepted(patient());
    assert_eq!(peer.stats().rtt, None);
    let start = Instant::now();
    let mut payloads = Vec::new();
    until("five heartbeats", || {
        peer.poll();
        if let Some(ping) = raw.frame() {
            assert_eq!(ping.first, PING);
            raw.send(client_frame(PONG, &ping.payload));
            payloads.push(ping.payload);
        }
        payloads.len() == 5
    });
    until("the last pong arrives", || peer.poll() != ReadyState::Open || peer.stats().rtt.is_some());
    assert_eq!(peer.state(), ReadyState::Open, "{:?}", peer.close_info());
    assert!(peer.stats().rtt.unwrap() <= start.elapsed());
    payloads.dedup();
    assert_eq!(payloads.len(), 5, "each ping can be told from the one before");
    assert_eq!(peer.stats().packets_received, 0, "pongs are no packets");
}

#[test]
fn the_round_trip_is_as_long_as_it_takes() {
    let (mut peer, mut raw) = accepted(patient());
    let ping = frame_from(&mut peer, &mut raw);
    let asked = Instant::now();
    // Polled all the while: a pause in the polling would be forgiven.
    until("some time passes", || {
        peer.poll();
        asked.elapsed() >= A_WHILE
    });
    raw.send(client_frame(PONG, &ping.payload));
    until("the pong arrives", || {
        peer.poll();
        peer.stats().rtt.is_some()
    });
    let rtt = peer.stats().rtt.unwrap();
    assert!(rtt >= A_WHILE - Duration::from_millis(20), "{rtt:?}");
}

#[test]
fn whoever_talks_is_alive_without_pongs() {
    // Longer than a loaded machine takes for an answer, and shorter than all of this together.
    const LIMIT: Duration = Duration::from_secs(2);
    let (mut peer, mut raw) = accepted(watchful().heartbeat_timeout(LIMIT));
    let start = Instant::now();
    while start.elapsed() < 2 * (INTERVAL + LIMIT) {
        raw.send(client_frame(TEXT, "still here"));
        assert_eq!(receive(&mut peer).as_text(), Some("still here"));
    }
    assert_eq!(peer.state(), ReadyState::Open);
}

#[test]
fn a_client_that_talks_without_pause_is_asked_and_measured_too() {
    let (mut peer, mut raw) = accepted(patient());
    let mut pings = 0;
    until("three round trips", || {
        raw.send(client_frame(TEXT, "talking"));
        until("it is heard", || (peer.poll(), peer.recv()).1.is_some());
        if let Some(ping) = raw.frame() {
            assert_eq!(ping.first, PING);
            assert_eq!(peer.stats().rtt.is_some(), pings > 0);
            raw.send(client_frame(PONG, &ping.payload));
            pings += 1;
            until("the pong arrives", || (peer.poll(), peer.stats()).1.rtt.is_some());
        }
        pings == 3
    });
    assert!(peer.stats().rtt_variation.is_some());
}

#[test]
fn a_pong_that_nobody_asked_for_measures_nothing() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(client_frame(PONG, "unasked"));
    raw.send(client_frame(TEXT, "behind it"));
    receive(&mut peer);
    assert_eq!(peer.stats().rtt, None);
}

#[test]
fn without_an_interval_nobody_is_asked() {
    let (mut peer, mut raw) = accepted(watchful().heartbeat_interval(Duration::ZERO));
    let start = Instant::now();
    while start.elapsed() < INTERVAL + TIMEOUT {
        assert_eq!(peer.poll(), ReadyState::Open);
        assert_eq!(raw.look(), 0);
    }
}

#[test]
fn a_pause_of_the_game_is_no_silence_of_the_client() {
    let (mut peer, mut raw) = accepted(watchful().heartbeat_timeout(Duration::from_secs(3)));
    let ping = frame_from(&mut peer, &mut raw);
    raw.send(client_frame(PONG, &ping.payload));
    // Nobody polls, for longer than interval and time-out together.
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(peer.poll(), ReadyState::Open, "{:?}", peer.close_info());
    // Nor is what waited in the kernel overlooked.
    assert!(peer.stats().rtt.is_some());
}

#[test]
fn there_is_no_heartbeat_before_the_connection_is_open() {
    let (mut peer, mut raw) = accepting(watchful());
    let start = Instant::now();
    while start.elapsed() < 2 * INTERVAL {
        assert_eq!(peer.poll(), ReadyState::Connecting);
        assert_eq!(raw.look(), 0);
    }
    raw.send(REQUEST);
    opened(&mut peer);
}

#[test]
fn a_dead_client_is_not_waited_for_twice() {
    let (mut peer, mut raw) = accepted(watchful().close_timeout(INTERVAL));
    peer.close_with(CloseCode::new(1001).unwrap(), "").unwrap();
    assert_eq!(closed(&mut peer).cause, CloseCause::TimedOut(Timeout::Close));
    assert_eq!(frame_from(&mut peer, &mut raw).first, CLOSE);
}
