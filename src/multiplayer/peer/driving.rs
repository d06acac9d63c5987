//! What a poll does: what has come goes to the session, what the session puts out goes to the connections.
//!
//! One thing is given to the session at a time, and the next one when the program has read what came of it. So a packet means
//! what it means to a program that has acted on everything before it: a call may be of a node that the program declares when
//! it reads that the node was spawned. An engine handles packets in the same way. What is not read waits in the connections,
//! within their limits, and holds up those who send it.

use std::time::Duration;

use super::{Carrier, MultiplayerPeer, host::Taken};
use crate::sys;

impl Carrier {
    /// Returns when it has something to do beside what its connections have.
    fn next_deadline(&self) -> Option<Duration> {
        match self {
            Self::Host(host) => host.next_deadline(),
            Self::Guest(_) => None,
        }
    }

    /// Returns `true` while more may be taken in, by what this poll has sent so far.
    fn may_send(&self) -> bool {
        match self {
            Self::Host(host) => host.may_send(),
            Self::Guest(_) => true,
        }
    }

    /// Returns until when, since the last poll, a hook was to be called for whatever happened; `None` without a hook.
    fn watched_until(&self) -> Option<Duration> {
        match self {
            Self::Host(_) => None,
            Self::Guest(guest) => guest.peer.watched_until(),
        }
    }
}

impl MultiplayerPeer {
    /// Polls once, after a sleep of at most `at_most`.
    pub(super) fn pass(&mut self, at_most: Duration) {
        let before = self.advance_clock();
        if !at_most.is_zero() {
            // The program has read one event, perhaps, and the next needs no poll.
            self.take_in();
        }
        let due = [self.session.next_deadline(), self.carrier.next_deadline()].into_iter().flatten().min();
        let due = due.map_or(at_most, |due| due.saturating_sub(before));
        let sleep = if self.session.is_read() { at_most.min(due) } else { Duration::ZERO };
        match &mut self.carrier {
            Carrier::Guest(guest) => {
                guest.peer.wait(sleep);
                self.clock.sleep(sys::now());
            }
            Carrier::Host(host) => {
                host.server.wait(sleep);
                self.clock.sleep(sys::now());
                host.advance(self.clock.now());
                if self.session.is_over() {
                    host.shut_down();
                }
            }
        }
        self.take_in();
        self.hand_over();
        self.set_alarm();
    }

    /// Moves the clock on, and returns the time. What a hook was to be called for counts in full, as a sleep does.
    pub(super) fn advance_clock(&mut self) -> Duration {
        if let Some(until) = self.carrier.watched_until() {
            self.clock.sleep(until);
        }
        self.clock.advance(sys::now())
    }

    /// At a client: the hook is called for the session's next deadline, too, unless the program has something to read before.
    pub(super) fn set_alarm(&mut self) {
        if let Carrier::Guest(guest) = &mut self.carrier {
            let due = self.session.next_deadline().filter(|_| self.session.is_read());
            guest.peer.set_deadline(due.map(|due| due.saturating_sub(self.clock.now())));
        }
    }

    /// Gives the session what has come, until the program has something to read, or this poll has sent enough. When nothing
    /// is left, the session's deadlines are due: an answer that waits to be read is not late.
    pub(super) fn take_in(&mut self) {
        while (self.session.is_read() || self.session.is_left()) && self.carrier.may_send() {
            if !self.take_in_next() {
                self.session.advance(self.clock.now());
                return;
            }
        }
    }

    /// Gives the session what has come next. Returns `true` if anything has.
    fn take_in_next(&mut self) -> bool {
        let now = self.clock.now();
        let (has_come, is_departure) = match &mut self.carrier {
            Carrier::Host(host) => match host.tell_next(&mut self.session, now) {
                Some(taken) => (true, taken == Taken::DisconnectReason),
                None => (false, false),
            },
            Carrier::Guest(guest) => (guest.tell_next(&mut self.session, now), false),
        };
        // The other clients learn of departures together.
        if has_come && !is_departure {
            self.hand_over();
        }
        has_come
    }

    /// Lets go what the session has put out.
    pub(super) fn hand_over(&mut self) {
        match &mut self.carrier {
            Carrier::Host(host) => host.carry_out(&mut self.session),
            Carrier::Guest(guest) => guest.carry_out(&mut self.session),
        }
    }
}
