//! A poll: passes events of the connections to the session, and outputs of the session to the connections.
//!
//! Events are passed one at a time, each after the program has read the events of the one before. So the program's
//! reactions to all earlier packets are in effect: a packet may call a node that the program registers when it reads
//! that the node was spawned. Engines handle packets in the same way. Unread packets wait in the connections, within
//! their limits, and apply backpressure to the senders.

use std::time::Duration;

use super::{SceneMultiplayer, Transport, server_transport::Pumped};
use crate::sys;

impl Transport {
    /// Returns the next time at which the transport itself has work, apart from its connections.
    fn next_deadline(&self) -> Option<Duration> {
        match self {
            Self::Server(transport) => transport.next_deadline(),
            Self::Client(_) => None,
        }
    }

    /// Returns `true` if the send budget of this poll is not used up.
    fn may_send(&self) -> bool {
        match self {
            Self::Server(transport) => transport.may_send(),
            Self::Client(_) => true,
        }
    }

    /// Returns the time until which a hook was armed since the last poll; `None` without a hook.
    fn watched_until(&self) -> Option<Duration> {
        match self {
            Self::Server(_) => None,
            Self::Client(transport) => transport.peer.watched_until(),
        }
    }
}

impl SceneMultiplayer {
    /// Sleeps for at most `at_most`, and polls once.
    pub(super) fn wait_and_poll(&mut self, at_most: Duration) {
        let before = self.advance_clock();
        if !at_most.is_zero() {
            // If the program has read all events, the next one may be here already.
            self.pump_events();
        }
        let due = [self.session.next_deadline(), self.transport.next_deadline()].into_iter().flatten().min();
        let due = due.map_or(at_most, |due| due.saturating_sub(before));
        let sleep = if self.session.has_unread_events() { Duration::ZERO } else { at_most.min(due) };
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

    /// Advances the clock, and returns the time. The time in which a hook was armed counts in full, like a sleep.
    pub(super) fn advance_clock(&mut self) -> Duration {
        if let Some(until) = self.transport.watched_until() {
            self.clock.sleep(until);
        }
        self.clock.advance(sys::now())
    }

    /// At a client: sets the wake-up for the session's next deadline, unless the program has events to read.
    pub(super) fn schedule_wake(&mut self) {
        if let Transport::Client(transport) = &mut self.transport {
            let due = self.session.next_deadline().filter(|_| !self.session.has_unread_events());
            transport.peer.set_deadline(due.map(|due| due.saturating_sub(self.clock.now())));
        }
    }

    /// Passes events to the session, until the program has events to read, or the send budget is used up. When no event
    /// is left, the session's deadlines apply: an answer that waits to be read is not late.
    pub(super) fn pump_events(&mut self) {
        while (!self.session.has_unread_events() || self.session.has_left()) && self.transport.may_send() {
            if !self.pump_event() {
                self.session.advance(self.clock.now());
                return;
            }
        }
    }

    /// Passes the next event to the session. Returns `true` if there was one.
    fn pump_event(&mut self) -> bool {
        let now = self.clock.now();
        let (pumped, is_departure) = match &mut self.transport {
            Transport::Server(transport) => match transport.pump_event(&mut self.session, now) {
                Some(event) => (true, event == Pumped::Left),
                None => (false, false),
            },
            Transport::Client(transport) => (transport.pump_event(&mut self.session, now), false),
        };
        // Consecutive departures are announced together.
        if pumped && !is_departure {
            self.flush_outputs();
        }
        pumped
    }

    /// Passes the session's outputs to the connections.
    pub(super) fn flush_outputs(&mut self) {
        match &mut self.transport {
            Transport::Server(transport) => transport.apply_outputs(&mut self.session),
            Transport::Client(transport) => transport.apply_outputs(&mut self.session),
        }
    }
}
