//! What a poll does: connections that are ready get a turn, deadlines are looked at, new connections are accepted.

use std::time::Duration;

use super::{
    PeerKey, ServerEvent, WebSocketServer,
    acceptor::unavailable,
    budget::{PollBudget, WorkKind},
    deadlines::Due,
    peer_entry::{PeerEntry, PeerPhase, Reported},
};
use crate::{
    clock::PatientClock,
    close::{CloseCause, CloseCode, CloseInfo},
    shared_bytes::PACKET_OVERHEAD,
    state::ReadyState,
    sys::{self, Budget, Listener, ServerConnection, Timestamps, Wakeup},
};

/// How many bytes a turn may read. A peer that has sent more is given another turn after all others.
const MAX_READ: usize = 256 * 1024;

/// How many packets of a peer are given to the program in a row, while others have some, too.
pub(super) const IN_A_ROW: usize = 64;

/// The clocks of a server.
#[derive(Debug)]
pub(super) struct ServerClock {
    clock: PatientClock,
    wall: Duration,
    last: Duration,
}

impl ServerClock {
    pub(super) fn start(wall: Duration) -> Self {
        Self { clock: PatientClock::start(wall), wall, last: wall }
    }

    /// The time that deadlines are measured by, as of the last poll.
    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// This times, as of the last poll.
    pub(super) fn times(&self) -> Timestamps {
        Timestamps { now: self.clock.now(), wall: self.wall, last: self.last }
    }

    /// A poll begins. Whatever the program did since the last is a pause.
    fn begin(&mut self, wall: Duration) {
        self.last = self.wall;
        self.clock.advance(wall);
    }

    /// It goes on after it has slept, which is none.
    fn awake(&mut self, wall: Duration) -> Timestamps {
        self.clock.sleep(wall);
        self.wall = wall;
        self.times()
    }
}

impl WebSocketServer {
    /// One poll, after a sleep of `at_most` so long.
    pub(super) fn poll_for(&mut self, at_most: Duration) {
        self.forget_last_closed();
        self.flush();
        self.clock.begin(sys::now());
        self.retry_blocked();
        let sleep = if at_most.is_zero() { at_most } else { at_most.min(self.time_until_work()) };
        let (entries, ready, acceptor) = (&mut self.entries, &mut self.ready, &mut self.acceptor);
        self.reactor.wait(sleep, &mut |wakeup| match wakeup {
            Wakeup::Listener => acceptor.may_have_pending = true,
            Wakeup::Connection { slot, readable, writable, ends } => {
                let Some(key) = entries.at(slot) else { return };
                let Some(entry) = entries.get_mut(key) else { return };
                entry.connection.ready(readable, writable, ends);
                if !std::mem::replace(&mut entry.is_ready, true) {
                    ready.push_back(key);
                }
            }
        });
        let times = self.clock.awake(sys::now());
        let mut budget = PollBudget::new(times);
        self.flush_delayed(times.now);
        self.run_timers(times.now, &mut budget);
        self.service_ready(times, &mut budget);
        self.memory.log();
        self.accept_pending(times, &mut budget);
        if self.shutdown_deadline.is_some_and(|time| times.now >= time) {
            self.entries.keys().into_iter().for_each(|key| self.abort_now(key));
        }
    }

    /// Returns the next event.
    pub(super) fn take_event(&mut self) -> Option<ServerEvent> {
        while let Some(&key) = self.events.front() {
            let (event, is_last) = self.next_event_of(key);
            self.events_in_a_row += 1;
            if is_last || self.events_in_a_row >= IN_A_ROW {
                self.events_in_a_row = 0;
                self.events.pop_front();
                self.events.extend((!is_last).then_some(key));
            }
            if event.is_some() {
                return event;
            }
        }
        None
    }

    /// What a entry has to tell next, and whether that is all.
    fn next_event_of(&mut self, key: PeerKey) -> (Option<ServerEvent>, bool) {
        let Some(entry) = self.entries.get_mut(key) else { return (None, true) };
        let event = if entry.reported == Reported::Nothing {
            entry.reported = Reported::Opened;
            Some(ServerEvent::Opened(key))
        } else if let Some(packet) = entry.take_packet() {
            self.memory.release(entry, packet.len() + PACKET_OVERHEAD);
            Some(ServerEvent::Packet(key, packet))
        } else if let Some(info) = entry
            .link
            .close_info()
            .filter(|_| entry.reported == Reported::Opened && entry.link.available() == 0)
        {
            let info = info.clone();
            entry.reported = Reported::Closed;
            self.last_closed = Some(key);
            Some(ServerEvent::Closed(key, info))
        } else {
            None
        };
        if entry.has_event() {
            return (event, false);
        }
        entry.is_in_event_queue = false;
        // What found no room in the inbox has it now.
        if entry.connection.is_stalled() && !std::mem::replace(&mut entry.is_ready, true) {
            self.ready.push_back(key);
        }
        (event, true)
    }

    /// Whoever was reported to be gone can no longer be asked about.
    pub(super) fn forget_last_closed(&mut self) {
        let Some(key) = self.last_closed.take() else { return };
        if let Some(entry) = self.entries.get_mut(key) {
            entry.reported = Reported::Forgotten;
            self.update(key, false);
        }
    }

    /// Ends a connection at once.
    pub(super) fn abort_now(&mut self, key: PeerKey) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        entry.link.set_closed(CloseInfo::new(CloseCause::Aborted));
        entry.connection.abort();
        self.update(key, false);
    }

    pub(super) fn start_shutdown(&mut self, within: Duration) {
        log::info!("shutting down, with {} peers", self.acceptor.admitted.total());
        self.reactor.stop_listening();
        let now = self.clock.now();
        self.shutdown_deadline = Some(now.saturating_add(within));
        for key in self.entries.keys() {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            match entry.link.state() {
                ReadyState::Connecting => entry.connection.refuse(&unavailable("the server shuts down"), &[]),
                ReadyState::Open => {
                    entry.connection.close(CloseCode::GOING_AWAY, "", now, &mut entry.link);
                }
                ReadyState::Closing | ReadyState::Closed => {}
            }
            self.update(key, true);
        }
    }

    /// Looks at what has become of a entry, and does what follows from it; `more` says whether it wants another turn.
    pub(super) fn update(&mut self, key: PeerKey, more: bool) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        self.memory.recount(entry);
        let before = entry.phase;
        entry.phase = match (before, entry.link.state()) {
            (_, ReadyState::Closed) => PeerPhase::Leaving,
            (phase, ReadyState::Connecting) => phase,
            (_, ReadyState::Open | ReadyState::Closing) => PeerPhase::Open,
        };
        let addr = entry.addr;
        if before != entry.phase {
            if matches!(before, PeerPhase::Pending | PeerPhase::Admitted | PeerPhase::Answered) {
                self.acceptor.leave(key, addr.ip());
            }
            match (before, entry.phase) {
                (_, PeerPhase::Open) => {
                    entry.was_open = true;
                    self.stats.opened += 1;
                    log::debug!("{key} at {addr} is open");
                }
                (PeerPhase::Open, _) => {
                    self.stats.closed += 1;
                    log::debug!("{key} at {addr} is gone: {}", cause(entry));
                }
                (PeerPhase::Answered, _) => {
                    self.stats.answered += 1;
                    log::debug!("{addr} was answered over HTTP");
                }
                _ => {
                    self.stats.refused += 1;
                    log::debug!("{addr} was not served: {}", cause(entry));
                }
            }
        }
        if entry.connection.lingers() && !entry.is_lingering {
            entry.is_lingering = self.acceptor.linger(addr.ip(), entry.was_open, &self.options);
            if !entry.is_lingering {
                entry.connection.abort();
                self.memory.recount(entry);
            }
        }
        if entry.is_lingering && !entry.connection.lingers() {
            entry.is_lingering = false;
            self.acceptor.stop_lingering(addr.ip(), entry.was_open);
        }
        if entry.has_place && !entry.needs_place() {
            entry.has_place = false;
            self.acceptor.admitted.remove(addr.ip());
        }
        if entry.is_over() {
            return self.remove(key);
        }
        if entry.has_event() && !std::mem::replace(&mut entry.is_in_event_queue, true) {
            self.events.push_back(key);
        }
        if more && !std::mem::replace(&mut entry.is_ready, true) {
            self.ready.push_back(key);
        }
        let due = entry.connection.next_deadline();
        self.deadlines.note(key, entry, due);
    }

    fn remove(&mut self, key: PeerKey) {
        if let Some(entry) = self.entries.remove(key) {
            debug_assert!(!entry.has_place && !entry.is_lingering, "nothing of it is left");
            self.deadlines.forget(key, &entry);
            self.memory.remove(&entry);
            self.stats.add(&entry.link.stats);
        }
    }

    /// How long nothing will have to be done, if nothing happens.
    fn time_until_work(&mut self) -> Duration {
        let now = self.clock.now();
        if !self.ready.is_empty() || !self.events.is_empty() || self.acceptor.is_open(now) {
            return Duration::ZERO;
        }
        let dues =
            [self.deadlines.next(), self.acceptor.paused_until, self.shutdown_deadline, self.delayed.due()];
        let next = dues.into_iter().flatten().min();
        next.map_or(Duration::MAX, |due| due.saturating_sub(now))
    }

    fn run_timers(&mut self, now: Duration, budget: &mut PollBudget) {
        while budget.may_look_at_deadline() {
            let Some(slot) = self.deadlines.pop(now) else { break };
            let Some(key) = self.entries.at(slot) else { continue };
            let Some(entry) = self.entries.get_mut(key) else { continue };
            entry.due = Due::NEVER;
            let due = entry.connection.next_deadline();
            if due > now {
                self.deadlines.note(key, entry, due);
            } else if !std::mem::replace(&mut entry.is_ready, true) {
                self.ready.push_back(key);
            }
        }
    }

    fn service_ready(&mut self, times: Timestamps, budget: &mut PollBudget) {
        for _ in 0..self.ready.len() {
            if !budget.has_turns() {
                break;
            }
            let Some(key) = self.ready.pop_front() else { break };
            if let Some(entry) = self.entries.get_mut(key) {
                entry.is_ready = false;
            }
            self.service(key, times, budget);
        }
    }

    /// Moves one on, or leaves it for the next poll if there have been too many like it in this one.
    pub(super) fn service(&mut self, key: PeerKey, times: Timestamps, budget: &mut PollBudget) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let (kind, may) = if entry.connection.lingers() {
            (WorkKind::Lingering, budget.may_linger())
        } else if entry.connection.is_handshaking() {
            (WorkKind::Handshake, budget.may_handshake())
        } else {
            (WorkKind::Other, true)
        };
        if !may {
            if !std::mem::replace(&mut entry.is_ready, true) {
                self.ready.push_back(key);
            }
            return;
        }
        entry.is_ready = false;
        let memory = self.memory.room_to_read(entry);
        // Bytes from a closed connection are dropped at once, and need no memory.
        let read = if kind == WorkKind::Lingering { MAX_READ } else { MAX_READ.min(memory) };
        let peer_budget = Budget { read, memory };
        let begin = if kind == WorkKind::Handshake { sys::now() } else { Duration::ZERO };
        let mut progress = entry.connection.poll(&mut self.reactor, times, peer_budget, &mut entry.link);
        if entry.connection.request().is_some() {
            self.answer(key);
            let Some(entry) = self.entries.get_mut(key) else { return };
            progress = entry.connection.poll(&mut self.reactor, times, peer_budget, &mut entry.link);
        }
        budget.count(kind, progress.read, || sys::now().saturating_sub(begin));
        let Some(entry) = self.entries.get_mut(key) else { return };
        let is_blocked_on_memory = progress.more && memory == 0 && entry.link.state() != ReadyState::Closed;
        if is_blocked_on_memory && !std::mem::replace(&mut entry.is_blocked_on_memory, true) {
            self.blocked_on_memory.push(key);
        }
        self.update(key, progress.more && !is_blocked_on_memory);
    }

    /// Those that found no memory may try again when there is some. They still get a turn when their socket takes bytes, or
    /// a time limit of theirs runs out: so they give memory back.
    fn retry_blocked(&mut self) {
        for key in std::mem::take(&mut self.blocked_on_memory) {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            if self.memory.room_to_read(entry) == 0 {
                self.blocked_on_memory.push(key);
                continue;
            }
            entry.is_blocked_on_memory = false;
            if !std::mem::replace(&mut entry.is_ready, true) {
                self.ready.push_back(key);
            }
        }
    }
}

/// Why a entry is over, without the words that it sent itself.
fn cause(entry: &PeerEntry) -> &dyn std::fmt::Display {
    match entry.link.close_info() {
        Some(info) => &info.cause,
        None => &"for no reason",
    }
}
