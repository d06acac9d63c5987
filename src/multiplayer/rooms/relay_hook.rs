//! The hook that decides about relayed packets of all rooms.

use std::fmt;

use super::{key::RoomKey, panics};
use crate::multiplayer::relay_decision::{RelayDecision, RelayedPacket};

/// The program's hook of [`RoomServer::on_relay`](super::RoomServer::on_relay).
pub(super) struct RoomRelayHook(Box<RoomHook>);

/// A function that decides about a relayed packet of a room.
type RoomHook = dyn FnMut(RoomKey, &RelayedPacket<'_>) -> RelayDecision + Send + Sync;

impl RoomRelayHook {
    pub(super) fn new(
        hook: impl FnMut(RoomKey, &RelayedPacket<'_>) -> RelayDecision + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(hook))
    }

    /// Returns the decision about a packet. If the hook panics, the packet is dropped, and `panicked` is the message.
    pub(super) fn decide(
        &mut self,
        room: RoomKey,
        packet: &RelayedPacket<'_>,
        panicked: &mut Option<String>,
    ) -> RelayDecision {
        panics::catch(|| (self.0)(room, packet)).unwrap_or_else(|message| {
            *panicked = Some(message);
            RelayDecision::Drop
        })
    }
}

impl fmt::Debug for RoomRelayHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomRelayHook")
    }
}
