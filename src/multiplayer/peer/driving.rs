//! What a poll does: what has come goes to the session, what the session puts out goes to the connections.

use std::time::Duration;

use super::{Carrier, MultiplayerPeer};
use crate::sys;

/// How much a poll takes in, of what came, while the program has events to read: packets,
const MAX_PACKETS: usize = 1024;
/// and their bytes. The rest waits in the connections, and holds up those who send it.
const MAX_BYTES: usize = 1024 * 1024;

/// What was taken in since the program had read everything.
#[derive(Debug, Default)]
pub(super) struct Unread {
    packets: usize,
    bytes: usize,
}

impl Carrier {
    /// Returns when it has something to do beside what its connections have.
    fn next_deadline(&self) -> Option<Duration> {
        match self {
            Self::Host(host) => host.next_deadline(),
            Self::Guest(_) => None,
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
        if let Some(until) = self.carrier.watched_until() {
            self.clock.sleep(until);
        }
        let before = self.clock.advance(sys::now());
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
                host.advance(&mut self.session, self.clock.now());
                if self.session.is_over() {
                    host.shut_down();
                }
            }
        }
        while self.has_room() && self.take_in() {}
        // Answers that have waited are read before anybody is found to be late.
        self.session.advance(self.clock.now());
        self.hand_over();
        self.set_alarm();
    }

    /// At a client: the hook is called for the session's next deadline, too.
    pub(super) fn set_alarm(&mut self) {
        if let Carrier::Guest(guest) = &mut self.carrier {
            let due = self.session.next_deadline();
            guest.peer.set_deadline(due.map(|due| due.saturating_sub(self.clock.now())));
        }
    }

    /// Returns `true` if more may be taken in before the program reads.
    fn has_room(&mut self) -> bool {
        if self.session.is_read() {
            self.unread = Unread::default();
        }
        self.unread.packets < MAX_PACKETS && self.unread.bytes < MAX_BYTES
    }

    /// Tells the session what has come next. Whether anything has.
    pub(super) fn take_in(&mut self) -> bool {
        let now = self.clock.now();
        let (bytes, is_departure) = match &mut self.carrier {
            Carrier::Host(host) if !host.may_send() => return false,
            Carrier::Host(host) => match host.tell_next(&mut self.session, now) {
                Some(taken) => (taken.bytes, taken.is_departure),
                None => return false,
            },
            Carrier::Guest(guest) => match guest.tell_next(&mut self.session, now) {
                Some(bytes) => (bytes, false),
                None => return false,
            },
        };
        self.unread.packets += 1;
        self.unread.bytes += bytes;
        if !is_departure {
            self.hand_over();
        }
        true
    }

    /// Lets go what the session has put out.
    pub(super) fn hand_over(&mut self) {
        match &mut self.carrier {
            Carrier::Host(host) => host.carry_out(&mut self.session),
            Carrier::Guest(guest) => guest.carry_out(&mut self.session),
        }
    }
}
