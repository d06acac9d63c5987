//! What an end spawns and changes, and what has come of it at the others when everything has arrived.

use super::{
    end::End,
    hearing::Values,
    ledger::{SPAWNER, SYNCHRONIZER},
};
use crate::{
    multiplayer::{NodeKey, PeerId, Properties, Property, Spawner, Target},
    variant::Variant,
};

/// The properties of everything: one that is sent every time, and one that is sent when it has changed.
pub(super) const PROPERTIES: [&str; 2] = ["always", "changing"];

/// What the spawners make a node of, besides their scene.
pub(super) const CUSTOM: &str = "orc";

/// A node that was spawned here, or a synchronizer.
pub(super) struct Source {
    pub(super) key: NodeKey,
    /// None for the synchronizer.
    pub(super) name: Option<String>,
    pub(super) is_public: bool,
    /// Who was to see it from then on, or not to.
    pub(super) shown: Vec<(Target, bool)>,
    pub(super) values: [Option<i64>; 2],
}

pub(super) fn properties() -> Properties {
    let [always, changing] = PROPERTIES;
    Properties::new().with(Property::of::<i64>(always)).with(Property::of::<i64>(changing).on_change())
}

pub(super) fn spawner() -> Spawner {
    let custom = |what: &Variant| (*what == Variant::from(CUSTOM)).then(|| properties().into());
    Spawner::new().scene(properties()).custom(custom)
}

impl Source {
    /// A synchronizer of which nothing is said yet.
    pub(super) fn of(key: NodeKey) -> Self {
        Self { key, name: None, is_public: true, shown: Vec::new(), values: [None; 2] }
    }

    /// Whether a peer sees it: as the last word on that was.
    fn is_shown_to(&self, peer: PeerId) -> bool {
        let is_meant = |target: &Target| match *target {
            Target::All => true,
            Target::Peer(one) => one == peer,
            Target::AllExcept(except) => except != peer,
        };
        let last = self.shown.iter().rev().find(|(target, _)| is_meant(target));
        last.map_or(self.is_public, |(_, is_shown)| *is_shown)
    }
}

/// Checks what a client, which has stayed, knows of what the server tells of.
pub(super) fn is_seen(server: &End, client: &End) {
    // What a number of a path means is told once: who does not know the path by then never learns it.
    let is_listening = |path: usize| {
        let since = server.at(path).map(|node| node.since);
        client.at(path).is_some_and(|node| node.was_alone || Some(node.since) < since)
    };
    for source in &server.sources {
        let is_shown = source.is_shown_to(client.id);
        match &source.name {
            Some(name) if is_listening(SPAWNER) => {
                let mut replicas = client.hearing.replicas.values();
                let replica =
                    replicas.find(|replica| replica.from == PeerId::SERVER && replica.name == *name);
                assert_eq!(replica.is_some(), is_shown, "{name} at {}: {replica:?}", client.id);
                replica.into_iter().for_each(|replica| holds(&replica.values, source));
            }
            None if is_shown && is_listening(SYNCHRONIZER) => {
                let values = client.at(SYNCHRONIZER).and_then(|node| client.hearing.declared.get(&node.key));
                holds(values.unwrap_or(&Values::new()), source);
            }
            _ => {}
        }
    }
}

fn holds(values: &Values, source: &Source) {
    for (property, value) in PROPERTIES.iter().zip(source.values) {
        let expected = value.map(Variant::Int);
        assert!(values.get(*property) == expected.as_ref(), "{property} is {values:?}, not {expected:?}");
    }
}
