//! Frames to packets and back, by tungstenite. Every quirk of tungstenite that we know of is dealt with in this file:
//!
//! - `read` clears its whole read buffer first: see [`wire`](super::wire).
//! - `write` may answer `WouldBlock` after it took the frame. It is no error: the frame waits.
//! - Errors in what was received send no close frame. We owe 1002, 1007 or 1009 ourselves.
//! - A close code that nobody may send is answered with 1002 "Protocol violation" and shown as if that had been received;
//!   in reply to our own close it is shown as it is. 1014 counts as such a code.
//! - The goodbyes are errors: `ConnectionClosed` is the good end, `ResetWithoutClosingHandshake` the bad one.
//! - A client goes on "closing" until the server drops TCP. For us a connection is over when the close frames are.

use std::{io, time::Duration};

use bytes::Bytes;
use tungstenite::{
    Error as FrameError, Message, Utf8Bytes,
    error::ProtocolError,
    protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext, frame::coding::CloseCode as FrameCode},
};

use super::{
    heartbeat::{Beat, Heartbeat},
    linger::Linger,
    stream::Stream,
    wire::{Found, Wire},
};
use crate::{
    close::{CloseCause, CloseCode, CloseInfo, Deadline},
    error::Error,
    link::Link,
    options::Options,
    packet::{Outgoing, Packet},
    state::ReadyState,
};

/// tungstenite's read buffer: what it clears before each read, and the block that received packets share.
const READ_BUFFER: usize = 16 * 1024;

/// Gathered frames beyond this are written before the gathering is over.
const WRITE_BUFFER: usize = 64 * 1024;

/// The longest frame header (RFC 6455, 5.2).
const MAX_HEADER: usize = 14;

/// What a pump takes from the options.
#[derive(Debug)]
pub(super) struct Settings {
    role: Role,
    config: WebSocketConfig,
    heartbeat: Heartbeat,
}

impl Settings {
    pub(super) fn new(options: &Options, is_server: bool) -> Self {
        // Room for all that the outbox admits, and for some pongs. Pongs beyond it replace each other, as RFC 6455,
        // 5.5.3, allows: whoever sends pings and reads nothing gets no more of our memory than that.
        let headers = options.max_queued_packets.saturating_mul(MAX_HEADER);
        let max_unsent =
            options.outbound_buffer_size.saturating_add(headers).saturating_add(2 * WRITE_BUFFER);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(max_unsent)
            .max_message_size(Some(options.max_message_size))
            .max_frame_size(Some(options.max_message_size));
        let role = if is_server { Role::Server } else { Role::Client };
        Self { role, config, heartbeat: Heartbeat::new(options) }
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Pump {
    frames: WebSocketContext,
    wire: Wire,
    is_client: bool,
    heartbeat: Heartbeat,
    /// A packet that was received when the inbox had no room for it. Nothing is read until it has.
    stalled: Option<Packet>,
    /// Whether frames may wait in tungstenite's buffer.
    unread: bool,
    /// Whether frames wait there to be sent.
    unsent: bool,
    /// TCP is at its end.
    over: bool,
    /// When the other end's answer to our close is due.
    close_due: Option<Duration>,
}

/// How far a poll's reading got.
enum Reading {
    /// Until there was no more.
    Drained,
    /// Until there was no room.
    Full,
    /// Until the end.
    Over,
}

impl Pump {
    /// `rest` is what came behind the handshake.
    pub(super) fn new(stream: Stream, rest: Vec<u8>, settings: &Settings, now: Duration) -> Self {
        let unread = !rest.is_empty();
        Self {
            frames: WebSocketContext::from_partially_read(rest, settings.role, Some(settings.config)),
            wire: Wire::new(stream),
            is_client: settings.role == Role::Client,
            heartbeat: settings.heartbeat.start(now),
            stalled: None,
            unread,
            unsent: false,
            over: false,
            close_due: None,
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        self.wire.stream()
    }

    /// Moves the connection on. Whatever ends it is told to the link.
    pub(super) fn poll(&mut self, now: Duration, link: &mut Link) {
        self.wire.begin();
        self.flush_gathered(link);
        let held = self.wire.hold();
        let reading = self.read(now, link);
        if held {
            self.wire.release();
        }
        match reading {
            Reading::Over => return,
            Reading::Drained => self.unread = false,
            Reading::Full => self.unread = true,
        }
        if self.close_due.is_some_and(|due| now >= due) {
            return link.closed(CloseInfo::new(CloseCause::TimedOut { what: Deadline::Close }));
        }
        // An inbox that is full says nothing about the other end: nobody has listened to it.
        if link.state() == ReadyState::Open && !self.unread {
            match self.heartbeat.beat(now) {
                Beat::Nothing => {}
                Beat::Ping(payload) => {
                    self.write_control(Message::Ping(Bytes::copy_from_slice(&payload)), payload.len(), link);
                }
                Beat::Dead => link.closed(CloseInfo::new(CloseCause::TimedOut { what: Deadline::Heartbeat })),
            }
        }
        self.flush_gathered(link);
    }

    /// Takes a packet. It leaves at once unless packets wait to be read: then the replies to them are gathered.
    pub(super) fn send(&mut self, packet: Outgoing<'_>, link: &mut Link) -> Result<(), Error> {
        let result = self.frames.write(&mut self.wire, message(packet));
        if matches!(result, Err(FrameError::WriteBufferFull(_))) {
            // Pongs have taken the room.
            return Err(Error::OutboundFull { room: 0 });
        }
        link.outbox.push(self.frame_len(packet.len()), Some(packet.len()));
        self.wrote(link);
        if link.available() == 0 {
            self.flush(link);
        }
        Ok(())
    }

    /// Lets gathered packets go.
    pub(super) fn flush_gathered(&mut self, link: &mut Link) {
        if self.unsent {
            self.flush(link);
        }
    }

    /// Sends a close frame, behind whatever waits; its answer is due at `due`.
    pub(super) fn close(&mut self, code: CloseCode, reason: &str, due: Duration, link: &mut Link) {
        link.closing();
        self.close_due = Some(due);
        let frame = CloseFrame { code: code.get().into(), reason: reason.into() };
        self.write_control(Message::Close(Some(frame)), 2 + reason.len(), link);
    }

    /// What is left to do when the link is closed: the last frames, and the end of TCP. Nothing where TCP is at its
    /// end already.
    pub(super) fn into_linger(self, until: Duration) -> Option<Linger> {
        (!self.over && !self.wire.is_broken())
            .then(|| Linger::after_frames(self.frames, self.wire.into_stream(), until))
    }

    fn read(&mut self, now: Duration, link: &mut Link) -> Reading {
        if let Some(packet) = self.stalled.take() {
            if !link.has_room_for(packet.len()) {
                self.stalled = Some(packet);
                return Reading::Full;
            }
            link.deliver(packet);
        }
        if !self.unread {
            match self.wire.look() {
                Ok(Found::Nothing) => return Reading::Drained,
                Ok(Found::Something) => self.heartbeat.heard(now),
                Err(_) => return self.lost(link),
            }
        }
        loop {
            match self.frames.read(&mut self.wire) {
                Ok(Message::Binary(data)) => {
                    if !self.receive(Packet::from_binary(data), link) {
                        return Reading::Full;
                    }
                }
                Ok(Message::Text(text)) => {
                    if !self.receive(Packet::from_utf8(text.into()), link) {
                        return Reading::Full;
                    }
                }
                // tungstenite answers it with the next read or flush.
                Ok(Message::Ping(payload)) => {
                    self.unsent = true;
                    link.outbox.push(self.frame_len(payload.len()), None);
                }
                Ok(Message::Pong(payload)) => {
                    let measured = self.heartbeat.pong(&payload, now);
                    link.stats.rtt = measured.or(link.stats.rtt);
                }
                Ok(Message::Close(frame)) => return self.closed_by(frame, link),
                Ok(Message::Frame(_)) => {}
                Err(FrameError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.account(link);
                    return Reading::Drained;
                }
                Err(error) => return self.failed(&error, link),
            }
        }
    }

    /// Whether there was room for it, or for the next.
    fn receive(&mut self, packet: Packet, link: &mut Link) -> bool {
        if link.has_room_for(packet.len()) {
            link.deliver(packet);
            return true;
        }
        self.stalled = Some(packet);
        false
    }

    fn closed_by(&mut self, frame: Option<CloseFrame>, link: &mut Link) -> Reading {
        match frame {
            Some(CloseFrame { code, reason }) => {
                let was_invalid = code == FrameCode::Protocol && reason.as_str() == "Protocol violation";
                if was_invalid || !code.is_allowed() {
                    link.closed(CloseInfo::with_code(CloseCause::Protocol, FrameCode::Protocol.into()));
                } else {
                    link.closed_by_frame(Some(code.into()), reason.as_str().to_owned());
                }
            }
            None => link.closed_by_frame(None, String::new()),
        }
        Reading::Over
    }

    fn failed(&mut self, error: &FrameError, link: &mut Link) -> Reading {
        let (cause, code) = match error {
            FrameError::Capacity(_) => (CloseCause::TooBig, FrameCode::Size),
            FrameError::Utf8(_) => (CloseCause::Protocol, FrameCode::Invalid),
            FrameError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return self.lost(link),
            FrameError::Protocol(_) => (CloseCause::Protocol, FrameCode::Protocol),
            _ => return self.lost(link),
        };
        // Where a close frame has gone before, a second one must not follow; tungstenite sees to that.
        let frame = CloseFrame { code, reason: Utf8Bytes::default() };
        self.write_control(Message::Close(Some(frame)), 2, link);
        link.closed(CloseInfo::with_code(cause, code.into()));
        Reading::Over
    }

    fn lost(&mut self, link: &mut Link) -> Reading {
        self.over = true;
        link.closed(CloseInfo::new(CloseCause::Lost));
        Reading::Over
    }

    /// Queues a control frame with `len` bytes of payload.
    fn write_control(&mut self, message: Message, len: usize, link: &mut Link) {
        link.outbox.push(self.frame_len(len), None);
        // An error says that the frame waits, or that it has no place: a second close frame has none, nor has any where
        // nothing has left for so long that there is no room. A deadline ends that.
        let _ = self.frames.write(&mut self.wire, message);
        self.wrote(link);
    }

    fn flush(&mut self, link: &mut Link) {
        if self.frames.flush(&mut self.wire).is_ok() {
            self.unsent = false;
            self.wire.take_written();
            link.outbox.clear();
        } else {
            self.account(link);
        }
    }

    fn wrote(&mut self, link: &mut Link) {
        self.unsent = true;
        self.account(link);
    }

    /// Tells the outbox what has left.
    fn account(&mut self, link: &mut Link) {
        link.outbox.progress(self.wire.take_written());
    }

    /// The length of a frame of `payload` bytes (RFC 6455, 5.2).
    fn frame_len(&self, payload: usize) -> usize {
        let length = match payload {
            0..=125 => 0,
            126..=65_535 => 2,
            _ => 8,
        };
        let mask = if self.is_client { 4 } else { 0 };
        2 + length + mask + payload
    }
}

fn message(packet: Outgoing<'_>) -> Message {
    match packet {
        Outgoing::Text(text) => Message::Text(text.into()),
        Outgoing::Binary(data) => Message::Binary(Bytes::copy_from_slice(data)),
        Outgoing::Shared(packet) => match packet.as_text() {
            // The bytes were checked when the packet was made; the check here costs less than a copy would.
            Some(text) => {
                Utf8Bytes::try_from(packet.data().clone()).map_or_else(|_| text.into(), Message::Text)
            }
            None => Message::Binary(packet.data().clone()),
        },
    }
}
