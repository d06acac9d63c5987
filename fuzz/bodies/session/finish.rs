//! The end of it: when everything has arrived, nothing may be missing, and nothing be left over.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    end::End,
    ledger::What,
    source,
    world::{CLIENTS, Kind, World},
};
use crate::multiplayer::PeerId;

/// Longer than every time limit.
const LONG: Duration = Duration::from_secs(10);

impl World {
    /// When everything has arrived, all agree on who is there, and nothing is missing. Then the server leaves, and everybody
    /// is gone.
    pub(super) fn finish(mut self) {
        for index in 0..=CLIENTS {
            if let Some(end) = self.end(index) {
                end.is_held = false;
            }
        }
        self.post();
        self.observe();
        self.calm();
        self.all_agree();
        self.nothing_is_missing();
        self.all_see_the_same();
        self.nobody_is_remembered();

        self.server.leave();
        self.calm();
        assert!(self.server.session.is_closed() && self.server.session.next_deadline().is_none());
        assert!(self.links.is_empty(), "{:?} are still connected", self.links.keys());
        self.all_agree();
        self.nobody_is_remembered();
        for client in self.clients.iter().flatten() {
            if let Kind::Ours(end) = &client.kind {
                assert!(end.session.is_closed() && !end.hearing.is_authenticating(), "at {}", end.id);
            }
        }
    }

    /// Everything arrives, and every time limit passes.
    fn calm(&mut self) {
        for _ in 0..2 {
            self.settle();
            self.pass(LONG);
        }
        self.settle();
        self.observe();
    }

    fn all_agree(&self) {
        let present: BTreeSet<PeerId> = self.server.session.peers().collect();
        for client in self.clients.iter().flatten() {
            let Kind::Ours(end) = &client.kind else { continue };
            let mut expected = present.clone();
            if expected.remove(&end.id) {
                expected.insert(PeerId::SERVER);
            } else {
                expected.clear();
            }
            if !self.options.relay {
                expected.retain(|peer| *peer == PeerId::SERVER);
            }
            assert_eq!(end.session.peers().collect::<BTreeSet<_>>(), expected, "at {}", end.id);
        }
    }

    /// Of those who have gone nothing is kept, but what the program itself has said of them.
    fn nobody_is_remembered(&self) {
        let clients = self.clients.iter().flatten().filter_map(|client| match &client.kind {
            Kind::Ours(end) => Some(end),
            _ => None,
        });
        for end in clients.chain([&self.server]) {
            let kept = format!("{:?}", end.session);
            for gone in (2..=self.last_id.get()).filter_map(PeerId::new) {
                let is_member = end.session.peers().any(|peer| peer == gone);
                assert!(
                    is_member || end.session.memory_usage(gone) == 0,
                    "{} holds memory for {gone}",
                    end.id
                );
                let is_here = gone == end.id || self.links.contains_key(&gone);
                if !is_here && !end.names(gone) {
                    assert!(!kept.contains(&format!("{gone:?}")), "{} keeps {gone}: {kept}", end.id);
                }
            }
        }
    }

    /// What the server has spawned, and nobody has taken from it, is at all clients as it is there.
    fn all_see_the_same(&mut self) {
        let is_spoilt = self.ledger.has_removed || self.ledger.has_handed;
        if is_spoilt || self.options.max_paths_per_peer == 1 {
            return;
        }
        // They are asked whether they know the path; when they do they are told what has changed; and then everything.
        for _ in 0..3 {
            self.server.session.replicate();
            self.settle();
            self.observe();
        }
        for client in self.clients.iter().flatten() {
            match &client.kind {
                Kind::Ours(end) if end.session.peers().any(|peer| peer == PeerId::SERVER) => {
                    source::is_seen(&self.server, end);
                }
                _ => {}
            }
        }
    }

    fn nothing_is_missing(&self) {
        let mut present: BTreeSet<PeerId> = self.server.session.peers().collect();
        if self.server.session.is_closed() {
            return;
        }
        present.insert(PeerId::SERVER);
        let ours = self.clients.iter().flatten().filter_map(|client| match &client.kind {
            Kind::Ours(end) => Some(end),
            _ => None,
        });
        let ends: BTreeMap<PeerId, &End> = ours.chain([&self.server]).map(|end| (end.id, end)).collect();
        for (number, message) in (0..).zip(&self.ledger.messages) {
            let may_be_late = self.ledger.has_removed && matches!(message.what, What::Call { .. });
            if may_be_late || !present.contains(&message.from) {
                continue;
            }
            for peer in message.must_reach.iter().filter(|peer| present.contains(peer)) {
                let has_heard = ends.get(peer).is_some_and(|end| end.has_heard(message.from, number));
                assert!(has_heard, "{peer} has not heard {message:?}");
            }
        }
    }
}
