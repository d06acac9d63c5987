//! Accounting of packets that are queued for sending: how many packets, how many bytes.

use std::collections::VecDeque;

use crate::{error::Error, options::PeerOptions, shared_bytes::PACKET_OVERHEAD};

/// The largest capacity, in packets, that an empty queue keeps. So one burst does not increase a connection's memory
/// for good.
pub(crate) const KEPT_CAPACITY: usize = 64;

/// Counts packets from `send` until the kernel, or the browser's network, has taken them. It holds no bytes itself.
///
/// Backends report progress in bytes on the wire, frame headers included. The limits are in payload bytes. A packet
/// counts in full until its last byte has left, as in Godot.
#[derive(Debug, Default)]
pub(crate) struct SendAccounting {
    framed: VecDeque<Framed>,
    /// Bytes on the wire of the packets in `framed`.
    framed_wire: usize,
    /// Payload bytes of the packets in `framed`.
    framed_payload: usize,
    /// Bytes of control frames before the first packet in `framed`.
    control_before: usize,
    /// Bytes of control frames after packets in `framed`.
    control_after: usize,
    /// Packets behind those: they have no frame yet.
    unframed: usize,
    unframed_payload: usize,
    max_bytes: usize,
    max_packets: usize,
}

/// A packet whose frame is queued.
#[derive(Debug, Default)]
struct Framed {
    /// Bytes of its frame and of the control frames after it.
    wire: usize,
    payload: usize,
    /// Bytes of the control frames after it.
    control: usize,
}

impl SendAccounting {
    pub(crate) fn new(options: &PeerOptions) -> Self {
        Self {
            max_bytes: options.outbound_buffer_size,
            max_packets: options.max_queued_packets,
            ..Self::default()
        }
    }

    /// Returns `true` if there is room for a packet of `len` bytes.
    #[inline]
    pub(crate) fn has_room(&self, len: usize) -> bool {
        self.packets() < self.max_packets && len <= self.max_bytes.saturating_sub(self.bytes())
    }

    /// Checks that there is room for a packet of `len` bytes.
    pub(crate) fn check_room(&self, len: usize) -> Result<(), Error> {
        if len <= self.max_bytes && self.packets() >= self.max_packets {
            return Err(Error::SendQueueFull { room: 0 });
        }
        self.check_room_in_place_of(0, len)
    }

    /// Checks that there is room for a packet of `len` bytes if it replaces one of `replaced` bytes.
    pub(crate) fn check_room_in_place_of(&self, replaced: usize, len: usize) -> Result<(), Error> {
        if len > self.max_bytes {
            return Err(Error::PacketTooBig { len, max: self.max_bytes });
        }
        let room = self.max_bytes.saturating_sub(self.bytes()) + replaced;
        if len > room { Err(Error::SendQueueFull { room }) } else { Ok(()) }
    }

    /// Returns `true` if there is room for a packet of `len` bytes once all packets without a frame are dropped.
    pub(crate) fn can_make_room(&self, len: usize) -> bool {
        len <= self.max_bytes.saturating_sub(self.framed_payload) && self.framed.len() < self.max_packets
    }

    /// Adds a packet that has no frame yet.
    #[allow(dead_code, reason = "browsers have their own send queue")]
    pub(crate) fn add_unframed(&mut self, payload: usize) {
        self.unframed += 1;
        self.unframed_payload += payload;
    }

    /// Removes such a packet, because it is dropped or gets its frame. No effect after [`clear`](Self::clear).
    #[allow(dead_code, reason = "browsers have their own send queue")]
    pub(crate) fn remove_unframed(&mut self, payload: usize) {
        self.unframed = self.unframed.saturating_sub(1);
        self.unframed_payload = self.unframed_payload.saturating_sub(payload);
    }

    /// Adds a frame of `wire` bytes. `payload` is the size of its packet, or `None` for a control frame. Control frames
    /// take no room, and a thousand of them need no more memory here than one.
    #[inline(always)]
    pub(crate) fn add_frame(&mut self, wire: usize, payload: Option<usize>) {
        match (payload, self.framed.back_mut()) {
            (Some(payload), _) => {
                // Filled where it is, because copying it afterwards takes longer.
                self.framed.push_back(Framed::default());
                if let Some(framed) = self.framed.back_mut() {
                    (framed.wire, framed.payload) = (wire, payload);
                }
                self.framed_wire += wire;
                self.framed_payload += payload;
            }
            (None, Some(last)) => {
                self.framed_wire += wire;
                last.wire += wire;
                last.control += wire;
                self.control_after += wire;
            }
            (None, None) => self.control_before += wire,
        }
    }

    /// Removes `wire` bytes that have left.
    pub(crate) fn wire_bytes_sent(&mut self, mut wire: usize) {
        let control = wire.min(self.control_before);
        self.control_before -= control;
        wire -= control;
        if wire >= self.framed_wire {
            return self.clear_framed();
        }
        self.framed_wire -= wire;
        while let Some(first) = self.framed.front_mut() {
            if first.wire > wire {
                first.wire -= wire;
                return;
            }
            wire -= first.wire;
            self.framed_payload -= first.payload;
            self.control_after -= first.control;
            self.framed.pop_front();
        }
    }

    /// Removes everything that has a frame.
    fn clear_framed(&mut self) {
        self.framed.clear();
        if self.framed.capacity() > KEPT_CAPACITY {
            self.framed = VecDeque::new();
        }
        self.framed_wire = 0;
        self.framed_payload = 0;
        self.control_after = 0;
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        self.clear_framed();
        self.control_before = 0;
        self.unframed = 0;
        self.unframed_payload = 0;
    }

    /// Frees memory that is only kept for reuse. Returns `true` if nothing waits.
    pub(crate) fn shrink(&mut self) -> bool {
        if self.framed.is_empty() {
            self.framed = VecDeque::new();
        }
        self.packets() == 0
    }

    /// Returns the memory of everything that is queued, in bytes.
    pub(crate) fn memory_usage(&self) -> usize {
        self.bytes() + self.packets() * PACKET_OVERHEAD + self.control_before + self.control_after
    }

    /// Returns `true` if the queue is at most half full, in bytes and in packets.
    pub(crate) fn is_below_half(&self) -> bool {
        self.is_below(2)
    }

    /// Returns `true` if the queue is at most a quarter full, in bytes and in packets.
    pub(crate) fn is_below_quarter(&self) -> bool {
        self.is_below(4)
    }

    fn is_below(&self, parts: usize) -> bool {
        self.bytes() <= self.max_bytes / parts && self.packets() <= self.max_packets / parts
    }

    /// Returns the number of queued payload bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.framed_payload + self.unframed_payload
    }

    /// Returns the number of queued packets.
    pub(crate) fn packets(&self) -> usize {
        self.framed.len() + self.unframed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(bytes: usize, packets: usize) -> SendAccounting {
        SendAccounting::new(&PeerOptions::default().outbound_buffer_size(bytes).max_queued_packets(packets))
    }

    #[test]
    fn a_packet_counts_in_full_until_its_last_byte_has_left() {
        let mut outbox = outbox(100, 10);
        outbox.add_frame(16, Some(10));
        outbox.add_frame(26, Some(20));
        outbox.wire_bytes_sent(15);
        assert_eq!(outbox.bytes(), 30);
        outbox.wire_bytes_sent(1);
        assert_eq!(outbox.bytes(), 20);
        outbox.wire_bytes_sent(26);
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn the_limits_are_exact() {
        let mut outbox = outbox(100, 2);
        assert_eq!(outbox.check_room(101), Err(Error::PacketTooBig { len: 101, max: 100 }));
        outbox.add_frame(66, Some(60));
        assert_eq!(outbox.check_room(40), Ok(()));
        assert_eq!(outbox.check_room(41), Err(Error::SendQueueFull { room: 40 }));
        outbox.add_frame(6, Some(0));
        assert_eq!(outbox.check_room(0), Err(Error::SendQueueFull { room: 0 }));
        outbox.clear();
        assert_eq!(outbox.check_room(100), Ok(()));
    }

    #[test]
    fn packets_without_frames_count_until_they_get_one_or_are_dropped() {
        let mut outbox = outbox(100, 3);
        outbox.add_unframed(60);
        outbox.add_unframed(30);
        assert_eq!(outbox.check_room(11), Err(Error::SendQueueFull { room: 10 }));
        assert_eq!(outbox.check_room_in_place_of(30, 40), Ok(()));
        outbox.remove_unframed(60);
        outbox.add_frame(62, Some(60));
        assert_eq!(outbox.bytes(), 90);
        outbox.wire_bytes_sent(62);
        outbox.remove_unframed(30);
        assert_eq!((outbox.bytes(), outbox.memory_usage()), (0, 0));
    }

    #[test]
    fn there_is_room_exactly_where_the_check_says_so() {
        let mut outbox = outbox(100, 2);
        for (len, wire) in [(60, 62), (40, 42)] {
            for len in 0..=101 {
                assert_eq!(outbox.has_room(len), outbox.check_room(len).is_ok(), "{len} bytes in {outbox:?}");
            }
            outbox.add_frame(wire, Some(len));
        }
        assert!(!outbox.has_room(0) && outbox.check_room(0).is_err());
    }

    #[test]
    fn the_parts_of_several_frames_may_leave_in_any_portions() {
        for portion in 1..60 {
            let mut outbox = outbox(100, 10);
            for (wire, payload) in [(12, Some(10)), (4, None), (22, Some(20)), (7, Some(5)), (2, None)] {
                outbox.add_frame(wire, payload);
            }
            let (mut left, mut expected) = (47_usize, 35);
            while left > 0 {
                outbox.wire_bytes_sent(portion.min(left));
                left -= portion.min(left);
                // A packet leaves with the control frames after it.
                expected = if left == 0 {
                    0
                } else if left <= 9 {
                    5
                } else if left <= 31 {
                    25
                } else {
                    expected
                };
                assert_eq!(outbox.bytes(), expected, "{left} bytes are left, in portions of {portion}");
            }
            assert_eq!((outbox.memory_usage(), outbox.packets()), (0, 0));
        }
    }

    #[test]
    fn frames_that_were_cleared_do_not_count() {
        let mut outbox = outbox(100, 10);
        outbox.add_unframed(5);
        outbox.add_unframed(10);
        outbox.clear();
        for (wire, payload) in [(7, 5), (12, 10)] {
            outbox.remove_unframed(payload);
            outbox.add_frame(wire, Some(payload));
        }
        outbox.wire_bytes_sent(19);
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn control_frames_count_as_memory_but_take_no_room() {
        let mut outbox = outbox(100, 1);
        outbox.add_frame(6, None);
        assert_eq!(outbox.check_room(100), Ok(()));
        outbox.add_frame(16, Some(10));
        outbox.add_frame(6, None);
        assert_eq!(outbox.memory_usage(), 10 + PACKET_OVERHEAD + 12);
        outbox.wire_bytes_sent(6 + 16);
        assert_eq!(outbox.bytes(), 10);
        outbox.wire_bytes_sent(6);
        assert_eq!((outbox.bytes(), outbox.memory_usage()), (0, 0));
    }
}
