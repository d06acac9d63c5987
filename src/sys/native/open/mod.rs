//! An open connection: decodes [frames](super::frames) into the link, and sends through the [send
//! queue](super::send_queue). Enforces deadlines and limits.

mod reading;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tungstenite::protocol::CloseFrame;

use self::reading::ReadProgress;
use super::{
    failure::Failure,
    frames::{Encoder, FrameDecoder},
    guard::{Guard, ReadCoverage},
    heartbeat::{Heartbeat, HeartbeatAction},
    linger::Linger,
    notify::Wants,
    poll_context::PollContext,
    send_queue::SendQueue,
    settings::ConnectionSettings,
    stream::Stream,
};
use crate::{
    clock::CompactTime,
    close::{CloseCause, CloseCode, CloseInfo, Limit, Timeout},
    link::Link,
    packet::{Outgoing, Packet},
    shared_bytes::SharedBytes,
    state::ReadyState,
    sys::liveness::{ClockTimes, LivenessAction, LivenessTimer},
};

/// An open connection.
#[derive(Debug)]
pub(super) struct OpenConnection {
    stream: Stream,
    decoder: FrameDecoder,
    pub(super) send_queue: SendQueue,
    heartbeat: Heartbeat,
    /// Sends the program's liveness probes, if the options have one.
    liveness: Option<Box<LivenessTimer>>,
    pub(super) guard: Guard,
    /// `true` if the socket may hold bytes.
    readable: bool,
    /// `true` if the system reports nothing more about the socket, so that it must be read to its end.
    ends: bool,
    /// A received packet that did not fit into the inbox. Nothing is read until it fits.
    stalled: Option<Box<Packet>>,
    /// Bytes that were read and not decoded yet.
    unread: Vec<u8>,
    /// The wall time since when bytes may have waited unread. None after the socket was found empty.
    unread_since: CompactTime,
    /// The failure that ends the connection in the next poll.
    failure: Option<Box<Failure>>,
    /// `true` after a failure was deferred. This happens once only.
    has_deferred_failure: bool,
    /// How far the last poll has read.
    reading: ReadProgress,
    /// `true` if the last poll has delivered packets.
    has_delivered: bool,
    /// `true` if the TCP connection has ended.
    is_tcp_closed: bool,
    /// The deadline for the other end's close frame, after ours was sent.
    close_due: CompactTime,
}

impl OpenConnection {
    /// Opens a connection. `rest` has the bytes that arrived after the handshake. Connections with other numbers send
    /// their pings at other times.
    pub(super) fn new(
        stream: Stream,
        rest: Vec<u8>,
        settings: &ConnectionSettings,
        shared_bytes: Option<SharedBytes>,
        number: u32,
        now: Duration,
    ) -> Self {
        let encoder = if settings.is_server { Encoder::SERVER } else { Encoder::CLIENT };
        // The TLS stream may hold bytes, too.
        let has_more = !rest.is_empty() || stream.is_secure();
        let first_ping = settings.heartbeat.first_delay(number);
        Self {
            stream,
            decoder: FrameDecoder::new(settings.is_server, settings.message_limits())
                .with_pool(settings.pool.clone()),
            send_queue: SendQueue::new(encoder, shared_bytes),
            heartbeat: Heartbeat::start(Arc::clone(&settings.heartbeat), now, first_ping),
            liveness: settings
                .liveness
                .as_ref()
                .map(|liveness| Box::new(LivenessTimer::start(liveness.clone(), Self::times(now)))),
            guard: Guard::new(settings.limits.clone()),
            readable: true,
            ends: false,
            stalled: None,
            unread: rest,
            unread_since: CompactTime::NONE,
            failure: None,
            has_deferred_failure: false,
            reading: if has_more { ReadProgress::MorePending } else { ReadProgress::Drained },
            has_delivered: false,
            is_tcp_closed: false,
            close_due: CompactTime::NONE,
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(super) fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Notes a readiness event: the socket may be readable or writable, or the other end sends nothing more.
    pub(super) fn ready(&mut self, readable: bool, writable: bool, ends: bool) {
        self.readable |= readable;
        self.ends |= ends;
        if writable {
            self.send_queue.unblock();
        }
    }

    /// Notes that bytes may wait unread since this time: the poll that reads them may not be the next one.
    pub(super) fn arrived_after(&mut self, time: Duration) {
        if self.unread_since == CompactTime::NONE {
            self.unread_since = CompactTime::at(time);
        }
    }

    /// Reads, answers and writes. Returns `true` if there is more to do at once. The link gets the cause if this ends
    /// the connection.
    pub(super) fn poll(&mut self, context: &mut PollContext<'_>, link: &mut Link) -> bool {
        self.flush(link);
        let (received, read) = (link.stats.packets_received, context.read);
        // Rates count from the time at which the bytes may have arrived.
        let unread_since = self.unread_since.get().unwrap_or_else(|| context.arrival.since());
        self.unread_since = CompactTime::at(unread_since);
        context.arrival = context.arrival.begun_at(unread_since);
        let reading = match self.read(context, link) {
            Ok(reading) => reading,
            Err(failure) => self.fail_or_defer(failure, link),
        };
        self.reading = reading;
        self.has_delivered = link.stats.packets_received > received;
        if reading == ReadProgress::Closed {
            return false;
        }
        let coverage = match reading {
            ReadProgress::Drained => ReadCoverage::Complete,
            ReadProgress::MorePending if context.budget.memory > 0 => ReadCoverage::Partial,
            ReadProgress::MorePending | ReadProgress::InboxFull | ReadProgress::Closed => {
                ReadCoverage::Paused
            }
        };
        self.guard.set_read_coverage(coverage, context.now);
        let is_read = reading == ReadProgress::Drained;
        // Control frames leave no memory behind, because a server exchanges them with thousands of quiet peers.
        let mut is_quiet = context.read > read && !self.has_delivered;
        if is_read {
            self.unread_since = CompactTime::NONE;
        }
        if let Some(cause) = self.expired(context.now, link) {
            match cause {
                CloseCause::TimedOut(Timeout::Close) => link.set_closed(CloseInfo::new(cause)),
                cause => self.fail(Failure::policy(cause), link),
            }
            return false;
        }
        // While bytes are unread, silence of the other end proves nothing.
        if link.state() == ReadyState::Open && is_read {
            match self.heartbeat.poll(context.now) {
                HeartbeatAction::None => {}
                HeartbeatAction::Ping(payload) => {
                    is_quiet = true;
                    self.send_queue.ping(&payload, &mut link.outbox);
                }
                HeartbeatAction::TimedOut => {
                    link.set_closed(CloseInfo::new(CloseCause::TimedOut(Timeout::Heartbeat)))
                }
            }
        }
        self.probe(context.now, context.read > read, link);
        self.flush(link);
        if is_quiet && self.send_queue.is_empty() {
            self.shrink();
        }
        reading == ReadProgress::MorePending
    }

    /// Sends the program's liveness probe when it is due, and ends a connection that does not answer it.
    fn probe(&mut self, now: Duration, has_read: bool, link: &mut Link) {
        let Some(mut timer) = self.liveness.take() else { return };
        // Unread bytes may be the answer, and so may be an incomplete message.
        let is_alive = self.reading != ReadProgress::Drained || has_read && self.decoder.is_within_message();
        match timer.check(link, Self::times(now), is_alive, false) {
            LivenessAction::None => {}
            LivenessAction::SendProbe => {
                let probe = timer.probe();
                self.send_queue.push(Outgoing::Shared(&probe), None, &mut link.outbox);
                link.count_sent(probe.len());
            }
            LivenessAction::GiveUp => {
                link.set_closed(CloseInfo::new(CloseCause::TimedOut(Timeout::Liveness)))
            }
        }
        self.liveness = Some(timer);
    }

    /// Returns the times of all clocks.
    fn times(now: Duration) -> ClockTimes {
        ClockTimes { now, wall: super::now(), calendar: super::calendar() }
    }

    /// Sends a packet: at once, or with others if `gather` is set.
    #[inline(always)]
    pub(super) fn send(&mut self, packet: Outgoing<'_>, gather: bool, link: &mut Link) {
        self.guard.memory_granted();
        if gather && !self.send_queue.should_flush() {
            self.send_queue.push(packet, None, &mut link.outbox);
        } else {
            self.send_queue.send(packet, &mut self.stream, &mut link.outbox);
        }
    }

    /// Sends frames that were encoded once for many peers. They count as one packet with `payload` bytes.
    pub(super) fn send_frames(&mut self, frames: &Bytes, payload: usize, gather: bool, link: &mut Link) {
        self.guard.memory_granted();
        if gather && !self.send_queue.should_flush() {
            self.send_queue.push_frames(frames, payload, &mut link.outbox);
        } else {
            self.send_queue.send_frames(frames, payload, &mut self.stream, &mut link.outbox);
        }
    }

    /// Sends a packet that replaces the packet that waits under the same key.
    pub(super) fn send_latest(&mut self, key: u64, packet: Outgoing<'_>, gather: bool, link: &mut Link) {
        self.guard.memory_granted();
        self.send_queue.push(packet, Some(key), &mut link.outbox);
        if !gather || self.send_queue.should_flush() {
            self.flush(link);
        }
    }

    /// Writes queued packets.
    pub(super) fn flush(&mut self, link: &mut Link) {
        self.send_queue.flush(&mut self.stream, &mut link.outbox);
        if link.outbox.is_below_half() {
            self.guard.queue_has_room();
        }
        self.guard.memory_released(link.outbox.memory_usage());
    }

    /// Sends a close frame after everything that waits. The other end must answer by `due`.
    pub(super) fn close(&mut self, code: CloseCode, reason: &str, due: Duration, link: &mut Link) {
        link.set_closing();
        self.close_due = CompactTime::at(due);
        self.liveness = None;
        self.send_queue.close(Some(close_frame(code, reason)));
        self.flush(link);
    }

    /// Returns the last stage of a closed connection: the last frames, and the end of TCP. Returns `None` if TCP has
    /// ended.
    pub(super) fn into_linger(self, until: Duration) -> Option<Linger> {
        (!self.is_tcp_closed && !self.send_queue.is_broken())
            .then(|| Linger::after_frames(self.stream, self.send_queue, until))
    }

    /// Returns `true` if a packet waits for room in the inbox.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled.is_some()
    }

    /// Returns the memory of received bytes outside the inbox, in bytes.
    #[inline]
    pub(super) fn memory_usage(&self) -> usize {
        let stalled = self.stalled.as_ref().map_or(0, |packet| packet.len());
        self.decoder.memory_usage() + self.unread.capacity() + stalled
    }

    /// Returns the memory of all received bytes, in bytes.
    fn inbound_memory(&self, link: &Link) -> usize {
        link.inbox_memory() + self.memory_usage()
    }

    /// Returns the events after which a poll can do something. Only for peers: a server schedules its connections
    /// itself, with budgets of bytes and memory.
    pub(super) fn wants(&self, link: &Link) -> Wants {
        let has_room = self.stalled.as_ref().is_some_and(|packet| link.has_room_for(packet.len()));
        Wants {
            now: match self.reading {
                ReadProgress::MorePending => true,
                // A program that reads nothing is not woken again.
                ReadProgress::InboxFull => has_room || self.has_delivered,
                ReadProgress::Drained | ReadProgress::Closed => false,
            },
            // A full inbox waits for the program.
            read: self.reading != ReadProgress::InboxFull,
            write: self.send_queue.is_blocked(),
            due: self.next_deadline(),
            ..Wants::default()
        }
    }

    /// Returns the next deadline. `Duration::MAX`: none.
    pub(super) fn next_deadline(&self) -> Duration {
        // While bytes are unread, silence proves nothing. A closing connection only waits for the close frame.
        let is_read = self.reading == ReadProgress::Drained;
        let heartbeat = self.heartbeat.due().filter(|_| is_read);
        let liveness = self.liveness.as_ref().map(|timer| timer.due()).filter(|_| is_read);
        let others = || [heartbeat, liveness, self.guard.due()].into_iter().flatten().min();
        self.close_due.get().or_else(others).unwrap_or(Duration::MAX)
    }

    /// Returns the time limit that has run out.
    fn expired(&self, now: Duration, link: &Link) -> Option<CloseCause> {
        if self.close_due.get().is_some_and(|due| now >= due) {
            return Some(CloseCause::TimedOut(Timeout::Close));
        }
        if link.state() != ReadyState::Open {
            return None;
        }
        self.guard.expired(now)
    }

    /// Handles a close frame. The answer has the same code and reason (RFC 6455, 5.5.1).
    fn closed_by(&mut self, frame: Option<CloseFrame>, link: &mut Link) -> ReadProgress {
        if self.close_due == CompactTime::NONE {
            self.send_queue.close(frame.clone());
        }
        self.flush(link);
        let (code, reason) = frame.map(|frame| (frame.code.into(), frame.reason.as_str().into())).unzip();
        link.set_closed_by_frame(code, reason.unwrap_or_default());
        ReadProgress::Closed
    }

    /// Ends the connection: in the next poll if there are packets to read, so that the program's answers to them are
    /// sent.
    fn fail_or_defer(&mut self, failure: Failure, link: &mut Link) -> ReadProgress {
        let has_deferred_failure = std::mem::replace(&mut self.has_deferred_failure, true);
        if link.available() > 0 && !has_deferred_failure {
            self.failure = Some(Box::new(failure));
            return ReadProgress::MorePending;
        }
        self.fail(failure, link);
        ReadProgress::Closed
    }

    /// Ends the connection because the peer exceeded a limit. Queued packets are dropped.
    pub(super) fn expel(&mut self, limit: Limit, reason: &str, link: &mut Link) {
        self.end(limit.into(), reason, link);
    }

    /// Ends the connection with a close frame that has the code of the failure.
    fn fail(&mut self, failure: Failure, link: &mut Link) {
        self.end(failure, "", link);
    }

    fn end(&mut self, failure: Failure, reason: &str, link: &mut Link) {
        // Only one close frame may be sent.
        if self.close_due == CompactTime::NONE {
            self.send_queue.drop_waiting(&mut link.outbox);
            self.send_queue.close(Some(close_frame(failure.code, reason)));
        }
        self.flush(link);
        link.set_closed(failure.into_info());
    }

    fn connection_lost(&mut self, link: &mut Link) -> ReadProgress {
        self.is_tcp_closed = true;
        link.set_closed(CloseInfo::new(CloseCause::ConnectionLost));
        ReadProgress::Closed
    }

    /// Frees memory that is only kept for reuse. Called when the connection is quiet.
    pub(super) fn shrink(&mut self) {
        self.send_queue.shrink();
        self.decoder.shrink();
        self.unread.shrink_to_fit();
    }
}

fn close_frame(code: CloseCode, reason: &str) -> CloseFrame {
    CloseFrame { code: code.get().into(), reason: reason.into() }
}
