//! The memory that all connections together hold, and how much more each may take.
//!
//! Each capacity has a [`Share`] of its own; the rest is common. What a connection holds within its share is always granted. What
//! it holds beyond is granted while the total, with it, is no more than what is common. So the total is never more than
//! common and shares together: bytes that were granted as common were, with all others, no more than what is common when they
//! were granted, and those within shares are no more than all shares.
//!
//! Bytes that wait for several peers are in the total once, and in the account of each peer that they wait for.

use bytes::Bytes;

use super::peer_entry::PeerEntry;
use crate::{
    options::{ServerOptions, Share},
    shared_bytes::{PACKET_OVERHEAD, SharedBytes},
};

/// The account of a server's memory.
#[derive(Debug)]
pub(super) struct Memory {
    /// MemoryUsage by one connection each.
    private: usize,
    /// MemoryUsage by one or several.
    shared_bytes: SharedBytes,
    /// What may be held before shares count.
    common: usize,
    /// What is one connection's own, unless its options are others.
    share: Share,
    admitted: usize,
    /// `true` if the log says already that memory is scarce.
    was_logged: bool,
}

/// What one connection holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HeldMemory {
    /// What waits for it, also where the same waits for others.
    pub(super) outbound: usize,
    /// How much of that, and of what it has sent, `SharedBytes` does not count.
    pub(super) private: usize,
}

impl Memory {
    pub(super) fn new(options: &ServerOptions, shared_bytes: SharedBytes) -> Self {
        let share = options.share();
        let common =
            options.max_buffered_bytes.saturating_sub(share.total().saturating_mul(options.max_peers));
        Self { private: 0, shared_bytes, common, share, admitted: options.max_peers, was_logged: false }
    }

    pub(super) fn share(&self) -> Share {
        self.share
    }

    /// Gives every capacity this share, at the expense of what is common.
    pub(super) fn set_share(&mut self, share: Share) {
        let more = share.total().saturating_sub(self.share.total());
        self.common = self.common.saturating_sub(more.saturating_mul(self.admitted));
        self.share = share;
    }

    /// Takes from what is common what one capacity needs for a larger share. Returns `false` if there is not so much.
    pub(super) fn reserve(&mut self, share: Share) -> bool {
        let more = share.total().saturating_sub(self.share.total());
        let can = self.common >= more.saturating_add(2 * self.share.total());
        if can {
            self.common -= more;
        }
        can
    }

    /// Returns how many bytes are held.
    pub(super) fn held(&self) -> usize {
        self.private + self.shared_bytes.total()
    }

    /// Looks again at what one holds.
    pub(super) fn recount(&mut self, entry: &mut PeerEntry) {
        let holding = entry.holding();
        let before = std::mem::replace(&mut entry.holding, holding);
        self.private = self.private - before.private + holding.private;
    }

    /// One holds so much less: a packet has left its inbox.
    pub(super) fn release(&mut self, entry: &mut PeerEntry, bytes: usize) {
        entry.holding.private -= bytes;
        self.private -= bytes;
    }

    /// Takes one that is gone out of the account.
    pub(super) fn remove(&mut self, entry: &PeerEntry) {
        self.private -= entry.holding.private;
        self.common += entry.share.total().saturating_sub(self.share.total());
    }

    /// Returns `true` if so many bytes more fit into what is common.
    pub(super) fn has_common(&self, len: usize) -> bool {
        self.held().saturating_add(len) <= self.common
    }

    /// Returns `true` while nothing is left of what is common.
    pub(super) fn is_scarce(&self) -> bool {
        self.held() >= self.common
    }

    /// Logs that memory is scarce, once for each time that it becomes so.
    pub(super) fn log(&mut self) {
        let held = self.held();
        if self.is_scarce() && !self.was_logged {
            self.was_logged = true;
            log::warn!("{held} bytes are held: peers above their share of memory have to wait");
        } else if held < self.common / 2 {
            self.was_logged = false;
        }
    }

    /// Returns how many bytes more may be held of what this connection sends. The other half of what is common is kept for
    /// what is sent: reading can wait.
    pub(super) fn room_to_read(&self, entry: &PeerEntry) -> usize {
        entry.inbound_room().max((self.common / 2).saturating_sub(self.held()))
    }

    /// Returns `true` if a packet of `len` bytes may be queued for this connection. Bytes that others hold already cost nothing.
    pub(super) fn may_send(&self, entry: &PeerEntry, len: usize, shared: Option<&Bytes>) -> bool {
        let len = len.saturating_add(PACKET_OVERHEAD);
        if entry.holding.outbound.saturating_add(len) <= entry.share.outbound {
            return true;
        }
        let held = self.held();
        held.saturating_add(len) <= self.common
            || (held <= self.common && shared.is_some_and(|bytes| self.shared_bytes.contains(bytes)))
    }
}
