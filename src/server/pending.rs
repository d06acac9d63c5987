//! How many connections there are from where: in all, and from each address or network.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
};

use super::key::PeerKey;

/// A number of connections, in all and from each address.
#[derive(Debug, Default)]
pub(super) struct AddressCounts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl AddressCounts {
    /// Returns how many there are.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Returns how many there are from an address.
    pub(super) fn from(&self, addr: IpAddr) -> usize {
        self.by_address.get(&client_prefix(addr)).copied().unwrap_or(0)
    }

    pub(super) fn add(&mut self, addr: IpAddr) {
        self.total += 1;
        *self.by_address.entry(client_prefix(addr)).or_default() += 1;
    }

    pub(super) fn remove(&mut self, addr: IpAddr) {
        let addr = client_prefix(addr);
        if let Some(count) = self.by_address.get_mut(&addr) {
            self.total -= 1;
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&addr);
            }
        }
    }
}

/// Connections in the order in which they came, oldest first.
#[derive(Debug, Default)]
pub(super) struct PendingHandshakes {
    /// Later keys are greater.
    entries: BTreeMap<PeerKey, IpAddr>,
}

impl PendingHandshakes {
    pub(super) fn add(&mut self, key: PeerKey, addr: IpAddr) {
        self.entries.insert(key, addr);
    }

    pub(super) fn remove(&mut self, key: PeerKey) {
        self.entries.remove(&key);
    }

    /// Returns the oldest one of the most crowded network. It is found from the largest networks down, so that neither many
    /// addresses of one network nor many networks of one customer help. Those that wait for this end are left out, if others
    /// do not.
    pub(super) fn oldest_of_most_crowded(&self, waits: impl Fn(PeerKey) -> bool) -> Option<PeerKey> {
        let all = self.entries.iter().map(|(key, addr)| (*key, addr.to_canonical()));
        let mut candidates: Vec<(PeerKey, IpAddr)> = all.clone().filter(|(key, _)| !waits(*key)).collect();
        if candidates.is_empty() {
            candidates.extend(all);
        }
        for level in 0..LEVELS {
            let mut counts = HashMap::<IpAddr, usize>::new();
            for (_, addr) in &candidates {
                *counts.entry(network(*addr, level)).or_default() += 1;
            }
            let most = counts.values().copied().max()?;
            // Of equally crowded ones that with the oldest connection.
            let chosen = candidates
                .iter()
                .map(|(_, addr)| network(*addr, level))
                .find(|network| counts.get(network) == Some(&most))?;
            candidates.retain(|(_, addr)| network(*addr, level) == chosen);
        }
        candidates.first().map(|(key, _)| *key)
    }
}

const LEVELS: usize = 3;

/// The network that an address is in: IPv4 /24, then the address; IPv6 /48, /56, /64.
fn network(addr: IpAddr, level: usize) -> IpAddr {
    match addr {
        IpAddr::V4(v4) => {
            let bits = if level == 0 { 24 } else { 32 };
            IpAddr::V4((v4.to_bits() & (u32::MAX << (32 - bits))).into())
        }
        IpAddr::V6(v6) => {
            let bits = [48, 56, 64][level.min(LEVELS - 1)];
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << (128 - bits))))
        }
    }
}

/// What counts as one client: an IPv4 address; in IPv6 a /64, which is the least that a customer gets.
pub(super) fn client_prefix(addr: IpAddr) -> IpAddr {
    network(addr.to_canonical(), LEVELS - 1)
}

#[cfg(test)]
mod tests {
    use super::{super::key::Slots, *};

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// The place, in the order of coming, of the one that has to make room.
    fn chosen(addresses: &[&str]) -> usize {
        let (mut slots, mut pending) = (Slots::new(), PendingHandshakes::default());
        let keys: Vec<_> = addresses.iter().map(|_| slots.insert(())).collect();
        for (key, addr) in keys.iter().zip(addresses) {
            pending.add(*key, ip(addr));
        }
        let chosen = pending.oldest_of_most_crowded(|_| false).expect("there is one");
        assert_eq!(pending.oldest_of_most_crowded(|_| true), Some(chosen), "where all wait it is the same");
        keys.iter().position(|key| *key == chosen).expect("it is one of them")
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_count_as_one() {
        let mut counts = AddressCounts::default();
        for addr in ["2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1", "::ffff:1.1.1.1", "1.1.1.1"] {
            counts.add(ip(addr));
        }
        assert_eq!((counts.from(ip("2001:db8::3")), counts.from(ip("1.1.1.1")), counts.total()), (2, 2, 5));
        counts.remove(ip("::ffff:1.1.1.1"));
        counts.remove(ip("1.1.1.1"));
        counts.remove(ip("9.9.9.9"));
        assert_eq!((counts.from(ip("1.1.1.1")), counts.by_address.len(), counts.total()), (0, 2, 3));
    }

    #[test]
    fn one_that_waits_for_this_end_does_not_make_room_for_others() {
        let (mut slots, mut pending) = (Slots::new(), PendingHandshakes::default());
        let keys = ["1.1.1.1", "1.1.1.1", "2.2.2.2"].map(|addr| {
            let key = slots.insert(());
            pending.add(key, ip(addr));
            key
        });
        assert_eq!(pending.oldest_of_most_crowded(|key| key == keys[0]), Some(keys[1]));
        assert_eq!(pending.oldest_of_most_crowded(|key| key != keys[2]), Some(keys[2]));
    }

    #[test]
    fn the_oldest_of_the_most_crowded_network_makes_room() {
        assert_eq!(chosen(&["1.1.1.1", "2.2.2.2", "2.2.2.3"]), 1, "of a /24");
        assert_eq!(chosen(&["1.1.1.1", "2.2.2.2", "2.2.2.3", "2.2.2.3"]), 2, "of its address with the most");
        assert_eq!(chosen(&["1.1.1.1", "2.2.2.2"]), 0, "of all, where none is more crowded");
        assert_eq!(chosen(&["1.1.1.1", "2001:db8:1::1", "2001:db8:1:ff00::1"]), 1, "of a /48");
        let in_one_48 = ["2001:db8:1:100::1", "2001:db8:1:201::1", "2001:db8:1:202::1"];
        assert_eq!(chosen(&in_one_48), 1, "of the /56 with the most");
        let in_one_56 = ["2001:db8:1:201::1", "2001:db8:1:202::1", "2001:db8:1:202::2"];
        assert_eq!(chosen(&in_one_56), 1, "of the /64 with the most");
    }
}
