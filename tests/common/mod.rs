//! Helpers of the native tests: waiting with a deadline, raw connections, child processes.

// Each test target uses a part of this.
#![allow(dead_code, unused_imports)]

pub mod network;
pub mod program;
pub mod raw;

use std::{sync::OnceLock, time::Duration};

use testkit::Server;
use websocket_peer::{CloseInfo, Packet, ReadyState, WebSocketPeer};

/// The time after which a test that waits fails. Long, because the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The time within which everything in transit arrives.
pub const A_WHILE: Duration = Duration::from_millis(100);

/// Calls `step` until it returns a value. Panics with `what` if that takes too long.
#[track_caller]
pub fn eventually<T>(what: &str, step: impl FnMut() -> Option<T>) -> T {
    testkit::waiting::eventually(PATIENCE, what, step)
}

/// Calls `done` until it returns `true`.
#[track_caller]
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    eventually(what, || done().then_some(()));
}

/// Polls until the peer is open.
#[track_caller]
pub fn opened(peer: &mut WebSocketPeer) {
    until("the peer opens", || peer.poll() != ReadyState::Connecting);
    assert_eq!(peer.state(), ReadyState::Open, "{:?}", peer.close_info());
}

/// Polls until the connection has ended, and returns how.
#[track_caller]
pub fn closed(peer: &mut WebSocketPeer) -> CloseInfo {
    until("the peer closes", || peer.poll() == ReadyState::Closed);
    peer.close_info().expect("a closed peer has a close info").clone()
}

/// Polls until there is a packet, and takes it.
#[track_caller]
pub fn receive(peer: &mut WebSocketPeer) -> Packet {
    until("a packet arrives", || peer.poll() == ReadyState::Closed || peer.available() > 0);
    let info = peer.close_info().cloned();
    peer.recv().unwrap_or_else(|| panic!("the connection ended before a packet arrived: {info:?}"))
}

/// Returns the scripted server for all tests of the process.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start().expect("the scripted server starts"))
}
