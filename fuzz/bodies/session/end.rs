//! One of our sessions, with what it was told, and what it should have been.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    hearing::Hearing,
    ledger::{Ledger, Message, What, caller, methods, number_of_arguments, number_of_bytes},
    source::Source,
};
use crate::{
    error::Error,
    multiplayer::{Call, Caller, Event, NodeKey, PacketError, PeerId, ReplicationError, Session, Target},
};

/// How many refusals may wait.
const MAX_REFUSALS: usize = 64;

pub(super) struct End {
    pub(super) session: Session,
    /// The id that the network has given it.
    pub(super) id: PeerId,
    pub(super) hearing: Hearing,
    pub(super) nodes: Vec<DeclaredNode>,
    /// What it should be telling of.
    pub(super) sources: Vec<Source>,
    /// The numbers of all messages that came from each of ours, in order.
    heard: BTreeMap<PeerId, Vec<u32>>,
    /// Its own messages that came back to it.
    own: BTreeSet<u32>,
    /// Whether events are left to wait.
    pub(super) is_held: bool,
}

/// A node that is declared here.
#[derive(Clone, Copy)]
pub(super) struct DeclaredNode {
    pub(super) key: NodeKey,
    pub(super) path: usize,
    pub(super) table: usize,
    pub(super) authority: PeerId,
    /// How many acts had been done before.
    pub(super) since: usize,
    /// Whether this end had no peer then.
    pub(super) was_alone: bool,
}

impl End {
    pub(super) fn new(session: Session, id: PeerId) -> Self {
        let hearing = if session.is_server() { Hearing::of_server() } else { Hearing::default() };
        Self {
            session,
            id,
            hearing,
            nodes: Vec::new(),
            sources: Vec::new(),
            heard: BTreeMap::new(),
            own: BTreeSet::new(),
            is_held: false,
        }
    }

    /// What came of a call on the session: if it failed, nothing else did.
    pub(super) fn is_done<T>(&mut self, asked: Result<T, Error>) -> Option<T> {
        match asked {
            Ok(done) => Some(done),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                let output = self.session.next_output();
                assert!(output.is_none(), "{error:?} leaves {output:?}");
                let event = if self.is_held { None } else { self.session.next_event() };
                assert!(event.is_none(), "{error:?} leaves {event:?}");
                None
            }
        }
    }

    /// The program at this end leaves.
    pub(super) fn leave(&mut self) {
        self.session.leave();
        self.hearing.leave();
    }

    /// Reads its events, and holds them against what was said. Without a ledger the server is a stranger, and may say
    /// anything. Answers how many they are.
    pub(super) fn observe(&mut self, ledger: Option<&Ledger>) -> usize {
        if self.is_held {
            return 0;
        }
        let (mut events, mut refusals) = (0, 0);
        while let Some(event) = self.session.next_event() {
            events += 1;
            refusals += usize::from(matches!(event, Event::PacketRejected { .. }));
            self.hearing.hear(&event);
            if let Some(ledger) = ledger {
                self.compare(event, ledger);
            }
        }
        assert!(refusals <= MAX_REFUSALS, "{refusals} refusals have waited");
        assert!(self.session.stats().rejected_packets >= refusals as u64);
        let peers = self.session.peers().collect();
        assert_eq!(self.hearing.present(), &peers, "at {}", self.id);
        assert!(self.session.id() == self.hearing.id());
        events
    }

    /// Whether it has heard this message of this peer's.
    pub(super) fn has_heard(&self, from: PeerId, number: u32) -> bool {
        self.heard.get(&from).is_some_and(|numbers| numbers.contains(&number))
    }

    fn compare(&mut self, event: Event, ledger: &Ledger) {
        match event {
            Event::Connected { id } => assert_eq!(id, self.id, "it was told another's id"),
            Event::Packet { from, data } => match ledger.strangers.get(&from) {
                Some(said) => {
                    let is_true = said.iter().any(|packet| packet.ends_with(&data));
                    assert!(is_true, "{from} has never said {data:?}, which {} was told", self.id);
                }
                None => {
                    let number = number_of_bytes(&data);
                    let message = self.arrives(from, number, ledger);
                    assert_eq!(message.what, What::Bytes(data.to_vec()), "from {from} at {}", self.id);
                }
            },
            Event::Call(call) => self.is_called(call, ledger),
            Event::ChecksumMismatch { peer, node, ours, theirs } => {
                let Some(node) = self.node(node) else { panic!("a node that was never declared") };
                assert!(ours.iter().map(String::as_str).eq(methods(node.table).names()), "{ours:?}");
                let table = ledger.declared.get(&(peer, node.path)).filter(|_| !ledger.has_removed);
                if let (Some(theirs), Some(table)) = (theirs, table) {
                    assert!(theirs.iter().map(String::as_str).eq(methods(*table).names()), "{theirs:?}");
                }
            }
            Event::Spawned(spawned) => self.is_in_hands(spawned.spawner, spawned.from),
            Event::Synchronized { from, node, .. } | Event::Changed { from, node, .. } => {
                let replica = self.hearing.replicas.get(&node);
                self.is_in_hands(replica.map_or(node, |replica| replica.spawner), from);
            }
            Event::PacketRejected { from, error } if ledger.is_ours(from) => {
                let is_expected = match error {
                    // The node, or the right to call, is another here.
                    PacketError::UnknownPath
                    | PacketError::UnknownNode { .. }
                    | PacketError::UnknownMethod { .. }
                    | PacketError::NotAllowed { .. }
                    | PacketError::InvalidCall { .. } => true,
                    PacketError::TooManyPaths => self.session.options().max_paths_per_peer == 1,
                    // Who was meant has gone meanwhile.
                    PacketError::UnknownPeer => self.session.is_server(),
                    PacketError::Replication(ReplicationError::NameTaken) => ledger.has_handed,
                    // It is declared in another way here, or was when the node was spawned.
                    PacketError::Replication(
                        ReplicationError::NotSpawner
                        | ReplicationError::NotSynchronizer
                        | ReplicationError::NotAuthority
                        | ReplicationError::UnknownId { .. },
                    ) => true,
                    _ => false,
                };
                assert!(is_expected, "{} refuses what {from} says: {error:?}", self.id);
            }
            _ => {}
        }
    }

    fn is_called(&mut self, call: Call, ledger: &Ledger) {
        let Call { from, node, method, arguments } = call;
        let Some(node) = self.node(node) else { panic!("{from} calls {method} of no node") };
        let is_own = from == self.id;
        let may = match caller(&method) {
            Caller::AnyPeer => true,
            Caller::Authority => from == node.authority || is_own,
            Caller::Disabled => false,
        };
        assert!(may, "{from} calls {method} at {}", self.id);
        assert!(methods(node.table).find(&method).is_some(), "{method} is not in table {}", node.table);
        if !ledger.is_ours(from) {
            return;
        }
        let message = self.arrives(from, number_of_arguments(&arguments), ledger);
        let What::Call { path, table, method: sent_method, arguments: sent } = &message.what else {
            panic!("{from} calls {method} at {} by bytes", self.id)
        };
        assert_eq!((*path, sent), (node.path, &arguments), "from {from} at {}", self.id);
        // With other methods at the two ends, the wrong one may be called.
        assert!(*table != node.table || *sent_method == method, "{sent_method} has become {method}");
    }

    /// A message of one of ours came: it is true, for this end, in order, and new.
    fn arrives<'l>(&mut self, from: PeerId, number: Option<u32>, ledger: &'l Ledger) -> &'l Message {
        let Some((number, message)) = number.and_then(|number| Some((number, ledger.message(number)?)))
        else {
            panic!("{from} has never said what {} was told: {number:?}", self.id)
        };
        assert_eq!(message.from, from, "what it has said comes to {} as {from}'s", self.id);
        assert!(message.is_for(self.id), "{} was told {message:?}", self.id);
        if from == self.id {
            assert!(self.own.insert(number), "twice: {message:?}");
            return message;
        }
        let heard = self.heard.entry(from).or_default();
        let last = heard.last().copied();
        assert!(last.is_none_or(|last| last < number), "{number} after {last:?} at {}: {message:?}", self.id);
        heard.push(number);
        message
    }

    /// Nobody else may spawn, or say what a node holds.
    fn is_in_hands(&self, node: NodeKey, peer: PeerId) {
        let authority = self.node(node).map(|node| node.authority);
        assert_eq!(authority, Some(peer), "{node} at {}", self.id);
    }

    /// Whether a node is in this peer's hands, or shown to all but this one.
    pub(super) fn names(&self, peer: PeerId) -> bool {
        let is_excepted =
            |source: &Source| source.shown.iter().any(|(target, _)| *target == Target::AllExcept(peer));
        self.nodes.iter().any(|node| node.authority == peer) || self.sources.iter().any(is_excepted)
    }

    /// The declared node at this path.
    pub(super) fn at(&self, path: usize) -> Option<DeclaredNode> {
        self.nodes.iter().copied().find(|node| node.path == path)
    }

    fn node(&self, key: NodeKey) -> Option<DeclaredNode> {
        self.nodes.iter().copied().find(|node| node.key == key)
    }
}
