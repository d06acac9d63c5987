//! The kinds of relayed packets, by the first byte.

use super::COMMAND;

/// The purpose of a packet: [`RelayedPacket::kind`](crate::multiplayer::RelayedPacket::kind).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RelayedKind {
    /// A call of a method of a node.
    ///
    /// Godot: `rpc`, `rpc_id`.
    Call,
    /// The announcement of an id for a node's path, or its confirmation. Without them calls contain the path.
    Path,
    /// Bytes of the program.
    ///
    /// Godot: `send_bytes`.
    Bytes,
    /// A node was spawned.
    ///
    /// Godot: `MultiplayerSpawner`.
    Spawn,
    /// A spawned node was removed.
    Despawn,
    /// Property values of nodes.
    ///
    /// Godot: `MultiplayerSynchronizer`.
    Sync,
    /// About the session itself, or empty. The server rejects such a packet, so no hook gets it.
    System,
}

impl RelayedKind {
    /// Returns the kind of a packet. Only its first byte is read.
    pub(crate) fn of(packet: &[u8]) -> Self {
        match packet.first().map(|first| first & COMMAND) {
            Some(0) => Self::Call,
            Some(1 | 2) => Self::Path,
            Some(3) => Self::Bytes,
            Some(4) => Self::Spawn,
            Some(5) => Self::Despawn,
            Some(6) => Self::Sync,
            _ => Self::System,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Command, is_system},
        *,
    };

    #[test]
    fn the_kind_agrees_with_the_decoded_command_for_every_first_byte() {
        // Long enough for every command but SIMPLIFY_PATH, whose path is behind 37 bytes.
        let body = [[0; 5].as_slice(), &[b'0'; 32], &[0; 8]].concat();
        for first in 0..=u8::MAX {
            let packet = [&[first], &body[..]].concat();
            let kind = RelayedKind::of(&packet);
            assert_eq!(kind == RelayedKind::System, is_system(&packet), "{first}");
            let expected = match Command::decode(&packet) {
                Ok(Command::Call(_)) => RelayedKind::Call,
                Ok(Command::SimplifyPath(_) | Command::ConfirmPath { .. }) => RelayedKind::Path,
                Ok(Command::Raw(_)) => RelayedKind::Bytes,
                Ok(Command::Spawn(_)) => RelayedKind::Spawn,
                Ok(Command::Despawn { .. }) => RelayedKind::Despawn,
                Ok(Command::Sync { .. } | Command::Delta(_)) => RelayedKind::Sync,
                Ok(Command::System(_)) => RelayedKind::System,
                Err(_) => continue,
            };
            assert_eq!(kind, expected, "{first}");
        }
        assert_eq!(RelayedKind::of(&[]), RelayedKind::System);
    }
}
