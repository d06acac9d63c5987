//! Groups of connections, such as the members of a room: the memory that each group holds, and its limit.
//!
//! The limit of a group is the size of a pool within the common pool of the server: memory beyond a member's share is
//! granted while the group holds no more than the limit, including it. So a group holds at most its limit and the
//! shares of its members.

use super::{PeerKey, WebSocketServer, memory::Memory, peer_entry::PeerEntry};
use crate::{shared_bytes::SharedBytes, sys::server::ServerConnection};

/// Identifies a group of connections of one server. A key is not used again before four billion groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupKey {
    slot: u32,
    generation: u32,
}

/// The groups of a server.
#[derive(Debug, Default)]
pub(super) struct Groups {
    slots: Vec<Slot>,
    /// The slots without a group.
    free: Vec<u32>,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    group: Option<Group>,
}

/// The account of a group, in bytes.
#[derive(Debug)]
pub(super) struct Group {
    /// Memory that one member holds alone.
    pub(super) private: usize,
    /// Memory that one or several members hold.
    shared_bytes: SharedBytes,
    /// The pool of the members beyond their shares.
    pub(super) limit: usize,
    members: usize,
    /// `false` once it is closed. Then it exists until its last member is gone.
    is_open: bool,
}

impl Group {
    /// Returns the number of bytes that its members hold.
    pub(super) fn held(&self) -> usize {
        self.private + self.shared_bytes.total()
    }

    /// Returns the account of the bytes that wait for its members.
    pub(super) fn shared_bytes(&self) -> &SharedBytes {
        &self.shared_bytes
    }
}

impl Groups {
    fn open(&mut self, limit: usize, shared_bytes: SharedBytes) -> GroupKey {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as u32 - 1
        });
        let entry = &mut self.slots[slot as usize];
        entry.generation = entry.generation.wrapping_add(1);
        entry.group = Some(Group { private: 0, shared_bytes, limit, members: 0, is_open: true });
        GroupKey { slot, generation: entry.generation }
    }

    pub(super) fn get(&self, key: GroupKey) -> Option<&Group> {
        let slot = self.slots.get(key.slot as usize)?;
        slot.group.as_ref().filter(|_| slot.generation == key.generation)
    }

    pub(super) fn get_mut(&mut self, key: GroupKey) -> Option<&mut Group> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        slot.group.as_mut().filter(|_| slot.generation == key.generation)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.slots.iter().filter_map(|slot| slot.group.as_ref())
    }

    /// Removes a member that holds this much private memory.
    pub(super) fn remove_member(&mut self, key: GroupKey, private: usize) {
        if let Some(group) = self.get_mut(key) {
            group.private -= private;
            group.members -= 1;
            self.drop_if_over(key);
        }
    }

    fn close(&mut self, key: GroupKey) {
        if let Some(group) = self.get_mut(key) {
            group.is_open = false;
            self.drop_if_over(key);
        }
    }

    fn drop_if_over(&mut self, key: GroupKey) {
        if self.get(key).is_some_and(|group| !group.is_open && group.members == 0) {
            self.slots[key.slot as usize].group = None;
            self.free.push(key.slot);
        }
    }
}

impl Memory {
    /// Moves a connection into a group, or out of all groups.
    fn set_group(&mut self, entry: &mut PeerEntry, group: Option<GroupKey>) {
        if let Some(former) = entry.group.take() {
            self.groups.remove_member(former, entry.held.private);
        }
        let mut shared_bytes = &self.shared_bytes;
        if let Some((key, group)) = group.and_then(|key| Some((key, self.groups.get_mut(key)?))) {
            group.private += entry.held.private;
            group.members += 1;
            shared_bytes = &group.shared_bytes;
            entry.group = Some(key);
        }
        entry.connection.set_shared_bytes(shared_bytes);
    }

    /// Returns `true` while a connection gets no memory beyond its share.
    fn is_scarce_for(&self, entry: &PeerEntry) -> bool {
        let group = entry.group.and_then(|group| self.groups.get(group));
        self.is_scarce() || group.is_some_and(|group| group.held() >= group.limit)
    }
}

impl WebSocketServer {
    /// Opens a group without members. They may hold this number of bytes together, beyond their shares of the server's
    /// memory. Zero: no limit, except that of the server.
    ///
    /// - At half of the limit, reading from members with unread packets pauses, as at half of the server's common pool.
    /// - A packet that exceeds the limit is refused, or closes the members with the most bytes in their send queues if it
    ///   must be sent.
    /// - While the common pool of the server is used up, only members of groups that hold more than their part of it are
    ///   closed for packets of other groups. All groups have equal parts, and so have the connections without a group.
    pub(crate) fn open_group(&mut self, limit: usize) -> GroupKey {
        let limit = if limit == 0 { usize::MAX } else { limit };
        let shared_bytes = self.memory.shared_bytes.group();
        self.memory.groups.open(limit, shared_bytes)
    }

    /// Closes a group. Members that are left, such as connections whose last bytes are still exchanged, belong to it
    /// until they are gone.
    pub(crate) fn close_group(&mut self, group: GroupKey) {
        self.memory.groups.close(group);
    }

    /// Moves a connection, and the memory that it holds, into a group, or out of all groups. There is no effect on a
    /// connection that is gone. A group that is gone counts as none.
    pub(crate) fn set_group(&mut self, peer: PeerKey, group: Option<GroupKey>) {
        if let Some(entry) = self.entries.get_mut(peer) {
            self.memory.set_group(entry, group);
        }
    }

    /// Returns the memory that the members of a group hold, in bytes: packets in both directions, requests, and memory
    /// outside of the server. Bytes that wait for several members count once.
    pub(crate) fn group_memory(&self, group: GroupKey) -> usize {
        self.memory.groups.get(group).map_or(0, Group::held)
    }

    /// Returns `true` while a connection gets no memory beyond its share, because its group or the server has none.
    pub(crate) fn is_memory_scarce_for(&self, peer: PeerKey) -> bool {
        self.entries.get(peer).is_some_and(|entry| self.memory.is_scarce_for(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ServerEvent,
        options::{PeerOptions, ServerOptions},
        packet::Packet,
        server::{
            EncodedPackets, Urgency,
            tests::{Connected, connected, hosted, until},
        },
    };

    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;

    /// Checks that the account of each group is the sum over its members.
    #[track_caller]
    fn assert_consistent(server: &WebSocketServer, groups: &[GroupKey]) {
        for group in groups {
            let members = server.entries.iter().filter(|(_, entry)| entry.group == Some(*group));
            let held: Vec<usize> = members.map(|(_, entry)| entry.held.private).collect();
            let account = server.memory.groups.get(*group).expect("it is open");
            assert_eq!((account.private, account.members), (held.iter().sum(), held.len()), "{group:?}");
        }
    }

    #[test]
    fn bytes_that_wait_for_several_members_count_once() {
        let mut host = connected(4);
        let (keys, server) = (host.keys.clone(), &mut host.server);
        let group = server.open_group(MIB);
        keys[..3].iter().for_each(|key| server.set_group(*key, Some(group)));
        let idle = server.group_memory(group);
        assert!(idle > 0 && idle < 3 * KIB, "three idle members hold {idle} bytes");
        server.set_gathering(true);
        let encoded = EncodedPackets::new(&[Packet::binary(vec![0; 20_000])]);
        for key in &keys {
            server.must_send_encoded(*key, &encoded, Urgency::Now).expect("there is room");
        }
        let held = server.group_memory(group) - idle;
        assert!((20_000..21_000).contains(&held), "{held} bytes are counted of 20000");
        // One member leaves the group, and one of another joins.
        let other = server.open_group(MIB);
        server.set_group(keys[0], Some(other));
        server.set_group(keys[3], Some(other));
        for (group, members) in [(group, 2), (other, 2)] {
            let held = server.group_memory(group);
            assert!((20_000..22_000).contains(&held), "{members} members hold {held} bytes");
        }
        let total = server.stats().memory;
        assert!((20_000..23_000).contains(&total), "the server counts {total} bytes");
        server.set_gathering(false);
        until("the packets leave", || {
            host.poll();
            [group, other].iter().all(|group| host.server.group_memory(*group) < 2 * KIB)
        });
        assert_consistent(&host.server, &[group, other]);
    }

    #[test]
    fn reading_pauses_at_half_of_the_limit_and_other_groups_are_read() {
        let peer = PeerOptions::for_server().inbound_buffer_size(16 * MIB).max_queued_packets(100_000);
        let options = ServerOptions::default()
            .connection(peer)
            .max_peers(4)
            .max_buffered_bytes(64 * MIB)
            .rate_limits(crate::RateLimits::default().max_bytes_per_second(0).max_packets_per_second(0));
        let mut host = hosted(options, 2);
        let [flooding, calm] = host.keys[..] else { panic!("two clients") };
        let groups = [host.server.open_group(2 * MIB), host.server.open_group(2 * MIB)];
        host.server.set_group(flooding, Some(groups[0]));
        host.server.set_group(calm, Some(groups[1]));
        let share = host.server.memory.share().total();
        let message = vec![1; 50_000];
        // The program reads nothing of the flood. It would fit into the inbox.
        let (mut held, mut unchanged) = (0, 0);
        until("the flood is not read any more", || {
            while host.clients[0].send(&message).is_ok() {}
            host.poll();
            let before = std::mem::replace(&mut held, host.server.group_memory(groups[0]));
            assert!(held <= MIB + share + 256 * KIB, "{held} bytes are held");
            unchanged = if held == before { unchanged + 1 } else { 0 };
            held > MIB / 2 && unchanged > 50
        });
        assert!(!host.server.is_memory_scarce_for(calm));
        assert_eq!(host.server.take_ready_peer(), Some(flooding));
        host.clients[1].send_text("still here").expect("it is open");
        until("the packet of the other group arrives", || {
            host.poll();
            matches!(host.server.next_event(), Some(ServerEvent::Packet(key, _)) if key == calm)
        });
        // Once the program reads, the flood continues.
        let received = host.server.stats().packets_received;
        until("it is read again", || {
            // What waits in the kernel may be little.
            _ = host.clients[0].send(&message);
            while host.server.next_event_of(flooding).is_some_and(|(_, has_more)| has_more) {}
            host.server.take_ready_peer();
            host.poll();
            host.server.stats().packets_received > received + 20
        });
        assert_consistent(&host.server, &groups);
    }

    #[test]
    fn a_group_exists_until_its_last_member_is_gone() {
        let mut host = connected(1);
        let (key, server) = (host.keys[0], &mut host.server);
        let group = server.open_group(MIB);
        server.set_group(key, Some(group));
        server.close_group(group);
        assert!(server.group_memory(group) > 0);
        let second = server.open_group(MIB);
        assert_ne!(group.slot, second.slot);
        server.set_group(key, Some(second));
        assert_eq!(server.group_memory(group), 0);
        let third = server.open_group(MIB);
        assert_eq!(
            (third.slot, third == group),
            (group.slot, false),
            "a slot is used again, and a key is not"
        );
        // A group that is gone counts as none.
        server.set_group(key, Some(group));
        assert_eq!((server.group_memory(third), server.group_memory(second)), (0, 0));
        server.set_group(key, Some(second));
        server.close_group(second);
        server.abort(key).expect("it is known");
        until("it is gone", || {
            host.poll();
            _ = host.server.next_event();
            host.server.entries.len() == 0
        });
        assert!(host.server.memory.groups.iter().count() == 1 && host.server.memory.groups.free.len() == 1);
        assert_eq!(host.server.stats().memory, 0);
    }

    /// A generator of random numbers that a seed repeats.
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % bound
        }
    }

    /// One random action.
    fn act(host: &mut Connected, groups: &[GroupKey], random: &mut Random) {
        let index = random.below(host.keys.len());
        let (key, server) = (host.keys[index], &mut host.server);
        match random.below(10) {
            0..=2 => server.set_group(key, groups.get(random.below(groups.len() + 1)).copied()),
            3 | 4 => _ = server.send(key, &vec![0; random.below(20_000)]),
            5 | 6 => {
                let encoded = EncodedPackets::new(&[Packet::binary(vec![0; random.below(20_000)])]);
                for key in &host.keys {
                    _ = server.must_send_encoded(*key, &encoded, Urgency::Now);
                }
            }
            7 => _ = host.clients[index].send(&vec![0; random.below(20_000)]),
            8 => {
                server.set_gathering(random.below(2) == 0);
                server.poll();
            }
            _ => {
                host.poll();
                while host.server.next_event().is_some() {}
            }
        }
    }

    #[test]
    fn the_accounts_of_groups_are_exact_after_any_actions() {
        for seed in 0..8 {
            let mut random = Random(seed);
            let mut host = connected(5);
            let groups = [0, 100_000, MIB].map(|limit| host.server.open_group(limit));
            for _ in 0..300 {
                act(&mut host, &groups, &mut random);
                assert_consistent(&host.server, &groups);
            }
            host.server.set_gathering(false);
            host.clients.clear();
            until("all are gone", || {
                host.server.poll();
                while host.server.next_event().is_some() {}
                host.server.entries.len() == 0
            });
            for group in groups {
                assert_eq!(host.server.group_memory(group), 0, "seed {seed}");
            }
            assert_eq!(host.server.stats().memory, 0, "seed {seed}");
        }
    }
}
