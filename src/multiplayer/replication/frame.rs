//! A frame of replication: SYNC and DELTA packets, each made once for all peers that have to be told the same.

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

/// Packets, and who gets them.
pub(crate) type Frame = Vec<(Vec<PeerId>, Vec<u8>)>;

impl OutgoingReplication {
    /// What all are to be told now: of a SYNC as much as fits into `max_sync` bytes, or one synchronizer; of a DELTA what
    /// fits into `max_delta`.
    pub(crate) fn frame(&mut self, max_sync: usize, max_delta: usize) -> Frame {
        self.synchronizers.values_mut().for_each(EncodedProperties::take_changes);
        self.frame = self.frame.wrapping_add(1);
        let frame = self.frame;

        let mut groups: BTreeMap<(u16, &[u32]), Vec<PeerId>> = BTreeMap::new();
        for (peer, viewer) in self.viewers.iter_mut().filter(|(_, viewer)| !viewer.sees.is_empty()) {
            let time = time::next(frame, viewer.time);
            viewer.time = Some(time);
            groups.entry((time, &viewer.sees)).or_default().push(*peer);
        }
        let mut packets = Vec::new();
        for ((time, sees), peers) in groups {
            let syncs = sees.iter().filter_map(|id| self.synchronizers.get(id)?.sync(*id));
            let sync = |entries| Command::Sync { time, entries };
            let syncs = pack(syncs, SyncEntry::len, SYNC_HEADER_LEN, max_sync, sync);
            let deltas = sees.iter().filter_map(|id| self.synchronizers.get(id)?.delta(*id));
            let deltas = pack(deltas, DeltaEntry::len, DELTA_HEADER_LEN, max_delta, Command::Delta);
            packets.extend(syncs.into_iter().chain(deltas).map(|packet| (peers.clone(), packet)));
        }
        packets
    }

    /// The DELTAs that say all of these that is sent when it changes, but what was in the SPAWN where there was one.
    pub(super) fn catch_up(&self, sync_ids: &[u32], was_spawned: bool, max: usize) -> Vec<Vec<u8>> {
        let held = sync_ids.iter().filter_map(|id| Some((*id, self.synchronizers.get(id)?)));
        let all: Vec<_> = held.map(|(id, held)| (id, held.catch_up(was_spawned))).collect();
        let entries = all.iter().filter_map(|(id, delta)| delta.entry(*id));
        pack(entries, DeltaEntry::len, DELTA_HEADER_LEN, max, Command::Delta)
    }
}

/// The entries in packets of `max` bytes; one that is too long for that has a packet of its own.
fn pack<'a, E>(
    entries: impl Iterator<Item = E>,
    len: impl Fn(&E) -> usize,
    head: usize,
    max: usize,
    command: impl Fn(Vec<E>) -> Command<'a>,
) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let (mut waiting, mut waiting_len) = (Vec::new(), head);
    let mut put = |entries: Vec<E>, len| {
        let mut packet = Vec::with_capacity(len);
        command(entries).encode(&mut packet);
        packets.push(packet);
    };
    for entry in entries {
        let len = len(&entry);
        if !waiting.is_empty() && waiting_len + len > max {
            put(std::mem::take(&mut waiting), waiting_len);
            waiting_len = head;
        }
        waiting_len += len;
        waiting.push(entry);
    }
    if !waiting.is_empty() {
        put(waiting, waiting_len);
    }
    packets
}
