//! What a program has learned from the events of its session. Each event must fit those before it.

use std::collections::{BTreeMap, BTreeSet};

use websocket_peer::{
    multiplayer::{Event, NodeKey, PeerId, State},
    variant::Variant,
};

#[derive(Debug, Default)]
pub struct Observed {
    id: Option<PeerId>,
    peers: BTreeSet<PeerId>,
    authenticating: BTreeSet<PeerId>,
    mismatched: BTreeSet<(PeerId, NodeKey)>,
    /// The nodes that other peers have spawned.
    pub replicas: BTreeMap<NodeKey, Replica>,
    /// The last values of the properties of declared nodes.
    pub declared: BTreeMap<NodeKey, Values>,
    is_over: bool,
}

/// The values of properties, by name.
pub type Values = BTreeMap<String, Variant>;

/// A node that another peer has spawned.
#[derive(Debug)]
pub struct Replica {
    pub from: PeerId,
    pub spawner: NodeKey,
    pub name: String,
    pub values: Values,
}

impl Observed {
    /// For a server, which knows its id from the start.
    pub fn by_server() -> Self {
        Self { id: Some(PeerId::SERVER), ..Self::default() }
    }

    pub fn peers(&self) -> &BTreeSet<PeerId> {
        &self.peers
    }

    pub fn is_authenticating(&self) -> bool {
        !self.authenticating.is_empty()
    }

    pub fn is_over(&self) -> bool {
        self.is_over
    }

    pub fn id(&self) -> Option<PeerId> {
        self.id
    }

    /// The program leaves the session. It gets no more events about other peers.
    pub fn leave(&mut self) {
        self.peers.clear();
        self.authenticating.clear();
        self.mismatched.clear();
        self.replicas.clear();
    }

    /// Applies the next event.
    ///
    /// # Panics
    /// If it contradicts an earlier one.
    pub fn apply(&mut self, event: &Event) {
        assert!(!self.is_over, "{event:?} after the end of the session");
        match event {
            Event::Connected { id } => assert_eq!(self.id.replace(*id), None, "a second id"),
            Event::PeerConnected(peer) => {
                self.authenticating.remove(peer);
                assert!(Some(*peer) != self.id && self.peers.insert(*peer), "{peer} is connected already");
            }
            Event::PeerDisconnected(peer, _) => {
                assert!(self.peers.remove(peer), "{peer} is not connected");
                self.mismatched.retain(|(mismatched, _)| mismatched != peer);
                let left = self.replicas.values().find(|replica| replica.from == *peer);
                assert!(left.is_none(), "{peer} has disconnected, but {left:?} remains");
            }
            Event::Authenticating(peer) => {
                let is_new = !self.peers.contains(peer) && self.authenticating.insert(*peer);
                assert!(is_new, "{peer} is known already");
            }
            Event::AuthFailed { peer, .. } => {
                assert!(self.authenticating.remove(peer), "{peer} is not authenticating");
            }
            Event::Auth { from, data } => {
                assert!(self.authenticating.contains(from) && !data.is_empty(), "{event:?}");
            }
            Event::Packet { from, data } => {
                assert!(self.may_send(*from) && !data.is_empty(), "{event:?}");
            }
            Event::Call(call) => assert!(self.may_send(call.from), "{event:?}"),
            Event::ChecksumMismatch { peer, node, .. } => {
                assert!(self.peers.contains(peer) && self.mismatched.insert((*peer, *node)), "{event:?}");
            }
            Event::Spawned(spawned) => {
                assert!(self.peers.contains(&spawned.from), "{event:?}");
                let (from, spawner, name) = (spawned.from, spawned.spawner, spawned.name.clone());
                let mut replica = Replica { from, spawner, name, values: Values::new() };
                update(&mut replica.values, &spawned.state);
                assert!(self.replicas.insert(spawned.node, replica).is_none(), "{event:?}");
            }
            Event::Despawned { from, spawner, node } => {
                let replica = self.replicas.remove(node);
                let is_it = |replica: Replica| (replica.from, replica.spawner) == (*from, *spawner);
                assert!(replica.is_some_and(is_it), "{event:?}");
            }
            Event::Synchronized { from, node, state } | Event::Changed { from, node, state } => {
                assert!(self.peers.contains(from), "{event:?}");
                match self.replicas.get_mut(node) {
                    Some(replica) => {
                        assert_eq!(replica.from, *from, "{event:?}");
                        update(&mut replica.values, state);
                    }
                    None => update(self.declared.entry(*node).or_default(), state),
                }
            }
            Event::Disconnected { .. } | Event::ConnectionFailed { .. } => {
                assert!(self.peers.is_empty() && self.authenticating.is_empty(), "{event:?}: {self:?}");
                assert_eq!(matches!(event, Event::Disconnected { .. }), self.id.is_some());
                self.is_over = true;
            }
            _ => {}
        }
    }

    /// Returns `true` if packets can come from this peer. Packets to this end's own id come back.
    fn may_send(&self, peer: PeerId) -> bool {
        self.peers.contains(&peer) || Some(peer) == self.id
    }
}

fn update(values: &mut Values, state: &State) {
    values.extend(state.iter().map(|(name, value)| (name.to_owned(), value.clone())));
}
