//! One of our sessions, with what its program has observed, and the checks of its events.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    history::{Content, History, SentMessage, caller, methods, number_of_arguments, number_of_bytes},
    simulator::{Endpoint, Observed},
    source::Source,
};
use crate::multiplayer::{
    Call, Caller, Event, NodeKey, PacketError, PeerId, ReplicationError, Session, SessionError, Target,
};

/// The largest number of events about rejected packets that may wait.
const MAX_REJECTED: usize = 64;

pub(super) struct Participant {
    pub(super) session: Session,
    /// The id that the network has given it.
    pub(super) id: PeerId,
    pub(super) observed: Observed,
    pub(super) nodes: Vec<DeclaredNode>,
    /// The nodes that it replicates to others.
    pub(super) sources: Vec<Source>,
    /// The numbers of the messages that it has received from each of our ends, in order.
    received: BTreeMap<PeerId, Vec<u32>>,
    /// The numbers of its own messages that came back to it.
    own: BTreeSet<u32>,
    /// `true` if its program does not read events.
    pub(super) is_paused: bool,
}

/// A node that a participant has declared.
#[derive(Clone, Copy)]
pub(super) struct DeclaredNode {
    pub(super) key: NodeKey,
    pub(super) path: usize,
    pub(super) table: usize,
    pub(super) authority: PeerId,
    /// The number of actions before.
    pub(super) since: usize,
    /// `true` if the participant had no peer then.
    pub(super) was_alone: bool,
}

impl Endpoint for Participant {
    fn session(&self) -> &Session {
        &self.session
    }

    fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl Participant {
    pub(super) fn new(session: Session, id: PeerId) -> Self {
        let observed = if session.is_server() { Observed::by_server() } else { Observed::default() };
        Self {
            session,
            id,
            observed,
            nodes: Vec::new(),
            sources: Vec::new(),
            received: BTreeMap::new(),
            own: BTreeSet::new(),
            is_paused: false,
        }
    }

    /// The number of peers and nodes that it knows.
    pub(super) fn known(&self) -> usize {
        self.session.peers().len() + self.nodes.len() + self.sources.len() + self.observed.replicas.len()
    }

    /// Returns the value of a call on the session. Checks that a call that failed had no effect.
    pub(super) fn succeeded<T>(&mut self, result: Result<T, impl Into<SessionError>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let error = error.into();
                assert!(!error.to_string().is_empty());
                let output = self.session.next_output();
                assert!(output.is_none(), "{error:?} leaves {output:?}");
                let event = if self.is_paused { None } else { self.session.next_event() };
                assert!(event.is_none(), "{error:?} leaves {event:?}");
                None
            }
        }
    }

    /// The program leaves the session.
    pub(super) fn leave(&mut self) {
        self.session.leave();
        self.observed.leave();
    }

    /// Reads all events and returns their number. Compares them with the history; without one the server is untrusted,
    /// and its messages may be anything.
    pub(super) fn observe(&mut self, history: Option<&History>) -> usize {
        if self.is_paused {
            return 0;
        }
        let (mut events, mut rejected) = (0, 0);
        while let Some(event) = self.session.next_event() {
            events += 1;
            rejected += usize::from(matches!(event, Event::PacketRejected { .. }));
            self.observed.apply(&event);
            if let Some(history) = history {
                self.compare(event, history);
            }
        }
        assert!(rejected <= MAX_REJECTED, "{rejected} events about rejected packets have waited");
        assert!(self.session.stats().rejected_packets >= rejected as u64);
        assert_eq!(*self.observed.peers(), self.session.peers().collect(), "at {}", self.id);
        assert!(self.session.id() == self.observed.id());
        events
    }

    /// Returns `true` if it has received this message of this peer.
    pub(super) fn has_received(&self, from: PeerId, number: u32) -> bool {
        self.received.get(&from).is_some_and(|numbers| numbers.contains(&number))
    }

    fn compare(&mut self, event: Event, history: &History) {
        match event {
            Event::Connected { id } => assert_eq!(id, self.id, "it has received another end's id"),
            Event::Packet { from, data, .. } => match history.scripted.get(&from) {
                Some(sent) => {
                    let was_sent = sent.iter().any(|packet| packet.ends_with(&data));
                    assert!(was_sent, "{from} has never sent {data:?}, which {} received", self.id);
                }
                None => {
                    let number = number_of_bytes(&data);
                    let message = self.receive(from, number, history);
                    assert_eq!(message.content, Content::Bytes(data.to_vec()), "from {from} at {}", self.id);
                }
            },
            Event::Call(call) => self.compare_call(call, history),
            Event::ChecksumMismatch { peer, node, ours, theirs } => {
                let Some(node) = self.node(node) else { panic!("a node that was never declared") };
                assert!(ours.iter().map(String::as_str).eq(methods(node.table).names()), "{ours:?}");
                let table = history.declared.get(&(peer, node.path)).filter(|_| !history.has_unregistered);
                if let (Some(theirs), Some(table)) = (theirs, table) {
                    assert!(theirs.iter().map(String::as_str).eq(methods(*table).names()), "{theirs:?}");
                }
            }
            Event::Spawned(spawned) => self.assert_authority(spawned.spawner, spawned.from),
            Event::Synchronized { from, node, .. } | Event::Changed { from, node, .. } => {
                let replica = self.observed.replicas.get(&node);
                self.assert_authority(replica.map_or(node, |replica| replica.spawner), from);
            }
            Event::PacketRejected { from, error } if history.is_ours(from) => {
                let is_expected = match error {
                    // The receiver has declared another node, or grants other rights.
                    PacketError::UnknownPath
                    | PacketError::UnknownNode { .. }
                    | PacketError::UnknownMethod { .. }
                    | PacketError::NotAllowed { .. }
                    | PacketError::InvalidCall { .. } => true,
                    PacketError::TooManyPaths => self.session.options().max_paths_per_peer == 1,
                    // The target of a relayed packet has disconnected meanwhile.
                    PacketError::UnknownPeer => self.session.is_server(),
                    PacketError::Replication(ReplicationError::NameTaken) => history.has_transferred,
                    // The receiver has declared the node in another way, or had when the node was spawned.
                    PacketError::Replication(
                        ReplicationError::NotSpawner
                        | ReplicationError::NotSynchronizer
                        | ReplicationError::NotAuthority
                        | ReplicationError::UnknownId { .. },
                    ) => true,
                    _ => false,
                };
                assert!(is_expected, "{} rejects a packet from {from}: {error:?}", self.id);
            }
            _ => {}
        }
    }

    fn compare_call(&mut self, call: Call, history: &History) {
        let Call { from, node, method, arguments, .. } = call;
        let Some(node) = self.node(node) else { panic!("{from} calls {method} of no node") };
        let is_own = from == self.id;
        let is_allowed = match caller(&method) {
            Caller::AnyPeer => true,
            Caller::Authority => from == node.authority || is_own,
            Caller::Disabled => false,
        };
        assert!(is_allowed, "{from} calls {method} at {}", self.id);
        assert!(methods(node.table).find(&method).is_some(), "{method} is not in table {}", node.table);
        if !history.is_ours(from) {
            return;
        }
        let message = self.receive(from, number_of_arguments(&arguments), history);
        let Content::Call { path, table, method: sent_method, arguments: sent } = &message.content else {
            panic!("{from} calls {method} at {} by bytes", self.id)
        };
        assert_eq!((*path, sent), (node.path, &arguments), "from {from} at {}", self.id);
        // With different tables at the two ends the wrong method may be called.
        assert!(*table != node.table || *sent_method == method, "{sent_method} has become {method}");
    }

    /// Notes a received message, and checks that it was sent, to this end, in order, and is new.
    fn receive<'h>(&mut self, from: PeerId, number: Option<u32>, history: &'h History) -> &'h SentMessage {
        let Some((number, message)) = number.and_then(|number| Some((number, history.message(number)?)))
        else {
            panic!("{from} has never sent the message {number:?}, which {} received", self.id)
        };
        assert_eq!(message.from, from, "{} receives it from {from}", self.id);
        assert!(message.is_for(self.id), "{} receives {message:?}", self.id);
        if from == self.id {
            assert!(self.own.insert(number), "received twice: {message:?}");
            return message;
        }
        let received = self.received.entry(from).or_default();
        let last = received.last().copied();
        assert!(last.is_none_or(|last| last < number), "{number} after {last:?} at {}: {message:?}", self.id);
        received.push(number);
        message
    }

    /// Only the authority of a node may spawn and synchronize.
    fn assert_authority(&self, node: NodeKey, peer: PeerId) {
        let authority = self.node(node).map(|node| node.authority);
        assert_eq!(authority, Some(peer), "{node} at {}", self.id);
    }

    /// Returns `true` if the program has named this peer: as a node's authority, or as one that must not see a node.
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
