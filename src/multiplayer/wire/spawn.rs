//! SPAWN: the sender has created a node, which the receiver creates as well.
//!
//! ```text
//! 04, u8 scene index (255: custom), u32 path id of the spawner, u32 node id, u32 count of synchronizers,
//!     u32 length of the name with its NUL, u32 id of each synchronizer, name and NUL,
//!     if custom: u32 size, value; the initial values of the node's properties
//! ```

use super::{
    malformed::MalformedPacket,
    reader::{PacketReader, text},
    values::EncodedValues,
};

/// The scene index that marks a spawn from a value.
const CUSTOM: u8 = 255;

/// The characters that the name of a node cannot contain.
const FORBIDDEN_IN_NAMES: [char; 6] = ['.', ':', '@', '/', '"', '%'];

/// A SPAWN packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpawnPacket<'a> {
    /// The scene or the value that the node is created from.
    pub(crate) kind: EncodedSpawnKind<'a>,
    /// The path id of the spawner, announced by a `SimplifyPath`.
    pub(crate) spawner: u32,
    /// The id of the node. Its `Despawn` contains the same id.
    pub(crate) net_id: u32,
    /// The ids of the synchronizers. `Sync` and `Delta` refer to them.
    pub(crate) sync_ids: Vec<u32>,
    /// The name of the node below the spawner's spawn path.
    pub(crate) name: &'a str,
    /// The values of the properties that are sent at the spawn, in the order of the synchronizers.
    pub(crate) state: EncodedValues<'a>,
}

/// The scene or the value that a spawned node is created from, not decoded yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EncodedSpawnKind<'a> {
    /// The spawner's scene at this index, below 255.
    Scene(u8),
    /// One value for the spawner's function.
    Custom(EncodedValues<'a>),
}

impl<'a> SpawnPacket<'a> {
    pub(super) fn decode(mut body: PacketReader<'a>) -> Result<Self, MalformedPacket> {
        let scene = body.u8()?;
        let spawner = body.u32()?;
        let net_id = body.u32()?;
        let synchronizers = body.u32()?;
        let name_len = body.u32()?;
        let sync_ids = body.take(synchronizers.checked_mul(4).ok_or(MalformedPacket::TooShort)?)?;
        let sync_ids = sync_ids.chunks_exact(4).map(|id| u32::from_le_bytes([id[0], id[1], id[2], id[3]]));
        let name = text(body.take(name_len)?)?;
        if !is_node_name(name) {
            return Err(MalformedPacket::NodeName);
        }
        let kind = if scene == CUSTOM {
            let size = body.u32()?;
            EncodedSpawnKind::Custom(EncodedValues::new(body.take(size)?))
        } else {
            EncodedSpawnKind::Scene(scene)
        };
        let state = EncodedValues::new(body.rest());
        Ok(Self { kind, spawner, net_id, sync_ids: sync_ids.collect(), name, state })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let scene = match self.kind {
            EncodedSpawnKind::Scene(scene) => scene,
            EncodedSpawnKind::Custom(_) => CUSTOM,
        };
        out.extend([4, scene]);
        out.extend(self.spawner.to_le_bytes());
        out.extend(self.net_id.to_le_bytes());
        out.extend((self.sync_ids.len() as u32).to_le_bytes());
        out.extend((self.name.len() as u32 + 1).to_le_bytes());
        out.extend(self.sync_ids.iter().flat_map(|id| id.to_le_bytes()));
        out.extend_from_slice(self.name.as_bytes());
        out.push(0);
        if let EncodedSpawnKind::Custom(value) = self.kind {
            out.extend(value.size().to_le_bytes());
            out.extend_from_slice(value.bytes());
        }
        out.extend_from_slice(self.state.bytes());
    }
}

/// Returns `true` if an engine accepts this as the name of a spawned node.
pub(crate) fn is_node_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(FORBIDDEN_IN_NAMES) && !name.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::{super::Command, *};

    /// Returns a packet that is written by hand.
    fn sample(scene: u8, custom: &[u8]) -> Vec<u8> {
        let head = [4, scene, 7, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0];
        [&head[..], &[10, 0, 0, 0, 11, 0, 0, 0], b"Orc\0", custom, &[0x02, 5, 0x81]].concat()
    }

    fn spawn(kind: EncodedSpawnKind<'_>) -> Command<'_> {
        let state = EncodedValues::new(&[0x02, 5, 0x81]);
        Command::Spawn(SpawnPacket {
            kind,
            spawner: 7,
            net_id: 9,
            sync_ids: vec![10, 11],
            name: "Orc",
            state,
        })
    }

    #[test]
    fn scenes_and_values_are_spawned() {
        for (packet, expected) in [
            (sample(3, &[]), spawn(EncodedSpawnKind::Scene(3))),
            (
                sample(255, &[2, 0, 0, 0, 0x02, 42]),
                spawn(EncodedSpawnKind::Custom(EncodedValues::new(&[0x02, 42]))),
            ),
        ] {
            assert_eq!(Command::decode(&packet), Ok(expected.clone()));
            let mut out = Vec::new();
            expected.encode(&mut out);
            assert_eq!(out, packet);
        }
    }

    #[test]
    fn a_spawn_may_have_a_name_only() {
        let packet = [&[4, 0][..], &[0; 12], &[1, 0, 0, 0], b"a"].concat();
        let Ok(Command::Spawn(spawn)) = Command::decode(&packet) else { panic!("it is a spawn") };
        assert_eq!((spawn.name, spawn.sync_ids.len(), spawn.state), ("a", 0, EncodedValues::new(&[])));
    }

    #[test]
    fn counts_and_sizes_beyond_the_packet_are_rejected() {
        let good = sample(255, &[2, 0, 0, 0, 0x02, 42]);
        for (at, value) in [(10, 4), (10, u32::MAX), (10, 1 << 30), (14, 18), (14, u32::MAX), (30, 6)] {
            let mut packet = good.clone();
            packet[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
            assert_eq!(Command::decode(&packet), Err(MalformedPacket::TooShort), "{at}: {value}");
        }
        for len in 1..good.len() - 3 {
            assert_eq!(Command::decode(&good[..len]), Err(MalformedPacket::TooShort), "{len}");
        }
    }

    #[test]
    fn invalid_names_are_rejected() {
        for (name, expected) in [
            (&b""[..], MalformedPacket::NodeName),
            (b"\0", MalformedPacket::NodeName),
            (b"a/b\0", MalformedPacket::NodeName),
            (b"%a\0", MalformedPacket::NodeName),
            (b"@Node@2\0", MalformedPacket::NodeName),
            (b"..\0", MalformedPacket::NodeName),
            (b"\xff\0", MalformedPacket::NotUtf8),
        ] {
            let len = u32::try_from(name.len()).unwrap().to_le_bytes();
            let packet = [&[4, 0][..], &[0; 12], &len, name].concat();
            assert_eq!(Command::decode(&packet), Err(expected), "{name:?}");
        }
        assert!(is_node_name("Größe 2") && !is_node_name("a\0"));
    }
}
