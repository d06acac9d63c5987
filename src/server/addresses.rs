//! Counts of connections: in all, and from each address or network.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
};

use super::key::PeerKey;

/// The number of connections, in all and from each client prefix.
#[derive(Debug, Default)]
pub(super) struct AddressCounts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl AddressCounts {
    /// Returns the total.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Returns the number of connections from the prefix of this address.
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

/// The handshakes under way, oldest first.
#[derive(Debug, Default)]
pub(super) struct PendingHandshakes {
    /// Later keys are greater.
    handshakes: BTreeMap<PeerKey, IpAddr>,
}

impl PendingHandshakes {
    pub(super) fn add(&mut self, key: PeerKey, addr: IpAddr) {
        self.handshakes.insert(key, addr);
    }

    pub(super) fn remove(&mut self, key: PeerKey) {
        self.handshakes.remove(&key);
    }

    /// Returns the oldest handshake of the network with the most handshakes. The search goes from larger networks to
    /// smaller ones, so that an attacker gains nothing from many addresses in a network or many networks of a customer.
    /// Handshakes that wait for the server (`waits`) are chosen only if there are no others.
    pub(super) fn oldest_of_most_crowded(&self, waits: impl Fn(PeerKey) -> bool) -> Option<PeerKey> {
        let all = self.handshakes.iter().map(|(key, addr)| (*key, addr.to_canonical()));
        let mut candidates: Vec<(PeerKey, IpAddr)> = all.clone().filter(|(key, _)| !waits(*key)).collect();
        if candidates.is_empty() {
            candidates.extend(all);
        }
        for level in 0..LEVELS {
            let mut counts = HashMap::<IpAddr, usize>::new();
            for (_, addr) in &candidates {
                *counts.entry(ip_prefix(*addr, level)).or_default() += 1;
            }
            let most = counts.values().copied().max()?;
            // Of networks with equal numbers, the one with the oldest handshake.
            let chosen = candidates
                .iter()
                .map(|(_, addr)| ip_prefix(*addr, level))
                .find(|network| counts.get(network) == Some(&most))?;
            candidates.retain(|(_, addr)| ip_prefix(*addr, level) == chosen);
        }
        candidates.first().map(|(key, _)| *key)
    }
}

const LEVELS: usize = 3;

/// Returns the network of an address at a level: IPv4 /24, then the address; IPv6 /48, /56, /64.
fn ip_prefix(addr: IpAddr, level: usize) -> IpAddr {
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

/// Returns the prefix that counts as one client: an IPv4 address, or an IPv6 /64, because customers get at least that.
pub(super) fn client_prefix(addr: IpAddr) -> IpAddr {
    ip_prefix(addr.to_canonical(), LEVELS - 1)
}

#[cfg(test)]
mod tests {
    use super::{super::key::Slots, *};

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// Returns the index of the address whose handshake is chosen.
    fn chosen(addresses: &[&str]) -> usize {
        let (mut slots, mut handshakes) = (Slots::new(), PendingHandshakes::default());
        let keys: Vec<_> = addresses.iter().map(|_| slots.insert(())).collect();
        for (key, addr) in keys.iter().zip(addresses) {
            handshakes.add(*key, ip(addr));
        }
        let chosen = handshakes.oldest_of_most_crowded(|_| false).expect("a handshake");
        assert_eq!(
            handshakes.oldest_of_most_crowded(|_| true),
            Some(chosen),
            "the same if all wait for the server"
        );
        keys.iter().position(|key| *key == chosen).expect("one of the keys")
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
    fn a_handshake_that_waits_for_the_server_is_chosen_only_if_all_do() {
        let (mut slots, mut handshakes) = (Slots::new(), PendingHandshakes::default());
        let keys = ["1.1.1.1", "1.1.1.1", "2.2.2.2"].map(|addr| {
            let key = slots.insert(());
            handshakes.add(key, ip(addr));
            key
        });
        assert_eq!(handshakes.oldest_of_most_crowded(|key| key == keys[0]), Some(keys[1]));
        assert_eq!(handshakes.oldest_of_most_crowded(|key| key != keys[2]), Some(keys[2]));
    }

    #[test]
    fn the_oldest_handshake_of_the_network_with_the_most_is_chosen() {
        assert_eq!(chosen(&["1.1.1.1", "2.2.2.2", "2.2.2.3"]), 1, "in a /24");
        assert_eq!(
            chosen(&["1.1.1.1", "2.2.2.2", "2.2.2.3", "2.2.2.3"]),
            2,
            "at the address with the most in a /24"
        );
        assert_eq!(chosen(&["1.1.1.1", "2.2.2.2"]), 0, "of all, if numbers are equal");
        assert_eq!(chosen(&["1.1.1.1", "2001:db8:1::1", "2001:db8:1:ff00::1"]), 1, "in a /48");
        let same_48 = ["2001:db8:1:100::1", "2001:db8:1:201::1", "2001:db8:1:202::1"];
        assert_eq!(chosen(&same_48), 1, "in the /56 with the most");
        let same_56 = ["2001:db8:1:201::1", "2001:db8:1:202::1", "2001:db8:1:202::2"];
        assert_eq!(chosen(&same_56), 1, "in the /64 with the most");
    }
}
