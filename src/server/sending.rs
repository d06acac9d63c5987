//! Sends packets to one peer for a program, and to one or several for a session.

use std::time::Duration;

use bytes::Bytes;

use super::{PeerKey, WebSocketServer, peer_entry::PeerEntry};
use crate::{
    error::Error,
    options::SendOverflow,
    packet::{Outgoing, Packet},
    state::ReadyState,
    sys::{Connection, Reactor, server::ServerConnection},
};

/// A packet, or several, to be queued for a peer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Packet(Outgoing<'a>, Option<u64>),
    /// Packets that were encoded once for many peers. They count as one.
    Frames {
        frames: &'a Bytes,
        payload: usize,
    },
}

impl<'a> Content<'a> {
    /// Returns the number of payload bytes.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Packet(packet, _) => packet.len(),
            Self::Frames { payload, .. } => payload,
        }
    }

    /// Returns the bytes that may wait for other peers, too.
    pub(super) fn shared(self) -> Option<&'a Bytes> {
        match self {
            Self::Packet(Outgoing::Shared(packet), _) => packet.shared_data(),
            Self::Packet(..) => None,
            Self::Frames { frames, .. } => Some(frames),
        }
    }
}

/// Packets that were encoded once, to be sent to many peers.
#[derive(Debug)]
pub(crate) struct EncodedPackets {
    frames: Bytes,
    payload: usize,
}

impl EncodedPackets {
    pub(crate) fn new(packets: &[Packet]) -> Self {
        let payload = packets.iter().map(|packet| packet.len()).sum();
        Self { frames: Reactor::encode(packets), payload }
    }

    /// Returns the number of payload bytes.
    pub(crate) fn payload(&self) -> usize {
        self.payload
    }

    pub(super) fn content(&self) -> Content<'_> {
        Content::Frames { frames: &self.frames, payload: self.payload }
    }
}

impl WebSocketServer {
    /// Sends a value to a peer as a binary packet, which [`Packet::to_variant`] or an engine's `get_var` reads. For
    /// several peers, make the packet once with [`Packet::variant`].
    ///
    /// Whole objects are not sent. [`Variant::encode_into`](crate::variant::Variant::encode_into) encodes them.
    ///
    /// # Errors
    /// The errors of [`send`](Self::send), and [`Error::InvalidVariant`] for a value that has no binary form.
    ///
    /// Godot: `put_var`.
    #[doc(alias = "put_var")]
    #[cfg(feature = "variant")]
    pub fn send_variant(&mut self, to: PeerKey, value: &crate::variant::Variant) -> Result<(), Error> {
        self.send(to, &value.encode()?)
    }

    #[inline(always)]
    pub(super) fn send_any(
        &mut self,
        to: PeerKey,
        packet: Outgoing<'_>,
        key: Option<u64>,
    ) -> Result<(), Error> {
        self.queue(to, Content::Packet(packet, key), Urgency::Now)
    }

    pub(super) fn queue(&mut self, to: PeerKey, content: Content<'_>, urgency: Urgency) -> Result<(), Error> {
        // While events wait to be read, the replies to them are gathered.
        let gather = !self.events.is_empty() || self.is_gathering || urgency != Urgency::Now;
        let len = content.len();
        let entry = self.entries.get_mut(to).filter(|entry| entry.is_known()).ok_or(Error::UnknownPeer)?;
        if entry.link.state() != ReadyState::Open {
            return Err(Error::NotOpen { state: entry.link.state() });
        }
        let has_memory = self.memory.may_send(entry, len, content.shared());
        let entry = if has_memory && entry.link.outbox.has_room(len) {
            entry
        } else {
            self.make_room(to, content, has_memory)?;
            self.entries.get_mut(to).ok_or(Error::UnknownPeer)?
        };
        match content {
            Content::Packet(packet, None) => entry.connection.send(packet, gather, &mut entry.link)?,
            Content::Packet(packet, Some(key)) => {
                entry.connection.send_latest(key, packet, gather, &mut entry.link);
            }
            Content::Frames { frames, payload } => {
                entry.connection.send_frames(frames, payload, gather, &mut entry.link);
            }
        }
        entry.link.count_sent(len);
        self.spare_memory.used(to, entry);
        if let Urgency::Within(delay) = urgency {
            self.delayed.add(to, entry, self.clock.now() + delay);
        } else if gather && !std::mem::replace(&mut entry.is_gathered, true) {
            self.gathered.push(to);
        }
        self.memory.recount(entry);
        Ok(())
    }

    /// Makes room for a packet in the send queue of an open peer, if there is memory for it.
    #[cold]
    fn make_room(&mut self, to: PeerKey, content: Content<'_>, has_memory: bool) -> Result<(), Error> {
        let Some(entry) = self.entries.get_mut(to) else { return Err(Error::UnknownPeer) };
        let now = self.clock.now();
        let key = match content {
            Content::Packet(_, key) => key,
            Content::Frames { .. } => None,
        };
        // No packet is dropped for one that is refused in the end.
        let policy = if has_memory { self.options.send_overflow } else { SendOverflow::Reject };
        let mut result = entry.make_room(content.len(), key, policy, now);
        if result.is_ok() && !has_memory {
            entry.connection.on_out_of_memory(now, &entry.link);
            result = Err(Error::SendQueueFull { room: 0 });
        }
        self.memory.recount(entry);
        // The deadline of a peer whose queue is full begins, also if the packet is queued in the place of others.
        let due = entry.connection.next_deadline();
        self.deadlines.add(to, entry, due);
        result
    }

    /// Flushes a send queue that is at least half full. Returns `true` if it is still at least half full afterwards.
    pub(crate) fn is_congested_after_flush(&mut self, peer: PeerKey) -> bool {
        let Some(entry) = self.entries.get_mut(peer) else { return false };
        if entry.link.outbox.is_below_half() {
            return false;
        }
        // Gathered packets may leave now.
        entry.connection.flush(&mut entry.link);
        self.memory.recount(entry);
        !entry.link.outbox.is_below_half()
    }

    /// Tries to write packets that wait for a peer, although no event reported that the socket is writable.
    pub(crate) fn retry(&mut self, peer: PeerKey) {
        let Some(entry) = self.entries.get_mut(peer) else { return };
        entry.connection.set_ready(false, true, false);
        entry.connection.flush(&mut entry.link);
        self.memory.recount(entry);
    }

    /// Returns how much of the data that was sent to a peer has left.
    pub(crate) fn progress(&self, peer: PeerKey) -> SendProgress {
        let Some(entry) = self.entries.get(peer) else { return SendProgress::default() };
        let (stats, outbox) = (&entry.link.stats, &entry.link.outbox);
        SendProgress {
            bytes: stats.bytes_sent.saturating_sub(outbox.bytes() as u64),
            packets: stats.packets_sent.saturating_sub(outbox.packets() as u64),
        }
    }

    /// Returns `true` until the send queue of an open peer is less than a quarter full.
    pub(crate) fn is_congested(&self, peer: PeerKey) -> bool {
        let open = self.entries.get(peer).filter(|entry| entry.link.state() == ReadyState::Open);
        open.is_some_and(|entry| !entry.link.outbox.is_below_quarter())
    }

    /// Counts memory that a peer uses outside of the server.
    pub(crate) fn set_external_memory(&mut self, peer: PeerKey, bytes: usize) {
        if let Some(entry) = self.entries.get_mut(peer) {
            entry.set_fixed_memory(bytes);
            self.memory.recount(entry);
        }
    }

    /// Makes every peer's share of memory large enough for packets of this size.
    pub(crate) fn reserve_packets(&mut self, len: usize) {
        self.memory.set_share(self.memory.share().with_outbound_packet(len));
    }

    /// Hands gathered packets to the network.
    pub(super) fn flush_gathered(&mut self) {
        for key in std::mem::take(&mut self.gathered) {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.is_gathered = false;
                entry.connection.flush(&mut entry.link);
                self.memory.recount(entry);
            }
        }
    }

    /// Hands delayed packets to the network, if they are due.
    pub(super) fn flush_delayed(&mut self, now: Duration) {
        for key in self.delayed.take(now) {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.is_delayed = false;
                entry.connection.flush(&mut entry.link);
                self.memory.recount(entry);
            }
        }
    }
}

/// How much of the data that was sent to a peer has left.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SendProgress {
    pub(crate) bytes: u64,
    pub(crate) packets: u64,
}

/// How soon a packet has to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// At once, or with other gathered packets.
    Now,
    /// With the next packet for the same peer, at the latest after this time. So several packets to each of thousands
    /// of peers cost only one system call for each.
    Within(Duration),
}

/// The peers with delayed packets.
#[derive(Debug, Default)]
pub(super) struct Delayed {
    keys: Vec<PeerKey>,
    due: Option<Duration>,
}

impl Delayed {
    /// Returns when the first packet has to leave.
    pub(super) fn due(&self) -> Option<Duration> {
        self.due
    }

    fn add(&mut self, key: PeerKey, entry: &mut PeerEntry, due: Duration) {
        if !std::mem::replace(&mut entry.is_delayed, true) {
            self.keys.push(key);
            self.due.get_or_insert(due);
        }
    }

    fn take(&mut self, now: Duration) -> Vec<PeerKey> {
        match self.due.take_if(|due| now >= *due) {
            Some(_) => std::mem::take(&mut self.keys),
            None => Vec::new(),
        }
    }
}
