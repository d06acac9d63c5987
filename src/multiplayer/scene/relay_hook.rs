//! The hook that decides about relayed packets.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::multiplayer::relay_decision::{RelayDecision, RelayedPacket};

/// The program's hook of [`on_relay`](super::SceneMultiplayer::on_relay).
pub(super) struct RelayHook(Box<Hook>);

/// A function that decides about a relayed packet.
pub(super) type Hook = dyn FnMut(&RelayedPacket<'_>) -> RelayDecision + Send + Sync;

impl RelayHook {
    pub(super) fn new(hook: Box<Hook>) -> Self {
        Self(hook)
    }

    /// Returns the decision about a packet. If the hook panics, the packet is dropped: a client that can cause a panic
    /// must not get past the hook.
    pub(super) fn decide(&mut self, packet: &RelayedPacket<'_>) -> RelayDecision {
        // The hook is called again after a panic: what it has captured is its own matter, as with a mutex.
        catch_unwind(AssertUnwindSafe(|| (self.0)(packet))).unwrap_or_else(|_| {
            log::error!("the hook of `on_relay` panicked: a packet of peer {} is dropped", packet.from);
            RelayDecision::Drop
        })
    }
}

impl fmt::Debug for RelayHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayHook")
    }
}
