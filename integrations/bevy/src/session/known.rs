//! What the observers know of a session, from its events so far: its end is reported when its resource is gone.

use std::collections::{BTreeMap, BTreeSet};

use websocket_peer::{
    CloseCause, CloseInfo,
    multiplayer::{
        AuthFailure, ConnectionStatus, DisconnectReason, Event, NodeKey, PeerId, SceneMultiplayer,
    },
};

use crate::resource::Identity;

#[derive(Debug, Default)]
pub(super) struct KnownSession {
    pub(super) session: Option<Identity>,
    /// `Connecting` or `Connected` at a client, until its session has ended. The end of a server is no event.
    client: Option<ConnectionStatus>,
    /// The peers; `true` for those that were admitted, `false` for those that are authenticating.
    peers: BTreeMap<PeerId, bool>,
    /// The spawned nodes: the peer, the spawner, the node.
    nodes: BTreeSet<(PeerId, NodeKey, NodeKey)>,
}

impl KnownSession {
    /// Begins with a session. Returns the events that it has had before, and its first unread one.
    pub(super) fn begin(&mut self, identity: Identity, session: &mut SceneMultiplayer) -> Vec<Event> {
        self.session = Some(identity);
        let is_client = !session.is_server() && session.status() != ConnectionStatus::Disconnected;
        self.client = is_client.then_some(ConnectionStatus::Connecting);
        let peers: Vec<_> = session.peers().map(Event::PeerConnected).collect();
        let mut first = session.next_event();
        let connected = if matches!(first, Some(Event::Connected { .. })) {
            first.take()
        } else {
            // A client reports its id before everything else, so it has been read.
            session.id().filter(|_| is_client).map(|id| Event::Connected { id })
        };
        connected.into_iter().chain(peers).chain(first).collect()
    }

    /// Notes an event that the observers get. Returns `false` for a peer that was reported already: a client knows its server
    /// from the event before.
    pub(super) fn note(&mut self, event: &Event) -> bool {
        match event {
            Event::Connected { .. } => self.client = Some(ConnectionStatus::Connected),
            Event::ConnectionFailed { .. } | Event::Disconnected { .. } => self.client = None,
            Event::Authenticating(peer) => _ = self.peers.insert(*peer, false),
            Event::PeerConnected(peer) => return self.peers.insert(*peer, true) != Some(true),
            Event::PeerDisconnected(peer, _) | Event::AuthFailed { peer, .. } => _ = self.peers.remove(peer),
            Event::Spawned(new) => _ = self.nodes.insert((new.from, new.spawner, new.node)),
            Event::Despawned { from, spawner, node } => _ = self.nodes.remove(&(*from, *spawner, *node)),
            _ => {}
        }
        true
    }

    /// Forgets what a session that was left does not report any more.
    pub(super) fn leave(&mut self) {
        self.peers.clear();
        self.nodes.clear();
    }

    /// Returns the events with which the session would have ended, in its order. If another attempt to join has replaced
    /// an attempt, that is no failure.
    pub(super) fn end(self, next: ConnectionStatus) -> Vec<Event> {
        let info = CloseInfo::from(CloseCause::Aborted);
        let despawned = |(from, spawner, node)| Event::Despawned { from, spawner, node };
        let mut events: Vec<_> = self.nodes.into_iter().map(despawned).collect();
        // The server, which has the lowest id, is the last one.
        for (peer, is_admitted) in self.peers.into_iter().rev() {
            let closed = DisconnectReason::Closed(info.clone());
            let is_relayed = self.client.is_some() && peer != PeerId::SERVER;
            events.push(match is_admitted {
                true if is_relayed => Event::PeerDisconnected(peer, DisconnectReason::ServerLost),
                true => Event::PeerDisconnected(peer, closed),
                false => Event::AuthFailed { peer, reason: AuthFailure::Closed(info.clone()) },
            });
        }
        events.extend(match self.client {
            Some(ConnectionStatus::Connected) => Some(Event::Disconnected { info }),
            Some(_) if next == ConnectionStatus::Disconnected => Some(Event::ConnectionFailed { info }),
            _ => None,
        });
        events
    }
}
