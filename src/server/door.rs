//! How many may stand before the door: handshakes under way, in all and from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use crate::{
    admission::{Admission, Refusal, Terms, check_policy},
    options::ServerOptions,
    request::Request,
};

/// For how long nobody is let in after the system ran out of descriptors. They come back as connections end.
const PAUSE: Duration = Duration::from_millis(100);

/// The way in.
pub(super) struct Door {
    pending: usize,
    by_address: HashMap<IpAddr, usize>,
    hook: Option<Hook>,
    /// Whether nobody new is let in.
    pub(super) is_shut: bool,
    /// Whether somebody may wait outside.
    pub(super) may_have_more: bool,
    /// Until when nobody is let in.
    pub(super) paused_until: Option<Duration>,
    /// Whether the system has been out of descriptors since nobody waited outside.
    is_exhausted: bool,
}

/// What a program decides about requests with.
pub(super) type Hook = Box<dyn FnMut(&Request) -> Admission + Send + Sync>;

/// What to answer: yes or no, and header fields for either.
pub(super) type Answer = (Result<Terms, Refusal>, Vec<(String, String)>);

impl Door {
    pub(super) fn new() -> Self {
        Self {
            pending: 0,
            by_address: HashMap::new(),
            hook: None,
            is_shut: false,
            may_have_more: true,
            paused_until: None,
            is_exhausted: false,
        }
    }

    pub(super) fn set_hook(&mut self, hook: Hook) {
        self.hook = Some(hook);
    }

    pub(super) fn pending(&self) -> usize {
        self.pending
    }

    /// Somebody begins a handshake, and is to be told of with [`leave`](Self::leave) when it is over, however it ends.
    pub(super) fn enter(&mut self, addr: IpAddr, options: &ServerOptions) -> Result<(), Refusal> {
        self.pending += 1;
        let from_there = self.by_address.entry(neighbourhood(addr)).or_default();
        *from_there += 1;
        if self.pending > options.max_pending {
            return Err(unavailable("too many clients are connecting"));
        }
        if *from_there > options.max_pending_per_address {
            return Err(unavailable("too many clients are connecting from this address"));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, addr: IpAddr) {
        self.pending -= 1;
        let addr = neighbourhood(addr);
        if let Some(from_there) = self.by_address.get_mut(&addr) {
            *from_there -= 1;
            if *from_there == 0 {
                self.by_address.remove(&addr);
            }
        }
    }

    /// The system is out of descriptors. Tells whether that is news.
    pub(super) fn pause(&mut self, now: Duration) -> bool {
        self.may_have_more = true;
        self.paused_until = Some(now + PAUSE);
        !std::mem::replace(&mut self.is_exhausted, true)
    }

    /// Nobody waits outside.
    pub(super) fn nobody_waits(&mut self) {
        self.may_have_more = false;
        self.is_exhausted = false;
    }

    /// Whether to look who waits outside.
    pub(super) fn is_open(&mut self, now: Duration) -> bool {
        self.paused_until.take_if(|until| now >= *until);
        self.may_have_more && self.paused_until.is_none()
    }

    /// The answer to a request, by the options first and the program then; in between `has_room` says whether one more
    /// can be served at all.
    pub(super) fn answer(&mut self, request: &Request, options: &ServerOptions, has_room: bool) -> Answer {
        if let Err(refusal) = check_policy(options, request) {
            return (Err(refusal), Vec::new());
        }
        if self.is_shut {
            return (Err(unavailable("the server takes nobody new")), Vec::new());
        }
        if !has_room {
            return (Err(unavailable("the server is full")), Vec::new());
        }
        let admission = match &mut self.hook {
            Some(hook) => hook(request),
            None => Admission::accept(),
        };
        match admission.check(request) {
            Ok(()) => admission.decide(),
            Err(error) => {
                log::error!("the hook of on_request gave an admission that cannot be: {error}");
                (Err(Refusal { status: 500, why: "the server cannot answer this request" }), Vec::new())
            }
        }
    }
}

pub(super) fn unavailable(why: &'static str) -> Refusal {
    Refusal { status: 503, why }
}

/// Whom one address stands for: in IPv6 a customer has a /64 at the least, and any number of addresses in it.
fn neighbourhood(addr: IpAddr) -> IpAddr {
    match addr.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn statuses(door: &mut Door, options: &ServerOptions, addresses: &[&str]) -> Vec<Option<u16>> {
        let enter = |address: &&str| door.enter(ip(address), options).err().map(|refusal| refusal.status);
        addresses.iter().map(enter).collect()
    }

    #[test]
    fn one_address_may_not_take_all_places() {
        let options = ServerOptions::default().max_pending_per_address(2);
        let mut door = Door::new();
        assert_eq!(statuses(&mut door, &options, &["1.1.1.1"; 3]), [None, None, Some(503)]);
        assert_eq!(statuses(&mut door, &options, &["1.1.1.2"]), [None]);
        for _ in 0..3 {
            door.leave(ip("1.1.1.1"));
        }
        assert_eq!(
            statuses(&mut door, &options, &["::ffff:1.1.1.1", "1.1.1.1", "1.1.1.1"]),
            [None, None, Some(503)]
        );
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_count_as_one() {
        let options = ServerOptions::default().max_pending_per_address(1);
        let mut door = Door::new();
        let addresses = ["2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"];
        assert_eq!(statuses(&mut door, &options, &addresses), [None, Some(503), None]);
    }

    #[test]
    fn there_is_a_limit_for_all_and_who_leaves_leaves_nothing_behind() {
        let options = ServerOptions::default().max_pending(2);
        let mut door = Door::new();
        assert_eq!(
            statuses(&mut door, &options, &["1.1.1.1", "1.1.1.2", "1.1.1.3"]),
            [None, None, Some(503)]
        );
        for address in ["1.1.1.1", "1.1.1.2", "1.1.1.3"] {
            door.leave(ip(address));
        }
        assert_eq!((door.pending(), door.by_address.len()), (0, 0));
    }

    #[test]
    fn a_pause_ends() {
        let mut door = Door::new();
        assert!(door.is_open(Duration::ZERO));
        assert!(door.pause(Duration::ZERO));
        assert!(!door.is_open(PAUSE / 2));
        assert!(door.is_open(PAUSE));
        assert!(!door.pause(PAUSE), "it goes on, which is no news");
        door.nobody_waits();
        assert!(door.pause(PAUSE));
    }
}
