//! One connection as the game sees it: state, inbox, outbox account, and how it ended.
//!
//! No socket, no clock, no target. Backends fill it, inside `&mut self` calls only; the public types read it.

use std::collections::VecDeque;

use crate::{
    close::{CloseCause, CloseInfo},
    options::PeerOptions,
    packet::Packet,
    send_accounting::{KEPT_CAPACITY, SendAccounting},
    shared_bytes::PACKET_OVERHEAD,
    state::ReadyState,
    stats::Stats,
};

/// The visible half of a connection.
#[derive(Debug)]
pub(crate) struct Link {
    state: ReadyState,
    inbox: VecDeque<Packet>,
    inbox_bytes: usize,
    max_bytes: usize,
    max_packets: usize,
    close_info: Option<CloseInfo>,
    protocol: Option<String>,
    url: Option<String>,
    /// What has gone through; a backend that measures round trips writes them here.
    pub(crate) stats: Stats,
    /// What was sent and has not left yet.
    pub(crate) outbox: SendAccounting,
}

impl Link {
    /// No connection yet.
    pub(crate) fn unused() -> Self {
        Self { state: ReadyState::Closed, ..Self::connecting(&PeerOptions::default(), None) }
    }

    /// A new connection; nothing of an older one is in it.
    pub(crate) fn connecting(options: &PeerOptions, url: Option<String>) -> Self {
        Self {
            state: ReadyState::Connecting,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            max_bytes: options.inbound_buffer_size,
            max_packets: options.max_queued_packets,
            close_info: None,
            protocol: None,
            url,
            stats: Stats::default(),
            outbox: SendAccounting::new(options),
        }
    }

    /// These options hold, not those that it began with. Nothing has been sent or received yet.
    pub(crate) fn set_limits(&mut self, options: &PeerOptions) {
        debug_assert_eq!(self.state, ReadyState::Connecting);
        self.max_bytes = options.inbound_buffer_size;
        self.max_packets = options.max_queued_packets;
        self.outbox = SendAccounting::new(options);
    }

    pub(crate) fn state(&self) -> ReadyState {
        self.state
    }

    /// What an accepted peer was asked for.
    #[allow(dead_code, reason = "a browser accepts nobody")]
    pub(crate) fn set_url(&mut self, url: String) {
        self.url = Some(url);
    }

    /// The handshake is done.
    pub(crate) fn set_open(&mut self, protocol: Option<String>) {
        debug_assert_eq!(self.state, ReadyState::Connecting);
        self.state = ReadyState::Open;
        self.protocol = protocol;
    }

    /// This end asked to close.
    pub(crate) fn set_closing(&mut self) {
        debug_assert_eq!(self.state, ReadyState::Open);
        self.state = ReadyState::Closing;
    }

    /// The connection is over. The first to say why is believed.
    pub(crate) fn set_closed(&mut self, info: CloseInfo) {
        if self.state != ReadyState::Closed {
            self.state = ReadyState::Closed;
            self.close_info = Some(info);
            self.outbox.clear();
        }
    }

    /// The connection is over, with or without a code and a reason from the other end; whether it was this end that
    /// asked is known here.
    pub(crate) fn set_closed_by_frame(&mut self, code: Option<u16>, reason: String) {
        let asked = self.state == ReadyState::Closing;
        let cause = if asked { CloseCause::Local } else { CloseCause::Remote };
        self.set_closed(CloseInfo { code, reason, cause });
    }

    /// Whether a packet of `len` bytes fits into the inbox.
    pub(crate) fn has_room_for(&self, len: usize) -> bool {
        self.inbox.len() < self.max_packets && len <= self.max_bytes.saturating_sub(self.inbox_bytes)
    }

    /// A packet arrived. Backends ask [`has_room_for`](Self::has_room_for) first.
    pub(crate) fn deliver(&mut self, packet: Packet) {
        self.stats.packets_received += 1;
        self.stats.bytes_received += packet.len() as u64;
        self.inbox_bytes += packet.len();
        self.inbox.push_back(packet);
    }

    pub(crate) fn take(&mut self) -> Option<Packet> {
        let packet = self.inbox.pop_front()?;
        self.inbox_bytes -= packet.len();
        if self.inbox.is_empty() && self.inbox.capacity() > KEPT_CAPACITY {
            self.inbox = VecDeque::new();
        }
        Some(packet)
    }

    /// Returns the memory that unread packets take.
    pub(crate) fn inbox_memory(&self) -> usize {
        self.inbox_bytes + self.inbox.len() * PACKET_OVERHEAD
    }

    pub(crate) fn available(&self) -> usize {
        self.inbox.len()
    }

    pub(crate) fn close_info(&self) -> Option<&CloseInfo> {
        self.close_info.as_ref()
    }

    pub(crate) fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// A packet of `len` bytes was taken for sending.
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
    fn the_first_cause_is_believed() {
        let mut link = Link::connecting(&PeerOptions::default(), None);
        link.set_closed(CloseInfo::new(CloseCause::MessageTooBig));
        link.set_closed(CloseInfo::new(CloseCause::ConnectionLost));
        assert_eq!(link.close_info().map(|info| &info.cause), Some(&CloseCause::MessageTooBig));
    }
}
