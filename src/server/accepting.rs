//! How connections come in: they are accepted, and their requests are answered.

use super::{
    PeerKey, WebSocketServer,
    budget::Budget,
    door::unavailable,
    member::{Member, Phase},
};
use crate::{
    admission::{Decision, Response},
    rate::Arrival,
    sys::{Accept, Accepted, Arrived, Moment},
};

/// How many connections a poll accepts.
const NEWCOMERS: usize = 256;

/// How many connections that cannot be handed over a poll passes by.
const FAILURES: usize = 16;

/// How many connections that are over but for their last bytes are ended at a time when the system is out of descriptors.
const CUT: usize = 16;

/// The longest body of a response that is sent when memory is scarce, too.
const SMALL_BODY: usize = 1024;

impl WebSocketServer {
    /// Answers the request of a connection, by the options and the program.
    pub(super) fn answer(&mut self, key: PeerKey) {
        let Some(member) = self.members.get_mut(key) else { return };
        let Some(request) = member.connection.request().cloned() else { return };
        let ip = member.addr.ip();
        let seat = match self.closing_time {
            None => self.door.check_seat(ip, &self.options),
            Some(_) => Err(unavailable("the server shuts down")),
        };
        let (decision, headers) = self.door.answer(&request, &self.options, seat);
        let no_memory = unavailable("the server has no memory for this client");
        match decision {
            Decision::Accept(mut terms) => {
                if let Some(options) = &terms.options {
                    let share = self.options.share_of(options).at_least(self.memory.share());
                    if !self.memory.reserve(share) {
                        return member.connection.refuse(&no_memory, &[]);
                    }
                    member.share = share;
                    member.link.set_limits(options);
                }
                member.connection.admit(&terms, &headers, &self.options);
                member.request = Some(request);
                member.hold_besides(0);
                member.user_data = terms.user_data.take();
                member.phase = Phase::Admitted;
                member.has_seat = true;
                self.door.seats.add(ip);
            }
            Decision::Respond(Response { body, .. })
                if body.len() > SMALL_BODY && !self.memory.has_common(body.len()) =>
            {
                member.connection.refuse(&no_memory, &[]);
            }
            Decision::Respond(response) => {
                member.connection.respond(&response, &headers);
                member.phase = Phase::Answered;
            }
            Decision::Reject(rejection) => member.connection.refuse(&rejection, &headers),
            Decision::Decline => member.connection.decline(),
        }
    }

    /// Accepts connections.
    pub(super) fn let_in(&mut self, moment: Moment, budget: &mut Budget) {
        if !self.door.is_open(moment.now) {
            return;
        }
        let mut failures = 0;
        for _ in 0..NEWCOMERS {
            let error = match self.reactor.accept(self.members.vacant(), &self.options, moment.now) {
                Arrived::Connection(connection, addr) => {
                    self.stats.accepted += 1;
                    let member = Member::new(connection, addr, &self.options.connection, self.memory.share());
                    let key = self.members.insert(member);
                    self.welcome(key, moment, budget);
                    continue;
                }
                Arrived::Nothing => return self.door.nobody_waits(),
                Arrived::Failed(error) if failures < FAILURES => {
                    failures += 1;
                    log::debug!("a connection was not served: {error}");
                    continue;
                }
                Arrived::Exhausted(_) if self.free_descriptors() => continue,
                Arrived::Failed(error) | Arrived::Exhausted(error) => error,
            };
            if self.door.pause(moment.now) {
                log::warn!("no connection can be accepted for a moment: {error}");
            }
            return;
        }
    }

    /// A newcomer's first turn. Often its request is there already.
    fn welcome(&mut self, key: PeerKey, moment: Moment, budget: &mut Budget) {
        let Some(member) = self.members.get_mut(key) else { return };
        let arrival = Arrival { since: moment.last, at: moment.wall };
        let ip = member.addr.ip();
        let entered = self.door.enter(key, ip, arrival, &self.options);
        // Without a seat there is no use in a TLS handshake, which costs a private-key operation.
        let seat = match member.connection.is_handshaking() {
            true => self.door.check_seat(ip, &self.options),
            false => Ok(()),
        };
        if let Err(rejection) = entered.and(seat) {
            member.connection.refuse(&rejection, &[]);
        }
        self.take_turn(key, moment, budget);
        let oldest = if self.door.is_overfull(&self.options) { self.oldest_handshake() } else { None };
        if let Some((oldest, member)) = oldest.and_then(|key| Some((key, self.members.get_mut(key)?))) {
            member.connection.refuse(&unavailable("too many clients are connecting"), &[]);
            self.take_turn(oldest, moment, budget);
        }
    }

    /// The connection whose handshake has to make room for others.
    fn oldest_handshake(&self) -> Option<PeerKey> {
        // One whose bytes have not been looked at waits for this server, not the other way round.
        let waits = |key| self.members.get(key).is_some_and(|member| member.is_ready);
        self.door.oldest_of_most_crowded(waits)
    }

    /// Ends connections to have their descriptors: those that are over but for their last bytes, first those that were never
    /// open; else the oldest handshake of the most crowded network, as where too many are under way. Returns `true` if there was
    /// one.
    fn free_descriptors(&mut self) -> bool {
        let lingering = |was_open: bool| {
            let members = self.members.iter();
            let those = members.filter(move |(_, member)| member.is_lingering && member.was_open == was_open);
            those.map(|(key, _)| key)
        };
        let mut ended: Vec<_> = lingering(false).chain(lingering(true)).take(CUT).collect();
        if ended.is_empty() {
            ended.extend(self.oldest_handshake());
        }
        ended.iter().for_each(|key| self.cut(*key));
        !ended.is_empty()
    }
}
