//! SYS: authentication, who is there, and packets that the server carries from one client to another.
//!
//! ```text
//! 07 00, bytes                        AUTH; without bytes: "I am done"
//! 07 01, i32 peer                     ADD_PEER
//! 07 02, i32 peer                     DEL_PEER
//! 07 03, i32 peer, the packet itself  RELAY: to the peer on its way to the server, from the peer behind it
//! ```

use super::{malformed::MalformedPacket, reader::Reader};

/// What concerns the session itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System<'a> {
    /// Bytes for the other end's authentication; none mean that the sender has let the receiver in.
    Auth(&'a [u8]),
    /// There is another peer.
    AddPeer(i32),
    /// It is gone.
    DelPeer(i32),
    /// A packet between two clients.
    Relay {
        /// Whom it is for, or who sent it. For many it is what [`Target`](crate::multiplayer::Target) is to Godot.
        peer: i32,
        /// The packet, at least a byte of it.
        inner: &'a [u8],
    },
}

impl<'a> System<'a> {
    pub(super) fn decode(mut body: Reader<'a>) -> Result<Self, MalformedPacket> {
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
        out.extend([7, command]);
        out.extend(peer.into_iter().flat_map(i32::to_le_bytes));
        out.extend_from_slice(bytes);
    }
}

/// Whom a packet is to be carried on to, if it is a whole RELAY. Nothing else of it is looked at: servers do this often.
pub(crate) fn relay_target(packet: &[u8]) -> Option<i32> {
    match *packet {
        [first, 3, a, b, c, d, _, ..] if first & 0b111 == 7 => Some(i32::from_le_bytes([a, b, c, d])),
        _ => None,
    }
}

/// What a relayed packet begins with: the packet is written right behind it.
pub(crate) fn relay_header(peer: i32) -> [u8; 6] {
    let [a, b, c, d] = peer.to_le_bytes();
    [7, 3, a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::{super::Command, *};

    #[test]
    fn a_relay_is_told_as_decoding_tells_it() {
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
