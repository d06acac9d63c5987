//! An open connection: what comes in goes through the [frames](super::frames) to the link, what goes out through
//! [`send_queue`](super::send_queue) to the socket; and what keeps watch over both.

mod reading;

use std::time::Duration;

use bytes::Bytes;

use self::reading::ReadProgress;
use super::{
    failure::Failure,
    frames::{CloseFrame, Decoder, Encoder, MessageLimits},
    guard::{Guard, ReadCoverage},
    heartbeat::{Heartbeat, HeartbeatAction},
    linger::Linger,
    notify::Wants,
    poll_context::PollContext,
    send_queue::SendQueue,
    stream::Stream,
};
use crate::{
    close::{CloseCause, CloseCode, CloseInfo, Limit, Timeout},
    link::Link,
    options::{Liveness, PeerOptions, RateLimits},
    packet::{Outgoing, Packet},
    shared_bytes::SharedBytes,
    state::ReadyState,
    sys::liveness::{ClockTimes, LivenessAction, LivenessTimer},
};

/// What an open connection takes from the options.
#[derive(Debug, Clone)]
pub(super) struct OpenSettings {
    is_server: bool,
    max_message_size: usize,
    heartbeat: Heartbeat,
    liveness: Option<Box<Liveness>>,
}

impl OpenSettings {
    pub(super) fn new(options: &PeerOptions, is_server: bool) -> Self {
        let max_message_size = options.max_message_size;
        let liveness = options.liveness.clone().map(Box::new);
        Self { is_server, max_message_size, heartbeat: Heartbeat::new(options), liveness }
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct OpenConnection {
    stream: Stream,
    decoder: Decoder,
    pub(super) send_queue: SendQueue,
    heartbeat: Heartbeat,
    /// Sends the program's probe, if it has one.
    watch: Option<Box<LivenessTimer>>,
    pub(super) guard: Guard,
    /// Whether the socket may hold bytes.
    readable: bool,
    /// Whether it is to be read to its end: nothing will be told of it any more.
    ends: bool,
    /// A packet that was received when the inbox had no room for it. Nothing is read until it has.
    stalled: Option<Packet>,
    /// What was read and not looked at, because the inbox was full.
    unread: Vec<u8>,
    /// Since when bytes may have waited unread, by the wall's time; `None` if the socket was found empty.
    unread_since: Option<Duration>,
    /// What the connection ends with in the next turn.
    failure: Option<Failure>,
    has_waited: bool,
    /// How far the last turn's reading got.
    reading: ReadProgress,
    /// `true` if it filled the inbox.
    has_delivered: bool,
    /// TCP is at its end.
    over: bool,
    /// When the other end's answer to our close is due.
    close_due: Option<Duration>,
}

impl OpenConnection {
    /// `rest` is what came behind the handshake.
    pub(super) fn new(
        stream: Stream,
        rest: Vec<u8>,
        settings: &OpenSettings,
        limits: Option<(&RateLimits, Duration)>,
        shared_bytes: Option<SharedBytes>,
        now: Duration,
    ) -> Self {
        let encoder = if settings.is_server { Encoder::SERVER } else { Encoder::CLIENT };
        let (guard, fragments) = match limits {
            None => (Guard::default(), 0),
            Some((limits, slow_reader_timeout)) => {
                (Guard::new(limits, slow_reader_timeout), limits.max_fragments)
            }
        };
        // What came behind the handshake can wait in the secure stream, too.
        let has_more = !rest.is_empty() || stream.is_secure();
        let decoder_limits = MessageLimits { message: settings.max_message_size, fragments };
        Self {
            stream,
            decoder: Decoder::new(settings.is_server, decoder_limits),
            send_queue: SendQueue::new(encoder, shared_bytes),
            heartbeat: settings.heartbeat.start(now),
            watch: settings
                .liveness
                .as_deref()
                .map(|liveness| Box::new(LivenessTimer::start(liveness.clone(), Self::times(now)))),
            guard,
            readable: true,
            ends: false,
            stalled: None,
            unread: rest,
            unread_since: None,
            failure: None,
            has_waited: false,
            reading: if has_more { ReadProgress::MorePending } else { ReadProgress::Drained },
            has_delivered: false,
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
            self.send_queue.unblock();
        }
    }

    /// Moves the connection on. Whatever ends it is told to the link. Whether there is more to do at once.
    pub(super) fn poll(&mut self, context: &mut PollContext<'_>, link: &mut Link) -> bool {
        self.flush(link);
        let (received, read) = (link.stats.packets_received, context.read);
        context.arrival.since = *self.unread_since.get_or_insert(context.arrival.since);
        let reading = match self.read(context, link) {
            Ok(reading) => reading,
            Err(failure) => self.fail_or_wait(failure, link),
        };
        self.reading = reading;
        self.has_delivered = link.stats.packets_received > received;
        if reading == ReadProgress::Closed {
            return false;
        }
        let attention = match reading {
            ReadProgress::Drained => ReadCoverage::Complete,
            ReadProgress::MorePending if context.budget.memory > 0 => ReadCoverage::Partial,
            ReadProgress::MorePending | ReadProgress::InboxFull | ReadProgress::Closed => {
                ReadCoverage::Paused
            }
        };
        self.guard.set_read_coverage(attention, context.now);
        let is_read = reading == ReadProgress::Drained;
        if is_read {
            self.unread_since = None;
        }
        if let Some(cause) = self.overdue(context.now, link) {
            match cause {
                CloseCause::TimedOut(Timeout::Close) => link.set_closed(CloseInfo::new(cause)),
                cause => self.fail(Failure::policy(cause), link),
            }
            return false;
        }
        // An inbox that is full says nothing about the other end: nobody has listened to it.
        if link.state() == ReadyState::Open && is_read {
            match self.heartbeat.poll(context.now) {
                HeartbeatAction::None => {}
                HeartbeatAction::Ping(payload) => {
                    self.shrink();
                    self.send_queue.ping(&payload, &mut link.outbox);
                }
                HeartbeatAction::TimedOut => {
                    link.set_closed(CloseInfo::new(CloseCause::TimedOut(Timeout::Heartbeat)))
                }
            }
        }
        self.probe(context.now, context.read > read, link);
        self.flush(link);
        reading == ReadProgress::MorePending
    }

    /// Sends the program's probe when it is time, and ends a connection on which nothing came after it.
    fn probe(&mut self, now: Duration, has_read: bool, link: &mut Link) {
        let Some(mut watch) = self.watch.take() else { return };
        // What is not read yet may be the answer; and so may be a message that is still on its way.
        let is_heard = self.reading != ReadProgress::Drained || has_read && self.decoder.is_within_message();
        match watch.check(link, Self::times(now), is_heard, false) {
            LivenessAction::None => {}
            LivenessAction::SendProbe => {
                let probe = watch.probe();
                self.send_queue.push(Outgoing::Shared(&probe), None, &mut link.outbox);
                link.count_sent(probe.len());
            }
            LivenessAction::GiveUp => {
                link.set_closed(CloseInfo::new(CloseCause::TimedOut(Timeout::Liveness)))
            }
        }
        self.watch = Some(watch);
    }

    /// The time of deadlines, and the other clocks' now.
    fn times(now: Duration) -> ClockTimes {
        ClockTimes { now, wall: super::now(), calendar: super::calendar() }
    }

    /// Takes a packet. It leaves at once, unless it is to be gathered with others.
    pub(super) fn send(&mut self, packet: Outgoing<'_>, gather: bool, link: &mut Link) {
        self.guard.memory_granted();
        if gather && !self.send_queue.has_enough() {
            self.send_queue.push(packet, None, &mut link.outbox);
        } else {
            self.send_queue.send(packet, &mut self.stream, &mut link.outbox);
        }
    }

    /// Takes frames that were encoded for many peers at once, as one packet with this payload.
    pub(super) fn send_frames(&mut self, frames: &Bytes, payload: usize, gather: bool, link: &mut Link) {
        self.guard.memory_granted();
        self.send_queue.push_frames(frames, payload, &mut link.outbox);
        if !gather || self.send_queue.has_enough() {
            self.flush(link);
        }
    }

    /// Takes a packet in the place of one that waits under the same key, where one does.
    pub(super) fn send_latest(&mut self, key: u64, packet: Outgoing<'_>, gather: bool, link: &mut Link) {
        self.guard.memory_granted();
        self.send_queue.push(packet, Some(key), &mut link.outbox);
        if !gather || self.send_queue.has_enough() {
            self.flush(link);
        }
    }

    /// Lets gathered packets go.
    pub(super) fn flush(&mut self, link: &mut Link) {
        self.send_queue.flush(&mut self.stream, &mut link.outbox);
        if link.outbox.is_below_half() {
            self.guard.queue_has_room();
        }
        self.guard.memory_released(link.outbox.memory_usage());
    }

    /// Sends a close frame, behind whatever waits; its answer is due at `due`.
    pub(super) fn close(&mut self, code: CloseCode, reason: &str, due: Duration, link: &mut Link) {
        link.set_closing();
        self.close_due = Some(due);
        self.watch = None;
        self.send_queue.close(CloseFrame::new(code.get(), reason));
        self.flush(link);
    }

    /// What is left to do when the link is closed: the last frames, and the end of TCP. Nothing where TCP is at its
    /// end already.
    pub(super) fn into_linger(self, until: Duration) -> Option<Linger> {
        (!self.over && !self.send_queue.is_broken())
            .then(|| Linger::after_frames(self.stream, self.send_queue, until))
    }

    /// Whether a packet waits for room in the inbox.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled.is_some()
    }

    /// Returns the memory that is held here for what the other end has sent, beside the link's inbox.
    pub(super) fn held(&self) -> usize {
        let stalled = self.stalled.as_ref().map_or(0, |packet| packet.len());
        self.decoder.held() + self.unread.capacity() + stalled
    }

    /// Returns all memory that is held for what the other end has sent.
    fn inbound_held(&self, link: &Link) -> usize {
        link.inbox_memory() + self.held()
    }

    /// Returns what has to happen before a poll can move it on. A peer's, which has no limits for strangers.
    pub(super) fn wants(&self, link: &Link) -> Wants {
        let has_room = self.stalled.as_ref().is_some_and(|packet| link.has_room_for(packet.len()));
        Wants {
            now: match self.reading {
                ReadProgress::MorePending => true,
                // Not again for a program that reads nothing.
                ReadProgress::InboxFull => has_room || self.has_delivered,
                ReadProgress::Drained | ReadProgress::Closed => false,
            },
            // What a full inbox has no room for waits for the program.
            read: self.reading != ReadProgress::InboxFull,
            write: self.send_queue.is_blocked(),
            due: self.next_deadline(),
            ..Wants::default()
        }
    }

    /// When there will be something to do, if nothing happens before.
    pub(super) fn next_deadline(&self) -> Duration {
        // Of a connection that closes nothing else is expected any more.
        // While not all was read, silence means nothing, and the heartbeat waits.
        let is_read = self.reading == ReadProgress::Drained;
        let heartbeat = self.heartbeat.due().filter(|_| is_read);
        let liveness = self.watch.as_ref().map(|watch| watch.due()).filter(|_| is_read);
        let others = || [heartbeat, liveness, self.guard.due()].into_iter().flatten().min();
        self.close_due.or_else(others).unwrap_or(Duration::MAX)
    }

    /// The time limit that has run out.
    fn overdue(&self, now: Duration, link: &Link) -> Option<CloseCause> {
        if self.close_due.is_some_and(|due| now >= due) {
            return Some(CloseCause::TimedOut(Timeout::Close));
        }
        if link.state() != ReadyState::Open {
            return None;
        }
        self.guard.expired(now)
    }

    /// The other end says goodbye. The answer carries what it said (RFC 6455, 5.5.1).
    fn closed_by(&mut self, frame: CloseFrame, link: &mut Link) -> ReadProgress {
        if self.close_due.is_none() {
            self.send_queue.close(frame.clone());
        }
        self.flush(link);
        link.set_closed_by_frame(frame.code, frame.reason);
        ReadProgress::Closed
    }

    /// This end ends it; but whoever breaks a rule behind good packets has a turn's time for the answers to those.
    fn fail_or_wait(&mut self, failure: Failure, link: &mut Link) -> ReadProgress {
        let has_waited = std::mem::replace(&mut self.has_waited, true);
        if link.available() > 0 && !has_waited {
            self.failure = Some(failure);
            return ReadProgress::MorePending;
        }
        self.fail(failure, link);
        ReadProgress::Closed
    }

    /// Ends the connection because the peer went over a limit: what waits for it is dropped.
    pub(super) fn expel(&mut self, what: Limit, reason: &str, link: &mut Link) {
        self.end(what.into(), reason, link);
    }

    /// This end ends it, and tells why.
    fn fail(&mut self, failure: Failure, link: &mut Link) {
        self.end(failure, "", link);
    }

    fn end(&mut self, failure: Failure, reason: &str, link: &mut Link) {
        // A second close frame must not follow a first.
        if self.close_due.is_none() {
            self.send_queue.drop_waiting(&mut link.outbox);
            self.send_queue.close(CloseFrame::new(failure.code, reason));
        }
        self.flush(link);
        link.set_closed(failure.into_info());
    }

    fn lost(&mut self, link: &mut Link) -> ReadProgress {
        self.over = true;
        link.set_closed(CloseInfo::new(CloseCause::ConnectionLost));
        ReadProgress::Closed
    }

    /// Gives back memory that was only kept for the next time: there has been none for long.
    fn shrink(&mut self) {
        self.send_queue.shrink();
        self.unread.shrink_to_fit();
    }
}
