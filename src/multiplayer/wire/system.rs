//! SYS: authentication, the list of peers, and packets that the server relays between clients.
//!
//! ```text
//! 07 00, bytes             AUTH; without bytes: the sender has completed the authentication
//! 07 01, i32 peer          ADD_PEER
//! 07 02, i32 peer          DEL_PEER
//! 07 03, i32 peer, packet  RELAY; the recipient in packets to the server, the sender in packets from it
//! ```

use super::{malformed::MalformedPacket, reader::PacketReader};

/// The length of ADD_PEER and of DEL_PEER, in bytes.
pub(crate) const MEMBERSHIP_LEN: usize = 6;

/// A SYS packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System<'a> {
    /// Bytes for the authentication. If empty, the sender has admitted the receiver.
    Auth(&'a [u8]),
    /// A peer has joined.
    AddPeer(i32),
    /// A peer has left.
    DelPeer(i32),
    /// A packet between two clients.
    Relay {
        /// The recipient or sender. For several recipients, Godot's number of a [`Target`](crate::multiplayer::Target).
        peer: i32,
        /// The packet, at least one byte.
        inner: &'a [u8],
    },
}

impl<'a> System<'a> {
    pub(super) fn decode(mut body: PacketReader<'a>) -> Result<Self, MalformedPacket> {
        let command = body.u8()?;
        if command == 0 {
            return Ok(Self::Auth(body.rest()));
        }
        let peer = body.i32()?;
        match command {
            1 => Ok(Self::AddPeer(peer)),
            2 => Ok(Self::DelPeer(peer)),
            3 => Ok(Self::Relay { peer, inner: body.non_empty_rest()? }),
            _ => Err(MalformedPacket::UnknownSystemCommand { command }),
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let (command, peer, bytes): (u8, Option<i32>, &[u8]) = match *self {
            Self::Auth(bytes) => (0, None, bytes),
            Self::AddPeer(peer) => (1, Some(peer), &[]),
            Self::DelPeer(peer) => (2, Some(peer), &[]),
            Self::Relay { peer, inner } => (3, Some(peer), inner),
        };
        out.extend_from_slice(&[7, command]);
        if let Some(peer) = peer {
            out.extend_from_slice(&peer.to_le_bytes());
        }
        out.extend_from_slice(bytes);
    }
}

/// Returns the recipient of a RELAY; `None` for another or incomplete packet. It decodes nothing else, since servers
/// call it often.
pub(crate) fn relay_target(packet: &[u8]) -> Option<i32> {
    match *packet {
        [first, 3, a, b, c, d, _, ..] if first & 0b111 == 7 => Some(i32::from_le_bytes([a, b, c, d])),
        _ => None,
    }
}

/// Returns the header of a RELAY, which the packet follows.
pub(crate) fn relay_header(peer: i32) -> [u8; 6] {
    let [a, b, c, d] = peer.to_le_bytes();
    [7, 3, a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::{super::Command, *};

    #[test]
    fn relay_target_agrees_with_decode() {
        for packet in [
            &[7, 3, 1, 2, 3, 4, 0][..],
            &[0xff, 3, 1, 2, 3, 4, 7, 7],
            &[7, 3, 1, 2, 3, 4],
            &[7, 2, 1, 2, 3, 4, 0],
            &[6, 3, 1, 2, 3, 4, 0],
            &[7],
            &[],
        ] {
            let decoded = match Command::decode(packet) {
                Ok(Command::System(System::Relay { peer, .. })) => Some(peer),
                _ => None,
            };
            assert_eq!(relay_target(packet), decoded, "{packet:?}");
        }
    }
}
