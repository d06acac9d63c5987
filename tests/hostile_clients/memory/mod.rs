//! Memory: queues have a limit for each peer, and one for all peers together. Peers that reach it are slowed down, and
//! closed if that lasts. Other peers are served, and the memory is free afterwards.

mod inbound;
mod outbound;

use websocket_peer::{PeerKey, ServerOptions};

use crate::{
    common::raw::{Raw, TEXT, client_frame},
    host::Host,
};

pub const KIB: usize = 1024;
pub const MIB: usize = 1024 * KIB;

/// The share of a peer with the default sizes: a request, and a message of 64 KiB in each direction, with overhead.
pub const SHARE: usize = 2 * (64 + 4) * KIB + 8 * KIB;

/// Options for `peers` peers with a share each, and a common pool of `common` bytes.
pub fn with_memory(peers: usize, common: usize) -> ServerOptions {
    ServerOptions::default().max_peers(peers).max_buffered_bytes(peers * SHARE + common)
}

/// Checks that a packet arrives in each direction.
#[track_caller]
pub fn assert_goes_on(host: &mut Host, key: PeerKey, raw: &mut Raw) {
    raw.send(client_frame(TEXT, "hello"));
    assert_eq!(host.packet(key).as_text(), Some("hello"));
    host.server.send_text(key, "welcome").expect("room for a small packet");
    assert_eq!(host.frame(raw).payload, b"welcome");
}
