//! The decision of a server's program about each packet that is relayed between clients.

use super::{
    id::{PeerId, Target},
    wire::{Command, RelayedKind},
};

/// A packet of a client for other clients, before the server relays it: the argument of the hook of
/// [`SceneMultiplayer::on_relay`](super::SceneMultiplayer::on_relay).
///
/// It comes from an untrusted client. The server has checked that the sender is admitted, that the receivers exist, and
/// that the packet is not one that only a server may send. The rest of it may be malformed: the receivers check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayedPacket<'a> {
    /// The client that sent the packet.
    pub from: PeerId,
    /// The receivers, as the sender gave them. A target of several peers can include the server.
    pub to: Target,
    /// The packet as its receivers handle it: a command of Godot's protocol, at least one byte. `docs/godot-wire.md`
    /// has the format.
    ///
    /// In a call, a node without a path is an id that this sender has announced to this receiver. It may mean another
    /// node at another receiver.
    pub data: &'a [u8],
}

impl<'a> RelayedPacket<'a> {
    /// Creates a packet, for tests of a program's hook. Nothing is sent.
    pub fn new(from: PeerId, to: impl Into<Target>, data: &'a [u8]) -> Self {
        Self { from, to: to.into(), data }
    }

    /// Returns the purpose of the packet. Only its first byte is read; the rest may be malformed.
    pub fn kind(&self) -> RelayedKind {
        RelayedKind::of(self.data)
    }

    /// Returns the bytes that the client sent by [`send_bytes`](super::Session::send_bytes), at least one. `None` for
    /// other packets.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        if self.kind() != RelayedKind::Bytes {
            return None;
        }
        match Command::decode(self.data) {
            Ok(Command::Raw(bytes)) => Some(bytes),
            _ => None,
        }
    }
}

/// What the server does with a packet of a client for other clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RelayDecision {
    /// All its receivers get the packet.
    Pass,
    /// No other client gets the packet. The sender is not informed, and the packet is not a rejected one.
    Drop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bytes_of_send_bytes_are_returned() {
        let bytes = |data: &'static [u8]| RelayedPacket::new(PeerId::SERVER, Target::All, data).bytes();
        assert_eq!(bytes(&[3, 1, 2]), Some(&[1, 2][..]));
        // The other bits of the first byte have no meaning.
        assert_eq!(bytes(&[0xfb, 1]), Some(&[1][..]));
        for data in [&[][..], &[3], &[0, 1, 2], &[7, 3, 1, 0, 0, 0, 3, 9]] {
            assert_eq!(bytes(data), None, "{data:?}");
        }
    }
}
