//! The peers of a session: how far each of them has come, and until when it must have come further.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    multiplayer::{id::PeerId, paths::ReceivedPaths},
    rate::{Arrival, Rate},
};

/// How far a peer has come.
#[derive(Debug)]
pub(super) enum PeerState {
    /// At a client: the server, which has not said the client's id.
    AwaitingId,
    /// It is not admitted yet.
    Authenticating(Authentication),
    /// It takes part. At a client the others do, too, to which only the server is connected.
    Admitted(ReceivedPaths),
    /// It is gone for everybody but the transport.
    Disconnecting {
        /// It was awaits_confirmation whether it has read everything, and its answer is waited for.
        awaits_confirmation: bool,
        /// Why it is.
        reason: &'static str,
    },
}

/// What has been said of a peer's authentication.
#[derive(Debug, Default)]
pub(super) struct Authentication {
    /// This end is done.
    pub(super) completed_here: bool,
    /// The other end is done.
    pub(super) completed_there: bool,
    /// Something was sent to it.
    pub(super) data_sent: bool,
}

/// All peers, those that are admitted, those that the program knows, and the deadlines in order.
#[derive(Debug, Default)]
pub(super) struct Peers {
    by_id: BTreeMap<PeerId, SessionPeer>,
    // Sorted.
    admitted: Vec<PeerId>,
    // Those whose arrival the program has read, and whose departure it has not. Sorted.
    known: Vec<PeerId>,
    deadlines: BTreeSet<(Duration, PeerId)>,
}

#[derive(Debug)]
struct SessionPeer {
    state: PeerState,
    deadline: Option<Duration>,
    /// Counts its rejected packets, from the first one on.
    rejected: Option<Rate>,
}

impl Peers {
    /// A peer comes, or comes further.
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

    /// What has been said of the authentication of a peer that is at it.
    pub(super) fn authentication(&mut self, peer: PeerId) -> Option<&mut Authentication> {
        match self.by_id.get_mut(&peer)?.state {
            PeerState::Authenticating(ref mut authentication) => Some(authentication),
            _ => None,
        }
    }

    /// Counts a rejected packet of a peer. Returns `true` if it is within this limit per second.
    pub(super) fn count_rejected(&mut self, peer: PeerId, limit: u32, now: Duration) -> bool {
        let Some(peer_entry) = self.by_id.get_mut(&peer) else { return true };
        let rate = peer_entry.rejected.get_or_insert_with(|| Rate::new(limit));
        rate.take(1, Arrival { since: now, at: now })
    }

    /// The paths that an admitted peer has numbered.
    pub(super) fn paths(&mut self, peer: PeerId) -> Option<&mut ReceivedPaths> {
        match self.by_id.get_mut(&peer)?.state {
            PeerState::Admitted(ref mut paths) => Some(paths),
            _ => None,
        }
    }

    /// Returns the memory that the numbered paths of a peer take, in bytes.
    pub(super) fn memory_usage(&self, peer: PeerId) -> usize {
        match self.state(peer) {
            Some(PeerState::Admitted(paths)) => paths.memory_usage(),
            _ => 0,
        }
    }

    /// Those that take part, in the order of their ids.
    pub(super) fn admitted(&self) -> &[PeerId] {
        &self.admitted
    }

    pub(super) fn is_admitted(&self, peer: PeerId) -> bool {
        self.admitted.binary_search(&peer).is_ok()
    }

    /// The program has read that a peer has arrived.
    pub(super) fn mark_known(&mut self, peer: PeerId) {
        if let Err(at) = self.known.binary_search(&peer) {
            self.known.insert(at, peer);
        }
    }

    /// The program has read that a peer has departed, or has disconnected it.
    pub(super) fn mark_unknown(&mut self, peer: PeerId) {
        if let Ok(at) = self.known.binary_search(&peer) {
            self.known.remove(at);
        }
    }

    /// The program has left: it knows no peer.
    pub(super) fn clear_known(&mut self) {
        self.known.clear();
    }

    /// The peers that the program knows, in the order of their ids. Some may be gone already.
    pub(super) fn known(&self) -> &[PeerId] {
        &self.known
    }

    pub(super) fn is_known(&self, peer: PeerId) -> bool {
        self.known.binary_search(&peer).is_ok()
    }

    /// Returns `true` if a peer is admitted whose arrival the program has not read.
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

    /// Those to which there is a connection at a server: all of them, in whatever state.
    pub(super) fn all(&self) -> Vec<PeerId> {
        self.by_id.keys().copied().collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// A peer whose time has come; the next call tells of the next one.
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
