//! Who is there, as an end was told, event by event.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    multiplayer::{Event, NodeKey, PeerId, State},
    variant::Variant,
};

/// What an end was told so far.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    id: Option<PeerId>,
    present: BTreeSet<PeerId>,
    authenticating: BTreeSet<PeerId>,
    mismatched: BTreeSet<(PeerId, NodeKey)>,
    /// The nodes that others have spawned.
    pub(super) replicas: BTreeMap<NodeKey, Replica>,
    /// What was said last of the properties of declared nodes.
    pub(super) declared: BTreeMap<NodeKey, Values>,
    is_over: bool,
}

/// What properties hold.
pub(super) type Values = BTreeMap<String, Variant>;

/// A node that another peer has spawned.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) from: PeerId,
    pub(super) spawner: NodeKey,
    pub(super) name: String,
    pub(super) values: Values,
}

impl Hearing {
    /// A server's, which knows its id.
    pub(super) fn of_server() -> Self {
        Self { id: Some(PeerId::SERVER), ..Self::default() }
    }

    pub(super) fn present(&self) -> &BTreeSet<PeerId> {
        &self.present
    }

    pub(super) fn is_authenticating(&self) -> bool {
        !self.authenticating.is_empty()
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) fn id(&self) -> Option<PeerId> {
        self.id
    }

    /// The program leaves: it is told nothing more of others.
    pub(super) fn leave(&mut self) {
        self.present.clear();
        self.authenticating.clear();
        self.mismatched.clear();
        self.replicas.clear();
    }

    /// The next event: it must fit those before.
    pub(super) fn hear(&mut self, event: &Event) {
        assert!(!self.is_over, "{event:?} after the end");
        match event {
            Event::Connected { id } => assert_eq!(self.id.replace(*id), None, "it has an id"),
            Event::PeerConnected(peer) => {
                self.authenticating.remove(peer);
                assert!(Some(*peer) != self.id && self.present.insert(*peer), "{peer} is there");
            }
            Event::PeerDisconnected(peer, _) => {
                assert!(self.present.remove(peer), "{peer} is not there");
                self.mismatched.retain(|(mismatched, _)| mismatched != peer);
                let left = self.replicas.values().find(|replica| replica.from == *peer);
                assert!(left.is_none(), "{peer} has gone, and left {left:?}");
            }
            Event::Authenticating(peer) => {
                assert!(!self.present.contains(peer) && self.authenticating.insert(*peer), "{peer} is known");
            }
            Event::AuthFailed { peer, .. } => {
                assert!(self.authenticating.remove(peer), "{peer} is not authenticating");
            }
            Event::Auth { from, data } => {
                assert!(self.authenticating.contains(from) && !data.is_empty(), "{event:?}");
            }
            Event::Packet { from, data } => {
                assert!(self.is_there(*from) && !data.is_empty(), "{event:?}");
            }
            Event::Call(call) => assert!(self.is_there(call.from), "{event:?}"),
            Event::ChecksumMismatch { peer, node, .. } => {
                assert!(self.present.contains(peer) && self.mismatched.insert((*peer, *node)), "{event:?}");
            }
            Event::Spawned(spawned) => {
                assert!(self.present.contains(&spawned.from), "{event:?}");
                let (from, spawner, name) = (spawned.from, spawned.spawner, spawned.name.clone());
                let mut replica = Replica { from, spawner, name, values: Values::new() };
                note(&mut replica.values, &spawned.state);
                assert!(self.replicas.insert(spawned.node, replica).is_none(), "{event:?}");
            }
            Event::Despawned { from, spawner, node } => {
                let replica = self.replicas.remove(node);
                let is_it = |replica: Replica| (replica.from, replica.spawner) == (*from, *spawner);
                assert!(replica.is_some_and(is_it), "{event:?}");
            }
            Event::Synchronized { from, node, state } | Event::Changed { from, node, state } => {
                assert!(self.present.contains(from), "{event:?}");
                match self.replicas.get_mut(node) {
                    Some(replica) => {
                        assert_eq!(replica.from, *from, "{event:?}");
                        note(&mut replica.values, state);
                    }
                    None => note(self.declared.entry(*node).or_default(), state),
                }
            }
            Event::Disconnected { .. } | Event::ConnectionFailed { .. } => {
                assert!(self.present.is_empty() && self.authenticating.is_empty(), "{event:?}: {self:?}");
                assert_eq!(matches!(event, Event::Disconnected { .. }), self.id.is_some());
                self.is_over = true;
            }
            _ => {}
        }
    }

    /// Whether something can come from this peer; what it sends to its own id comes back.
    fn is_there(&self, peer: PeerId) -> bool {
        self.present.contains(&peer) || Some(peer) == self.id
    }
}

fn note(values: &mut Values, state: &State) {
    values.extend(state.iter().map(|(name, value)| (name.to_owned(), value.clone())));
}
