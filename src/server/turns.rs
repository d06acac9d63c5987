//! What a poll does: connections that are ready get a turn, deadlines are looked at, new connections are accepted.

use std::time::Duration;

use super::{
    PeerKey, ServerEvent, WebSocketServer,
    budget::{Budget, TurnKind},
    deadlines::Due,
    door::unavailable,
    member::{Member, Phase, Told},
};
use crate::{
    clock::PatientClock,
    close::{CloseCause, CloseCode, CloseInfo},
    shared_bytes::PACKET_OVERHEAD,
    state::ReadyState,
    sys::{self, Accept, Accepted, Moment, Ration, Wakeup},
};

/// How many bytes a turn may read. A peer that has sent more is given another turn after all others.
const TURN: usize = 256 * 1024;

/// How many packets of a peer are given to the program in a row, while others have some, too.
pub(super) const IN_A_ROW: usize = 64;

/// The clocks of a server.
#[derive(Debug)]
pub(super) struct Times {
    clock: PatientClock,
    wall: Duration,
    last: Duration,
}

impl Times {
    pub(super) fn start(wall: Duration) -> Self {
        Self { clock: PatientClock::start(wall), wall, last: wall }
    }

    /// The time that deadlines are measured by, as of the last poll.
    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// This moment, as of the last poll.
    pub(super) fn moment(&self) -> Moment {
        Moment { now: self.clock.now(), wall: self.wall, last: self.last }
    }

    /// A poll begins. Whatever the program did since the last is a pause.
    fn begin(&mut self, wall: Duration) {
        self.last = self.wall;
        self.clock.advance(wall);
    }

    /// It goes on after it has slept, which is none.
    fn awake(&mut self, wall: Duration) -> Moment {
        self.clock.sleep(wall);
        self.wall = wall;
        self.moment()
    }
}

impl WebSocketServer {
    /// One poll, after a sleep of `at_most` so long.
    pub(super) fn pass(&mut self, at_most: Duration) {
        self.forget_last_closed();
        self.flush();
        self.times.begin(sys::now());
        self.feed_the_starved();
        let sleep = if at_most.is_zero() { at_most } else { at_most.min(self.idle_time()) };
        let (members, ready, door) = (&mut self.members, &mut self.ready, &mut self.door);
        self.reactor.wait(sleep, &mut |wakeup| match wakeup {
            Wakeup::Listener => door.may_have_more = true,
            Wakeup::Connection { slot, readable, writable, ends } => {
                let Some(key) = members.at(slot) else { return };
                let Some(member) = members.get_mut(key) else { return };
                member.connection.ready(readable, writable, ends);
                if !std::mem::replace(&mut member.is_ready, true) {
                    ready.push_back(key);
                }
            }
        });
        let moment = self.times.awake(sys::now());
        let mut budget = Budget::new(moment);
        self.flush_delayed(moment.now);
        self.see_to_the_due(moment.now, &mut budget);
        self.take_turns(moment, &mut budget);
        self.memory.log();
        self.let_in(moment, &mut budget);
        if self.closing_time.is_some_and(|time| moment.now >= time) {
            self.members.keys().into_iter().for_each(|key| self.cut(key));
        }
    }

    /// Returns the next event.
    pub(super) fn next_news(&mut self) -> Option<ServerEvent> {
        while let Some(&key) = self.news.front() {
            let (event, is_last) = self.news_of(key);
            self.told_in_a_row += 1;
            if is_last || self.told_in_a_row >= IN_A_ROW {
                self.told_in_a_row = 0;
                self.news.pop_front();
                self.news.extend((!is_last).then_some(key));
            }
            if event.is_some() {
                return event;
            }
        }
        None
    }

    /// What a member has to tell next, and whether that is all.
    fn news_of(&mut self, key: PeerKey) -> (Option<ServerEvent>, bool) {
        let Some(member) = self.members.get_mut(key) else { return (None, true) };
        let event = if member.told == Told::Nothing {
            member.told = Told::Opened;
            Some(ServerEvent::Opened(key))
        } else if let Some(packet) = member.take_packet() {
            self.memory.release(member, packet.len() + PACKET_OVERHEAD);
            Some(ServerEvent::Packet(key, packet))
        } else if let Some(info) =
            member.link.close_info().filter(|_| member.told == Told::Opened && member.link.available() == 0)
        {
            let info = info.clone();
            member.told = Told::Closed;
            self.last_closed = Some(key);
            Some(ServerEvent::Closed(key, info))
        } else {
            None
        };
        if member.has_news() {
            return (event, false);
        }
        member.is_news = false;
        // What found no room in the inbox has it now.
        if member.connection.is_stalled() && !std::mem::replace(&mut member.is_ready, true) {
            self.ready.push_back(key);
        }
        (event, true)
    }

    /// Whoever was told to be gone can no longer be asked about.
    pub(super) fn forget_last_closed(&mut self) {
        let Some(key) = self.last_closed.take() else { return };
        if let Some(member) = self.members.get_mut(key) {
            member.told = Told::Forgotten;
            self.settle(key, false);
        }
    }

    /// Ends a connection at once.
    pub(super) fn cut(&mut self, key: PeerKey) {
        let Some(member) = self.members.get_mut(key) else { return };
        member.link.set_closed(CloseInfo::new(CloseCause::Aborted));
        member.connection.abort();
        self.settle(key, false);
    }

    pub(super) fn begin_to_close(&mut self, within: Duration) {
        log::info!("shutting down, with {} peers", self.door.seats.total());
        self.reactor.stop_listening();
        let now = self.times.now();
        self.closing_time = Some(now.saturating_add(within));
        for key in self.members.keys() {
            let Some(member) = self.members.get_mut(key) else { continue };
            match member.link.state() {
                ReadyState::Connecting => {
                    member.connection.refuse(&unavailable("the server shuts down"), &[])
                }
                ReadyState::Open => {
                    member.connection.close(CloseCode::GOING_AWAY, "", now, &mut member.link);
                }
                ReadyState::Closing | ReadyState::Closed => {}
            }
            self.settle(key, true);
        }
    }

    /// Looks at what has become of a member, and does what follows from it; `more` says whether it wants another turn.
    pub(super) fn settle(&mut self, key: PeerKey, more: bool) {
        let Some(member) = self.members.get_mut(key) else { return };
        self.memory.recount(member);
        let before = member.phase;
        member.phase = match (before, member.link.state()) {
            (_, ReadyState::Closed) => Phase::Leaving,
            (phase, ReadyState::Connecting) => phase,
            (_, ReadyState::Open | ReadyState::Closing) => Phase::Open,
        };
        let addr = member.addr;
        if before != member.phase {
            if matches!(before, Phase::Pending | Phase::Admitted | Phase::Answered) {
                self.door.leave(key, addr.ip());
            }
            match (before, member.phase) {
                (_, Phase::Open) => {
                    member.was_open = true;
                    self.stats.opened += 1;
                    log::debug!("{key} at {addr} is open");
                }
                (Phase::Open, _) => {
                    self.stats.closed += 1;
                    log::debug!("{key} at {addr} is gone: {}", cause(member));
                }
                (Phase::Answered, _) => {
                    self.stats.answered += 1;
                    log::debug!("{addr} was answered over HTTP");
                }
                _ => {
                    self.stats.refused += 1;
                    log::debug!("{addr} was not served: {}", cause(member));
                }
            }
        }
        if member.connection.lingers() && !member.is_lingering {
            member.is_lingering = self.door.linger(addr.ip(), member.was_open, &self.options);
            if !member.is_lingering {
                member.connection.abort();
                self.memory.recount(member);
            }
        }
        if member.is_lingering && !member.connection.lingers() {
            member.is_lingering = false;
            self.door.linger_no_more(addr.ip(), member.was_open);
        }
        if member.has_seat && !member.needs_seat() {
            member.has_seat = false;
            self.door.seats.remove(addr.ip());
        }
        if member.is_over() {
            return self.remove(key);
        }
        if member.has_news() && !std::mem::replace(&mut member.is_news, true) {
            self.news.push_back(key);
        }
        if more && !std::mem::replace(&mut member.is_ready, true) {
            self.ready.push_back(key);
        }
        let due = member.connection.next_deadline();
        self.deadlines.note(key, member, due);
    }

    fn remove(&mut self, key: PeerKey) {
        if let Some(member) = self.members.remove(key) {
            debug_assert!(!member.has_seat && !member.is_lingering, "nothing of it is left");
            self.deadlines.forget(key, &member);
            self.memory.remove(&member);
            self.stats.add(&member.link.stats);
        }
    }

    /// How long nothing will have to be done, if nothing happens.
    fn idle_time(&mut self) -> Duration {
        let now = self.times.now();
        if !self.ready.is_empty() || !self.news.is_empty() || self.door.is_open(now) {
            return Duration::ZERO;
        }
        let dues = [self.deadlines.next(), self.door.paused_until, self.closing_time, self.delayed.due()];
        let next = dues.into_iter().flatten().min();
        next.map_or(Duration::MAX, |due| due.saturating_sub(now))
    }

    fn see_to_the_due(&mut self, now: Duration, budget: &mut Budget) {
        while budget.may_look_at_deadline() {
            let Some(slot) = self.deadlines.pop(now) else { break };
            let Some(key) = self.members.at(slot) else { continue };
            let Some(member) = self.members.get_mut(key) else { continue };
            member.due = Due::NEVER;
            let due = member.connection.next_deadline();
            if due > now {
                self.deadlines.note(key, member, due);
            } else if !std::mem::replace(&mut member.is_ready, true) {
                self.ready.push_back(key);
            }
        }
    }

    fn take_turns(&mut self, moment: Moment, budget: &mut Budget) {
        for _ in 0..self.ready.len() {
            if !budget.has_turns() {
                break;
            }
            let Some(key) = self.ready.pop_front() else { break };
            if let Some(member) = self.members.get_mut(key) {
                member.is_ready = false;
            }
            self.take_turn(key, moment, budget);
        }
    }

    /// Moves one on, or leaves it for the next poll if there have been too many like it in this one.
    pub(super) fn take_turn(&mut self, key: PeerKey, moment: Moment, budget: &mut Budget) {
        let Some(member) = self.members.get_mut(key) else { return };
        let (kind, may) = if member.connection.lingers() {
            (TurnKind::Lingering, budget.may_linger())
        } else if member.connection.is_handshaking() {
            (TurnKind::Handshake, budget.may_handshake())
        } else {
            (TurnKind::Other, true)
        };
        if !may {
            if !std::mem::replace(&mut member.is_ready, true) {
                self.ready.push_back(key);
            }
            return;
        }
        member.is_ready = false;
        let hold = self.memory.room_to_read(member);
        // What is read of a connection that is over is dropped at once, and needs no memory.
        let read = if kind == TurnKind::Lingering { TURN } else { TURN.min(hold) };
        let ration = Ration { read, hold };
        let begin = if kind == TurnKind::Handshake { sys::now() } else { Duration::ZERO };
        let mut progress = member.connection.poll(&mut self.reactor, moment, ration, &mut member.link);
        if member.connection.request().is_some() {
            self.answer(key);
            let Some(member) = self.members.get_mut(key) else { return };
            progress = member.connection.poll(&mut self.reactor, moment, ration, &mut member.link);
        }
        budget.count(kind, progress.read, || sys::now().saturating_sub(begin));
        let Some(member) = self.members.get_mut(key) else { return };
        let is_starved = progress.more && hold == 0 && member.link.state() != ReadyState::Closed;
        if is_starved && !std::mem::replace(&mut member.is_starved, true) {
            self.starved.push(key);
        }
        self.settle(key, progress.more && !is_starved);
    }

    /// Those that found no memory may try again when there is some. They still get a turn when their socket takes bytes, or
    /// a time limit of theirs runs out: so they give memory back.
    fn feed_the_starved(&mut self) {
        for key in std::mem::take(&mut self.starved) {
            let Some(member) = self.members.get_mut(key) else { continue };
            if self.memory.room_to_read(member) == 0 {
                self.starved.push(key);
                continue;
            }
            member.is_starved = false;
            if !std::mem::replace(&mut member.is_ready, true) {
                self.ready.push_back(key);
            }
        }
    }
}

/// Why a member is over, without the words that it sent itself.
fn cause(member: &Member) -> &dyn std::fmt::Display {
    match member.link.close_info() {
        Some(info) => &info.cause,
        None => &"for no reason",
    }
}
