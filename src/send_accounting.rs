//! The account of what was sent but has not left yet: how many packets, how many bytes.

use std::collections::VecDeque;

use crate::{error::Error, options::PeerOptions, shared_bytes::PACKET_OVERHEAD};

/// For how many packets an empty queue keeps its memory. One burst must not cost a connection more for the rest of its life.
pub(crate) const KEPT_CAPACITY: usize = 64;

/// Counts packets from `send` until the kernel, or the browser's network, has them. It holds no bytes.
///
/// Backends report progress in bytes on the wire, framing and all; the limits are in payload bytes. A packet counts
/// whole until its last byte is gone, as in Godot.
#[derive(Debug, Default)]
pub(crate) struct SendAccounting {
    waiting: VecDeque<Waiting>,
    /// Bytes of control frames that stand before the first packet that waits,
    control: usize,
    /// and of those behind it.
    control_behind: usize,
    payload: usize,
    /// Packets behind those: they have no bytes on the wire yet.
    later: usize,
    later_payload: usize,
    max_bytes: usize,
    max_packets: usize,
}

#[derive(Debug)]
struct Waiting {
    wire: usize,
    payload: usize,
    /// How much of `wire` are control frames behind it.
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

    /// Whether a packet of `len` bytes may be sent now.
    pub(crate) fn check_room(&self, len: usize) -> Result<(), Error> {
        if len > self.max_bytes {
            return Err(Error::PacketTooBig { len, max: self.max_bytes });
        }
        if self.packets() >= self.max_packets {
            return Err(Error::SendQueueFull { room: 0 });
        }
        let room = self.max_bytes.saturating_sub(self.bytes());
        if len > room { Err(Error::SendQueueFull { room }) } else { Ok(()) }
    }

    /// Whether a packet of `len` bytes may take the place of one of `replaced` bytes.
    pub(crate) fn check_room_in_place_of(&self, replaced: usize, len: usize) -> Result<(), Error> {
        if len > self.max_bytes {
            return Err(Error::PacketTooBig { len, max: self.max_bytes });
        }
        let room = self.max_bytes.saturating_sub(self.bytes()) + replaced;
        if len > room { Err(Error::SendQueueFull { room }) } else { Ok(()) }
    }

    /// Whether a packet of `len` bytes might be sent now if those without frames were dropped.
    pub(crate) fn can_make_room(&self, len: usize) -> bool {
        len <= self.max_bytes.saturating_sub(self.payload) && self.waiting.len() < self.max_packets
    }

    /// A packet of `payload` bytes waits that has no frame yet.
    #[allow(dead_code, reason = "a browser queues by itself")]
    pub(crate) fn add_unframed(&mut self, payload: usize) {
        self.later += 1;
        self.later_payload += payload;
    }

    /// Such a packet was dropped, or gets its frame now. After [`clear`](Self::clear) it is no longer in the account.
    #[allow(dead_code, reason = "a browser queues by itself")]
    pub(crate) fn remove_unframed(&mut self, payload: usize) {
        self.later = self.later.saturating_sub(1);
        self.later_payload = self.later_payload.saturating_sub(payload);
    }

    /// A frame of `wire` bytes waits. `payload` are the bytes of its packet; `None` if it is no packet but a ping, a pong
    /// or a close. Such a frame takes no room, and the account of a thousand of them is no longer than that of one.
    pub(crate) fn add_frame(&mut self, wire: usize, payload: Option<usize>) {
        match (payload, self.waiting.back_mut()) {
            (Some(payload), _) => {
                self.waiting.push_back(Waiting { wire, payload, control: 0 });
                self.payload += payload;
            }
            (None, Some(last)) => {
                last.wire += wire;
                last.control += wire;
                self.control_behind += wire;
            }
            (None, None) => self.control += wire,
        }
    }

    /// `wire` more bytes have left.
    pub(crate) fn wire_bytes_sent(&mut self, mut wire: usize) {
        let control = wire.min(self.control);
        self.control -= control;
        wire -= control;
        while let Some(first) = self.waiting.front_mut() {
            if first.wire > wire {
                first.wire -= wire;
                return;
            }
            wire -= first.wire;
            self.payload -= first.payload;
            self.control_behind -= first.control;
            self.waiting.pop_front();
        }
        if self.waiting.capacity() > KEPT_CAPACITY {
            self.waiting = VecDeque::new();
        }
    }

    /// Everything has left.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
        self.control = 0;
        self.control_behind = 0;
        self.payload = 0;
        self.later = 0;
        self.later_payload = 0;
    }

    /// The memory that this takes.
    pub(crate) fn memory_usage(&self) -> usize {
        self.bytes() + self.packets() * PACKET_OVERHEAD + self.control + self.control_behind
    }

    /// Returns `true` if it is less than half full, in bytes and in packets.
    pub(crate) fn is_below_half(&self) -> bool {
        self.is_below(2)
    }

    /// Returns `true` if it is less than a quarter full, in bytes and in packets.
    pub(crate) fn is_below_quarter(&self) -> bool {
        self.is_below(4)
    }

    fn is_below(&self, parts: usize) -> bool {
        self.bytes() <= self.max_bytes / parts && self.packets() <= self.max_packets / parts
    }

    /// Payload bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.payload + self.later_payload
    }

    /// Packets that wait.
    pub(crate) fn packets(&self) -> usize {
        self.waiting.len() + self.later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(bytes: usize, packets: usize) -> SendAccounting {
        SendAccounting::new(&PeerOptions::default().outbound_buffer_size(bytes).max_queued_packets(packets))
    }

    #[test]
    fn a_packet_counts_whole_until_its_last_byte_is_gone() {
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
    fn what_is_left_after_all_was_forgotten_counts_for_nothing() {
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
    fn control_frames_delay_packets_but_take_no_room() {
        let mut outbox = outbox(100, 1);
        outbox.add_frame(6, None);
        assert_eq!(outbox.check_room(100), Ok(()));
        outbox.add_frame(16, Some(10));
        outbox.add_frame(6, None);
        assert_eq!(outbox.memory_usage(), 10 + PACKET_OVERHEAD + 12, "but memory");
        outbox.wire_bytes_sent(6 + 16);
        assert_eq!(outbox.bytes(), 10);
        outbox.wire_bytes_sent(6);
        assert_eq!((outbox.bytes(), outbox.memory_usage()), (0, 0));
    }
}
