//! A frame of replication: its SYNC and DELTA packets. Peers that get the same content share a packet.

use std::collections::BTreeMap;

use super::{
    encoded::{DELTA_HEADER_LEN, EncodedProperties, SYNC_HEADER_LEN},
    outgoing::OutgoingReplication,
    time,
};
use crate::multiplayer::{
    id::PeerId,
    wire::{Command, DeltaEntry, SyncEntry},
};

/// Packets, with the peers that get them.
pub(crate) type Frame = Vec<(Vec<PeerId>, Vec<u8>)>;

impl OutgoingReplication {
    /// Creates the packets of the next frame. A SYNC has at most `max_sync` bytes, a DELTA at most `max_delta`; a
    /// packet with a single synchronizer may be longer.
    pub(crate) fn frame(&mut self, max_sync: usize, max_delta: usize) -> Frame {
        self.synchronizers.values_mut().for_each(EncodedProperties::take_changes);
        self.frame = self.frame.wrapping_add(1);
        let frame = self.frame;

        let mut groups: BTreeMap<(u16, &[u32]), Vec<PeerId>> = BTreeMap::new();
        for (peer, viewer) in self.viewers.iter_mut().filter(|(_, viewer)| !viewer.sync_ids.is_empty()) {
            let time = time::next(frame, viewer.time);
            viewer.time = Some(time);
            groups.entry((time, &viewer.sync_ids)).or_default().push(*peer);
        }
        let mut packets = Vec::new();
        for ((time, sync_ids), peers) in groups {
            let syncs = sync_ids.iter().filter_map(|id| self.synchronizers.get(id)?.sync(*id));
            let sync = |entries| Command::Sync { time, entries };
            let syncs = pack(syncs, SyncEntry::len, SYNC_HEADER_LEN, max_sync, sync);
            let deltas = sync_ids.iter().filter_map(|id| self.synchronizers.get(id)?.delta(*id));
            let deltas = pack(deltas, DeltaEntry::len, DELTA_HEADER_LEN, max_delta, Command::Delta);
            packets.extend(syncs.into_iter().chain(deltas).map(|packet| (peers.clone(), packet)));
        }
        packets
    }

    /// Returns DELTAs with all on-change properties of these synchronizers. If `was_spawned`, those that the SPAWN
    /// contains are left out.
    pub(super) fn catch_up(&self, sync_ids: &[u32], was_spawned: bool, max: usize) -> Vec<Vec<u8>> {
        let properties = sync_ids.iter().filter_map(|id| Some((*id, self.synchronizers.get(id)?)));
        let all: Vec<_> = properties.map(|(id, properties)| (id, properties.catch_up(was_spawned))).collect();
        let entries = all.iter().filter_map(|(id, delta)| delta.entry(*id));
        pack(entries, DeltaEntry::len, DELTA_HEADER_LEN, max, Command::Delta)
    }
}

/// Packs entries into packets of at most `max` bytes. A longer entry gets its own packet.
fn pack<'a, E>(
    entries: impl Iterator<Item = E>,
    len: impl Fn(&E) -> usize,
    header_len: usize,
    max: usize,
    command: impl Fn(Vec<E>) -> Command<'a>,
) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let (mut pending, mut pending_len) = (Vec::new(), header_len);
    let mut put = |entries: Vec<E>, len| {
        let mut packet = Vec::with_capacity(len);
        command(entries).encode(&mut packet);
        packets.push(packet);
    };
    for entry in entries {
        let len = len(&entry);
        if !pending.is_empty() && pending_len + len > max {
            put(std::mem::take(&mut pending), pending_len);
            pending_len = header_len;
        }
        pending_len += len;
        pending.push(entry);
    }
    if !pending.is_empty() {
        put(pending, pending_len);
    }
    packets
}
