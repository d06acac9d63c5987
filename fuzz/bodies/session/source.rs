//! The nodes that an end spawns and synchronizes, and the check of their replicas at other ends.

use super::{
    history::{SPAWNER, SYNCHRONIZER},
    participant::Participant,
    simulator::Values,
};
use crate::{
    multiplayer::{NodeKey, PeerId, Properties, Property, Spawner, Target},
    variant::Variant,
};

/// The properties of all nodes: one that is sent each time, and one that is sent on change.
pub(super) const PROPERTIES: [&str; 2] = ["always", "changing"];

/// What the spawners make a custom node of.
pub(super) const CUSTOM: &str = "orc";

/// A node that was spawned here, or a synchronizer.
pub(super) struct Source {
    pub(super) key: NodeKey,
    /// `None` for the synchronizer.
    pub(super) name: Option<String>,
    pub(super) is_public: bool,
    /// The calls of `show` (`true`) and `hide` since then.
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
    /// A synchronizer without values.
    pub(super) fn of(key: NodeKey) -> Self {
        Self { key, name: None, is_public: true, shown: Vec::new(), values: [None; 2] }
    }

    /// Returns `true` if a peer may see it, by the last call about this peer.
    fn is_shown_to(&self, peer: PeerId) -> bool {
        let includes = |target: &Target| match *target {
            Target::All => true,
            Target::Peer(one) => one == peer,
            Target::AllExcept(except) => except != peer,
        };
        let last = self.shown.iter().rev().find(|(target, _)| includes(target));
        last.map_or(self.is_public, |(_, is_shown)| *is_shown)
    }
}

/// Checks what a connected client knows of the server's nodes.
pub(super) fn assert_replicated(server: &Participant, client: &Participant) {
    // The server announces the number of a path once. A client that has not declared the path by then never learns it.
    let knows_path = |path: usize| {
        let since = server.at(path).map(|node| node.since);
        client.at(path).is_some_and(|node| node.was_alone || Some(node.since) < since)
    };
    for source in &server.sources {
        let is_shown = source.is_shown_to(client.id);
        match &source.name {
            Some(name) if knows_path(SPAWNER) => {
                let mut replicas = client.observed.replicas.values();
                let replica =
                    replicas.find(|replica| replica.from == PeerId::SERVER && replica.name == *name);
                assert_eq!(replica.is_some(), is_shown, "{name} at {}: {replica:?}", client.id);
                replica.into_iter().for_each(|replica| assert_values(&replica.values, source));
            }
            None if is_shown && knows_path(SYNCHRONIZER) => {
                let values = client.at(SYNCHRONIZER).and_then(|node| client.observed.declared.get(&node.key));
                assert_values(values.unwrap_or(&Values::new()), source);
            }
            _ => {}
        }
    }
}

fn assert_values(values: &Values, source: &Source) {
    for (property, value) in PROPERTIES.iter().zip(source.values) {
        let expected = value.map(Variant::Int);
        assert!(values.get(*property) == expected.as_ref(), "{property} is {values:?}, not {expected:?}");
    }
}
