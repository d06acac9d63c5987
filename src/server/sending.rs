//! What a program sends to a peer, and what a session sends to several.

use std::time::Duration;

use bytes::Bytes;

use super::{PeerKey, WebSocketServer, peer_entry::PeerEntry, polling::IN_A_ROW};
use crate::{
    close::Limit,
    error::Error,
    options::SendOverflow,
    packet::{Outgoing, Packet},
    state::ReadyState,
    sys::{Listener, Reactor, ServerConnection},
    variant::Variant,
};

/// What is queued for a peer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Packet(Outgoing<'a>, Option<u64>),
    /// Packets that were encoded for many peers at once. They count as one.
    Frames {
        frames: &'a Bytes,
        payload: usize,
    },
}

impl<'a> Content<'a> {
    /// Returns how many payload bytes it has.
    fn len(self) -> usize {
        match self {
            Self::Packet(packet, _) => packet.len(),
            Self::Frames { payload, .. } => payload,
        }
    }

    /// Returns the bytes that may wait for others, too.
    fn shared(self) -> Option<&'a Bytes> {
        match self {
            Self::Packet(Outgoing::Shared(packet), _) => Some(packet.data()),
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

    /// Returns how many payload bytes they have.
    pub(crate) fn payload(&self) -> usize {
        self.payload
    }

    pub(super) fn content(&self) -> Content<'_> {
        Content::Frames { frames: &self.frames, payload: self.payload }
    }
}

impl WebSocketServer {
    /// Sends a value to a peer as a binary packet, which [`Packet::to_variant`] or an engine's `get_var` reads. For several peers
    /// make the packet once, by [`Packet::variant`].
    ///
    /// Whole objects are refused; [`Variant::encode_into`] writes them, too.
    ///
    /// # Errors
    /// Those of [`send`](Self::send), and [`Error::InvalidVariant`] for a value that has no binary form.
    ///
    /// Godot: `put_var`.
    #[doc(alias = "put_var")]
    pub fn send_variant(&mut self, to: PeerKey, value: &Variant) -> Result<(), Error> {
        self.send(to, &value.encode()?)
    }

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
        let gather = !self.events.is_empty() || urgency != Urgency::Now;
        let entry = self.entries.get_mut(to).filter(|entry| entry.is_known()).ok_or(Error::UnknownPeer)?;
        if entry.link.state() != ReadyState::Open {
            return Err(Error::NotOpen { state: entry.link.state() });
        }
        let now = self.clock.now();
        let len = content.len();
        let key = match content {
            Content::Packet(_, key) => key,
            Content::Frames { .. } => None,
        };
        let has_memory = self.memory.may_send(entry, len, content.shared());
        // Nothing is dropped for a packet that is refused in the end.
        let policy = if has_memory { self.options.send_overflow } else { SendOverflow::Refuse };
        let mut result = entry.make_room(len, key, policy, now);
        if result.is_ok() && !has_memory {
            entry.connection.found_no_memory(now, &entry.link);
            result = Err(Error::OutboundFull { room: 0 });
        }
        if result.is_ok() {
            match content {
                Content::Packet(packet, key) => entry.connection.send(packet, key, gather, &mut entry.link),
                Content::Frames { frames, payload } => {
                    entry.connection.send_frames(frames, payload, gather, &mut entry.link);
                }
            }
            entry.link.count_sent(len);
            if let Urgency::Within(delay) = urgency {
                self.delayed.add(to, entry, now + delay);
            } else if gather && !std::mem::replace(&mut entry.is_gathered, true) {
                self.gathered.push(to);
            }
        }
        self.memory.recount(entry);
        // It may have been found full, even where the packet was taken in the place of others.
        if result.is_err() || policy == SendOverflow::DropOldest {
            let due = entry.connection.next_deadline();
            self.deadlines.note(to, entry, due);
        }
        result
    }

    /// Sends to one peer what must not be missed: while there is no memory for it, the peers for which most waits are closed,
    /// as [`Limit::SlowReader`].
    ///
    /// # Errors
    /// Those of [`send`](Self::send). [`Error::OutboundFull`] says that this peer is one of those for which most waits, or that
    /// its own queue is full.
    pub(crate) fn must_send(&mut self, to: PeerKey, packet: &Packet) -> Result<(), Error> {
        self.must_queue(to, Content::Packet(Outgoing::Shared(packet), None), Urgency::Now)
    }

    /// Sends to one peer of many, as [`must_send`](Self::must_send) does.
    ///
    /// # Errors
    /// Those of `must_send`.
    pub(crate) fn must_send_encoded(
        &mut self,
        to: PeerKey,
        packets: &EncodedPackets,
        urgency: Urgency,
    ) -> Result<(), Error> {
        self.must_queue(to, packets.content(), urgency)
    }

    fn must_queue(&mut self, to: PeerKey, content: Content<'_>, urgency: Urgency) -> Result<(), Error> {
        loop {
            let result = self.queue(to, content, urgency);
            let is_refused = matches!(result, Err(Error::OutboundFull { .. }));
            if !is_refused || !self.lacks_only_memory(to, content) || !self.expel_largest(to) {
                return result;
            }
        }
    }

    /// Returns `true` if a peer's own queue has room for this, but memory is too scarce.
    fn lacks_only_memory(&self, to: PeerKey, content: Content<'_>) -> bool {
        let Some(entry) = self.entries.get(to) else { return false };
        let len = content.len();
        entry.link.outbox.check_room(len).is_ok() && !self.memory.may_send(entry, len, content.shared())
    }

    /// Closes the peer for which most waits, if that is more than its share and more than what waits for `than`. Returns
    /// `true` if there was one.
    fn expel_largest(&mut self, than: PeerKey) -> bool {
        let Some(least) = self.entries.get(than).map(|entry| entry.holding.outbound) else { return false };
        let open = self.entries.iter().filter(|(_, entry)| entry.link.state() == ReadyState::Open);
        let largest = open
            .filter(|(_, entry)| entry.holding.outbound > entry.share.outbound.max(least))
            .max_by_key(|(_, entry)| entry.holding.outbound);
        let Some((key, _)) = largest else { return false };
        self.expel(key, Limit::SlowReader, "takes packets too slowly");
        true
    }

    /// Ends the connection of a peer that went over a limit, with code 1008. What waits for it is dropped.
    pub(crate) fn expel(&mut self, peer: PeerKey, what: Limit, reason: &str) {
        let Some(entry) = self.entries.get_mut(peer) else { return };
        if entry.link.state() == ReadyState::Open {
            let now = self.clock.now();
            entry.connection.expel(what, reason, now, &mut entry.link);
            self.update(peer, true);
        }
    }

    /// Returns `true` if more than half of a peer's outbound queue is full, and the socket takes no more of it.
    pub(crate) fn is_congested_after_flush(&mut self, peer: PeerKey) -> bool {
        let Some(entry) = self.entries.get_mut(peer) else { return false };
        if entry.link.outbox.is_below_half() {
            return false;
        }
        // What was only gathered may leave now.
        entry.connection.flush(&mut entry.link);
        self.memory.recount(entry);
        !entry.link.outbox.is_below_half()
    }

    /// Offers the socket what waits for a peer, although the socket has not been reported to take any of it.
    pub(crate) fn retry(&mut self, peer: PeerKey) {
        let Some(entry) = self.entries.get_mut(peer) else { return };
        entry.connection.ready(false, true, false);
        entry.connection.flush(&mut entry.link);
        self.memory.recount(entry);
    }

    /// Returns how much of what was sent to a peer has left.
    pub(crate) fn progress(&self, peer: PeerKey) -> SendProgress {
        let Some(entry) = self.entries.get(peer) else { return SendProgress::default() };
        let (stats, outbox) = (&entry.link.stats, &entry.link.outbox);
        SendProgress {
            bytes: stats.bytes_sent.saturating_sub(outbox.bytes() as u64),
            packets: stats.packets_sent.saturating_sub(outbox.packets() as u64),
        }
    }

    /// Returns `true` until a peer whose outbound queue was more than half full has less than a quarter of it full.
    pub(crate) fn is_congested(&self, peer: PeerKey) -> bool {
        let open = self.entries.get(peer).filter(|entry| entry.link.state() == ReadyState::Open);
        open.is_some_and(|entry| !entry.link.outbox.is_below_quarter())
    }

    /// Keeps a peer's packets from the program until [`resume`](Self::resume). Its inbox fills, and then TCP slows it down.
    pub(crate) fn pause(&mut self, peer: PeerKey) {
        if let Some(entry) = self.entries.get_mut(peer) {
            entry.is_paused = true;
        }
    }

    /// Lets the program have a peer's packets again.
    pub(crate) fn resume(&mut self, peer: PeerKey) {
        if let Some(entry) = self.entries.get_mut(peer) {
            entry.is_paused = false;
            self.update(peer, false);
        }
    }

    /// Returns `true` while nothing is left of the memory that is common to all peers.
    pub(crate) fn is_memory_scarce(&self) -> bool {
        self.memory.is_scarce()
    }

    /// Lets the program have events of other peers before more packets of this one: it has made much work.
    pub(crate) fn yield_to_other_peers(&mut self) {
        self.events_in_a_row = IN_A_ROW;
    }

    /// Counts memory that is held for a peer outside of the server.
    pub(crate) fn set_external_memory(&mut self, peer: PeerKey, bytes: usize) {
        if let Some(entry) = self.entries.get_mut(peer) {
            entry.set_fixed_memory(bytes);
            self.memory.recount(entry);
        }
    }

    /// Makes the share of memory of every peer large enough for packets of this size.
    pub(crate) fn reserve_packets(&mut self, len: usize) {
        self.memory.set_share(self.memory.share().with_outbound_packet(len));
    }

    /// Lets go what was gathered.
    pub(super) fn flush_gathered(&mut self) {
        for key in std::mem::take(&mut self.gathered) {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.is_gathered = false;
                entry.connection.flush(&mut entry.link);
                self.memory.recount(entry);
            }
        }
    }

    /// Lets go what was delayed, if its time has come.
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

/// How much of what was sent to a peer has left.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SendProgress {
    pub(crate) bytes: u64,
    pub(crate) packets: u64,
}

/// How soon a packet has to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// At once, or with the others that are gathered.
    Now,
    /// With the next packet for the same peer, and after this time at the latest. A packet to each of thousands costs a system
    /// call each; several such packets in this time cost no more than one.
    Within(Duration),
}

/// The peers for which packets wait that are not urgent.
#[derive(Debug, Default)]
pub(super) struct Delayed {
    keys: Vec<PeerKey>,
    due: Option<Duration>,
}

impl Delayed {
    /// Returns when the first has to leave.
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
