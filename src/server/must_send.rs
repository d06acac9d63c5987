//! Packets that a peer must not miss. While there is no memory for them, peers that read slowly are closed.

use super::{
    EncodedPackets, PeerKey, Urgency, WebSocketServer,
    groups::{Group, GroupKey},
    memory::{Memory, Shortage},
    sending::Content,
};
use crate::{
    close::Limit,
    error::Error,
    packet::{Outgoing, Packet},
    shared_bytes::PACKET_OVERHEAD,
    state::ReadyState,
    sys::server::ServerConnection,
};

impl WebSocketServer {
    /// Sends a packet that the peer must not miss. While there is no memory for it, the peers with the most bytes in
    /// their send queues are closed, as [`Limit::SlowReader`]: if its group has no memory, peers of this group;
    /// otherwise, peers of the groups that hold more than their part.
    ///
    /// # Errors
    /// The errors of [`send`](Self::send). [`Error::SendQueueFull`] means that no other peer could be closed for it, or
    /// that this peer's own queue is full.
    pub(crate) fn must_send(&mut self, to: PeerKey, packet: &Packet) -> Result<(), Error> {
        self.must_queue(to, Content::Packet(Outgoing::Shared(packet), None), Urgency::Now)
    }

    /// Sends encoded packets like [`must_send`](Self::must_send).
    ///
    /// # Errors
    /// The errors of `must_send`.
    pub(crate) fn must_send_encoded(
        &mut self,
        to: PeerKey,
        packets: &EncodedPackets,
        urgency: Urgency,
    ) -> Result<(), Error> {
        self.must_queue(to, packets.content(), urgency)
    }

    fn must_queue(&mut self, to: PeerKey, content: Content<'_>, urgency: Urgency) -> Result<(), Error> {
        loop {
            // Only an error is passed on as it is: a whole result takes several times as long to copy as to look at.
            let Err(error) = self.queue(to, content, urgency) else { return Ok(()) };
            if !matches!(error, Error::SendQueueFull { .. }) {
                return Err(error);
            }
            let Some(shortage) = self.shortage(to, content) else { return Err(error) };
            let largest = match shortage {
                Shortage::Group => self.largest_of_group(to),
                Shortage::Server => {
                    let crowding = self.largest_of_crowding_groups(to, content.len());
                    crowding.or_else(|| self.largest_of_group(to))
                }
            };
            let Some(largest) = largest else { return Err(error) };
            self.expel(largest, Limit::SlowReader, "takes packets too slowly");
        }
    }

    /// Returns the pool of memory that has no room for a packet, if the peer's own queue has room.
    fn shortage(&self, to: PeerKey, content: Content<'_>) -> Option<Shortage> {
        let entry = self.entries.get(to)?;
        let len = content.len();
        entry.link.outbox.check_room(len).ok()?;
        self.memory.shortage(entry, len, content.shared())
    }

    /// Returns the peer with the most bytes in its send queue in the group of `than`, if these are more than its share
    /// and more than those of `than`.
    fn largest_of_group(&self, than: PeerKey) -> Option<PeerKey> {
        let than = self.entries.get(than)?;
        let larger = self
            .over_their_shares()
            .filter(|(_, group, outbound)| *group == than.group && *outbound > than.held.outbound);
        larger.max_by_key(|(.., outbound)| *outbound).map(|(key, ..)| key)
    }

    /// Returns the peer with the most bytes in its send queue, more than its share, in the largest of the groups that
    /// hold more than their part of the common pool. If that is the group of `than`, the queue must be larger than that
    /// of `than`, too.
    fn largest_of_crowding_groups(&self, than: PeerKey, len: usize) -> Option<PeerKey> {
        let parts = Parts::new(&self.memory, len);
        let than = self.entries.get(than)?;
        let crowding = self.over_their_shares().filter_map(|(key, group, outbound)| {
            let held = parts.exceeded_by(group)?;
            (group != than.group || outbound > than.held.outbound).then_some((held, outbound, key))
        });
        crowding.max_by_key(|(held, outbound, _)| (*held, *outbound)).map(|(.., key)| key)
    }

    /// Returns the open peers with more bytes in their send queues than their share, their groups and these bytes.
    fn over_their_shares(&self) -> impl Iterator<Item = (PeerKey, Option<GroupKey>, usize)> {
        let open = self.entries.iter().filter(|(_, entry)| entry.link.state() == ReadyState::Open);
        open.filter(|(_, entry)| entry.held.outbound > entry.share.outbound)
            .map(|(key, entry)| (key, entry.group, entry.held.outbound))
    }

    /// Closes the connection of a peer that exceeded a limit, with code 1008. Packets that wait for it are dropped.
    pub(crate) fn expel(&mut self, peer: PeerKey, limit: Limit, reason: &str) {
        let Some(entry) = self.entries.get_mut(peer) else { return };
        if entry.link.state() == ReadyState::Open {
            let now = self.clock.now();
            entry.connection.expel(limit, reason, now, &mut entry.link);
            self.update(peer, true);
        }
    }
}

/// The parts of the common pool. All groups have equal parts, and the connections without a group have one together.
struct Parts<'a> {
    memory: &'a Memory,
    /// The memory of the connections without a group.
    without_group: usize,
    /// The most that a group may hold within its part.
    part: usize,
}

impl<'a> Parts<'a> {
    /// Returns the parts if a packet of `len` bytes has to find room, too.
    fn new(memory: &'a Memory, len: usize) -> Self {
        let (mut groups, mut held) = (1, 0_usize);
        for group in memory.groups.iter() {
            groups += 1;
            held += group.held();
        }
        // Bytes that wait for two groups count once in the total. Programs that send to one group at a time have none.
        let without_group = memory.held().saturating_sub(held);
        let room = memory.common.saturating_sub(len.saturating_add(PACKET_OVERHEAD));
        Self { memory, without_group, part: room / groups }
    }

    /// Returns the memory of a group, if that is more than its part.
    fn exceeded_by(&self, group: Option<GroupKey>) -> Option<usize> {
        let held = match group.and_then(|group| self.memory.groups.get(group)) {
            Some(group) => Group::held(group),
            None => self.without_group,
        };
        (held > self.part).then_some(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        options::{PeerOptions, ServerOptions},
        server::tests::{Connected, hosted},
    };

    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    const PEERS: usize = 12;

    /// Returns a server with clients that read nothing, and this common pool.
    fn with_common_pool(common: usize) -> Connected {
        let options = PeerOptions::for_server().outbound_buffer_size(64 * MIB);
        let options = ServerOptions::default().connection(options).max_peers(PEERS);
        let shares = options.share().total() * PEERS;
        hosted(options.max_buffered_bytes(shares + common), PEERS)
    }

    /// Sends packets to a peer until this number of bytes wait in its send queue.
    fn fill(server: &mut WebSocketServer, peer: PeerKey, bytes: usize) {
        while server.peer(peer).is_some_and(|info| info.buffered() < bytes) {
            server.send(peer, &[7; 10_000]).expect("room in the queue");
        }
    }

    fn are_open(server: &WebSocketServer, peers: &[PeerKey]) -> Vec<bool> {
        let state = |peer: &PeerKey| server.peer(*peer).map(|info| info.state());
        peers.iter().map(|peer| state(peer) == Some(ReadyState::Open)).collect()
    }

    /// Sends packets that these peers must not miss, in turn, of this size each. Returns how many were refused.
    fn flood(server: &mut WebSocketServer, peers: &[PeerKey], packets: usize) -> usize {
        let mut refused = 0;
        for number in 0..packets {
            let packet = Packet::binary(vec![number as u8; 20_000]);
            let sent = server.must_send(peers[number % peers.len()], &packet);
            refused += usize::from(matches!(sent, Err(Error::SendQueueFull { .. })));
        }
        refused
    }

    #[test]
    fn a_group_over_its_limit_closes_only_members_of_its_own() {
        let mut host = with_common_pool(64 * MIB);
        let (keys, server) = (host.keys.clone(), &mut host.server);
        let (crowd, calm, alone) = (&keys[..4], &keys[4..6], &keys[6..7]);
        let groups = [server.open_group(MIB), server.open_group(4 * MIB)];
        crowd.iter().for_each(|key| server.set_group(*key, Some(groups[0])));
        calm.iter().for_each(|key| server.set_group(*key, Some(groups[1])));
        // Their queues are the largest of all.
        fill(server, calm[0], 3 * MIB);
        fill(server, alone[0], 3 * MIB);
        let share = server.memory.share().total();
        // The kernel takes some. Then ten times the limit waits.
        crowd.iter().for_each(|key| fill(server, *key, 100 * KIB));
        for _ in 0..20 {
            flood(server, crowd, 10 * MIB / 20_000 / 20);
            assert!(server.group_memory(groups[0]) <= MIB + 4 * share, "{}", server.group_memory(groups[0]));
            assert_eq!(are_open(server, calm), [true, true]);
            assert_eq!(are_open(server, alone), [true]);
        }
        assert!(are_open(server, crowd).contains(&false), "none of the slow readers was closed");
        assert!(server.stats.closes.of(&crate::CloseCause::LimitExceeded(Limit::SlowReader)) > 0);
        // The others have their memory, within their shares and beyond.
        assert_eq!(flood(server, &[calm[1]], 40), 0);
        assert_eq!(flood(server, alone, 40), 0);
        assert_eq!(are_open(server, &keys[4..]), [true; PEERS - 4]);
    }

    #[test]
    fn while_the_server_has_no_memory_members_of_groups_within_their_part_stay() {
        let mut host = with_common_pool(6 * MIB);
        let (keys, server) = (host.keys.clone(), &mut host.server);
        let (crowd, calm) = (&keys[..8], &keys[8..10]);
        let groups = [server.open_group(0), server.open_group(0)];
        crowd.iter().for_each(|key| server.set_group(*key, Some(groups[0])));
        calm.iter().for_each(|key| server.set_group(*key, Some(groups[1])));
        // The largest queue of all, and within a third of the pool.
        fill(server, calm[0], 1_500 * KIB);
        crowd.iter().for_each(|key| fill(server, *key, 400 * KIB));
        flood(server, crowd, 600);
        assert_eq!(are_open(server, &keys[8..]), [true; 4]);
        assert!(are_open(server, crowd).contains(&false), "none of the slow readers was closed");
        // A member of a group within its part, and a peer without a group, get memory from the crowd.
        let before = are_open(server, crowd).iter().filter(|open| **open).count();
        assert_eq!(flood(server, &[calm[1], keys[10]], 30), 0);
        let after = are_open(server, crowd).iter().filter(|open| **open).count();
        assert!(after < before && are_open(server, &keys[8..]) == [true; 4], "{after} of {before}");
    }

    #[test]
    fn the_connections_without_a_group_have_one_part_together() {
        let mut host = with_common_pool(6 * MIB);
        let (keys, server) = (host.keys.clone(), &mut host.server);
        let group = server.open_group(0);
        server.set_group(keys[0], Some(group));
        fill(server, keys[0], 1_500 * KIB);
        keys[1..9].iter().for_each(|key| fill(server, *key, 400 * KIB));
        flood(server, &keys[1..9], 600);
        assert_eq!(are_open(server, &keys[..1]), [true], "it has the largest queue, within its part");
        assert!(are_open(server, &keys[1..9]).contains(&false));
    }

    #[test]
    fn within_one_group_the_largest_queue_is_closed() {
        let mut host = with_common_pool(64 * MIB);
        let (keys, server) = (host.keys.clone(), &mut host.server);
        let group = server.open_group(2 * MIB);
        keys[..3].iter().for_each(|key| server.set_group(*key, Some(group)));
        fill(server, keys[0], 300 * KIB);
        fill(server, keys[1], 900 * KIB);
        // Packets for the third need more than is left.
        fill(server, keys[2], 500 * KIB);
        flood(server, &keys[2..3], 30);
        assert_eq!(are_open(server, &keys[..3]), [true, false, true]);
        assert!(server.must_send(keys[1], &Packet::text("late")).is_err());
    }
}
