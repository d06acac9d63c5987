//! What a poll does: what has come goes to the session, what the session puts out goes to the connections.
//!
//! One thing is given to the session at a time, and the next one when the program has read what came of it. So a packet means
//! what it means to a program that has acted on everything before it: a call may be of a node that the program declares when
//! it reads that the node was spawned. An engine handles packets in the same way. What is not read waits in the connections,
//! within their limits, and holds up those who send it.

use std::time::Duration;

use super::{MultiplayerPeer, Transport, server_transport::Pumped};
use crate::sys;

impl Transport {
    /// Returns when it has something to do beside what its connections have.
    fn next_deadline(&self) -> Option<Duration> {
        match self {
            Self::Server(transport) => transport.next_deadline(),
            Self::Client(_) => None,
        }
    }

    /// Returns `true` while more may be taken in, by what this poll has sent so far.
    fn may_send(&self) -> bool {
        match self {
            Self::Server(transport) => transport.may_send(),
            Self::Client(_) => true,
        }
    }

    /// Returns until when, since the last poll, a hook was to be called for whatever happened; `None` without a hook.
    fn watched_until(&self) -> Option<Duration> {
        match self {
            Self::Server(_) => None,
            Self::Client(transport) => transport.peer.watched_until(),
        }
    }
}

impl MultiplayerPeer {
    /// Polls once, after a sleep of at most `at_most`.
    pub(super) fn wait_and_poll(&mut self, at_most: Duration) {
        let before = self.advance_clock();
        if !at_most.is_zero() {
            // The program has read one event, perhaps, and the next needs no poll.
            self.pump_events();
        }
        let due = [self.session.next_deadline(), self.transport.next_deadline()].into_iter().flatten().min();
        let due = due.map_or(at_most, |due| due.saturating_sub(before));
        let sleep = if !self.session.has_unread_events() { at_most.min(due) } else { Duration::ZERO };
        match &mut self.transport {
            Transport::Client(transport) => {
                transport.peer.wait(sleep);
                self.clock.sleep(sys::now());
            }
            Transport::Server(transport) => {
                transport.server.wait(sleep);
                self.clock.sleep(sys::now());
                transport.advance(self.clock.now());
                if self.session.is_closed() {
                    transport.shut_down();
                }
            }
        }
        self.pump_events();
        self.flush_outputs();
        self.schedule_wake();
    }

    /// Moves the clock on, and returns the time. What a hook was to be called for counts in full, as a sleep does.
    pub(super) fn advance_clock(&mut self) -> Duration {
        if let Some(until) = self.transport.watched_until() {
            self.clock.sleep(until);
        }
        self.clock.advance(sys::now())
    }

    /// At a client: the hook is called for the session's next deadline, too, unless the program has something to read before.
    pub(super) fn schedule_wake(&mut self) {
        if let Transport::Client(transport) = &mut self.transport {
            let due = self.session.next_deadline().filter(|_| !self.session.has_unread_events());
            transport.peer.set_deadline(due.map(|due| due.saturating_sub(self.clock.now())));
        }
    }

    /// Gives the session what has come, until the program has something to read, or this poll has sent enough. When nothing
    /// is left, the session's deadlines are due: an answer that waits to be read is not late.
    pub(super) fn pump_events(&mut self) {
        while (!self.session.has_unread_events() || self.session.has_left()) && self.transport.may_send() {
            if !self.pump_event() {
                self.session.advance(self.clock.now());
                return;
            }
        }
    }

    /// Gives the session what has come next. Returns `true` if anything has.
    fn pump_event(&mut self) -> bool {
        let now = self.clock.now();
        let (has_come, is_departure) = match &mut self.transport {
            Transport::Server(transport) => match transport.pump_event(&mut self.session, now) {
                Some(taken) => (true, taken == Pumped::Left),
                None => (false, false),
            },
            Transport::Client(transport) => (transport.pump_event(&mut self.session, now), false),
        };
        // The other clients learn of departures together.
        if has_come && !is_departure {
            self.flush_outputs();
        }
        has_come
    }

    /// Lets go what the session has put out.
    pub(super) fn flush_outputs(&mut self) {
        match &mut self.transport {
            Transport::Server(transport) => transport.apply_outputs(&mut self.session),
            Transport::Client(transport) => transport.apply_outputs(&mut self.session),
        }
    }
}
