//! The send queue of a connection: encoded bytes for the socket, and after them packets that are not encoded yet.
//!
//! Small frames are gathered, so that one write sends many. A large shared packet is not copied: the kernel reads its
//! bytes where they are. While the socket takes no bytes, packets stay unencoded, so that an old one can be dropped or
//! replaced.

mod packet_queue;
mod write_buffer;

use std::io::{self, IoSlice, Write};

use bytes::Bytes;
use tungstenite::protocol::{CloseFrame, frame::Frame};

use self::{
    packet_queue::{PacketQueue, QueuedPacket},
    write_buffer::WriteBuffer,
};
use super::{frames::Encoder, stream::Stream};
use crate::{
    packet::{Outgoing, PacketKind},
    send_accounting::SendAccounting,
    shared_bytes::SharedBytes,
};

/// Gathering stops at this number of encoded bytes. They are written first.
const GATHER_LIMIT: usize = 64 * 1024;

/// From this number of encoded bytes on, a new pong replaces the one that waits.
const PONG_LIMIT: usize = 2 * 1024;

/// The smallest shared packet that is not copied, in bytes. Copying a smaller one is cheaper than a write in two
/// pieces.
const MIN_SHARED: usize = 4 * 1024;

/// The send queue of a connection. A [`SendAccounting`] counts its bytes and packets.
#[derive(Debug)]
pub(super) struct SendQueue {
    encoder: Encoder,
    /// Encoded bytes.
    buffer: WriteBuffer,
    /// The packets after them, not encoded yet.
    packets: PacketQueue,
    /// The close frame. It is sent last.
    close: Option<Box<Frame>>,
    /// A pong that waits, because too much is queued before it.
    pong: Option<Box<Frame>>,
    state: WriteState,
}

/// The state of the socket for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WriteState {
    Open,
    /// The last write would have blocked. Nothing is written until [`SendQueue::unblock`].
    Blocked,
    /// A write has failed. Everything that is sent is dropped. Reading continues, for the last frames of the other
    /// end, and reports the error.
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
            state: WriteState::Open,
        }
    }

    /// Counts the bytes that may wait in several send queues in another account.
    pub(super) fn set_shared_bytes(&mut self, shared_bytes: &SharedBytes) {
        self.buffer.set_shared_bytes(shared_bytes);
        self.packets.set_shared_bytes(shared_bytes);
    }

    /// Notes that the socket may take bytes again.
    pub(super) fn unblock(&mut self) {
        if self.state == WriteState::Blocked {
            self.state = WriteState::Open;
        }
    }

    /// Returns `true` if the socket takes no bytes at present.
    pub(super) fn is_blocked(&self) -> bool {
        self.state == WriteState::Blocked
    }

    /// Returns `true` if a write has failed.
    pub(super) fn is_broken(&self) -> bool {
        self.state == WriteState::Broken
    }

    /// Returns `true` if nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.packets.is_empty() && self.close.is_none() && self.pong.is_none()
    }

    /// Returns `true` if bytes may be written without going through the queue.
    fn can_write_past(&self) -> bool {
        self.is_empty() && self.state == WriteState::Open
    }

    /// Returns the memory of the queue, in bytes, for a connection without a [`SendAccounting`].
    #[inline]
    pub(super) fn memory_usage(&self) -> usize {
        self.buffer.len() + self.packets.memory_usage()
    }

    /// Returns how many of the bytes are counted by [`SharedBytes`].
    #[inline]
    pub(super) fn shared_len(&self) -> usize {
        self.buffer.shared_len() + self.packets.shared_len()
    }

    /// Returns `true` if the gathered bytes should be written now.
    #[inline]
    pub(super) fn should_flush(&self) -> bool {
        self.buffer.len() >= GATHER_LIMIT
    }

    /// Sends a packet at once, as far as the socket takes it, and queues the rest.
    pub(super) fn send(&mut self, packet: Outgoing<'_>, stream: &mut Stream, outbox: &mut SendAccounting) {
        if !self.encoder.is_plain() || !self.can_write_past() {
            self.push(packet, None, outbox);
            return self.flush(stream, outbox);
        }
        let payload = packet.bytes();
        let header = self.encoder.plain_header(packet.kind(), payload.len());
        let header = header.get();
        let whole = header.len() + payload.len();
        let written = stream.write_vectored(&[IoSlice::new(header), IoSlice::new(payload)]);
        let sent = self.sent(written);
        if sent < whole && !self.is_broken() {
            outbox.add_frame(whole, Some(payload.len()));
            outbox.wire_bytes_sent(sent);
            let header_rest = &header[sent.min(header.len())..];
            if !header_rest.is_empty() {
                self.buffer.gather(header_rest);
            }
            let payload_sent = sent.saturating_sub(header.len());
            match packet {
                Outgoing::Shared(packet) => {
                    // All of the packet, not only the rest: `SharedBytes` counts the memory once for all its receivers.
                    self.buffer.share_rest(packet.clone().into_data(), payload_sent);
                }
                Outgoing::Text(_) | Outgoing::Binary(_) => self.buffer.gather(&payload[payload_sent..]),
            }
        }
        self.flush(stream, outbox);
    }

    /// Sends frames that were encoded once for many peers at once, as far as the socket takes them, and queues the rest. They
    /// count as one packet with `payload` bytes.
    pub(super) fn send_frames(
        &mut self,
        frames: &Bytes,
        payload: usize,
        stream: &mut Stream,
        outbox: &mut SendAccounting,
    ) {
        if !self.can_write_past() {
            self.push_frames(frames, payload, outbox);
            return self.flush(stream, outbox);
        }
        let written = stream.write(frames);
        let sent = self.sent(written);
        if sent < frames.len() && !self.is_broken() {
            outbox.add_frame(frames.len(), Some(payload));
            outbox.wire_bytes_sent(sent);
            self.buffer.share_rest(frames.clone(), sent);
        }
        self.flush(stream, outbox);
    }

    /// Queues frames like [`send_frames`](Self::send_frames), without writing them.
    pub(super) fn push_frames(&mut self, frames: &Bytes, payload: usize, outbox: &mut SendAccounting) {
        match self.state {
            WriteState::Broken => {}
            WriteState::Open if self.packets.is_empty() => self.encode_frames(frames, payload, outbox),
            WriteState::Open | WriteState::Blocked => self.queue(None, frames.clone(), payload, None, outbox),
        }
    }

    /// Queues a packet. With a key it replaces a packet that waits under the same key.
    // Inlined down to the copy, as everything that is called for each small packet: together they take less time than the
    // calls.
    #[inline(always)]
    pub(super) fn push(&mut self, packet: Outgoing<'_>, key: Option<u64>, outbox: &mut SendAccounting) {
        match self.state {
            WriteState::Broken => {}
            WriteState::Open if self.packets.is_empty() => self.encode(packet, outbox),
            WriteState::Open | WriteState::Blocked => {
                self.queue(Some(packet.kind()), packet.to_bytes(), packet.len(), key, outbox);
            }
        }
    }

    /// Queues a packet that is not encoded yet.
    fn queue(
        &mut self,
        kind: Option<PacketKind>,
        bytes: Bytes,
        payload: usize,
        key: Option<u64>,
        outbox: &mut SendAccounting,
    ) {
        outbox.add_unframed(payload);
        let bytes = self.buffer.count(bytes);
        if let Some(replaced) = self.packets.push(QueuedPacket { kind, bytes, payload }, key) {
            outbox.remove_unframed(replaced);
        }
    }

    /// Returns the length of the packet that waits under this key.
    pub(super) fn waiting_under(&self, key: u64) -> Option<usize> {
        self.packets.payload_of(key)
    }

    /// Drops the oldest packet that is not encoded yet. Returns `true` if there was one.
    pub(super) fn drop_oldest(&mut self, outbox: &mut SendAccounting) -> bool {
        let Some(oldest) = self.packets.pop() else { return false };
        outbox.remove_unframed(oldest.payload);
        true
    }

    /// Queues a ping.
    pub(super) fn ping(&mut self, payload: &[u8], outbox: &mut SendAccounting) {
        self.encode_control(Frame::ping(Bytes::copy_from_slice(payload)), outbox);
    }

    /// Queues a pong. While too much waits, the newest pong replaces the others (RFC 6455, 5.5.3), so that a peer that
    /// sends pings and reads nothing cannot fill memory.
    pub(super) fn pong(&mut self, payload: &[u8], outbox: &mut SendAccounting) {
        let frame = Frame::pong(Bytes::copy_from_slice(payload));
        if self.buffer.len() >= PONG_LIMIT {
            self.pong = Some(Box::new(frame));
        } else {
            self.encode_control(frame, outbox);
        }
    }

    /// Queues the close frame. It is sent last. A second one is ignored.
    pub(super) fn close(&mut self, frame: Option<CloseFrame>) {
        self.close.get_or_insert_with(|| Box::new(Frame::close(frame)));
    }

    /// Drops the packets that are not encoded yet.
    pub(super) fn drop_waiting(&mut self, outbox: &mut SendAccounting) {
        while self.drop_oldest(outbox) {}
    }

    /// Writes as much as the socket takes.
    pub(super) fn flush(&mut self, stream: &mut Stream, outbox: &mut SendAccounting) {
        while self.state == WriteState::Open && (!self.is_empty() || stream.wants_write()) {
            self.refill(outbox);
            if self.buffer.is_empty() {
                // A TLS stream may buffer bytes.
                if let Err(error) = stream.flush() {
                    self.write_failed(&error);
                }
                break;
            }
            match self.buffer.write(stream) {
                Ok(sent) => outbox.wire_bytes_sent(sent),
                Err(error) => self.write_failed(&error),
            }
        }
        if self.is_broken() {
            outbox.clear();
        }
    }

    /// Frees memory that is only kept for reuse.
    pub(super) fn shrink(&mut self) {
        self.buffer.shrink();
        self.packets.shrink();
    }

    /// Returns how many bytes a write has sent.
    fn sent(&mut self, written: io::Result<usize>) -> usize {
        written.unwrap_or_else(|error| {
            self.write_failed(&error);
            0
        })
    }

    fn write_failed(&mut self, error: &io::Error) {
        if error.kind() == io::ErrorKind::WouldBlock {
            self.state = WriteState::Blocked;
            return;
        }
        self.state = WriteState::Broken;
        self.buffer.clear();
        self.packets = PacketQueue::default();
        self.close = None;
        self.pong = None;
    }

    /// Encodes packets that wait, as long as gathering pays.
    fn refill(&mut self, outbox: &mut SendAccounting) {
        if let Some(frame) = self.pong.take_if(|_| self.buffer.len() < GATHER_LIMIT) {
            self.encode_control(*frame, outbox);
        }
        while !self.should_flush() {
            let Some(QueuedPacket { kind, bytes, payload }) = self.packets.pop() else { break };
            outbox.remove_unframed(payload);
            match kind {
                Some(kind) => self.encode_shared(kind, bytes.bytes(), outbox),
                None => self.encode_frames(bytes.bytes(), payload, outbox),
            }
        }
        if self.packets.is_empty() {
            if let Some(frame) = self.close.take() {
                self.encode_control(*frame, outbox);
            }
        }
    }

    #[inline(always)]
    fn encode(&mut self, packet: Outgoing<'_>, outbox: &mut SendAccounting) {
        if let Outgoing::Shared(shared) = packet {
            if let Some(bytes) = shared.shared_data() {
                return self.encode_shared(shared.kind(), bytes, outbox);
            }
        }
        let wire = self.encode_gathered(packet.kind(), packet.bytes());
        outbox.add_frame(wire, Some(packet.len()));
    }

    /// Encodes a shared packet. A large one is not copied.
    fn encode_shared(&mut self, kind: PacketKind, bytes: &Bytes, outbox: &mut SendAccounting) {
        let len = bytes.len();
        let wire = if self.encoder.is_plain() && len >= MIN_SHARED {
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
        debug_assert!(self.encoder.is_plain(), "a client masks each frame with its own key");
        // Small frames are copied if there are others to send with them.
        if self.buffer.is_empty() || frames.len() >= MIN_SHARED {
            self.buffer.share(frames.clone());
        } else {
            self.buffer.gather(frames);
        }
        outbox.add_frame(frames.len(), Some(payload));
    }

    fn encode_control(&mut self, frame: Frame, outbox: &mut SendAccounting) {
        let encoder = self.encoder;
        let wire = self.buffer.gather_by(|gathered| encoder.encode_control(frame, gathered));
        outbox.add_frame(wire, None);
    }

    #[inline(always)]
    fn encode_gathered(&mut self, kind: PacketKind, payload: &[u8]) -> usize {
        let encoder = self.encoder;
        self.buffer.gather_by(|gathered| encoder.encode(kind, payload, gathered))
    }
}
