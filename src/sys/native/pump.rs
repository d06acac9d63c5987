//! An open connection: what comes in goes through the [frames](super::frames) to the link, what goes out through
//! [`outbound`](super::outbound) to the socket; and what keeps watch over both.

use std::{
    io::{self, Read},
    time::Duration,
};

use super::{
    frames::{Breach, CloseFrame, Decoder, Encoder, Item, Limits},
    heartbeat::{Beat, Heartbeat},
    limiter::{Arrival, Limiter},
    linger::Linger,
    outbound::Outbound,
    stream::Stream,
};
use crate::{
    close::{CloseCause, CloseCode, CloseInfo, Deadline, Excess},
    link::Link,
    options::{Options, PeerLimits},
    packet::{Outgoing, Packet},
    state::ReadyState,
};

/// What a pump takes from the options.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    is_server: bool,
    max_message_size: usize,
    heartbeat: Heartbeat,
}

impl Settings {
    pub(super) fn new(options: &Options, is_server: bool) -> Self {
        let max_message_size = options.max_message_size;
        Self { is_server, max_message_size, heartbeat: Heartbeat::new(options) }
    }
}

/// What a server watches over a stranger, beyond what every peer does.
#[derive(Debug)]
struct Guard {
    limiter: Option<Box<Limiter>>,
    max_message_time: Duration,
    /// Since when a message has been under way.
    message_since: Option<Duration>,
    max_time_full: Duration,
    /// Since when there has been no room for packets to it.
    full_since: Option<Duration>,
}

/// A time, and the socket's owner's scratch memory. What is left in that after a call is nobody's.
pub(crate) struct Turn<'a> {
    /// The time that deadlines are measured by.
    pub(crate) now: Duration,
    /// The time that rates are measured by.
    pub(crate) arrival: Arrival,
    pub(crate) scratch: &'a mut [u8],
    /// How many bytes may be read. Whoever sends without pause must not keep the caller from the others.
    pub(crate) budget: usize,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Pump {
    stream: Stream,
    decoder: Decoder,
    outbound: Outbound,
    heartbeat: Heartbeat,
    guard: Option<Box<Guard>>,
    /// Whether the socket may hold bytes.
    readable: bool,
    /// Whether it is to be read to its end: nothing will be told of it any more.
    ends: bool,
    /// A packet that was received when the inbox had no room for it. Nothing is read until it has.
    stalled: Option<Packet>,
    /// What was read and not looked at, because the inbox was full.
    unread: Vec<u8>,
    /// TCP is at its end.
    over: bool,
    /// When the other end's answer to our close is due.
    close_due: Option<Duration>,
}

/// How far a turn's reading got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Until there was no more.
    Drained,
    /// Until the budget was used up.
    Enough,
    /// Until there was no room.
    Full,
    /// Until the end.
    Over,
}

impl Pump {
    /// `rest` is what came behind the handshake.
    pub(super) fn new(
        stream: Stream,
        rest: Vec<u8>,
        settings: &Settings,
        limits: Option<(&PeerLimits, Duration)>,
        now: Duration,
    ) -> Self {
        let (encoder, fragments) = match limits {
            Some((limits, _)) if limits.max_fragments > 0 => (Encoder::SERVER, limits.max_fragments),
            _ if settings.is_server => (Encoder::SERVER, u32::MAX),
            _ => (Encoder::CLIENT, u32::MAX),
        };
        let guard = limits.map(|(limits, max_time_full)| {
            Box::new(Guard {
                limiter: Limiter::new(limits),
                max_message_time: limits.max_message_time,
                message_since: None,
                max_time_full,
                full_since: None,
            })
        });
        let decoder_limits = Limits { message: settings.max_message_size, fragments };
        Self {
            stream,
            decoder: Decoder::new(settings.is_server, decoder_limits),
            outbound: Outbound::new(encoder),
            heartbeat: settings.heartbeat.start(now),
            guard,
            readable: true,
            ends: false,
            stalled: None,
            unread: rest,
            over: false,
            close_due: None,
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(super) fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// The socket may hold bytes, or take some; or the other end sends no more, and nothing will be told any more.
    pub(super) fn ready(&mut self, readable: bool, writable: bool, ends: bool) {
        self.readable |= readable;
        self.ends |= ends;
        if writable {
            self.outbound.unblock();
        }
    }

    /// Moves the connection on. Whatever ends it is told to the link. Whether there is more to do at once.
    pub(super) fn poll(&mut self, turn: &mut Turn<'_>, link: &mut Link) -> bool {
        self.flush(link);
        let reading = match self.read(turn, link) {
            Ok(reading) => reading,
            Err((cause, code)) => self.fail(cause, code, link),
        };
        if reading == Reading::Over {
            return false;
        }
        if let Some(cause) = self.overdue(turn.now, link) {
            self.time_out(cause, link);
            return false;
        }
        // An inbox that is full says nothing about the other end: nobody has listened to it.
        if link.state() == ReadyState::Open && reading == Reading::Drained {
            match self.heartbeat.beat(turn.now) {
                Beat::Nothing => {}
                Beat::Ping(payload) => {
                    self.shrink();
                    self.outbound.ping(&payload, &mut link.outbox);
                }
                Beat::Dead => link.closed(CloseInfo::new(CloseCause::TimedOut { what: Deadline::Heartbeat })),
            }
        }
        self.flush(link);
        reading == Reading::Enough
    }

    /// Takes a packet. It leaves at once, unless it is to be gathered with others.
    pub(super) fn send(&mut self, packet: Outgoing<'_>, gather: bool, link: &mut Link) {
        if gather && !self.outbound.has_enough() {
            self.outbound.push(packet, None, &mut link.outbox);
        } else {
            self.outbound.send(packet, &mut self.stream, &mut link.outbox);
        }
    }

    /// Takes a packet in the place of one that waits under the same key, where one does.
    pub(super) fn send_latest(&mut self, key: u64, packet: Outgoing<'_>, gather: bool, link: &mut Link) {
        self.outbound.push(packet, Some(key), &mut link.outbox);
        if !gather || self.outbound.has_enough() {
            self.flush(link);
        }
    }

    /// How many bytes a packet that waits under this key has.
    pub(super) fn waiting_under(&self, key: u64) -> Option<usize> {
        self.outbound.waiting_under(key)
    }

    /// Drops the packet that has waited longest. Whether there was one that could be dropped.
    pub(super) fn drop_oldest(&mut self, link: &mut Link) -> bool {
        self.outbound.drop_oldest(&mut link.outbox)
    }

    /// There was no room for a packet.
    pub(super) fn was_full(&mut self, now: Duration) {
        if let Some(guard) = &mut self.guard {
            guard.full_since.get_or_insert(now);
        }
    }

    /// Lets gathered packets go.
    pub(super) fn flush(&mut self, link: &mut Link) {
        self.outbound.flush(&mut self.stream, &mut link.outbox);
        if let Some(guard) = &mut self.guard {
            guard.full_since.take_if(|_| link.outbox.is_below_half());
        }
    }

    /// Sends a close frame, behind whatever waits; its answer is due at `due`.
    pub(super) fn close(&mut self, code: CloseCode, reason: &str, due: Duration, link: &mut Link) {
        link.closing();
        self.close_due = Some(due);
        self.outbound.close(CloseFrame::new(code.get(), reason));
        self.flush(link);
    }

    /// What is left to do when the link is closed: the last frames, and the end of TCP. Nothing where TCP is at its
    /// end already.
    pub(super) fn into_linger(self, until: Duration) -> Option<Linger> {
        (!self.over && !self.outbound.is_broken())
            .then(|| Linger::after_frames(self.stream, self.outbound, until))
    }

    /// Whether a packet waits for room in the inbox.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled.is_some()
    }

    /// The memory that waits here beside the link's inbox and outbox.
    pub(super) fn held(&self) -> usize {
        let stalled = self.stalled.as_ref().map_or(0, |packet| packet.len());
        self.decoder.held() + self.unread.capacity() + stalled
    }

    /// When there will be something to do, if nothing happens before.
    pub(super) fn next_deadline(&self) -> Duration {
        let guard = self.guard.as_ref();
        let message = guard.and_then(|guard| guard.message_due());
        let full = guard.and_then(|guard| guard.full_due());
        let dues = [self.heartbeat.due(), self.close_due, message, full];
        dues.into_iter().flatten().min().unwrap_or(Duration::MAX)
    }

    fn read(&mut self, turn: &mut Turn<'_>, link: &mut Link) -> Result<Reading, (CloseCause, u16)> {
        if let Some(packet) = self.stalled.take() {
            if !link.has_room_for(packet.len()) {
                self.stalled = Some(packet);
                return Ok(Reading::Full);
            }
            link.deliver(packet);
        }
        if !self.unread.is_empty() {
            let unread = std::mem::take(&mut self.unread);
            let reading = self.decode(&unread, turn, link)?;
            if reading != Reading::Drained {
                return Ok(reading);
            }
        }
        let mut read = 0;
        while self.readable {
            if read >= turn.budget {
                return Ok(Reading::Enough);
            }
            let len = match self.stream.read(turn.scratch) {
                Ok(0) => return Ok(self.lost(link)),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.readable = false;
                    break;
                }
                Err(_) => return Ok(self.lost(link)),
            };
            read += len;
            self.heartbeat.heard(turn.now);
            self.readable = self.ends || self.stream.may_have_more(len, turn.scratch.len());
            if let Some(limiter) = self.limiter() {
                limiter.bytes(len, turn.arrival).map_err(over)?;
            }
            // The scratch memory changes hands for as long as it is looked at.
            let scratch = std::mem::take(&mut turn.scratch);
            let reading = self.decode(&scratch[..len], turn, link);
            turn.scratch = scratch;
            match reading? {
                Reading::Drained => {}
                reading => return Ok(reading),
            }
        }
        Ok(Reading::Drained)
    }

    /// What bytes mean goes to the link.
    fn decode(
        &mut self,
        mut input: &[u8],
        turn: &Turn<'_>,
        link: &mut Link,
    ) -> Result<Reading, (CloseCause, u16)> {
        while let Some(item) = self.decoder.next(&mut input).map_err(breach)? {
            match item {
                Item::Packet(packet) => {
                    if let Some(limiter) = self.limiter() {
                        limiter.packet(turn.arrival).map_err(over)?;
                    }
                    self.message_ended();
                    if !link.has_room_for(packet.len()) {
                        self.stalled = Some(packet);
                        self.unread = input.to_vec();
                        return Ok(Reading::Full);
                    }
                    link.deliver(packet);
                }
                Item::Ping => {
                    self.count_control(turn)?;
                    // After a close frame nothing may be sent any more (RFC 6455, 5.5.1).
                    if link.state() == ReadyState::Open {
                        self.outbound.pong(self.decoder.control(), &mut link.outbox);
                    }
                }
                Item::Pong => {
                    self.count_control(turn)?;
                    let measured = self.heartbeat.pong(self.decoder.control(), turn.now);
                    link.stats.rtt = measured.or(link.stats.rtt);
                }
                Item::EmptyFragment => self.count_control(turn)?,
                Item::Close(frame) => return Ok(self.closed_by(frame, link)),
            }
        }
        if let Some(guard) = self.guard.as_mut().filter(|_| self.decoder.is_within_message()) {
            guard.message_since.get_or_insert(turn.now);
        }
        Ok(Reading::Drained)
    }

    fn message_ended(&mut self) {
        if let Some(guard) = &mut self.guard {
            guard.message_since = None;
        }
    }

    fn limiter(&mut self) -> Option<&mut Limiter> {
        self.guard.as_mut()?.limiter.as_deref_mut()
    }

    fn count_control(&mut self, turn: &Turn<'_>) -> Result<(), (CloseCause, u16)> {
        match self.limiter() {
            Some(limiter) => limiter.control_frame(turn.arrival).map_err(over),
            None => Ok(()),
        }
    }

    /// The time limit that has run out.
    fn overdue(&self, now: Duration, link: &Link) -> Option<CloseCause> {
        if self.close_due.is_some_and(|due| now >= due) {
            return Some(CloseCause::TimedOut { what: Deadline::Close });
        }
        if link.state() != ReadyState::Open {
            return None;
        }
        let guard = self.guard.as_ref()?;
        // Not while nobody listens to it.
        if self.stalled.is_none() && guard.message_due().is_some_and(|due| now >= due) {
            return Some(CloseCause::TimedOut { what: Deadline::Message });
        }
        guard.full_due().is_some_and(|due| now >= due).then_some(CloseCause::Excess { what: Excess::Slow })
    }

    fn time_out(&mut self, cause: CloseCause, link: &mut Link) {
        match cause {
            CloseCause::TimedOut { what: Deadline::Close } => link.closed(CloseInfo::new(cause)),
            cause => drop(self.fail(cause, POLICY, link)),
        }
    }

    /// The other end says goodbye. The answer carries what it said (RFC 6455, 5.5.1).
    fn closed_by(&mut self, frame: CloseFrame, link: &mut Link) -> Reading {
        if self.close_due.is_none() {
            self.outbound.close(frame.clone());
        }
        self.flush(link);
        link.closed_by_frame(frame.code, frame.reason);
        Reading::Over
    }

    /// This end ends it, and tells why.
    fn fail(&mut self, cause: CloseCause, code: u16, link: &mut Link) -> Reading {
        // A second close frame must not follow a first.
        if self.close_due.is_none() {
            self.outbound.drop_waiting(&mut link.outbox);
            self.outbound.close(CloseFrame::new(code, ""));
        }
        self.flush(link);
        link.closed(CloseInfo::with_code(cause, code));
        Reading::Over
    }

    fn lost(&mut self, link: &mut Link) -> Reading {
        self.over = true;
        link.closed(CloseInfo::new(CloseCause::Lost));
        Reading::Over
    }

    /// Gives back memory that was only kept for the next time: there has been none for long.
    fn shrink(&mut self) {
        self.outbound.shrink();
        self.unread.shrink_to_fit();
    }
}

impl Guard {
    fn message_due(&self) -> Option<Duration> {
        let since = self.message_since.filter(|_| !self.max_message_time.is_zero())?;
        Some(since + self.max_message_time)
    }

    fn full_due(&self) -> Option<Duration> {
        let since = self.full_since.filter(|_| !self.max_time_full.is_zero())?;
        Some(since + self.max_time_full)
    }
}

/// RFC 6455, 7.4.1, and the IANA registry.
const PROTOCOL_ERROR: u16 = 1002;
const INVALID_DATA: u16 = 1007;
const POLICY: u16 = 1008;
const TOO_BIG: u16 = 1009;

fn breach(breach: Breach) -> (CloseCause, u16) {
    match breach {
        Breach::Protocol => (CloseCause::Protocol, PROTOCOL_ERROR),
        Breach::Utf8 => (CloseCause::Protocol, INVALID_DATA),
        Breach::TooBig => (CloseCause::TooBig, TOO_BIG),
        Breach::TooManyFragments => over(Excess::Fragments),
    }
}

fn over(what: Excess) -> (CloseCause, u16) {
    (CloseCause::Excess { what }, POLICY)
}
