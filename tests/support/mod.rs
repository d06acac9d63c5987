//! What the contract's tests need: to wait with a deadline, to talk to the scripted server, and to name what a
//! platform lets us know. Everything that differs by target is in `native` and `web`, under the same names.

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

use std::time::Duration;

#[cfg(feature = "multiplayer")]
use websocket_peer::multiplayer::{Event, MultiplayerOptions, MultiplayerPeer};
use websocket_peer::{CloseInfo, Packet, PeerOptions, ReadyState, WebSocketPeer};

pub use ending::{Failure, assert_broken, assert_never_opened, ending};
pub use platform::{
    TOO_BIG_ON_THE_WIRE, Wakes, address_of, assert_address_is_known, assert_attempt_was_given_up,
    assert_blocked_port_allowed, assert_breach_was_told, assert_came_while_closing,
    assert_closed_with_later_code, assert_ended_at_once, assert_headers_arrive, assert_outlived_flood,
    assert_own_roots, drive, endure_huge_announcement, endure_silence, endure_unseen_breach, happen,
    happenings, may_drop_politely, may_refuse_interim_answers, measure_round_trip, secure,
    tolerates_odd_answers, unique_key, url,
};
pub use seen::{Seen, seen};

/// How long a test waits for anything before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A peer that has begun to connect to `path` of the scripted server.
pub async fn dial(path: &str) -> WebSocketPeer {
    dial_with(PeerOptions::default(), path).await
}

/// The same with options.
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

/// A peer that is open.
pub async fn open(path: &str) -> WebSocketPeer {
    open_with(PeerOptions::default(), path).await
}

/// The same with options.
pub async fn open_with(options: PeerOptions, path: &str) -> WebSocketPeer {
    let mut peer = dial_with(options, path).await;
    opened(&mut peer).await;
    peer
}

/// A peer that is open, at the moment when the script of `path` begins. For scripts that end the connection: a browser
/// may not even tell that it was open if that ends at once.
pub async fn begin(path: &str) -> WebSocketPeer {
    begin_with(PeerOptions::default(), path).await
}

/// The same with options.
pub async fn begin_with(options: PeerOptions, path: &str) -> WebSocketPeer {
    let separator = if path.contains('?') { '&' } else { '?' };
    let mut peer = open_with(options, &format!("{path}{separator}wait=message")).await;
    peer.send_text("begin").expect("an open peer can send");
    peer
}

/// A peer that is closing: the other end has been asked and does not answer.
pub async fn closing() -> WebSocketPeer {
    let mut peer = open("/silent").await;
    peer.close();
    peer
}

/// A peer whose connection is over.
pub async fn over() -> WebSocketPeer {
    let mut peer = open("/close/1000").await;
    closed(&mut peer).await;
    peer
}

/// Polls until the peer has opened.
pub async fn opened(peer: &mut WebSocketPeer) {
    until(peer, "open", |peer| peer.state() != ReadyState::Connecting).await;
    assert_eq!(peer.state(), ReadyState::Open, "did not open: {:?}", peer.close_info());
}

/// Polls until the connection is over, and tells how it ended.
pub async fn closed(peer: &mut WebSocketPeer) -> CloseInfo {
    until(peer, "be closed", |peer| peer.state() == ReadyState::Closed).await;
    peer.close_info().expect("a closed peer tells why").clone()
}

/// Polls until there is a packet, and takes it.
pub async fn receive(peer: &mut WebSocketPeer) -> Packet {
    until(peer, "receive a packet", |peer| peer.available() > 0 || peer.state() == ReadyState::Closed).await;
    let info = peer.close_info().cloned();
    peer.recv().unwrap_or_else(|| panic!("the connection ended before a packet came: {info:?}"))
}

/// The same for a text packet.
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
            "waited {PATIENCE:?} in vain for the peer to {what}; it is {}, {} packets wait, close info {:?}",
            peer.state(),
            peer.available(),
            peer.close_info(),
        );
        platform::tick().await;
    }
}

/// A client that has begun to join a multiplayer session at `path` of the scripted server.
#[cfg(feature = "multiplayer")]
pub async fn join(options: MultiplayerOptions, path: &str) -> MultiplayerPeer {
    platform::require_server().await;
    MultiplayerPeer::connect(&url(path), options).expect("the address and the options are right")
}

/// Polls until the session tells something.
#[cfg(feature = "multiplayer")]
pub async fn next_event(peer: &mut MultiplayerPeer) -> Event {
    let deadline = platform::now() + PATIENCE;
    loop {
        peer.poll();
        if let Some(event) = peer.next_event() {
            return event;
        }
        assert!(platform::now() < deadline, "waited {PATIENCE:?} in vain for an event of {peer:?}");
        platform::tick().await;
    }
}

/// Polls for a while, whatever happens.
pub async fn poll_for(peer: &mut WebSocketPeer, time: Duration) {
    let end = platform::now() + time;
    while platform::now() < end {
        peer.poll();
        platform::tick().await;
    }
}

/// Lets time pass without polling anything: the network goes on.
pub async fn pause(time: Duration) {
    let end = platform::now() + time;
    while platform::now() < end {
        platform::tick().await;
    }
}

/// A while in which anything that would happen by itself has happened.
pub const A_WHILE: Duration = Duration::from_millis(50);

/// The texts `0`, `1`, … that the server's bursts are made of.
pub fn numbers(packets: &[Packet]) -> Vec<usize> {
    let number = |packet: &Packet| packet.as_text()?.parse().ok();
    packets.iter().map(|packet| number(packet).unwrap_or_else(|| panic!("{packet:?} is no number"))).collect()
}
