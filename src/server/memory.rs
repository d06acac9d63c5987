//! The memory that all connections hold together, and how much more each may take.
//!
//! Each of `max_peers` has a [`Share`] of its own. The rest is the common pool. Memory within a connection's share is
//! always granted. Memory beyond it is granted while the total, including it, is no more than the common pool. So the
//! total never exceeds the pool and all shares together: when the last byte beyond a share was granted, the total was
//! no more than the pool, and what was granted since is within the shares.
//!
//! Bytes that wait for several peers count once in the total, and once for each of these peers.
//!
//! A [group](super::groups) of connections has a pool of its own within the common pool: memory beyond a share is
//! granted while both pools have room.

use bytes::Bytes;

use super::{groups::Groups, peer_entry::PeerEntry};
use crate::{
    options::{ServerOptions, Share},
    shared_bytes::{PACKET_OVERHEAD, SharedBytes},
};

/// The account of a server's memory, in bytes.
#[derive(Debug)]
pub(super) struct Memory {
    /// Memory that one connection holds alone.
    private: usize,
    /// Memory that one or several connections hold.
    pub(super) shared_bytes: SharedBytes,
    pub(super) groups: Groups,
    /// The size of the common pool.
    pub(super) common: usize,
    /// The share of a connection without options of its own.
    share: Share,
    max_peers: usize,
    /// `true` if the log reports already that memory is scarce.
    was_logged: bool,
}

/// The pool that has no room for a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shortage {
    /// That of the connection's group.
    Group,
    /// That of the server.
    Server,
}

/// The memory that one connection holds, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HeldMemory {
    /// Packets that wait for it, including bytes that wait for others, too.
    pub(super) outbound: usize,
    /// The part of its memory, in both directions, that `SharedBytes` does not count.
    pub(super) private: usize,
}

impl Memory {
    pub(super) fn new(options: &ServerOptions, shared_bytes: SharedBytes) -> Self {
        let share = options.share();
        let common =
            options.max_buffered_bytes.saturating_sub(share.total().saturating_mul(options.max_peers));
        Self {
            private: 0,
            shared_bytes,
            groups: Groups::default(),
            common,
            share,
            max_peers: options.max_peers,
            was_logged: false,
        }
    }

    pub(super) fn share(&self) -> Share {
        self.share
    }

    /// Sets the share of every peer, and reduces the common pool accordingly.
    pub(super) fn set_share(&mut self, share: Share) {
        let more = share.total().saturating_sub(self.share.total());
        self.common = self.common.saturating_sub(more.saturating_mul(self.max_peers));
        self.share = share;
    }

    /// Takes memory from the common pool for a peer with a larger share. Returns `false` if there is not enough.
    pub(super) fn reserve(&mut self, share: Share) -> bool {
        let more = share.total().saturating_sub(self.share.total());
        let can = self.common >= more.saturating_add(2 * self.share.total());
        if can {
            self.common -= more;
        }
        can
    }

    /// Returns the number of bytes that all connections hold.
    pub(super) fn held(&self) -> usize {
        self.private + self.shared_bytes.total()
    }

    /// Updates the account after a connection has changed.
    #[inline(always)]
    pub(super) fn recount(&mut self, entry: &mut PeerEntry) {
        let held = entry.count_memory();
        let before = std::mem::replace(&mut entry.held, held);
        self.private = self.private - before.private + held.private;
        if let Some(group) = entry.group.and_then(|group| self.groups.get_mut(group)) {
            group.private = group.private - before.private + held.private;
        }
    }

    /// Counts the bytes of a packet that has left the inbox of a connection.
    #[inline]
    pub(super) fn release(&mut self, entry: &mut PeerEntry, bytes: usize) {
        entry.held.private -= bytes;
        self.private -= bytes;
        if let Some(group) = entry.group.and_then(|group| self.groups.get_mut(group)) {
            group.private -= bytes;
        }
    }

    /// Removes a connection that is gone from the account.
    pub(super) fn remove(&mut self, entry: &PeerEntry) {
        self.private -= entry.held.private;
        if let Some(group) = entry.group {
            self.groups.remove_member(group, entry.held.private);
        }
        self.common += entry.share.total().saturating_sub(self.share.total());
    }

    /// Returns `true` if the common pool has room for this number of bytes.
    pub(super) fn has_common(&self, len: usize) -> bool {
        self.held().saturating_add(len) <= self.common
    }

    /// Returns `true` while the common pool is used up.
    pub(super) fn is_scarce(&self) -> bool {
        self.held() >= self.common
    }

    /// Logs that memory is scarce, once each time that it becomes scarce.
    pub(super) fn log(&mut self) {
        let held = self.held();
        if self.is_scarce() && !self.was_logged {
            self.was_logged = true;
            log::warn!("{held} bytes are held: peers above their share of memory have to wait");
        } else if held < self.common / 2 {
            self.was_logged = false;
        }
    }

    /// Returns how many bytes more this connection may use to receive. Only half of each pool is for that: reading can
    /// wait, and the other half is left for packets to send.
    pub(super) fn room_to_read(&self, entry: &PeerEntry) -> usize {
        let mut room = (self.common / 2).saturating_sub(self.held());
        if let Some(group) = entry.group.and_then(|group| self.groups.get(group)) {
            room = room.min((group.limit / 2).saturating_sub(group.held()));
        }
        entry.inbound_room().max(room)
    }

    /// Returns `true` if a packet of `len` bytes may be queued for this connection.
    #[inline]
    pub(super) fn may_send(&self, entry: &PeerEntry, len: usize, shared: Option<&Bytes>) -> bool {
        self.shortage(entry, len, shared).is_none()
    }

    /// Returns the pool that has no room for a packet of `len` bytes for this connection. Bytes that wait for others
    /// already need no memory.
    #[inline]
    pub(super) fn shortage(&self, entry: &PeerEntry, len: usize, shared: Option<&Bytes>) -> Option<Shortage> {
        let len = len.saturating_add(PACKET_OVERHEAD);
        if entry.held.outbound.saturating_add(len) <= entry.share.outbound {
            return None;
        }
        let has_room = |held: usize, pool: usize, shared_bytes: &SharedBytes| {
            held.saturating_add(len) <= pool
                || (held <= pool && shared.is_some_and(|bytes| shared_bytes.contains(bytes)))
        };
        if !has_room(self.held(), self.common, &self.shared_bytes) {
            return Some(Shortage::Server);
        }
        let group = entry.group.and_then(|group| self.groups.get(group))?;
        (!has_room(group.held(), group.limit, group.shared_bytes())).then_some(Shortage::Group)
    }
}
