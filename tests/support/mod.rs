//! Helpers of the contract's tests: waiting with a deadline, connections to the scripted server, and assertions that
//! depend on the platform. These are in `native` and `web`, under the same names.

// Each test target uses a part of this.
#![allow(dead_code, unused_imports)]

#[cfg(not(target_family = "wasm"))]
#[path = "native.rs"]
mod platform;
#[cfg(target_family = "wasm")]
#[path = "web.rs"]
mod platform;

mod ending;
mod seen;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

#[cfg(feature = "multiplayer")]
use websocket_peer::multiplayer::{
    Event, MultiplayerOptions, PeerEvent, SceneMultiplayer, WebSocketMultiplayerPeer,
};
use websocket_peer::{CloseInfo, Packet, PeerOptions, ReadyState, WebSocketPeer};

pub use ending::{Failure, assert_never_opened, assert_protocol_error, ending};
pub use platform::{
    TOO_BIG_CLOSE_FRAME, Wakes, address_of, assert_address_is_known, assert_attempt_was_cancelled,
    assert_blocked_port_allowed, assert_closed_with_later_code, assert_ended_at_once,
    assert_flood_was_bounded, assert_headers_arrive, assert_own_roots, assert_protocol_error_was_sent,
    assert_received_while_closing, dispatch, expect_heartbeat_timeout, expect_huge_header_rejected,
    expect_lenient_protocol_error, may_accept_unusual_responses, may_reject_interim_responses,
    may_send_close_on_drop, measure_round_trip, secure, unique_key, url, wake_events,
};
pub use seen::{Seen, seen};

/// The time after which a test that waits fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns a peer that has begun to connect to `path` of the scripted server.
pub async fn dial(path: &str) -> WebSocketPeer {
    dial_with(PeerOptions::default(), path).await
}

/// Does the same with options.
pub async fn dial_with(options: PeerOptions, path: &str) -> WebSocketPeer {
    let mut peer = WebSocketPeer::with_options(options);
    connect(&mut peer, path).await;
    peer
}

/// Begins to connect a peer to `path` of the scripted server.
pub async fn connect(peer: &mut WebSocketPeer, path: &str) {
    platform::require_server().await;
    peer.connect(&url(path)).expect("the address and the options are right");
}

/// Returns an open peer.
pub async fn open(path: &str) -> WebSocketPeer {
    open_with(PeerOptions::default(), path).await
}

/// Does the same with options.
pub async fn open_with(options: PeerOptions, path: &str) -> WebSocketPeer {
    let mut peer = dial_with(options, path).await;
    opened(&mut peer).await;
    peer
}

/// Returns an open peer, and starts the script of `path` only then. For scripts that end the connection: a browser may
/// not report that a connection was open if it ends at once.
pub async fn begin(path: &str) -> WebSocketPeer {
    begin_with(PeerOptions::default(), path).await
}

/// Does the same with options.
pub async fn begin_with(options: PeerOptions, path: &str) -> WebSocketPeer {
    let separator = if path.contains('?') { '&' } else { '?' };
    let mut peer = open_with(options, &format!("{path}{separator}wait=message")).await;
    peer.send_text("begin").expect("an open peer can send");
    peer
}

/// Returns a closing peer, whose other end does not answer.
pub async fn closing() -> WebSocketPeer {
    let mut peer = open("/silent").await;
    peer.close();
    peer
}

/// Returns a peer whose connection has ended.
pub async fn ended() -> WebSocketPeer {
    let mut peer = open("/close/1000").await;
    closed(&mut peer).await;
    peer
}

/// Polls until the peer has opened.
pub async fn opened(peer: &mut WebSocketPeer) {
    until(peer, "open", |peer| peer.state() != ReadyState::Connecting).await;
    assert_eq!(peer.state(), ReadyState::Open, "did not open: {:?}", peer.close_info());
}

/// Polls until the connection has ended, and returns how.
pub async fn closed(peer: &mut WebSocketPeer) -> CloseInfo {
    until(peer, "be closed", |peer| peer.state() == ReadyState::Closed).await;
    peer.close_info().expect("a closed peer has a close info").clone()
}

/// Polls until there is a packet, and takes it.
pub async fn receive(peer: &mut WebSocketPeer) -> Packet {
    until(peer, "receive a packet", |peer| peer.available() > 0 || peer.state() == ReadyState::Closed).await;
    let info = peer.close_info().cloned();
    peer.recv().unwrap_or_else(|| panic!("the connection ended before a packet arrived: {info:?}"))
}

/// Polls until there is a text packet, and takes it.
pub async fn receive_text(peer: &mut WebSocketPeer) -> String {
    let packet = receive(peer).await;
    packet.as_text().unwrap_or_else(|| panic!("{packet:?} instead of a text")).to_owned()
}

/// Polls, and takes `count` packets.
pub async fn receive_all(peer: &mut WebSocketPeer, count: usize) -> Vec<Packet> {
    let mut packets = Vec::with_capacity(count);
    while packets.len() < count {
        packets.push(receive(peer).await);
    }
    packets
}

/// Polls until `done`; fails with `what` when that takes too long.
pub async fn until(peer: &mut WebSocketPeer, what: &str, mut done: impl FnMut(&mut WebSocketPeer) -> bool) {
    let deadline = platform::now() + PATIENCE;
    loop {
        peer.poll();
        if done(peer) {
            return;
        }
        assert!(
            platform::now() < deadline,
            "the peer did not {what} within {PATIENCE:?}; it is {}, {} packets available, close info {:?}",
            peer.state(),
            peer.available(),
            peer.close_info(),
        );
        platform::tick().await;
    }
}

/// Returns a client that has begun to join a multiplayer session at `path` of the scripted server.
#[cfg(feature = "multiplayer")]
pub async fn join(options: MultiplayerOptions, path: &str) -> SceneMultiplayer {
    platform::require_server().await;
    SceneMultiplayer::connect(&url(path), options).expect("the address and the options are right")
}

/// Returns a client of the mid level that has begun to connect to `path` of the scripted server.
#[cfg(feature = "multiplayer")]
pub async fn join_mid_level(options: PeerOptions, path: &str) -> WebSocketMultiplayerPeer {
    platform::require_server().await;
    WebSocketMultiplayerPeer::connect(&url(path), options).expect("the address and the options are right")
}

/// Polls until the peer has an event.
#[cfg(feature = "multiplayer")]
pub async fn next_peer_event(peer: &mut WebSocketMultiplayerPeer) -> PeerEvent {
    let deadline = platform::now() + PATIENCE;
    loop {
        peer.poll();
        if let Some(event) = peer.next_event() {
            return event;
        }
        assert!(platform::now() < deadline, "no event within {PATIENCE:?} of {peer:?}");
        platform::tick().await;
    }
}

/// Polls until the session has an event.
#[cfg(feature = "multiplayer")]
pub async fn next_event(peer: &mut SceneMultiplayer) -> Event {
    let deadline = platform::now() + PATIENCE;
    loop {
        peer.poll();
        if let Some(event) = peer.next_event() {
            return event;
        }
        assert!(platform::now() < deadline, "no event within {PATIENCE:?} of {peer:?}");
        platform::tick().await;
    }
}

/// Polls for this time.
pub async fn poll_for(peer: &mut WebSocketPeer, time: Duration) {
    let end = platform::now() + time;
    while platform::now() < end {
        peer.poll();
        platform::tick().await;
    }
}

/// Lets time pass without polling any peer.
pub async fn pause(time: Duration) {
    let end = platform::now() + time;
    while platform::now() < end {
        platform::tick().await;
    }
}

/// The time within which everything in transit arrives.
pub const A_WHILE: Duration = Duration::from_millis(50);

/// Parses the texts `0`, `1`, … of the server's bursts.
pub fn numbers(packets: &[Packet]) -> Vec<usize> {
    let number = |packet: &Packet| packet.as_text()?.parse().ok();
    packets
        .iter()
        .map(|packet| number(packet).unwrap_or_else(|| panic!("{packet:?} is not a number")))
        .collect()
}

/// Calls `step` with the peer each time its hook is called, until `done`.
pub async fn drive(
    peer: &Arc<Mutex<WebSocketPeer>>,
    step: impl Fn(&Mutex<WebSocketPeer>) + Send + 'static,
    done: impl Fn() -> bool,
) {
    let woken = Arc::downgrade(peer);
    let hook = move || {
        if let Some(peer) = woken.upgrade() {
            step(&peer);
        }
    };
    assert_eq!(peer.lock().unwrap().on_wake(hook), Ok(()));
    wait_until(done).await;
}

/// Waits for `done` without polling any peer.
pub async fn wait_until(done: impl Fn() -> bool) {
    let deadline = platform::now() + PATIENCE;
    while !done() {
        assert!(platform::now() < deadline, "not woken within {PATIENCE:?}");
        platform::tick().await;
    }
}
