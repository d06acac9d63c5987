//! A poll of a server: services the connections that are ready or due, and accepts new ones.

use std::time::Duration;

use super::{
    PeerKey, WebSocketServer,
    acceptor::unavailable,
    budget::{PollBudget, WorkKind},
    event_queue::EventQueue,
    peer_entry::{PeerEntry, PeerPhase},
};
use crate::{
    clock::{CompactTime, PatientClock},
    close::{CloseCause, CloseCode, CloseInfo},
    state::ReadyState,
    sys::{
        self, Connection,
        server::{Budget, Listener, ServerConnection, Timestamps, Wakeup},
    },
};

/// The number of bytes that are read from a connection at a time. Then all others that are ready are serviced.
const MAX_READ: usize = 256 * 1024;

/// The clocks of a server.
#[derive(Debug)]
pub(super) struct ServerClock {
    deadline_clock: PatientClock,
    wall: Duration,
    last: Duration,
}

impl ServerClock {
    pub(super) fn start(wall: Duration) -> Self {
        Self { deadline_clock: PatientClock::start(wall), wall, last: wall }
    }

    /// Returns the time that deadlines are measured by, as of the last poll.
    pub(super) fn now(&self) -> Duration {
        self.deadline_clock.now()
    }

    /// Returns the times of the last poll.
    pub(super) fn times(&self) -> Timestamps {
        Timestamps { now: self.deadline_clock.now(), wall: self.wall, last: self.last }
    }

    /// Begins a poll. The time since the last one counts as a pause: at most one second for the deadlines, so that a
    /// stalled program does not disconnect its peers.
    fn begin(&mut self, wall: Duration) {
        self.last = self.wall;
        self.deadline_clock.advance(wall);
    }

    /// Continues after a sleep, which counts in full.
    fn awake(&mut self, wall: Duration) -> Timestamps {
        self.deadline_clock.sleep(wall);
        self.wall = wall;
        self.times()
    }
}

impl WebSocketServer {
    /// Sleeps until there is something to do, at most for `at_most`, then polls.
    pub(super) fn poll_within(&mut self, at_most: Duration) {
        self.forget_last_closed();
        self.flush();
        self.clock.begin(sys::now());
        self.retry_blocked();
        let sleep = if at_most.is_zero() { at_most } else { at_most.min(self.time_until_work()) };
        let (entries, ready, acceptor) = (&mut self.entries, &mut self.ready, &mut self.acceptor);
        let last = self.clock.last;
        self.reactor.wait(sleep, &mut |wakeup| match wakeup {
            Wakeup::Listener => acceptor.may_have_pending = true,
            Wakeup::Connection { slot, readable, writable, ends } => {
                let Some(key) = entries.at(slot) else { return };
                let Some(entry) = entries.get_mut(key) else { return };
                entry.connection.set_ready(readable, writable, ends);
                if readable {
                    entry.connection.arrived_after(last);
                }
                entry.mark_ready(key, ready);
            }
        });
        let woken_at = sys::now();
        let times = self.clock.awake(woken_at);
        let mut budget = PollBudget::new(!at_most.is_zero(), times);
        self.flush_delayed(times.now);
        self.run_timers(times.now, &mut budget);
        self.service_ready(times, &mut budget);
        self.free_spare_memory(times.now);
        self.memory.log();
        self.accept_pending(times, &mut budget);
        if self.shutdown_deadline.is_some_and(|time| times.now >= time) {
            self.entries.keys().into_iter().for_each(|key| self.abort_connection(key));
        }
        self.stats.poll_times.record(sys::now().saturating_sub(woken_at));
    }

    /// Ends a connection at once.
    pub(super) fn abort_connection(&mut self, key: PeerKey) {
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
                ReadyState::Connecting => entry.connection.reject(&unavailable("the server shuts down"), &[]),
                ReadyState::Open => {
                    entry.connection.close(CloseCode::GOING_AWAY, "", now, &mut entry.link);
                }
                ReadyState::Closing | ReadyState::Closed => {}
            }
            self.update(key, true);
        }
    }

    /// Updates everything that depends on the state of a connection: counters, queues, memory, its deadline. `more`
    /// means that it can do more at once.
    pub(super) fn update(&mut self, key: PeerKey, more: bool) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        self.memory.recount(entry);
        let before = entry.phase;
        entry.phase = match (before, entry.link.state()) {
            (_, ReadyState::Closed) => PeerPhase::Leaving,
            (phase, ReadyState::Connecting) => phase,
            (_, ReadyState::Open | ReadyState::Closing) => PeerPhase::Open,
        };
        let (addr, ip) = (entry.addr(), entry.ip);
        if before != entry.phase {
            if matches!(before, PeerPhase::Pending | PeerPhase::Admitted | PeerPhase::Answered) {
                self.acceptor.end_handshake(key, ip);
            }
            match (before, entry.phase) {
                (_, PeerPhase::Open) => {
                    entry.was_open = true;
                    self.stats.opened += 1;
                    log::debug!("{key} at {addr} is open");
                }
                (PeerPhase::Open, _) => {
                    self.stats.closed += 1;
                    if let Some(info) = entry.link.close_info() {
                        self.stats.closes.count(&info.cause);
                    }
                    log::debug!("{key} at {addr} is closed: {}", cause(entry));
                }
                (PeerPhase::Answered, _) => {
                    self.stats.answered += 1;
                    log::debug!("{addr} was answered over HTTP");
                }
                _ => {
                    self.stats.rejected += 1;
                    if let Some(status) = entry.link.rejection_status() {
                        self.stats.rejections.count(status);
                    }
                    log::debug!("{addr} was not served: {}", cause(entry));
                }
            }
        }
        if entry.connection.lingers() && !entry.is_lingering {
            entry.is_lingering = self.acceptor.add_lingering(ip, entry.was_open, &self.options);
            if !entry.is_lingering {
                entry.connection.abort();
                self.memory.recount(entry);
            }
        }
        if entry.is_lingering && !entry.connection.lingers() {
            entry.is_lingering = false;
            self.acceptor.remove_lingering(ip, entry.was_open);
        }
        if entry.has_place && !entry.needs_place() {
            entry.has_place = false;
            self.acceptor.admitted.remove(ip);
        }
        if entry.is_over() {
            return self.remove(key);
        }
        if entry.next_event().is_some() && entry.event_queue == EventQueue::Outside {
            entry.event_queue = EventQueue::Queued;
            self.events.push_back(key);
        }
        if more {
            entry.mark_ready(key, &mut self.ready);
        }
        let due = entry.connection.next_deadline();
        self.deadlines.add(key, entry, due);
    }

    fn remove(&mut self, key: PeerKey) {
        if let Some(entry) = self.entries.remove(key) {
            debug_assert!(!entry.has_place && !entry.is_lingering, "a removed connection is still counted");
            self.deadlines.remove(key, &entry);
            self.memory.remove(&entry);
            self.stats.add(&entry.link.stats);
        }
    }

    /// Returns the time until the next work, if no event occurs before.
    fn time_until_work(&mut self) -> Duration {
        let now = self.clock.now();
        if !self.ready.is_empty() || !self.events.is_empty() || self.acceptor.may_accept(now) {
            return Duration::ZERO;
        }
        let dues =
            [self.deadlines.next(), self.acceptor.paused_until, self.shutdown_deadline, self.delayed.due()];
        let next = dues.into_iter().flatten().min();
        next.map_or(Duration::MAX, |due| due.saturating_sub(now))
    }

    /// Marks the connections whose deadlines have passed as ready.
    fn run_timers(&mut self, now: Duration, budget: &mut PollBudget) {
        while budget.take_deadline() {
            let Some(slot) = self.deadlines.pop(now) else { break };
            let Some(key) = self.entries.at(slot) else { continue };
            let Some(entry) = self.entries.get_mut(key) else { continue };
            entry.due = CompactTime::NONE;
            let due = entry.connection.next_deadline();
            if due > now {
                self.deadlines.add(key, entry, due);
            } else {
                entry.mark_ready(key, &mut self.ready);
            }
        }
    }

    /// Services the connections that were ready when it was called.
    fn service_ready(&mut self, times: Timestamps, budget: &mut PollBudget) {
        for _ in 0..self.ready.len() {
            if !budget.may_read() {
                break;
            }
            let Some(key) = self.ready.pop_front() else { break };
            if let Some(entry) = self.entries.get_mut(key) {
                entry.is_ready = false;
            }
            self.service(key, times, budget);
        }
    }

    /// Polls one connection, or leaves it to the next poll if the budget for its kind of work is used up.
    pub(super) fn service(&mut self, key: PeerKey, times: Timestamps, budget: &mut PollBudget) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let (kind, is_allowed) = if entry.connection.lingers() {
            (WorkKind::Lingering, budget.may_linger())
        } else if entry.connection.is_handshaking() {
            (WorkKind::Handshake, budget.may_handshake())
        } else {
            (WorkKind::Other, true)
        };
        if !is_allowed {
            entry.mark_ready(key, &mut self.ready);
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
        if entry.link.available() > 0 {
            self.spare_memory.used(key, entry);
        }
        let is_blocked = progress.more && memory == 0 && entry.link.state() != ReadyState::Closed;
        if is_blocked && !std::mem::replace(&mut entry.is_blocked_on_memory, true) {
            self.blocked_on_memory.push(key);
        }
        self.update(key, progress.more && !is_blocked);
    }

    /// Marks connections that were blocked on memory as ready if there is memory now. While they are blocked they are
    /// still serviced when their socket becomes writable or a deadline passes, which frees memory.
    fn retry_blocked(&mut self) {
        for key in std::mem::take(&mut self.blocked_on_memory) {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            if self.memory.room_to_read(entry) == 0 {
                self.blocked_on_memory.push(key);
                continue;
            }
            entry.is_blocked_on_memory = false;
            entry.mark_ready(key, &mut self.ready);
        }
    }
}

/// Returns why a connection has ended, without text that the other end sent.
fn cause(entry: &PeerEntry) -> &dyn std::fmt::Display {
    match entry.link.close_info() {
        Some(info) => &info.cause,
        None => &"for no reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        options::{PeerOptions, RateLimits, ServerOptions},
        server::{
            budget::TURN_BYTES,
            tests::{connected, hosted, until},
        },
    };

    #[test]
    fn a_wait_reads_a_part_of_what_has_arrived() {
        const SIZE: usize = 16 * 1024;
        let clients = 3 * TURN_BYTES / SIZE;
        let mut host = connected(clients);
        for client in &mut host.clients {
            client.send(&[7; SIZE]).expect("it is open");
        }
        until("all is sent", || {
            host.clients.iter_mut().for_each(|client| _ = client.poll());
            host.clients.iter().all(|client| client.buffered() == 0)
        });
        let mut received = Vec::new();
        until("all has arrived", || {
            let before = host.server.stats().packets_received;
            host.server.wait(Duration::from_millis(1));
            received.push(host.server.stats().packets_received - before);
            host.server.stats().packets_received == clients as u64
        });
        let most = (TURN_BYTES + SIZE) / SIZE;
        assert!(
            received.iter().all(|received| *received <= most as u64),
            "{received:?} packets in each wait"
        );
    }

    #[test]
    fn packets_that_a_later_wait_reads_count_over_the_time_since_they_may_have_arrived() {
        const SIZE: usize = 16 * 1024;
        const PAUSE: Duration = Duration::from_secs(3);
        // A burst has the packets of two seconds, so 20 at once are too many, and 45 after three seconds are not.
        let options = ServerOptions::default().rate_limits(RateLimits::default().max_packets_per_second(10));
        let mut host = hosted(options, 2 * TURN_BYTES / SIZE);
        // Events of the handshakes would come before those of packets.
        host.poll();
        let last = host.clients.len() - 1;
        for client in &mut host.clients {
            client.send(&[7; SIZE]).expect("it is open");
        }
        (0..45).for_each(|_| host.clients[last].send(b"!").expect("it is open"));
        until("all is sent", || {
            host.clients.iter_mut().for_each(|client| _ = client.poll());
            host.clients.iter().all(|client| client.buffered() == 0)
        });
        std::thread::sleep(PAUSE);
        let expected = host.clients.len() as u64 + 45;
        until("all has arrived", || {
            host.server.wait(Duration::from_millis(1));
            assert_eq!(host.server.stats().closed, 0, "a client was disconnected");
            host.server.stats().packets_received == expected
        });
    }

    #[test]
    fn a_message_that_has_arrived_is_read_to_its_end_in_one_poll() {
        const SIZE: usize = 900 * 1024;
        let connection = PeerOptions::for_server().max_message_size(SIZE).inbound_buffer_size(2 * SIZE);
        let options =
            ServerOptions::default().connection(connection).max_peers(1).max_buffered_bytes(64 * SIZE);
        let mut host = hosted(options, 1);
        host.clients[0].send(&vec![7; SIZE]).expect("it is open");
        until("the message is received", || {
            host.clients[0].poll();
            host.server.poll();
            let entry = host.server.entries.get(host.keys[0]).expect("it is connected");
            let is_received = entry.link.available() == 1;
            assert!(is_received || !entry.is_ready, "a part of the message was left in the socket");
            is_received
        });
    }
}
