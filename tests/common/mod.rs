//! What the native tests share: waiting with a deadline, connections whose other end is raw bytes, child processes.

// Each test target uses a part of this.
#![allow(dead_code, unused_imports)]

pub mod network;
pub mod program;
pub mod raw;

use std::{sync::OnceLock, time::Duration};

use testkit::Server;
use websocket_peer::{CloseInfo, Packet, ReadyState, WebSocketPeer};

/// How long a test waits for anything before it fails. Generous: the machine may be busy with something else.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A while in which anything that would happen by itself has happened.
pub const A_WHILE: Duration = Duration::from_millis(100);

/// Calls `step` again and again until it answers something; fails with `what` when that takes too long.
#[track_caller]
pub fn eventually<T>(what: &str, step: impl FnMut() -> Option<T>) -> T {
    testkit::waiting::eventually(PATIENCE, what, step)
}

/// Calls `done` again and again until it says so.
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

/// Polls until the connection is over, and tells how it ended.
#[track_caller]
pub fn closed(peer: &mut WebSocketPeer) -> CloseInfo {
    until("the peer closes", || peer.poll() == ReadyState::Closed);
    peer.close_info().expect("a closed peer tells why").clone()
}

/// Polls until there is a packet, and takes it.
#[track_caller]
pub fn receive(peer: &mut WebSocketPeer) -> Packet {
    until("a packet comes", || peer.poll() == ReadyState::Closed || peer.available() > 0);
    let info = peer.close_info().cloned();
    peer.recv().unwrap_or_else(|| panic!("the connection ended before a packet came: {info:?}"))
}

/// One scripted server for all tests of the process.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start().expect("the scripted server starts"))
}
