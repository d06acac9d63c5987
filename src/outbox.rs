//! The account of what was sent but has not left yet: how many packets, how many bytes.

use std::collections::VecDeque;

use crate::{error::Error, options::Options};

/// Counts packets from `send` until the kernel, or the browser's network, has them. It holds no bytes.
///
/// Backends report progress in bytes on the wire, framing and all; the limits are in payload bytes. A packet counts
/// whole until its last byte is gone, as in Godot.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<Waiting>,
    /// Bytes of control frames that stand before the first packet that waits.
    control: usize,
    payload: usize,
    max_bytes: usize,
    max_packets: usize,
}

#[derive(Debug)]
struct Waiting {
    wire: usize,
    payload: usize,
}

impl Outbox {
    pub(crate) fn new(options: &Options) -> Self {
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
        if self.waiting.len() >= self.max_packets {
            return Err(Error::OutboundFull { room: 0 });
        }
        let room = self.max_bytes - self.payload;
        if len > room { Err(Error::OutboundFull { room }) } else { Ok(()) }
    }

    /// A frame of `wire` bytes waits. `payload` are the bytes of its packet; `None` if it is no packet but a ping, a pong
    /// or a close. Such a frame takes no room, and the account of a thousand of them is no longer than that of one.
    pub(crate) fn push(&mut self, wire: usize, payload: Option<usize>) {
        match (payload, self.waiting.back_mut()) {
            (Some(payload), _) => {
                self.waiting.push_back(Waiting { wire, payload });
                self.payload += payload;
            }
            (None, Some(last)) => last.wire += wire,
            (None, None) => self.control += wire,
        }
    }

    /// `wire` more bytes have left.
    pub(crate) fn progress(&mut self, mut wire: usize) {
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
            self.waiting.pop_front();
        }
    }

    /// Everything has left.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
        self.control = 0;
        self.payload = 0;
    }

    /// Payload bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(bytes: usize, packets: usize) -> Outbox {
        Outbox::new(&Options::default().outbound_buffer_size(bytes).max_queued_packets(packets))
    }

    #[test]
    fn a_packet_counts_whole_until_its_last_byte_is_gone() {
        let mut outbox = outbox(100, 10);
        outbox.push(16, Some(10));
        outbox.push(26, Some(20));
        outbox.progress(15);
        assert_eq!(outbox.bytes(), 30);
        outbox.progress(1);
        assert_eq!(outbox.bytes(), 20);
        outbox.progress(26);
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn the_limits_are_exact() {
        let mut outbox = outbox(100, 2);
        assert_eq!(outbox.check_room(101), Err(Error::PacketTooBig { len: 101, max: 100 }));
        outbox.push(66, Some(60));
        assert_eq!(outbox.check_room(40), Ok(()));
        assert_eq!(outbox.check_room(41), Err(Error::OutboundFull { room: 40 }));
        outbox.push(6, Some(0));
        assert_eq!(outbox.check_room(0), Err(Error::OutboundFull { room: 0 }));
        outbox.clear();
        assert_eq!(outbox.check_room(100), Ok(()));
    }

    #[test]
    fn control_frames_delay_packets_but_take_no_room() {
        let mut outbox = outbox(100, 1);
        outbox.push(6, None);
        assert_eq!(outbox.check_room(100), Ok(()));
        outbox.push(16, Some(10));
        outbox.push(6, None);
        outbox.progress(6 + 16);
        assert_eq!(outbox.bytes(), 10);
        outbox.progress(6);
        assert_eq!(outbox.bytes(), 0);
    }
}
