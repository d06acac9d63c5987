//! Silent clients: the heartbeat sends pings, and closes the connection of a client that does not answer.

use std::time::{Duration, Instant};

use websocket_peer::{CloseCause, CloseCode, PeerOptions, ReadyState, Timeout};

use crate::common::{
    A_WHILE, PATIENCE, closed, opened,
    raw::{CLOSE, PING, PONG, REQUEST, TEXT, accepted, accepting, client_frame, end_from, frame_from},
    receive, until,
};

const INTERVAL: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_millis(300);

fn short_heartbeat() -> PeerOptions {
    PeerOptions::for_server().heartbeat_interval(INTERVAL).heartbeat_timeout(TIMEOUT)
}

/// For clients that answer, on a slow machine, too.
fn long_heartbeat() -> PeerOptions {
    short_heartbeat().heartbeat_timeout(PATIENCE)
}

const HEARTBEAT_TIMEOUT: CloseCause = CloseCause::TimedOut(Timeout::Heartbeat);

#[test]
fn a_silent_client_gets_a_ping_and_then_times_out() {
    let start = Instant::now();
    let (mut peer, mut raw) = accepted(short_heartbeat());
    let ping = frame_from(&mut peer, &mut raw);
    assert_eq!((ping.first, ping.masked), (PING, false));
    assert!(start.elapsed() >= INTERVAL / 2, "{:?}", start.elapsed());
    let info = closed(&mut peer);
    assert!(start.elapsed() >= TIMEOUT, "{:?}", start.elapsed());
    assert_eq!((info.code, info.reason.as_str(), info.cause), (None, "", HEARTBEAT_TIMEOUT));
    end_from(&mut peer, &mut raw);
}

#[test]
fn pongs_keep_the_connection_open_and_measure_the_round_trip() {
    let (mut peer, mut raw) = accepted(long_heartbeat());
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
    assert_eq!(payloads.len(), 5, "each ping has another payload");
    assert_eq!(peer.stats().packets_received, 0, "pongs are no packets");
}

#[test]
fn the_round_trip_time_is_exact() {
    let (mut peer, mut raw) = accepted(long_heartbeat());
    let ping = frame_from(&mut peer, &mut raw);
    let asked = Instant::now();
    // It polls meanwhile, because a pause between polls does not count.
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
fn a_client_that_sends_stays_connected_without_pongs() {
    // Longer than a loaded machine takes for an answer, and shorter than the whole test.
    const LIMIT: Duration = Duration::from_secs(2);
    let (mut peer, mut raw) = accepted(short_heartbeat().heartbeat_timeout(LIMIT));
    let start = Instant::now();
    while start.elapsed() < 2 * (INTERVAL + LIMIT) {
        raw.send(client_frame(TEXT, "still here"));
        assert_eq!(receive(&mut peer).as_text(), Some("still here"));
    }
    assert_eq!(peer.state(), ReadyState::Open);
}

#[test]
fn a_client_that_sends_without_pause_gets_pings_too() {
    let (mut peer, mut raw) = accepted(long_heartbeat());
    let mut pings = 0;
    until("three round trips", || {
        raw.send(client_frame(TEXT, "talking"));
        until("it is received", || (peer.poll(), peer.recv()).1.is_some());
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
fn an_unsolicited_pong_measures_nothing() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    raw.send(client_frame(PONG, "unasked"));
    raw.send(client_frame(TEXT, "behind it"));
    receive(&mut peer);
    assert_eq!(peer.stats().rtt, None);
}

#[test]
fn an_interval_of_zero_sends_no_pings() {
    let (mut peer, mut raw) = accepted(short_heartbeat().heartbeat_interval(Duration::ZERO));
    let start = Instant::now();
    while start.elapsed() < INTERVAL + TIMEOUT {
        assert_eq!(peer.poll(), ReadyState::Open);
        assert_eq!(raw.look(), 0);
    }
}

#[test]
fn a_pause_between_polls_does_not_count_as_silence() {
    let (mut peer, mut raw) = accepted(short_heartbeat().heartbeat_timeout(Duration::from_secs(3)));
    let ping = frame_from(&mut peer, &mut raw);
    raw.send(client_frame(PONG, &ping.payload));
    // No poll for longer than interval and timeout together.
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(peer.poll(), ReadyState::Open, "{:?}", peer.close_info());
    // Bytes that waited in the kernel are read.
    assert!(peer.stats().rtt.is_some());
}

#[test]
fn no_ping_is_sent_before_the_connection_is_open() {
    let (mut peer, mut raw) = accepting(short_heartbeat());
    let start = Instant::now();
    while start.elapsed() < 2 * INTERVAL {
        assert_eq!(peer.poll(), ReadyState::Connecting);
        assert_eq!(raw.look(), 0);
    }
    raw.send(REQUEST);
    opened(&mut peer);
}

#[test]
fn a_client_that_timed_out_is_not_waited_for_again() {
    let (mut peer, mut raw) = accepted(short_heartbeat().close_timeout(INTERVAL));
    peer.close_with(CloseCode::new(1001).unwrap(), "").unwrap();
    assert_eq!(closed(&mut peer).cause, CloseCause::TimedOut(Timeout::Close));
    assert_eq!(frame_from(&mut peer, &mut raw).first, CLOSE);
}
