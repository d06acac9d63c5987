//! Who may come in: connections and handshakes, in all and from each address, and what is answered to requests.

use std::{collections::HashMap, net::IpAddr, time::Duration};

use super::{
    key::PeerKey,
    pending::{AddressCounts, PendingHandshakes, client_prefix},
};
use crate::{
    admission::{Admission, Decision, Rejection, check_host, check_policy},
    options::ServerOptions,
    rate::{Arrival, Rate},
    request::Request,
};

/// For how long nobody is let in after the system ran out of descriptors. They come back as connections end.
const PAUSE: Duration = Duration::from_millis(100);

/// From how many addresses on the rates of those that have been quiet are dropped.
const RATES: usize = 1024;

/// The way in.
#[derive(Default)]
pub(super) struct Acceptor {
    /// Handshakes under way,
    pending: AddressCounts,
    pending_keys: PendingHandshakes,
    /// peers that have a capacity,
    pub(super) admitted: AddressCounts,
    /// and connections that are over but for their last bytes: those that had been open, and those that had not.
    lingering: [AddressCounts; 2],
    rates: HashMap<IpAddr, Rate>,
    hook: Option<RequestHook>,
    /// Whether nobody new is let in.
    pub(super) refuses_new: bool,
    /// Whether somebody may wait outside.
    pub(super) may_have_pending: bool,
    /// Until when nobody is let in.
    pub(super) paused_until: Option<Duration>,
    /// Whether the system has been out of descriptors since nobody waited outside.
    is_out_of_descriptors: bool,
}

/// What a program decides about requests with.
pub(super) type RequestHook = Box<dyn FnMut(&Request) -> Admission + Send + Sync>;

/// What to answer, and header fields for it.
pub(super) type Answer = (Decision, Vec<(String, String)>);

impl Acceptor {
    pub(super) fn new() -> Self {
        Self { may_have_pending: true, ..Self::default() }
    }

    pub(super) fn set_hook(&mut self, hook: RequestHook) {
        self.hook = Some(hook);
    }

    /// Returns how many handshakes are under way.
    pub(super) fn pending(&self) -> usize {
        self.pending.total()
    }

    /// Counts a connection that begins its handshake, which [`leave`](Self::leave) ends. An error is what to answer to it at
    /// once.
    pub(super) fn enter(
        &mut self,
        key: PeerKey,
        addr: IpAddr,
        arrival: Arrival,
        options: &ServerOptions,
    ) -> Result<(), Rejection> {
        let is_within_rate = self.count(addr, arrival, options);
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

    /// Returns `true` if too many handshakes are under way, so that one has to make room.
    pub(super) fn is_overfull(&self, options: &ServerOptions) -> bool {
        self.pending.total() > options.max_pending_handshakes
    }

    /// Returns the connection whose handshake is the oldest of those from the network with the most of them; not one that waits
    /// for this end, if others do not.
    pub(super) fn oldest_of_most_crowded(&self, waits: impl Fn(PeerKey) -> bool) -> Option<PeerKey> {
        self.pending_keys.oldest_of_most_crowded(waits)
    }

    /// A handshake is over.
    pub(super) fn leave(&mut self, key: PeerKey, addr: IpAddr) {
        self.pending.remove(addr);
        self.pending_keys.remove(key);
    }

    /// Counts one that is over but for its last bytes. Returns `false`, and does not count it, if there are too many. Those that
    /// were never open may be as many as handshakes; those that were open, with all admitted, as many as admitted and handshakes: when
    /// a server shuts down, all its peers are among them.
    pub(super) fn linger(&mut self, addr: IpAddr, was_open: bool, options: &ServerOptions) -> bool {
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

    /// The last bytes of one that was counted are through.
    pub(super) fn stop_lingering(&mut self, addr: IpAddr, was_open: bool) {
        self.lingering[usize::from(was_open)].remove(addr);
    }

    /// Counts a connection from an address. Returns `true` if there are not too many in a time.
    fn count(&mut self, addr: IpAddr, arrival: Arrival, options: &ServerOptions) -> bool {
        if self.rates.len() >= RATES && !self.rates.contains_key(&client_prefix(addr)) {
            self.rates.retain(|_, rate| !rate.is_empty(arrival.at));
        }
        let new = || Rate::new(options.max_connections_per_address_per_second);
        self.rates.entry(client_prefix(addr)).or_insert_with(new).take(1, arrival)
    }

    /// The system is out of descriptors. Tells whether that is news.
    pub(super) fn pause(&mut self, now: Duration) -> bool {
        self.may_have_pending = true;
        self.paused_until = Some(now + PAUSE);
        !std::mem::replace(&mut self.is_out_of_descriptors, true)
    }

    /// Nobody waits outside.
    pub(super) fn backlog_is_empty(&mut self) {
        self.may_have_pending = false;
        self.is_out_of_descriptors = false;
    }

    /// Whether to look who waits outside.
    pub(super) fn is_open(&mut self, now: Duration) -> bool {
        self.paused_until.take_if(|until| now >= *until);
        self.may_have_pending && self.paused_until.is_none()
    }

    /// Returns `true` if one more peer from this address can have a capacity; else, what to answer.
    pub(super) fn check_capacity(&self, addr: IpAddr, options: &ServerOptions) -> Result<(), Rejection> {
        if self.admitted.total() >= options.max_peers {
            return Err(unavailable("the server is full"));
        }
        if self.admitted.from(addr) >= options.max_peers_per_address {
            return Err(unavailable("too many clients are connected from this address"));
        }
        Ok(())
    }

    /// The answer to a request, by the options first and the program then; in between `capacity` says whether one more
    /// can be served at all.
    pub(super) fn answer(
        &mut self,
        request: &Request,
        options: &ServerOptions,
        capacity: Result<(), Rejection>,
    ) -> Answer {
        let allowed = match (request.is_upgrade(), &self.hook) {
            (true, _) => check_policy(options, request).and_then(|()| self.check_open()).and(capacity),
            // It takes no capacity, and a server that is full or takes nobody new can still tell that it is well.
            (false, Some(_)) => check_host(options, request),
            (false, None) => return (Decision::Decline, Vec::new()),
        };
        if let Err(rejection) = allowed {
            return (Decision::Reject(rejection), Vec::new());
        }
        let admission = match &mut self.hook {
            Some(hook) => hook(request),
            None => Admission::accept(),
        };
        if let Err(error) = admission.check(request) {
            log::error!("the hook of on_request gave an admission that cannot be: {error}");
            let rejection = Rejection { status: 500, reason: "the server cannot answer this request" };
            return (Decision::Reject(rejection), Vec::new());
        }
        admission.decide(request, &options.connection)
    }

    /// Refuses while the program lets no new peers in.
    pub(super) fn check_open(&self) -> Result<(), Rejection> {
        if self.refuses_new { Err(unavailable("the server takes nobody new")) } else { Ok(()) }
    }
}

/// Logs a warning if the system grants fewer descriptors than a server may need: for admitted, handshakes, connections that are over
/// but for their last bytes, the listener and the like.
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
        let at = Duration::from_millis(millis);
        Arrival { since: at, at }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn statuses(acceptor: &mut Acceptor, options: &ServerOptions, addresses: &[&str]) -> Vec<Option<u16>> {
        let mut slots = Slots::new();
        let enter = |address: &&str| {
            let key = slots.insert(());
            acceptor.enter(key, ip(address), at(0), options).err().map(|rejection| rejection.status)
        };
        addresses.iter().map(enter).collect()
    }

    #[test]
    fn one_address_may_not_take_all_places() {
        let options = ServerOptions::default().max_pending_handshakes_per_address(2);
        let mut acceptor = Acceptor::new();
        assert_eq!(statuses(&mut acceptor, &options, &["1.1.1.1"; 3]), [None, None, Some(503)]);
        assert_eq!(statuses(&mut acceptor, &options, &["1.1.1.2"]), [None]);
    }

    #[test]
    fn when_too_many_handshakes_are_under_way_one_makes_room() {
        let options = ServerOptions::default().max_pending_handshakes(2);
        let mut acceptor = Acceptor::new();
        let mut slots = Slots::new();
        let keys = ["1.1.1.1", "1.1.1.2", "2.2.2.2"].map(|addr| {
            let key = slots.insert(());
            assert!(!acceptor.is_overfull(&options));
            acceptor.enter(key, ip(addr), at(0), &options).expect("it may");
            key
        });
        assert!(acceptor.is_overfull(&options));
        assert_eq!(acceptor.oldest_of_most_crowded(|_| false), Some(keys[0]));
        acceptor.leave(keys[0], ip("1.1.1.1"));
        assert_eq!((acceptor.is_overfull(&options), acceptor.pending()), (false, 2));
    }

    #[test]
    fn one_address_may_connect_so_often_in_a_second() {
        let options = ServerOptions::default()
            .max_connections_per_address_per_second(5)
            .max_pending_handshakes_per_address(1000)
            .max_pending_handshakes(1000);
        let mut acceptor = Acceptor::new();
        let answers = statuses(&mut acceptor, &options, &["1.1.1.1"; 11]);
        assert_eq!(answers, [&[None; 10][..], &[Some(429)]].concat(), "two seconds' worth at once");
        assert_eq!(statuses(&mut acceptor, &options, &["1.1.1.2"]), [None]);
        let key = Slots::new().insert(());
        assert_eq!(acceptor.enter(key, ip("1.1.1.1"), at(500), &options), Ok(()));
    }

    #[test]
    fn rates_of_addresses_that_have_been_quiet_are_dropped() {
        let options = ServerOptions::default();
        let mut acceptor = Acceptor::new();
        for number in 0..100_000_u32 {
            acceptor.count(IpAddr::V4(number.into()), at(number.into()), &options);
        }
        assert!(acceptor.rates.len() <= RATES + 1, "{}", acceptor.rates.len());
    }

    #[test]
    fn lingering_connections_are_bounded_in_all_and_from_each_address() {
        let options = ServerOptions::default()
            .max_pending_handshakes(3)
            .max_pending_handshakes_per_address(2)
            .max_peers_per_address(1);
        let mut acceptor = Acceptor::new();
        let mut refused = |addr: &str| acceptor.linger(ip(addr), false, &options);
        let answers = ["1.1.1.1", "1.1.1.1", "1.1.1.1", "1.1.1.2", "1.1.1.3"].map(&mut refused);
        assert_eq!(answers, [true, true, false, true, false]);
        assert!(acceptor.linger(ip("1.1.1.1"), true, &options), "those that were open count by themselves");
        assert!(!acceptor.linger(ip("1.1.1.1"), true, &options));
        acceptor.stop_lingering(ip("1.1.1.1"), false);
        assert!(acceptor.linger(ip("1.1.1.3"), false, &options));
    }

    #[test]
    fn a_pause_ends() {
        let mut acceptor = Acceptor::new();
        assert!(acceptor.is_open(Duration::ZERO));
        assert!(acceptor.pause(Duration::ZERO));
        assert!(!acceptor.is_open(PAUSE / 2));
        assert!(acceptor.is_open(PAUSE));
        assert!(!acceptor.pause(PAUSE), "it goes on, which is no news");
        acceptor.backlog_is_empty();
        assert!(acceptor.pause(PAUSE));
    }
}
