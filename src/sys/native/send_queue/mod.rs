//! What is on its way out: encoded bytes that go to the socket next, and packets that wait until it takes them.
//!
//! Small frames are gathered, so that many leave in one write. A large shared packet is not copied: its bytes go to the kernel
//! from where they are. While the socket refuses bytes, packets wait as packets, so that an old one can still be dropped
//! or replaced.

mod packet_queue;
mod write_buffer;

use std::io::{self, IoSlice, Write};

use bytes::Bytes;

use self::{
    packet_queue::{PacketQueue, QueuedPacket},
    write_buffer::WriteBuffer,
};
use super::{
    frames::{CloseFrame, Encoder, FrameKind, MAX_CONTROL},
    stream::Stream,
};
use crate::{
    packet::{Outgoing, PacketKind},
    send_accounting::SendAccounting,
    shared_bytes::SharedBytes,
};

/// Gathered bytes beyond this are written before the gathering is over.
const ENOUGH: usize = 64 * 1024;

/// While as many bytes wait, pongs replace each other.
const PONGS: usize = 2 * 1024;

/// A shared packet from this size on is sent from where it is; to copy a smaller one costs less than to point at it.
const SHARED: usize = 4 * 1024;

/// The way out of a connection. What waits in it is counted by an [`SendAccounting`].
#[derive(Debug)]
pub(super) struct SendQueue {
    encoder: Encoder,
    /// Encoded bytes.
    buffer: WriteBuffer,
    /// Packets behind them.
    packets: PacketQueue,
    /// The close frame, behind everything else.
    close: Option<CloseFrame>,
    /// A pong that found no room.
    pong: Option<Box<[u8]>>,
    writing: WriteState,
}

/// What becomes of bytes to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WriteState {
    Open,
    /// The socket has refused some, and is not asked again before [`SendQueue::unblock`].
    Blocked,
    /// They are dropped: the connection is broken. Reading goes on, for what the other end said last, and finds the
    /// break by itself.
    Broken,
}

impl SendQueue {
    pub(super) fn new(encoder: Encoder, shared_bytes: Option<SharedBytes>) -> Self {
        Self {
            encoder,
            buffer: WriteBuffer::new(shared_bytes),
            packets: PacketQueue::default(),
            close: None,
            pong: None,
            writing: WriteState::Open,
        }
    }

    /// The socket may take bytes again.
    pub(super) fn unblock(&mut self) {
        if self.writing == WriteState::Blocked {
            self.writing = WriteState::Open;
        }
    }

    /// Returns `true` if bytes wait for the socket to take them.
    pub(super) fn is_blocked(&self) -> bool {
        self.writing == WriteState::Blocked
    }

    pub(super) fn is_broken(&self) -> bool {
        self.writing == WriteState::Broken
    }

    /// Whether everything has left.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.packets.is_empty() && self.close.is_none() && self.pong.is_none()
    }

    /// The memory that it takes, where no [`SendAccounting`] counts that any more.
    pub(super) fn held(&self) -> usize {
        self.buffer.len() + self.packets.held()
    }

    /// Returns how many of the bytes `SharedBytes` counts.
    pub(super) fn shared(&self) -> usize {
        self.buffer.shared() + self.packets.shared()
    }

    /// Whether so much was gathered that it should leave.
    pub(super) fn has_enough(&self) -> bool {
        self.buffer.len() >= ENOUGH
    }

    /// Sends a packet at once, or as much of it as the socket takes.
    pub(super) fn send(&mut self, packet: Outgoing<'_>, stream: &mut Stream, outbox: &mut SendAccounting) {
        let goes_now = self.encoder.is_plain() && self.is_empty() && self.writing == WriteState::Open;
        if !goes_now {
            self.push(packet, None, outbox);
            return self.flush(stream, outbox);
        }
        let payload = packet.bytes();
        let header = self.encoder.plain_header(FrameKind::Packet(packet.kind()), payload.len());
        let header = header.get();
        let whole = header.len() + payload.len();
        let sent = match stream.write_vectored(&[IoSlice::new(header), IoSlice::new(payload)]) {
            Ok(sent) => sent,
            Err(error) => {
                self.refused(&error);
                0
            }
        };
        if sent < whole && !self.is_broken() {
            outbox.add_frame(whole, Some(payload.len()));
            outbox.wire_bytes_sent(sent);
            let header_left = &header[sent.min(header.len())..];
            if !header_left.is_empty() {
                self.buffer.gather(header_left);
            }
            let payload_sent = sent.saturating_sub(header.len());
            match packet {
                Outgoing::Shared(packet) => {
                    // The whole packet, not the rest of it: it is the same memory for every peer that it waits for.
                    self.buffer.share_rest(packet.data().clone(), payload_sent);
                }
                Outgoing::Text(_) | Outgoing::Binary(_) => self.buffer.gather(&payload[payload_sent..]),
            }
        }
        self.flush(stream, outbox);
    }

    /// Queues frames that were encoded for many peers at once. They count as one packet with this payload.
    pub(super) fn push_frames(&mut self, frames: &Bytes, payload: usize, outbox: &mut SendAccounting) {
        match self.writing {
            WriteState::Broken => {}
            WriteState::Open if self.packets.is_empty() => self.encode_frames(frames, payload, outbox),
            WriteState::Open | WriteState::Blocked => self.wait(None, frames.clone(), payload, None, outbox),
        }
    }

    /// Queues a packet; with a key it takes the place of one that waits under the same.
    pub(super) fn push(&mut self, packet: Outgoing<'_>, key: Option<u64>, outbox: &mut SendAccounting) {
        match self.writing {
            WriteState::Broken => {}
            WriteState::Open if self.packets.is_empty() => self.encode(packet, outbox),
            WriteState::Open | WriteState::Blocked => {
                self.wait(Some(packet.kind()), packet.to_bytes(), packet.len(), key, outbox);
            }
        }
    }

    fn wait(
        &mut self,
        kind: Option<PacketKind>,
        bytes: Bytes,
        payload: usize,
        key: Option<u64>,
        outbox: &mut SendAccounting,
    ) {
        outbox.add_unframed(payload);
        let bytes = self.buffer.hold(bytes);
        if let Some(replaced) = self.packets.push(QueuedPacket { kind, bytes, payload }, key) {
            outbox.remove_unframed(replaced);
        }
    }

    /// Returns how many bytes the packet has that waits under this key.
    pub(super) fn waiting_under(&self, key: u64) -> Option<usize> {
        self.packets.under(key)
    }

    /// Drops the packet that has waited longest, if one has not been encoded yet. Returns `true` if one was dropped.
    pub(super) fn drop_oldest(&mut self, outbox: &mut SendAccounting) -> bool {
        let Some(oldest) = self.packets.pop() else { return false };
        outbox.remove_unframed(oldest.payload);
        true
    }

    /// Queues a ping.
    pub(super) fn ping(&mut self, payload: &[u8], outbox: &mut SendAccounting) {
        self.control(FrameKind::Ping, payload, outbox);
    }

    /// Queues a pong. While too much waits, the newest takes the place of the others (RFC 6455, 5.5.3): whoever sends
    /// pings and reads nothing gets no more of our memory.
    pub(super) fn pong(&mut self, payload: &[u8], outbox: &mut SendAccounting) {
        if self.buffer.len() >= PONGS {
            self.pong = Some(payload.into());
        } else {
            self.control(FrameKind::Pong, payload, outbox);
        }
    }

    /// Queues the close frame, behind whatever waits. Only the first counts.
    pub(super) fn close(&mut self, frame: CloseFrame) {
        self.close.get_or_insert(frame);
    }

    /// Drops the packets that are not encoded yet.
    pub(super) fn drop_waiting(&mut self, outbox: &mut SendAccounting) {
        while self.drop_oldest(outbox) {}
    }

    /// Hands over what the socket takes.
    pub(super) fn flush(&mut self, stream: &mut Stream, outbox: &mut SendAccounting) {
        while self.writing == WriteState::Open {
            self.refill(outbox);
            if self.buffer.is_empty() {
                // A secure stream may hold bytes of its own.
                if let Err(error) = stream.flush() {
                    self.refused(&error);
                }
                break;
            }
            match self.buffer.write(stream) {
                Ok(sent) => outbox.wire_bytes_sent(sent),
                Err(error) => self.refused(&error),
            }
        }
        if self.is_broken() {
            outbox.clear();
        }
    }

    /// Gives back the memory that is only kept for the next time.
    pub(super) fn shrink(&mut self) {
        self.buffer.shrink();
        self.packets.shrink();
    }

    fn refused(&mut self, error: &io::Error) {
        if error.kind() == io::ErrorKind::WouldBlock {
            self.writing = WriteState::Blocked;
            return;
        }
        self.writing = WriteState::Broken;
        self.buffer.clear();
        self.packets = PacketQueue::default();
        self.close = None;
        self.pong = None;
    }

    /// Encodes some of what waits.
    fn refill(&mut self, outbox: &mut SendAccounting) {
        if let Some(payload) = self.pong.take_if(|_| self.buffer.len() < ENOUGH) {
            self.control(FrameKind::Pong, &payload, outbox);
        }
        while !self.has_enough() {
            let Some(QueuedPacket { kind, bytes, payload }) = self.packets.pop() else { break };
            outbox.remove_unframed(payload);
            match kind {
                Some(kind) => self.encode_shared(kind, bytes.bytes(), outbox),
                None => self.encode_frames(bytes.bytes(), payload, outbox),
            }
        }
        if self.packets.is_empty() {
            if let Some(frame) = self.close.take() {
                self.control(FrameKind::Close, &frame.payload(), outbox);
            }
        }
    }

    fn encode(&mut self, packet: Outgoing<'_>, outbox: &mut SendAccounting) {
        if let Outgoing::Shared(shared) = packet {
            return self.encode_shared(shared.kind(), shared.data(), outbox);
        }
        let wire = self.encode_gathered(FrameKind::Packet(packet.kind()), packet.bytes());
        outbox.add_frame(wire, Some(packet.len()));
    }

    /// Encodes a packet whose bytes stay where they are, if they are many.
    fn encode_shared(&mut self, kind: PacketKind, bytes: &Bytes, outbox: &mut SendAccounting) {
        let (kind, len) = (FrameKind::Packet(kind), bytes.len());
        let wire = if self.encoder.is_plain() && len >= SHARED {
            let header = self.encoder.plain_header(kind, len);
            self.buffer.gather(header.get());
            self.buffer.share(bytes.clone());
            header.get().len() + len
        } else {
            self.encode_gathered(kind, bytes)
        };
        outbox.add_frame(wire, Some(len));
    }

    fn encode_frames(&mut self, frames: &Bytes, payload: usize, outbox: &mut SendAccounting) {
        debug_assert!(self.encoder.is_plain(), "a client masks each frame with a key of its own");
        // Small ones are shared only where there is nothing to gather them with.
        if self.buffer.is_empty() || frames.len() >= SHARED {
            self.buffer.share(frames.clone());
        } else {
            self.buffer.gather(frames);
        }
        outbox.add_frame(frames.len(), Some(payload));
    }

    fn control(&mut self, kind: FrameKind, payload: &[u8], outbox: &mut SendAccounting) {
        debug_assert!(payload.len() <= MAX_CONTROL);
        let wire = self.encode_gathered(kind, payload);
        outbox.add_frame(wire, None);
    }

    fn encode_gathered(&mut self, kind: FrameKind, payload: &[u8]) -> usize {
        let encoder = self.encoder;
        self.buffer.gather_by(|gathered| encoder.encode(kind, payload, gathered))
    }
}
