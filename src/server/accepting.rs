//! New connections: they are accepted, and their requests are answered.

use super::{
    PeerKey, WebSocketServer,
    acceptor::unavailable,
    budget::PollBudget,
    peer_entry::{PeerEntry, PeerPhase, UserData},
};
use crate::{
    admission::{AdmissionDecision, Response},
    options::ServerOptions,
    rate::Arrival,
    sys::server::{AcceptOutcome, Listener, PeerSettings, ServerConnection, Timestamps},
};

/// The number of connections that a poll accepts.
const MAX_ACCEPTS: usize = 256;

/// The number of connections in a poll that cannot be accepted before it stops trying.
const MAX_FAILURES: usize = 16;

/// The number of lingering connections that are ended at a time when the system is out of descriptors.
const MAX_FREED: usize = 16;

/// The longest body of a response that is sent while memory is scarce, in bytes.
const SMALL_BODY: usize = 1024;

impl WebSocketServer {
    /// Answers the request of a connection, as the options and the hook decide.
    pub(super) fn answer(&mut self, key: PeerKey) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let Some(request) = entry.connection.request().cloned() else { return };
        let ip = entry.ip;
        let capacity = match self.shutdown_deadline {
            None => self.acceptor.check_capacity(ip, &self.options),
            Some(_) => Err(unavailable("the server shuts down")),
        };
        let (decision, headers) = self.acceptor.answer(&request, &self.options, capacity);
        let no_memory = unavailable("the server has no memory for this client");
        match decision {
            AdmissionDecision::Accept(terms) => {
                if let Some(options) = &terms.connection {
                    let share = self.options.share_of(options).at_least(self.memory.share());
                    if !self.memory.reserve(share) {
                        return entry.connection.reject(&no_memory, &[]);
                    }
                    entry.share = share;
                    entry.link.set_limits(options);
                }
                let options = terms.connection.as_deref().unwrap_or(&self.options.connection);
                let rate_limits = terms.rate_limits.unwrap_or(self.options.rate_limits);
                let settings = PeerSettings { options, rate_limits, ..peer_settings(&self.options) };
                let headers = [&options.headers[..], &headers].concat();
                entry.connection.admit(&mut self.reactor, terms.protocol, &headers, settings);
                entry.request = Some(request);
                entry.set_fixed_memory(0);
                entry.user_data = terms.user_data.map(|data| Box::new(UserData(data)));
                entry.phase = PeerPhase::Admitted;
                entry.has_place = true;
                self.acceptor.admitted.add(ip);
            }
            AdmissionDecision::Respond(Response { body, .. })
                if body.len() > SMALL_BODY && !self.memory.has_common(body.len()) =>
            {
                entry.connection.reject(&no_memory, &[]);
            }
            AdmissionDecision::Respond(response) => {
                entry.connection.respond(&response, &headers);
                entry.phase = PeerPhase::Answered;
            }
            AdmissionDecision::Reject(rejection) => entry.connection.reject(&rejection, &headers),
            AdmissionDecision::Decline => entry.connection.decline(),
        }
    }

    /// Accepts the connections that wait.
    pub(super) fn accept_pending(&mut self, times: Timestamps, budget: &mut PollBudget) {
        if !self.acceptor.may_accept(times.now) {
            return;
        }
        let mut failures = 0;
        for _ in 0..MAX_ACCEPTS {
            let (slot, options) = (self.entries.vacant(), &self.options);
            let settings = peer_settings(options);
            let outcome = self.reactor.accept(slot, settings, options.max_request_size, times.now);
            let error = match outcome {
                AcceptOutcome::Accepted(connection, addr) => {
                    self.stats.accepted += 1;
                    let entry = PeerEntry::new(connection, addr, &options.connection, self.memory.share());
                    let key = self.entries.insert(entry);
                    self.on_accept(key, times, budget);
                    continue;
                }
                AcceptOutcome::WouldBlock => return self.acceptor.backlog_is_empty(),
                AcceptOutcome::Failed(error) if failures < MAX_FAILURES => {
                    failures += 1;
                    log::debug!("a connection could not be accepted: {error}");
                    continue;
                }
                AcceptOutcome::OutOfDescriptors(_) if self.free_descriptors() => continue,
                AcceptOutcome::Failed(error) | AcceptOutcome::OutOfDescriptors(error) => error,
            };
            if self.acceptor.pause(times.now) {
                log::warn!("no connection can be accepted for a moment: {error}");
            }
            return;
        }
    }

    /// Services a new connection for the first time. Often its request has arrived already.
    fn on_accept(&mut self, key: PeerKey, times: Timestamps, budget: &mut PollBudget) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let arrival = Arrival::between(times.last, times.wall);
        let ip = entry.ip;
        let is_within_limits = self.acceptor.begin_handshake(key, ip, arrival, &self.options);
        // A client that cannot be admitted needs no TLS handshake, which would cost a private-key operation.
        let capacity = match entry.connection.is_handshaking() {
            true => self.acceptor.check_capacity(ip, &self.options),
            false => Ok(()),
        };
        if let Err(rejection) = is_within_limits.and(capacity) {
            entry.connection.reject(&rejection, &[]);
        }
        self.service(key, times, budget);
        let oldest = if self.acceptor.is_overfull(&self.options) { self.oldest_handshake() } else { None };
        if let Some((oldest, entry)) = oldest.and_then(|key| Some((key, self.entries.get_mut(key)?))) {
            entry.connection.reject(&unavailable("too many clients are connecting"), &[]);
            self.service(oldest, times, budget);
        }
    }

    /// Returns the handshake that has to end for others.
    fn oldest_handshake(&self) -> Option<PeerKey> {
        // A connection with unread bytes waits for this server.
        let waits = |key| self.entries.get(key).is_some_and(|entry| entry.is_ready);
        self.acceptor.oldest_of_most_crowded(waits)
    }

    /// Ends connections to free descriptors: lingering connections, first those that were never open; or else the
    /// oldest handshake of the network with the most handshakes. Returns `true` if there was one.
    fn free_descriptors(&mut self) -> bool {
        let lingering = |was_open: bool| {
            let entries = self.entries.iter();
            let chosen = entries.filter(move |(_, entry)| entry.is_lingering && entry.was_open == was_open);
            chosen.map(|(key, _)| key)
        };
        let mut ended: Vec<_> = lingering(false).chain(lingering(true)).take(MAX_FREED).collect();
        if ended.is_empty() {
            ended.extend(self.oldest_handshake());
        }
        ended.iter().for_each(|key| self.abort_connection(*key));
        !ended.is_empty()
    }
}

/// Returns the settings of a connection for which the hook has set nothing else.
pub(super) fn peer_settings(options: &ServerOptions) -> PeerSettings<'_> {
    PeerSettings {
        options: &options.connection,
        rate_limits: options.rate_limits,
        slow_reader_timeout: options.slow_reader_timeout,
    }
}
