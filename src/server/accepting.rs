//! How connections come in: they are accepted, and their requests are answered.

use super::{
    PeerKey, WebSocketServer,
    acceptor::unavailable,
    budget::PollBudget,
    peer_entry::{PeerEntry, PeerPhase},
};
use crate::{
    admission::{Decision, Response},
    rate::Arrival,
    sys::{AcceptOutcome, Listener, ServerConnection, Timestamps},
};

/// How many connections a poll accepts.
const MAX_ACCEPTS: usize = 256;

/// How many connections that cannot be handed over a poll passes by.
const MAX_FAILURES: usize = 16;

/// How many connections that are over but for their last bytes are ended at a time when the system is out of descriptors.
const MAX_FREED: usize = 16;

/// The longest body of a response that is sent when memory is scarce, too.
const SMALL_BODY: usize = 1024;

impl WebSocketServer {
    /// Answers the request of a connection, by the options and the program.
    pub(super) fn answer(&mut self, key: PeerKey) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let Some(request) = entry.connection.request().cloned() else { return };
        let ip = entry.addr.ip();
        let capacity = match self.shutdown_deadline {
            None => self.acceptor.check_capacity(ip, &self.options),
            Some(_) => Err(unavailable("the server shuts down")),
        };
        let (decision, headers) = self.acceptor.answer(&request, &self.options, capacity);
        let no_memory = unavailable("the server has no memory for this client");
        match decision {
            Decision::Accept(mut terms) => {
                if let Some(options) = &terms.options {
                    let share = self.options.share_of(options).at_least(self.memory.share());
                    if !self.memory.reserve(share) {
                        return entry.connection.refuse(&no_memory, &[]);
                    }
                    entry.share = share;
                    entry.link.set_limits(options);
                }
                entry.connection.admit(&terms, &headers, &self.options);
                entry.request = Some(request);
                entry.set_fixed_memory(0);
                entry.user_data = terms.user_data.take();
                entry.phase = PeerPhase::Admitted;
                entry.has_place = true;
                self.acceptor.admitted.add(ip);
            }
            Decision::Respond(Response { body, .. })
                if body.len() > SMALL_BODY && !self.memory.has_common(body.len()) =>
            {
                entry.connection.refuse(&no_memory, &[]);
            }
            Decision::Respond(response) => {
                entry.connection.respond(&response, &headers);
                entry.phase = PeerPhase::Answered;
            }
            Decision::Reject(rejection) => entry.connection.refuse(&rejection, &headers),
            Decision::Decline => entry.connection.decline(),
        }
    }

    /// Accepts connections.
    pub(super) fn accept_pending(&mut self, times: Timestamps, budget: &mut PollBudget) {
        if !self.acceptor.is_open(times.now) {
            return;
        }
        let mut failures = 0;
        for _ in 0..MAX_ACCEPTS {
            let error = match self.reactor.accept(self.entries.vacant(), &self.options, times.now) {
                AcceptOutcome::Accepted(connection, addr) => {
                    self.stats.accepted += 1;
                    let entry =
                        PeerEntry::new(connection, addr, &self.options.connection, self.memory.share());
                    let key = self.entries.insert(entry);
                    self.on_accept(key, times, budget);
                    continue;
                }
                AcceptOutcome::WouldBlock => return self.acceptor.backlog_is_empty(),
                AcceptOutcome::Failed(error) if failures < MAX_FAILURES => {
                    failures += 1;
                    log::debug!("a connection was not served: {error}");
                    continue;
                }
                AcceptOutcome::OutOfDescriptors(_) if self.free_descriptors() => continue,
                AcceptOutcome::Failed(error) | AcceptOutcome::OutOfDescriptors(error) => error,
            };
            if self.acceptor.pause(times.now) {
                log::warn!("no connection can be accepted for a times: {error}");
            }
            return;
        }
    }

    /// A newcomer's first turn. Often its request is there already.
    fn on_accept(&mut self, key: PeerKey, times: Timestamps, budget: &mut PollBudget) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let arrival = Arrival { since: times.last, at: times.wall };
        let ip = entry.addr.ip();
        let entered = self.acceptor.enter(key, ip, arrival, &self.options);
        // Without a capacity there is no use in a TLS handshake, which costs a private-key operation.
        let capacity = match entry.connection.is_handshaking() {
            true => self.acceptor.check_capacity(ip, &self.options),
            false => Ok(()),
        };
        if let Err(rejection) = entered.and(capacity) {
            entry.connection.refuse(&rejection, &[]);
        }
        self.service(key, times, budget);
        let oldest = if self.acceptor.is_overfull(&self.options) { self.oldest_handshake() } else { None };
        if let Some((oldest, entry)) = oldest.and_then(|key| Some((key, self.entries.get_mut(key)?))) {
            entry.connection.refuse(&unavailable("too many clients are connecting"), &[]);
            self.service(oldest, times, budget);
        }
    }

    /// The connection whose handshake has to make room for others.
    fn oldest_handshake(&self) -> Option<PeerKey> {
        // One whose bytes have not been looked at waits for this server, not the other way round.
        let waits = |key| self.entries.get(key).is_some_and(|entry| entry.is_ready);
        self.acceptor.oldest_of_most_crowded(waits)
    }

    /// Ends connections to have their descriptors: those that are over but for their last bytes, first those that were never
    /// open; else the oldest handshake of the most crowded network, as where too many are under way. Returns `true` if there was
    /// one.
    fn free_descriptors(&mut self) -> bool {
        let lingering = |was_open: bool| {
            let entries = self.entries.iter();
            let those = entries.filter(move |(_, entry)| entry.is_lingering && entry.was_open == was_open);
            those.map(|(key, _)| key)
        };
        let mut ended: Vec<_> = lingering(false).chain(lingering(true)).take(MAX_FREED).collect();
        if ended.is_empty() {
            ended.extend(self.oldest_handshake());
        }
        ended.iter().for_each(|key| self.abort_now(*key));
        !ended.is_empty()
    }
}
