//! The checks when everything has arrived: no message is missing, and no peer is left.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    history::Content,
    participant::Participant,
    source,
    world::{CLIENTS, World},
};
use crate::multiplayer::PeerId;

/// Longer than every timeout, and than a session remembers peers that have left.
const LONG: Duration = Duration::from_secs(61);

impl World {
    /// Delivers everything and checks the result. Then the server leaves, and all clients must disconnect.
    pub(super) fn finish(mut self) {
        for index in 0..=CLIENTS {
            if let Some(participant) = self.participant(index) {
                participant.is_paused = false;
            }
        }
        self.flush();
        self.observe();
        self.settle_long();
        self.simulator.assert_peers_agree();
        self.assert_no_message_missing();
        self.assert_replicas_agree();
        self.assert_disconnected_forgotten();

        self.simulator.server.leave();
        self.settle_long();
        let server = &self.simulator.server.session;
        assert!(server.is_closed() && server.next_deadline().is_none());
        assert!(self.simulator.network.is_empty(), "some clients are still connected");
        self.simulator.assert_peers_agree();
        self.assert_disconnected_forgotten();
        for (id, client) in self.simulator.ours() {
            assert!(client.session.is_closed() && !client.observed.is_authenticating(), "at {id}");
        }
    }

    /// Delivers everything, and lets every timeout pass.
    fn settle_long(&mut self) {
        for _ in 0..2 {
            self.settle();
            self.pass(LONG);
        }
        self.settle();
        self.observe();
    }

    fn participants(&self) -> impl Iterator<Item = &Participant> {
        self.simulator.ours().map(|(_, client)| client).chain([&self.simulator.server])
    }

    /// Checks that sessions keep nothing about disconnected peers, unless the program has named them.
    fn assert_disconnected_forgotten(&self) {
        for end in self.participants() {
            let kept = format!("{:?}", end.session);
            for peer in (2..=self.last_id.get()).filter_map(PeerId::new) {
                let is_peer = end.session.peers().any(|other| other == peer);
                assert!(is_peer || end.session.memory_usage(peer) == 0, "{} holds memory for {peer}", end.id);
                let is_connected = peer == end.id || self.simulator.network.is_connected(peer);
                if !is_connected && !end.names(peer) {
                    assert!(!kept.contains(&format!("{peer:?}")), "{} keeps {peer}: {kept}", end.id);
                }
            }
        }
    }

    /// Checks that each client has the server's nodes as they are at the server.
    fn assert_replicas_agree(&mut self) {
        let is_inapplicable = self.history.has_unregistered || self.history.has_transferred;
        if is_inapplicable || self.options.max_paths_per_peer == 1 {
            return;
        }
        // The first round announces paths, the next sends changes, and the last sends all values.
        for _ in 0..3 {
            self.simulator.server.session.replicate();
            self.settle();
            self.observe();
        }
        for (_, client) in self.simulator.ours() {
            if client.session.peers().any(|peer| peer == PeerId::SERVER) {
                source::assert_replicated(&self.simulator.server, client);
            }
        }
    }

    fn assert_no_message_missing(&self) {
        if self.simulator.server.session.is_closed() {
            return;
        }
        let mut present: BTreeSet<PeerId> = self.simulator.server.session.peers().collect();
        present.insert(PeerId::SERVER);
        let ends: BTreeMap<PeerId, &Participant> = self.participants().map(|end| (end.id, end)).collect();
        for (number, message) in (0..).zip(&self.history.messages) {
            let may_be_late =
                self.history.has_unregistered && matches!(message.content, Content::Call { .. });
            if may_be_late || !present.contains(&message.from) {
                continue;
            }
            for peer in message.must_reach.iter().filter(|peer| present.contains(peer)) {
                let has_received = ends.get(peer).is_some_and(|end| end.has_received(message.from, number));
                assert!(has_received, "{peer} has not received {message:?}");
            }
        }
    }
}
