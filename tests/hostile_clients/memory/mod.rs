//! Memory: a queue has a bound for each peer, and everything that waits has one for all. Peers that fill it are slowed down, and
//! closed when that lasts; an honest peer goes on; and afterwards everything is as before.

mod inbound;
mod outbound;

use websocket_peer::{PeerKey, ServerOptions};

use crate::{
    common::raw::{Raw, TEXT, client_frame},
    host::Host,
};

pub const KIB: usize = 1024;
pub const MIB: usize = 1024 * KIB;

/// What one peer with the default sizes has for itself: a request, and a message of 64 KiB each way, with what belongs to them.
pub const SHARE: usize = 2 * (64 + 4) * KIB + 8 * KIB;

/// PeerOptions for `peers` peers with a share each, and `common` bytes beside them.
pub fn with_memory(peers: usize, common: usize) -> ServerOptions {
    ServerOptions::default().max_peers(peers).max_buffered_bytes(peers * SHARE + common)
}

/// It sends something, and is answered.
#[track_caller]
pub fn assert_goes_on(host: &mut Host, key: PeerKey, raw: &mut Raw) {
    raw.send(client_frame(TEXT, "hello"));
    assert_eq!(host.packet(key).as_text(), Some("hello"));
    host.server.send_text(key, "welcome").expect("a small packet for an honest peer");
    assert_eq!(host.frame(raw).payload, b"welcome");
}
