//! The state of one connection, independent of the platform: ready state, inbox, send accounting and close info.
//!
//! Backends update it, only within calls on `&mut self`. The public types read it.

use std::{collections::VecDeque, num::NonZeroU16};

use crate::{
    close::{CloseCause, CloseInfo},
    error::Error,
    options::PeerOptions,
    packet::{Packet, PacketBackend, PacketBatch, Platform},
    send_accounting::{KEPT_CAPACITY, SendAccounting},
    state::ReadyState,
    stats::ConnectionCounters,
};

/// The memory of a packet in the inbox beside its payload, in bytes: its place in a queue, which may be half empty. A small
/// payload is in this place, and is counted twice. For a larger one the excess covers the allocator's overhead.
pub(crate) const INBOX_OVERHEAD: usize = 2 * size_of::<Packet>();

type InboxBatch = <Platform as PacketBackend>::Batch;

/// The part of a connection that the program can observe.
#[derive(Debug)]
pub(crate) struct Link {
    state: ReadyState,
    inbox: VecDeque<Packet>,
    /// The packets of the inbox that have no memory of their own.
    batch: InboxBatch,
    inbox_bytes: usize,
    inbox_packets: u32,
    // `PeerOptions::check` limits both to 31 bits.
    max_inbox_bytes: u32,
    max_inbox_packets: u32,
    close_info: Option<Box<CloseInfo>>,
    /// The HTTP status with which a server rejected the request.
    rejection_status: Option<NonZeroU16>,
    /// In one pointer, because few connections of a server have one. A boxed URL would let a page's module grow by 1.7 kB.
    protocol: Option<Box<ChosenProtocol>>,
    url: Option<String>,
    /// The counters. Backends that measure the round-trip time write it here.
    pub(crate) stats: ConnectionCounters,
    /// The account of the send queue.
    pub(crate) outbox: SendAccounting,
}

#[derive(Debug)]
struct ChosenProtocol(String);

impl Link {
    /// Creates the link of a peer that has had no connection.
    pub(crate) fn unused(options: &PeerOptions) -> Self {
        Self { state: ReadyState::Closed, ..Self::connecting(options, None) }
    }

    /// Creates the link of a new connection.
    pub(crate) fn connecting(options: &PeerOptions, url: Option<String>) -> Self {
        Self {
            state: ReadyState::Connecting,
            inbox: VecDeque::new(),
            batch: InboxBatch::default(),
            inbox_bytes: 0,
            inbox_packets: 0,
            max_inbox_bytes: options.inbound_buffer_size as u32,
            max_inbox_packets: options.max_queued_packets as u32,
            close_info: None,
            rejection_status: None,
            protocol: None,
            url,
            stats: ConnectionCounters::default(),
            outbox: SendAccounting::new(options),
        }
    }

    /// Replaces the limits, before anything was sent or received.
    pub(crate) fn set_limits(&mut self, options: &PeerOptions) {
        debug_assert_eq!(self.state, ReadyState::Connecting);
        self.max_inbox_bytes = options.inbound_buffer_size as u32;
        self.max_inbox_packets = options.max_queued_packets as u32;
        self.outbox = SendAccounting::new(options);
    }

    #[inline]
    pub(crate) fn state(&self) -> ReadyState {
        self.state
    }

    /// Sets the URL that the client of an accepted peer requested.
    #[allow(dead_code, reason = "browsers accept no connections")]
    pub(crate) fn set_url(&mut self, url: String) {
        self.url = Some(url);
    }

    /// Returns the HTTP status with which a server rejected the request.
    #[allow(dead_code, reason = "browsers reject no requests")]
    pub(crate) fn rejection_status(&self) -> Option<u16> {
        self.rejection_status.map(NonZeroU16::get)
    }

    /// Sets the HTTP status with which a server rejected the request.
    #[allow(dead_code, reason = "browsers reject no requests")]
    pub(crate) fn set_rejection_status(&mut self, status: Option<u16>) {
        self.rejection_status = status.and_then(NonZeroU16::new);
    }

    /// Enters the state `Open` after the handshake.
    pub(crate) fn set_open(&mut self, protocol: Option<String>) {
        debug_assert_eq!(self.state, ReadyState::Connecting);
        self.state = ReadyState::Open;
        self.protocol = protocol.map(|name| Box::new(ChosenProtocol(name)));
    }

    /// Enters the state `Closing` when this end starts the closing handshake.
    pub(crate) fn set_closing(&mut self) {
        debug_assert_eq!(self.state, ReadyState::Open);
        self.state = ReadyState::Closing;
    }

    /// Enters the state `Closed`. The first call decides the cause.
    pub(crate) fn set_closed(&mut self, info: CloseInfo) {
        if self.state != ReadyState::Closed {
            self.state = ReadyState::Closed;
            self.close_info = Some(Box::new(info));
            self.outbox.clear();
        }
    }

    /// Enters the state `Closed` after the other end's close frame. If the state was `Closing`, this end closed first.
    pub(crate) fn set_closed_by_frame(&mut self, code: Option<u16>, reason: String) {
        let cause = if self.state == ReadyState::Closing { CloseCause::Local } else { CloseCause::Remote };
        self.set_closed(CloseInfo { code, reason, cause });
    }

    /// Returns `true` if the inbox has room for a packet of `len` bytes.
    #[inline]
    pub(crate) fn has_room_for(&self, len: usize) -> bool {
        self.inbox_packets < self.max_inbox_packets
            && len <= (self.max_inbox_bytes as usize).saturating_sub(self.inbox_bytes)
    }

    /// Adds a packet to the inbox, which [has room](Self::has_room_for) for it.
    #[inline]
    pub(crate) fn deliver(&mut self, packet: Packet) {
        self.count_delivered(packet.len());
        self.inbox.push_back(packet);
    }

    /// Adds an empty packet to the inbox, which [has room](Self::has_room_for) for `len` bytes, and lets `fill` make it one
    /// of this length. After an error nothing is added.
    // Filled where it is, because copying it afterwards takes longer.
    #[inline]
    #[allow(dead_code, reason = "only a backend that reads frames fills packets")]
    pub(crate) fn deliver_filled<E>(
        &mut self,
        empty: Packet,
        len: usize,
        fill: impl FnOnce(&mut Packet) -> Result<(), E>,
    ) -> Result<(), E> {
        self.inbox.push_back(empty);
        if let Some(Err(error)) = self.inbox.back_mut().map(fill) {
            self.inbox.pop_back();
            return Err(error);
        }
        self.count_delivered(len);
        Ok(())
    }

    /// Returns the packets of the inbox that have no memory of their own.
    #[inline]
    #[allow(dead_code, reason = "only a backend that reads frames has several packets in one input")]
    pub(crate) fn batch(&mut self) -> &mut InboxBatch {
        &mut self.batch
    }

    /// Lets `push` add a packet of `len` bytes, for which the inbox [has room](Self::has_room_for), to the batch, behind a
    /// number of other packets. After an error nothing is added.
    #[inline]
    #[allow(dead_code, reason = "only a backend that reads frames has several packets in one input")]
    pub(crate) fn deliver_batched<E>(
        &mut self,
        len: usize,
        push: impl FnOnce(&mut InboxBatch, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        push(&mut self.batch, self.inbox.len())?;
        self.count_delivered(len);
        Ok(())
    }

    #[inline]
    fn count_delivered(&mut self, len: usize) {
        self.stats.packets_received += 1;
        self.stats.bytes_received += len as u64;
        self.inbox_bytes += len;
        self.inbox_packets += 1;
    }

    #[inline]
    fn count_taken(&mut self, len: usize) {
        self.inbox_bytes -= len;
        self.inbox_packets -= 1;
    }

    /// Returns the length of the next packet in the inbox.
    #[inline]
    pub(crate) fn next_len(&self) -> Option<usize> {
        match self.batch.next_len() {
            Some(len) => Some(len),
            None => self.inbox.front().map(|packet| packet.len()),
        }
    }

    /// Takes the next packet from the inbox.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Option<Packet> {
        self.take_as(|packet| packet)
    }

    /// Takes the next packet from the inbox, and returns what `wrap` makes of it.
    // Not by `map` afterwards, so that a packet is moved once, from wherever it is.
    #[inline(always)]
    pub(crate) fn take_as<T>(&mut self, wrap: impl Fn(Packet) -> T) -> Option<T> {
        if let Some((kind, bytes)) = self.batch.take() {
            self.count_taken(bytes.len());
            return Some(wrap(Packet::from_vec(kind, bytes)));
        }
        self.count_taken(self.inbox.front()?.len());
        if self.inbox.len() == 1 && self.inbox.capacity() > KEPT_CAPACITY {
            self.shrink_to_last();
        }
        self.inbox.pop_front().map(wrap)
    }

    /// Frees the memory of a burst, of which one packet is left.
    #[cold]
    #[inline(never)]
    fn shrink_to_last(&mut self) {
        self.inbox.shrink_to(KEPT_CAPACITY);
    }

    /// Frees memory that is only kept for reuse. Returns `true` if nothing waits, so that all of it was freed.
    #[allow(dead_code, reason = "only servers have thousands of quiet connections")]
    pub(crate) fn shrink(&mut self) -> bool {
        let is_empty = self.available() == 0;
        if is_empty {
            self.inbox = VecDeque::new();
        }
        self.batch.shrink();
        self.outbox.shrink() && is_empty
    }

    /// Returns the memory of unread packets, in bytes.
    pub(crate) fn inbox_memory(&self) -> usize {
        self.inbox_bytes + self.available() * INBOX_OVERHEAD
    }

    /// Returns the number of packets in the inbox.
    #[inline]
    pub(crate) fn available(&self) -> usize {
        self.inbox_packets as usize
    }

    pub(crate) fn close_info(&self) -> Option<&CloseInfo> {
        self.close_info.as_deref()
    }

    pub(crate) fn protocol(&self) -> Option<&str> {
        self.protocol.as_ref().map(|name| name.0.as_str())
    }

    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Checks that a packet of `len` bytes can be queued for sending. If there is no room, it calls `flush`, which may
    /// make room, and checks again.
    pub(crate) fn ensure_room(&mut self, len: usize, flush: impl FnOnce(&mut Self)) -> Result<(), Error> {
        self.outbox.check_room(len).or_else(|_| {
            flush(self);
            self.outbox.check_room(len)
        })
    }

    /// Counts a packet of `len` bytes as sent.
    #[inline]
    pub(crate) fn count_sent(&mut self, len: usize) {
        self.stats.packets_sent += 1;
        self.stats.bytes_sent += len as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inbox_limits_are_exact() {
        let options =
            PeerOptions::default().max_message_size(10).inbound_buffer_size(10).max_queued_packets(2);
        let mut link = Link::connecting(&options, None);
        assert!(link.has_room_for(10) && !link.has_room_for(11));
        link.deliver(Packet::binary([0; 6]));
        assert!(link.has_room_for(4) && !link.has_room_for(5));
        link.deliver(Packet::binary([]));
        assert!(!link.has_room_for(0));
        link.take();
        assert!(link.has_room_for(10));
    }

    #[test]
    fn the_first_cause_is_kept() {
        let mut link = Link::connecting(&PeerOptions::default(), None);
        link.set_closed(CloseInfo::new(CloseCause::MessageTooBig));
        link.set_closed(CloseInfo::new(CloseCause::ConnectionLost));
        assert_eq!(link.close_info().map(|info| &info.cause), Some(&CloseCause::MessageTooBig));
    }
}
