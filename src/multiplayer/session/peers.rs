//! The peers of a session: the state of each, and its deadline.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    hash::BuildHasherDefault,
    time::Duration,
};

use super::moving::PeerTransfer;
use crate::{
    close::CloseCode,
    multiplayer::{
        id::PeerId, id_hasher::IdHasher, path_ids::PathIds, paths::ReceivedPaths, replication::BY_PATH,
        wire::SpawnPacket,
    },
    rate::{Arrival, Rate},
};

/// The state of a peer.
#[derive(Debug)]
pub(super) enum PeerState {
    /// It is not admitted yet.
    Authenticating(Authentication),
    /// It is admitted. At a client that includes peers to which only the server is connected.
    Admitted(AdmittedPeer),
    /// It moves here from another session, and has not read everything of that one.
    Arriving(Box<PeerTransfer>),
    /// It is gone for the program and the other peers. Its connection remains.
    Disconnecting {
        /// `true` while this end waits for the confirmation that the peer has read everything.
        awaits_confirmation: bool,
        /// What the close frame contains.
        close: ClosePayload,
    },
}

/// The code and the reason in a close frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClosePayload {
    pub(super) code: CloseCode,
    pub(super) reason: Cow<'static, str>,
}

impl ClosePayload {
    /// Returns code 1000 with this reason.
    pub(super) const fn normal(reason: &'static str) -> Self {
        Self { code: CloseCode::NORMAL, reason: Cow::Borrowed(reason) }
    }
}

/// The progress of a peer's authentication.
#[derive(Debug, Default)]
pub(super) struct Authentication {
    /// `true` if this end has completed it.
    pub(super) completed_here: bool,
    /// `true` if the other end has completed it.
    pub(super) completed_there: bool,
    /// `true` if data was sent to the peer.
    pub(super) data_sent: bool,
}

/// What an admitted peer has announced.
#[derive(Debug, Default)]
pub(super) struct AdmittedPeer {
    pub(super) paths: ReceivedPaths,
    /// The number of times that it has moved between sessions.
    pub(super) moves: u32,
    /// The largest id of a node that it has spawned, or of a synchronizer in such a node.
    last_spawned: u32,
    // Ids count up. Up to these, they were given in other sessions.
    last_former_path: u32,
    last_former_spawned: u32,
}

impl AdmittedPeer {
    /// Prepares for the move to another session.
    pub(super) fn prepare_move(&mut self, path_ids: &PathIds) {
        self.moves = self.moves.wrapping_add(1);
        self.last_former_path = self.last_former_path.max(self.paths.last_id());
        self.last_former_spawned = self.last_former_spawned.max(self.last_spawned);
        self.paths.prepare_move(path_ids);
    }

    /// Records the ids of a node that the peer has spawned.
    pub(super) fn record_spawned(&mut self, spawn: &SpawnPacket<'_>) {
        let ids = spawn.sync_ids.iter().copied().filter(|id| *id < BY_PATH);
        self.last_spawned = ids.chain([spawn.net_id, self.last_spawned]).max().unwrap_or_default();
    }

    /// Records a node that the peer has spawned for another session.
    pub(super) fn skip_spawned(&mut self, spawn: &SpawnPacket<'_>) {
        self.record_spawned(spawn);
        self.last_former_spawned = self.last_spawned;
    }

    /// Records a path that the peer has announced to another session.
    pub(super) fn skip_path(&mut self, id: u32) {
        self.last_former_path = self.last_former_path.max(id);
    }

    /// Returns `true` for a path id that the peer has announced to another session.
    pub(super) fn is_former_path(&self, id: u32) -> bool {
        self.moves > 0 && id <= self.last_former_path
    }

    /// Returns `true` for the id of a node that the peer has spawned for another session.
    pub(super) fn is_former_node(&self, id: u32) -> bool {
        self.moves > 0 && id <= self.last_former_spawned
    }
}

/// All peers by state, the peers that the program knows, and the deadlines in order.
#[derive(Debug, Default)]
pub(super) struct Peers {
    // A server assigns the ids, and a client has at most `max_peers`, so no choice of ids makes this slow.
    by_id: HashMap<PeerId, SessionPeer, BuildHasherDefault<IdHasher>>,
    // Sorted.
    admitted: Vec<PeerId>,
    // Those whose `PeerConnected` the program has read, and whose `PeerDisconnected` it has not. Sorted.
    known: Vec<PeerId>,
    deadlines: BTreeSet<(Duration, PeerId)>,
}

#[derive(Debug)]
struct SessionPeer {
    state: PeerState,
    deadline: Option<Duration>,
    /// The rate of its rejected packets, from the first one on.
    rejected: Option<Rate>,
}

impl Peers {
    /// Sets the state of a peer, and adds it if it is new.
    pub(super) fn set_state(&mut self, peer: PeerId, state: PeerState, deadline: Option<Duration>) {
        let rejected = self.by_id.get(&peer).and_then(|peer_entry| peer_entry.rejected);
        self.remove(peer);
        if matches!(state, PeerState::Admitted(_)) {
            let at = self.admitted.partition_point(|other| *other < peer);
            self.admitted.insert(at, peer);
        }
        self.deadlines.extend(deadline.map(|deadline| (deadline, peer)));
        self.by_id.insert(peer, SessionPeer { state, deadline, rejected });
    }

    pub(super) fn remove(&mut self, peer: PeerId) -> Option<PeerState> {
        let peer_entry = self.by_id.remove(&peer)?;
        if let Some(deadline) = peer_entry.deadline {
            self.deadlines.remove(&(deadline, peer));
        }
        if let Ok(at) = self.admitted.binary_search(&peer) {
            self.admitted.remove(at);
        }
        Some(peer_entry.state)
    }

    pub(super) fn state(&self, peer: PeerId) -> Option<&PeerState> {
        self.by_id.get(&peer).map(|peer_entry| &peer_entry.state)
    }

    /// Returns the authentication of a peer that is authenticating.
    pub(super) fn authentication(&mut self, peer: PeerId) -> Option<&mut Authentication> {
        match self.by_id.get_mut(&peer)?.state {
            PeerState::Authenticating(ref mut authentication) => Some(authentication),
            _ => None,
        }
    }

    /// Counts a rejected packet of a peer. Returns `true` if the peer is within the limit per second.
    pub(super) fn count_rejected(&mut self, peer: PeerId, limit: u32, now: Duration) -> bool {
        let Some(peer_entry) = self.by_id.get_mut(&peer) else { return true };
        let rate = peer_entry.rejected.get_or_insert_with(|| Rate::new(limit));
        rate.take(1, Arrival::at(now))
    }

    /// Returns the rate of a peer's rejected packets.
    pub(super) fn rejected(&self, peer: PeerId) -> Option<Rate> {
        self.by_id.get(&peer)?.rejected
    }

    /// Sets the rate of a peer's rejected packets, as counted by another session.
    pub(super) fn set_rejected(&mut self, peer: PeerId, rate: Option<Rate>) {
        if let Some(peer_entry) = self.by_id.get_mut(&peer) {
            peer_entry.rejected = rate;
        }
    }

    /// Returns an admitted peer.
    pub(super) fn admitted_mut(&mut self, peer: PeerId) -> Option<&mut AdmittedPeer> {
        match &mut self.by_id.get_mut(&peer)?.state {
            PeerState::Admitted(admitted) => Some(admitted),
            _ => None,
        }
    }

    /// Returns a peer that moves here.
    pub(super) fn arriving(&mut self, peer: PeerId) -> Option<&mut PeerTransfer> {
        match &mut self.by_id.get_mut(&peer)?.state {
            PeerState::Arriving(transfer) => Some(transfer),
            _ => None,
        }
    }

    /// Returns the peers that move here.
    pub(super) fn all_arriving(&self) -> Vec<PeerId> {
        let is_arriving = |entry: &SessionPeer| matches!(entry.state, PeerState::Arriving(_));
        sorted(self.by_id.iter().filter(|(_, entry)| is_arriving(entry)).map(|(peer, _)| *peer))
    }

    /// Returns the paths that an admitted peer has announced.
    pub(super) fn paths(&mut self, peer: PeerId) -> Option<&mut ReceivedPaths> {
        self.admitted_mut(peer).map(|admitted| &mut admitted.paths)
    }

    /// Returns the memory that the announced paths of a peer take, in bytes.
    pub(super) fn memory_usage(&self, peer: PeerId) -> usize {
        match self.state(peer) {
            Some(PeerState::Admitted(admitted)) => admitted.paths.memory_usage(),
            Some(PeerState::Arriving(transfer)) => transfer.peer.paths.memory_usage(),
            _ => 0,
        }
    }

    /// Returns the admitted peers, in the order of their ids.
    pub(super) fn admitted(&self) -> &[PeerId] {
        &self.admitted
    }

    pub(super) fn is_admitted(&self, peer: PeerId) -> bool {
        matches!(self.state(peer), Some(PeerState::Admitted(_)))
    }

    /// The program has read that the peer is connected.
    pub(super) fn mark_known(&mut self, peer: PeerId) {
        if let Err(at) = self.known.binary_search(&peer) {
            self.known.insert(at, peer);
        }
    }

    /// The program has read that the peer is gone, or has disconnected it.
    pub(super) fn mark_unknown(&mut self, peer: PeerId) {
        if let Ok(at) = self.known.binary_search(&peer) {
            self.known.remove(at);
        }
    }

    /// The program has left, and knows no peer.
    pub(super) fn clear_known(&mut self) {
        self.known.clear();
    }

    /// Returns the peers that the program knows, in the order of their ids. Some may be gone already.
    pub(super) fn known(&self) -> &[PeerId] {
        &self.known
    }

    pub(super) fn is_known(&self, peer: PeerId) -> bool {
        self.known.binary_search(&peer).is_ok()
    }

    /// Returns `true` if a peer is admitted that the program does not know.
    pub(super) fn has_unknown(&self) -> bool {
        self.admitted != self.known && !self.admitted.iter().all(|peer| self.is_known(*peer))
    }

    /// Returns the admitted peers that the program knows, in the order of their ids.
    pub(super) fn reachable(&self) -> Vec<PeerId> {
        if self.admitted == self.known {
            return self.admitted.clone();
        }
        self.admitted.iter().copied().filter(|peer| self.is_known(*peer)).collect()
    }

    /// Returns the connected peers of a server, in every state.
    pub(super) fn all(&self) -> Vec<PeerId> {
        sorted(self.by_id.keys().copied())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Removes and returns the next deadline's peer, if the deadline has passed.
    pub(super) fn pop_due(&mut self, now: Duration) -> Option<PeerId> {
        let (deadline, peer) = *self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.deadlines.pop_first();
        if let Some(peer_entry) = self.by_id.get_mut(&peer) {
            peer_entry.deadline = None;
        }
        Some(peer)
    }
}

fn sorted(peers: impl Iterator<Item = PeerId>) -> Vec<PeerId> {
    let mut peers: Vec<PeerId> = peers.collect();
    peers.sort_unstable();
    peers
}
