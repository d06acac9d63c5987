//! The limits on new connections and handshakes, in all and for each address, and the answers to requests.

use std::{collections::HashMap, net::IpAddr, time::Duration};

use super::{
    addresses::{AddressCounts, PendingHandshakes, client_prefix},
    key::PeerKey,
    request_hook::{RequestAnswer, RequestHook},
};
use crate::{
    admission::{Admission, AdmissionDecision, Rejection, check_host, check_policy},
    options::ServerOptions,
    rate::{Arrival, Rate},
    request::Request,
};

/// The time for which accepting pauses after the system ran out of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// The number of addresses from which on the rates of idle addresses are dropped.
const RATES: usize = 1024;

/// Decides which connections are accepted.
#[derive(Default)]
pub(super) struct Acceptor {
    /// Counts the handshakes under way.
    pending: AddressCounts,
    pending_keys: PendingHandshakes,
    /// Counts the peers that count for `max_peers`.
    pub(super) admitted: AddressCounts,
    /// Counts the closed connections whose last bytes are still exchanged: those that were never open, and those that
    /// were.
    lingering: [AddressCounts; 2],
    rates: HashMap<IpAddr, Rate>,
    hook: Option<RequestHook>,
    /// `true` if the program refuses new connections.
    pub(super) refuses_new: bool,
    /// `true` if connections may wait to be accepted.
    pub(super) may_have_pending: bool,
    /// The time until which accepting is paused.
    pub(super) paused_until: Option<Duration>,
    /// `true` if the system ran out of descriptors, and connections have waited since then.
    is_out_of_descriptors: bool,
}

impl Acceptor {
    pub(super) fn new() -> Self {
        Self { may_have_pending: true, ..Self::default() }
    }

    pub(super) fn set_hook(&mut self, hook: RequestHook) {
        self.hook = Some(hook);
    }

    /// Returns the number of handshakes under way.
    pub(super) fn pending(&self) -> usize {
        self.pending.total()
    }

    /// Counts a connection that begins its handshake, until [`end_handshake`](Self::end_handshake).
    ///
    /// # Errors
    /// The rejection to answer at once, if the address exceeds a limit.
    pub(super) fn begin_handshake(
        &mut self,
        key: PeerKey,
        addr: IpAddr,
        arrival: Arrival,
        options: &ServerOptions,
    ) -> Result<(), Rejection> {
        let is_within_rate = self.count_connection(addr, arrival, options);
        self.pending.add(addr);
        self.pending_keys.add(key, addr);
        if !is_within_rate {
            return Err(Rejection { status: 429, reason: "too many connections from this address" });
        }
        if self.pending.from(addr) > options.max_pending_handshakes_per_address {
            return Err(unavailable("too many clients are connecting from this address"));
        }
        Ok(())
    }

    /// Returns `true` if too many handshakes are under way, so that one has to be ended.
    pub(super) fn is_overfull(&self, options: &ServerOptions) -> bool {
        self.pending.total() > options.max_pending_handshakes
    }

    /// Returns the oldest handshake of the network with the most handshakes. Those that wait for the server (`waits`)
    /// are chosen only if there are no others.
    pub(super) fn oldest_of_most_crowded(&self, waits: impl Fn(PeerKey) -> bool) -> Option<PeerKey> {
        self.pending_keys.oldest_of_most_crowded(waits)
    }

    /// Counts the end of a handshake.
    pub(super) fn end_handshake(&mut self, key: PeerKey, addr: IpAddr) {
        self.pending.remove(addr);
        self.pending_keys.remove(key);
    }

    /// Counts a closed connection whose last bytes are still exchanged. Returns `false`, and does not count it, if
    /// there are too many. Connections that were never open have the limit of handshakes. Connections that were open
    /// have the limit of peers and handshakes together, less the current peers, so that after a shutdown all peers fit.
    pub(super) fn add_lingering(&mut self, addr: IpAddr, was_open: bool, options: &ServerOptions) -> bool {
        let (max, max_per_address) = match was_open {
            true => {
                let max = options.max_peers.saturating_add(options.max_pending_handshakes);
                (max.saturating_sub(self.admitted.total()), options.max_peers_per_address)
            }
            false => (options.max_pending_handshakes, options.max_pending_handshakes_per_address),
        };
        let counts = &mut self.lingering[usize::from(was_open)];
        let has_room = counts.total() < max && counts.from(addr) < max_per_address;
        if has_room {
            counts.add(addr);
        }
        has_room
    }

    /// Counts the end of a lingering connection.
    pub(super) fn remove_lingering(&mut self, addr: IpAddr, was_open: bool) {
        self.lingering[usize::from(was_open)].remove(addr);
    }

    /// Counts a new connection from an address. Returns `true` if the address is within the rate limit.
    fn count_connection(&mut self, addr: IpAddr, arrival: Arrival, options: &ServerOptions) -> bool {
        if self.rates.len() >= RATES && !self.rates.contains_key(&client_prefix(addr)) {
            self.rates.retain(|_, rate| !rate.is_empty(arrival));
        }
        let new = || Rate::new(options.max_connections_per_address_per_second);
        self.rates.entry(client_prefix(addr)).or_insert_with(new).take(1, arrival)
    }

    /// Stops accepting for a moment, because the system is out of descriptors. Returns `true` if this is to be logged.
    pub(super) fn pause(&mut self, now: Duration) -> bool {
        self.may_have_pending = true;
        self.paused_until = Some(now + PAUSE);
        !std::mem::replace(&mut self.is_out_of_descriptors, true)
    }

    /// Notes that no connection waits to be accepted.
    pub(super) fn backlog_is_empty(&mut self) {
        self.may_have_pending = false;
        self.is_out_of_descriptors = false;
    }

    /// Returns `true` if connections may wait to be accepted, and accepting is not paused.
    pub(super) fn may_accept(&mut self, now: Duration) -> bool {
        self.paused_until.take_if(|until| now >= *until);
        self.may_have_pending && self.paused_until.is_none()
    }

    /// Checks that one more peer from this address can be admitted.
    pub(super) fn check_capacity(&self, addr: IpAddr, options: &ServerOptions) -> Result<(), Rejection> {
        if self.admitted.total() >= options.max_peers {
            return Err(unavailable("the server is full"));
        }
        if self.admitted.from(addr) >= options.max_peers_per_address {
            return Err(unavailable("too many clients are connected from this address"));
        }
        Ok(())
    }

    /// Decides about a request: first the options, then `capacity` (one more peer can be admitted), then the hook.
    pub(super) fn answer(
        &mut self,
        request: &Request,
        options: &ServerOptions,
        capacity: Result<(), Rejection>,
    ) -> RequestAnswer {
        let allowed = match (request.is_upgrade(), &self.hook) {
            (true, _) => check_policy(options, request).and_then(|()| self.check_open()).and(capacity),
            // It does not count as a peer: a server that is full or refuses new connections still answers health
            // checks.
            (false, Some(_)) => check_host(options, request),
            (false, None) => return (AdmissionDecision::Decline, Vec::new()),
        };
        if let Err(rejection) = allowed {
            return (AdmissionDecision::Reject(rejection), Vec::new());
        }
        match &mut self.hook {
            Some(hook) => hook.answer(request, &options.connection),
            None => Admission::accept().decide(request, &options.connection),
        }
    }

    /// Checks that the program does not refuse new connections.
    pub(super) fn check_open(&self) -> Result<(), Rejection> {
        if self.refuses_new { Err(unavailable("the server takes no new connections")) } else { Ok(()) }
    }
}

/// Logs a warning if the system grants fewer descriptors than a server may need: for peers, handshakes, lingering
/// connections, the listener and other files.
pub(super) fn check_descriptors(options: &ServerOptions, granted: Option<u64>) {
    let connections = options.max_peers.saturating_add(options.max_pending_handshakes.saturating_mul(3));
    let needed = connections.saturating_add(16) as u64;
    if let Some(granted) = granted.filter(|granted| *granted < needed) {
        log::warn!(
            "the server may need {needed} descriptors, and the system grants {granted}: raise that (`ulimit -n`), or lower \
             `max_peers`"
        );
    }
}

pub(super) fn unavailable(reason: &'static str) -> Rejection {
    Rejection { status: 503, reason }
}

#[cfg(test)]
mod tests {
    use super::{super::key::Slots, *};

    fn at(millis: u64) -> Arrival {
        Arrival::at(Duration::from_millis(millis))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn statuses(acceptor: &mut Acceptor, options: &ServerOptions, addresses: &[&str]) -> Vec<Option<u16>> {
        let mut slots = Slots::new();
        let begin = |address: &&str| {
            let key = slots.insert(());
            acceptor.begin_handshake(key, ip(address), at(0), options).err().map(|rejection| rejection.status)
        };
        addresses.iter().map(begin).collect()
    }

    #[test]
    fn handshakes_from_one_address_are_limited() {
        let options = ServerOptions::default().max_pending_handshakes_per_address(2);
        let mut acceptor = Acceptor::new();
        assert_eq!(statuses(&mut acceptor, &options, &["1.1.1.1"; 3]), [None, None, Some(503)]);
        assert_eq!(statuses(&mut acceptor, &options, &["1.1.1.2"]), [None]);
    }

    #[test]
    fn over_the_limit_of_handshakes_the_oldest_of_the_most_crowded_network_is_chosen() {
        let options = ServerOptions::default().max_pending_handshakes(2);
        let mut acceptor = Acceptor::new();
        let mut slots = Slots::new();
        let keys = ["1.1.1.1", "1.1.1.2", "2.2.2.2"].map(|addr| {
            let key = slots.insert(());
            assert!(!acceptor.is_overfull(&options));
            acceptor.begin_handshake(key, ip(addr), at(0), &options).expect("within the limits");
            key
        });
        assert!(acceptor.is_overfull(&options));
        assert_eq!(acceptor.oldest_of_most_crowded(|_| false), Some(keys[0]));
        acceptor.end_handshake(keys[0], ip("1.1.1.1"));
        assert_eq!((acceptor.is_overfull(&options), acceptor.pending()), (false, 2));
    }

    #[test]
    fn connections_from_one_address_are_limited_per_second() {
        let options = ServerOptions::default()
            .max_connections_per_address_per_second(5)
            .max_pending_handshakes_per_address(1000)
            .max_pending_handshakes(1000);
        let mut acceptor = Acceptor::new();
        let answers = statuses(&mut acceptor, &options, &["1.1.1.1"; 11]);
        assert_eq!(
            answers,
            [&[None; 10][..], &[Some(429)]].concat(),
            "a burst may have the amount of two seconds"
        );
        assert_eq!(statuses(&mut acceptor, &options, &["1.1.1.2"]), [None]);
        let key = Slots::new().insert(());
        assert_eq!(acceptor.begin_handshake(key, ip("1.1.1.1"), at(500), &options), Ok(()));
    }

    #[test]
    fn rates_of_idle_addresses_are_dropped() {
        let options = ServerOptions::default();
        let mut acceptor = Acceptor::new();
        for number in 0..100_000_u32 {
            acceptor.count_connection(IpAddr::V4(number.into()), at(number.into()), &options);
        }
        assert!(acceptor.rates.len() <= RATES + 1, "{}", acceptor.rates.len());
    }

    #[test]
    fn lingering_connections_are_limited_in_all_and_for_each_address() {
        let options = ServerOptions::default()
            .max_pending_handshakes(3)
            .max_pending_handshakes_per_address(2)
            .max_peers_per_address(1);
        let mut acceptor = Acceptor::new();
        let mut add = |addr: &str| acceptor.add_lingering(ip(addr), false, &options);
        let answers = ["1.1.1.1", "1.1.1.1", "1.1.1.1", "1.1.1.2", "1.1.1.3"].map(&mut add);
        assert_eq!(answers, [true, true, false, true, false]);
        assert!(
            acceptor.add_lingering(ip("1.1.1.1"), true, &options),
            "those that were open count separately"
        );
        assert!(!acceptor.add_lingering(ip("1.1.1.1"), true, &options));
        acceptor.remove_lingering(ip("1.1.1.1"), false);
        assert!(acceptor.add_lingering(ip("1.1.1.3"), false, &options));
    }

    #[test]
    fn accepting_resumes_after_a_pause() {
        let mut acceptor = Acceptor::new();
        assert!(acceptor.may_accept(Duration::ZERO));
        assert!(acceptor.pause(Duration::ZERO));
        assert!(!acceptor.may_accept(PAUSE / 2));
        assert!(acceptor.may_accept(PAUSE));
        assert!(!acceptor.pause(PAUSE), "a pause that continues is logged once");
        acceptor.backlog_is_empty();
        assert!(acceptor.pause(PAUSE));
    }
}
