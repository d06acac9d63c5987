//! What a poll does: who is ready gets a turn, who is due is seen to, who waits outside comes in.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use super::{
    PeerKey, ServerEvent, WebSocketServer,
    door::unavailable,
    member::{Member, Phase, Told},
};
use crate::{
    clock::PatientClock,
    close::{CloseCause, CloseCode, CloseInfo},
    state::ReadyState,
    sys::{self, Accept, Accepted, Arrived, Moment, Ration, Wakeup},
};

/// How many bytes a turn may read. A peer that has more to say is given another turn after everybody else.
const TURN: usize = 256 * 1024;

/// How many bytes all turns of a poll may read. Whoever is left comes first in the next.
const ALL_TURNS: usize = 16 * 1024 * 1024;

/// How many deadlines a poll looks at. Thousands that came together fall silent together, and to ask all of them at once
/// whether they are there would cost a frame.
const DUE: usize = 256;

/// How many newcomers a poll lets in.
const NEWCOMERS: usize = 256;

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

    /// A poll begins. Whatever the program did since the last is a pause.
    fn begin(&mut self, wall: Duration) {
        self.last = self.wall;
        self.clock.advance(wall);
    }

    /// It goes on after it has slept, which is none.
    fn awake(&mut self, wall: Duration) -> Moment {
        self.clock.sleep(wall);
        self.wall = wall;
        Moment { now: self.clock.now(), wall, last: self.last }
    }
}

/// When to look after whom. Each member has one entry that counts, its earliest; a deadline that has moved on since is found
/// to have done so when its time comes, so that traffic costs nothing here.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BinaryHeap<Reverse<(Duration, PeerKey)>>);

impl Deadlines {
    /// Something is due then.
    pub(super) fn note(&mut self, key: PeerKey, member: &mut Member, due: Duration) {
        if due < member.deadline {
            member.deadline = due;
            self.0.push(Reverse((due, key)));
        }
    }

    /// When the first is due.
    fn next(&self) -> Option<Duration> {
        self.0.peek().map(|Reverse((due, _))| *due)
    }

    /// The first, if its time has come.
    fn pop(&mut self, now: Duration) -> Option<(Duration, PeerKey)> {
        self.next().filter(|due| *due <= now)?;
        self.0.pop().map(|Reverse(entry)| entry)
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
        self.see_to_the_due(moment.now);
        self.take_turns(moment);
        self.memory.tell();
        self.let_in(moment);
        if self.closing_time.is_some_and(|time| moment.now >= time) {
            self.members.keys().into_iter().for_each(|key| self.cut(key));
        }
    }

    /// What a member has to tell next, and whether that is all.
    pub(super) fn news_of(&mut self, key: PeerKey) -> (Option<ServerEvent>, bool) {
        let Some(member) = self.members.get_mut(key) else { return (None, true) };
        let event = if member.told == Told::Nothing {
            member.told = Told::Opened;
            Some(ServerEvent::Opened(key))
        } else if let Some(packet) = member.link.take() {
            self.memory.recount(member);
            Some(ServerEvent::Packet(key, packet))
        } else if let Some(info) = member.link.close_info().filter(|_| member.told == Told::Opened) {
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
        member.link.closed(CloseInfo::new(CloseCause::Aborted));
        member.connection.abort();
        self.settle(key, false);
    }

    pub(super) fn begin_to_close(&mut self, within: Duration) {
        log::info!("shutting down, with {} peers", self.seated);
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
        if before != member.phase {
            let addr = member.addr;
            if matches!(before, Phase::Pending | Phase::Admitted) {
                self.door.leave(addr.ip());
            }
            match (before, member.phase) {
                (_, Phase::Open) => {
                    member.was_open = true;
                    self.stats.opened += 1;
                    log::debug!("{key} at {addr} is open");
                }
                (Phase::Open, _) => {
                    self.seated -= 1;
                    self.stats.closed += 1;
                    log::debug!("{key} at {addr} is gone: {}", cause(member));
                }
                _ => {
                    self.seated -= usize::from(before == Phase::Admitted);
                    self.stats.refused += 1;
                    log::debug!("{addr} was not served: {}", cause(member));
                }
            }
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
        let dues = [self.deadlines.next(), self.door.paused_until, self.closing_time];
        let next = dues.into_iter().flatten().min();
        next.map_or(Duration::MAX, |due| due.saturating_sub(now))
    }

    fn see_to_the_due(&mut self, now: Duration) {
        for _ in 0..DUE {
            let Some((due, key)) = self.deadlines.pop(now) else { break };
            let Some(member) = self.members.get_mut(key).filter(|member| member.deadline == due) else {
                continue;
            };
            member.deadline = Duration::MAX;
            let due = member.connection.next_deadline();
            if due > now {
                self.deadlines.note(key, member, due);
            } else if !std::mem::replace(&mut member.is_ready, true) {
                self.ready.push_back(key);
            }
        }
    }

    fn take_turns(&mut self, moment: Moment) {
        let mut left = ALL_TURNS;
        for _ in 0..self.ready.len() {
            if left == 0 {
                break;
            }
            let Some(key) = self.ready.pop_front() else { break };
            left = left.saturating_sub(self.take_turn(key, moment));
        }
    }

    /// Moves one on. Tells how much it has read, at least.
    fn take_turn(&mut self, key: PeerKey, moment: Moment) -> usize {
        let Some(member) = self.members.get_mut(key) else { return 0 };
        member.is_ready = false;
        let hold = self.memory.room(member.held);
        let ration = Ration { read: TURN.min(hold), hold };
        let before = member.held;
        let mut more = member.connection.poll(&mut self.reactor, moment, ration, &mut member.link);
        if member.connection.request().is_some() {
            self.answer(key);
            let Some(member) = self.members.get_mut(key) else { return 0 };
            more = member.connection.poll(&mut self.reactor, moment, ration, &mut member.link);
        }
        let Some(member) = self.members.get_mut(key) else { return 0 };
        // The last words of one that is over need none.
        let is_starved = more && hold == 0 && member.link.state() != ReadyState::Closed;
        if is_starved && !std::mem::replace(&mut member.is_starved, true) {
            self.starved.push(key);
        }
        self.settle(key, more && !is_starved);
        self.members.get(key).map_or(0, |member| member.held.saturating_sub(before))
    }

    /// Those that found no memory may try again when there is some. They still get a turn when their socket takes bytes, or
    /// a time limit of theirs runs out: so they give memory back.
    fn feed_the_starved(&mut self) {
        for key in std::mem::take(&mut self.starved) {
            let Some(member) = self.members.get_mut(key) else { continue };
            if self.memory.room(member.held) == 0 {
                self.starved.push(key);
                continue;
            }
            member.is_starved = false;
            if !std::mem::replace(&mut member.is_ready, true) {
                self.ready.push_back(key);
            }
        }
    }

    fn answer(&mut self, key: PeerKey) {
        let has_room =
            self.seated < self.options.max_peers && !self.memory.is_scarce() && self.closing_time.is_none();
        let Some(member) = self.members.get_mut(key) else { return };
        let Some(request) = member.connection.request().cloned() else { return };
        let (decision, headers) = self.door.answer(&request, &self.options, has_room);
        match decision {
            Ok(mut terms) => {
                if let Some(options) = &terms.options {
                    member.link.set_limits(options);
                }
                member.connection.admit(&terms, &headers, &self.options);
                member.request = Some(request);
                member.identity = terms.identity.take();
                member.phase = Phase::Admitted;
                self.seated += 1;
            }
            Err(refusal) => member.connection.refuse(&refusal, &headers),
        }
    }

    fn let_in(&mut self, moment: Moment) {
        if !self.door.is_open(moment.now) {
            return;
        }
        for _ in 0..NEWCOMERS {
            match self.reactor.accept(self.members.vacant(), &self.options, moment.now) {
                Arrived::Somebody(connection, addr) => {
                    self.stats.accepted += 1;
                    let member = Member::new(connection, addr, &self.options.peer);
                    let key = self.members.insert(member);
                    self.welcome(key, moment);
                }
                Arrived::Nobody => {
                    return self.door.nobody_waits();
                }
                Arrived::Exhausted(error) => {
                    if self.door.pause(moment.now) {
                        log::warn!("nobody can be let in for a moment: {error}");
                    }
                    return;
                }
            }
        }
    }

    /// A newcomer's first turn. Often its request is there already.
    fn welcome(&mut self, key: PeerKey, moment: Moment) {
        let Some(member) = self.members.get_mut(key) else { return };
        if let Err(refusal) = self.door.enter(member.addr.ip(), &self.options) {
            member.connection.refuse(&refusal, &[]);
        }
        self.take_turn(key, moment);
        // Those that are turned away may say so properly, but not so many that it costs more than to serve them.
        let is_crowded = self.members.len() > self.options.max_peers + 2 * self.options.max_pending;
        if is_crowded && self.members.get(key).is_some_and(|member| member.phase == Phase::Leaving) {
            self.cut(key);
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
