//! The memory that the session uses for a peer.

use super::Session;
use crate::multiplayer::id::PeerId;

impl Session {
    /// Returns the memory that the session uses for a peer, in bytes: announced paths, spawned nodes, and records of
    /// method mismatches.
    ///
    /// It is 0 for a peer that is neither admitted nor arriving from another session. Queued events and outputs do not count.
    pub(crate) fn memory_usage(&self, peer: PeerId) -> usize {
        self.peers.memory_usage(peer)
            + self.nodes.memory_usage(peer)
            + self.replication.incoming.memory_usage(peer)
    }

    /// Returns the memory that is used for a peer, if a packet may have changed that since the last call.
    pub(crate) fn take_changed_memory_usage(&mut self, peer: PeerId) -> Option<usize> {
        std::mem::take(&mut self.memory_usage_changed).then(|| self.memory_usage(peer))
    }

    /// Sets whether the transport is short of memory. While it is, a peer may announce only a few paths.
    pub(crate) fn set_memory_scarce(&mut self, scarce: bool) {
        self.memory_scarce = scarce;
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::{
        close::{CloseCause, CloseInfo},
        multiplayer::{
            Method, Methods, PathIds, Properties, Property, Scene, SessionOptions, Spawner,
            path_ids::MAX_PATH_ID,
            wire::{Command, EncodedSpawnKind, EncodedValues, SimplifyPath, SpawnPacket, encode_values},
        },
        packet::Packet,
        variant::Variant,
    };

    const NOW: Duration = Duration::ZERO;

    fn peer(id: i32) -> PeerId {
        PeerId::new(id).unwrap()
    }

    fn receive(server: &mut Session, from: PeerId, command: &Command<'_>) {
        let mut packet = Vec::new();
        command.encode(&mut packet);
        server.receive(from, Packet::binary(packet), NOW);
        while server.next_output().is_some() {}
    }

    fn announce(server: &mut Session, from: PeerId, id: u32, path: &str) {
        let announcement = SimplifyPath { md5: *Methods::new().md5_digits(), id, path };
        receive(server, from, &Command::SimplifyPath(announcement));
    }

    fn server() -> Session {
        let mut server = Session::server(SessionOptions::default());
        server.peer_joined(peer(2), NOW);
        server.peer_joined(peer(3), NOW);
        server
    }

    fn leave(server: &mut Session, peer: PeerId) {
        server.peer_left(peer, CloseInfo::from(CloseCause::ConnectionLost));
    }

    #[test]
    fn announced_paths_count_until_their_peer_leaves_and_share_one_string() {
        let mut server = server();
        let one = peer(2);
        for count in 1..=1024 {
            announce(&mut server, one, count, ".");
            let each = server.memory_usage(one) / count as usize;
            assert!((32..=128).contains(&each), "{each} bytes each for {count}");
        }
        assert_eq!(server.stats().rejected_packets, 0);
        let full = server.memory_usage(one);
        announce(&mut server, one, 1025, ".");
        assert_eq!(
            (server.stats().rejected_packets, server.memory_usage(one), server.memory_usage(peer(3))),
            (1, full, 0)
        );

        announce(&mut server, peer(3), 1, ".");
        let mut path = |peer, number| server.peers.paths(peer).unwrap().get(number).unwrap().1.clone();
        assert!(Arc::ptr_eq(&path(one, 1), &path(one, 1024)));
        assert!(Arc::ptr_eq(&path(one, 1), &path(peer(3), 1)));

        leave(&mut server, one);
        assert_eq!(server.memory_usage(one), 0);
        assert_ne!(server.memory_usage(peer(3)), 0);
        server.peer_joined(one, NOW);
        assert_eq!(server.memory_usage(one), 0);
    }

    fn spawn(server: &mut Session, what: EncodedSpawnKind<'_>, net_id: u32, name: &str) {
        let (sync_ids, state) = (vec![net_id], EncodedValues::new(&[]));
        let packet = SpawnPacket { kind: what, spawner: 1, net_id, sync_ids, name, state };
        receive(server, peer(2), &Command::Spawn(packet));
    }

    #[test]
    fn spawned_nodes_count_until_they_are_gone() {
        let mut server = server();
        let owner = peer(2);
        let scene = || Scene::from(Properties::new().with(Property::any("a").not_at_spawn()));
        let spawner = Spawner::new().scene(scene()).custom(move |_| Some(scene()));
        let node = server.register_spawner("Spawner", spawner).unwrap();
        server.set_authority(node, owner).unwrap();
        announce(&mut server, owner, 1, "Spawner");
        let before = server.memory_usage(owner);

        spawn(&mut server, EncodedSpawnKind::Scene(0), 1, "a");
        let short = server.memory_usage(owner) - before;
        assert!((200..1000).contains(&short), "{short}");
        // The name is stored twice.
        spawn(&mut server, EncodedSpawnKind::Scene(0), 2, &"b".repeat(101));
        assert_eq!(server.memory_usage(owner) - before, 2 * short + 200);
        // Null, for which the function creates a scene that is not shared.
        let null = encode_values([&Variant::Nil]).unwrap();
        spawn(&mut server, EncodedSpawnKind::Custom(EncodedValues::new(&null)), 3, "c");
        assert!(server.memory_usage(owner) - before > 3 * short + 200);
        spawn(&mut server, EncodedSpawnKind::Scene(0), 3, "d");
        assert_eq!(server.stats().rejected_packets, 1);

        for net_id in [1, 3] {
            receive(&mut server, owner, &Command::Despawn { net_id });
        }
        assert_eq!(server.memory_usage(owner) - before, short + 200);
        server.unregister_node(node);
        assert_eq!(server.memory_usage(owner), before);

        let node = server.register_spawner("Spawner", Spawner::new().scene(Scene::new([]))).unwrap();
        server.set_authority(node, owner).unwrap();
        let packet = SpawnPacket {
            kind: EncodedSpawnKind::Scene(0),
            spawner: 1,
            net_id: 1,
            sync_ids: Vec::new(),
            name: "a",
            state: EncodedValues::new(&[]),
        };
        receive(&mut server, owner, &Command::Spawn(packet));
        assert!(server.memory_usage(owner) > before);
        leave(&mut server, owner);
        assert_eq!(server.memory_usage(owner), 0);
    }

    #[test]
    fn announced_paths_count_in_the_session_that_a_peer_moves_to() {
        let (path_ids, one) = (PathIds::new(), peer(2));
        let [mut old, mut new] = [(); 2].map(|()| Session::server_in(SessionOptions::default(), &path_ids));
        old.peer_joined(one, NOW);
        for path in ["A", "B"] {
            old.register_node_with(path, Methods::new().with(Method::new("play"))).unwrap();
        }
        let kept = new.register_node_with("A", Methods::new()).unwrap();
        announce(&mut old, one, 1, "B");
        old.unregister_node(old.nodes.at("B").unwrap());
        let mismatch_and_path = old.memory_usage(one);
        announce(&mut old, one, 2, "A");
        let both = old.memory_usage(one);
        assert!(both > mismatch_and_path && mismatch_and_path > 0);

        let transfer = old.release_peer(one).unwrap();
        new.adopt_peer(one, transfer, Duration::ZERO, NOW);
        while new.next_output().is_some() {}
        // The path that no session has is forgotten, and so is the mismatch.
        let arriving = new.memory_usage(one);
        assert!(old.memory_usage(one) == 0 && 0 < arriving && arriving < both, "{arriving} {both}");
        announce(&mut new, one, 3, ".");
        announce(&mut new, one, 4, "unknown");
        assert_eq!(new.memory_usage(one), 2 * arriving);
        receive(&mut new, one, &Command::ConfirmPath { valid: true, id: MAX_PATH_ID + 2 });
        assert_eq!((new.memory_usage(one), new.peers.is_admitted(one)), (2 * arriving, true));
        new.unregister_node(kept);
        leave(&mut new, one);
        assert_eq!(new.memory_usage(one), 0);
        assert_eq!((old.stats().rejected_packets, new.stats().rejected_packets), (0, 0));
    }

    #[test]
    fn mismatches_count_until_the_node_or_the_peer_is_gone() {
        let mut server = server();
        let mut nodes = Vec::new();
        for path in ["A", "B", "C"] {
            let methods = Methods::new().with(Method::new("play"));
            nodes.push(server.register_node_with(path, methods).unwrap());
        }
        announce(&mut server, peer(3), 1, "A");
        announce(&mut server, peer(2), 1, "A");
        let one = server.memory_usage(peer(2));
        assert_eq!(server.memory_usage(peer(3)), one);
        announce(&mut server, peer(2), 2, "A");
        let path = server.memory_usage(peer(2)) - one;
        assert!(path < one, "only the first mismatch at a node counts");
        announce(&mut server, peer(2), 3, "B");
        assert_eq!(server.memory_usage(peer(2)), 2 * one + path);
        server.unregister_node(nodes[1]);
        assert_eq!(server.memory_usage(peer(2)), one + 2 * path);
        leave(&mut server, peer(2));
        assert_eq!((server.memory_usage(peer(2)), server.memory_usage(peer(3))), (0, one));
    }
}
