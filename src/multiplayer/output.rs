//! Instructions of a session to its transport.

use std::borrow::Cow;

use super::{id::PeerId, rpc::TransferMode};
use crate::{close::CloseCode, packet::Packet};

/// An instruction to the transport: [`Session::next_output`](super::Session::next_output).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Send a packet. Each peer must receive all its packets, in the order of the outputs.
    ///
    /// A transport may drop or reorder a packet only as `transfer` allows. A WebSocket has one channel, which is
    /// reliable and ordered, so [`SceneMultiplayer`](super::SceneMultiplayer) ignores `channel` and `transfer`.
    #[non_exhaustive]
    Send {
        /// The receivers.
        to: Recipients,
        /// The packet. Several receivers share its bytes.
        packet: Packet,
        /// The channel: [`Method::channel`](super::Method::channel) for a call, else 0.
        channel: i32,
        /// How to transfer it: [`Method::transfer`](super::Method::transfer) for a call, else
        /// [`Reliable`](TransferMode::Reliable). Packets that a server relays are reliable.
        transfer: TransferMode,
    },
    /// Send these packets, in this order, to each peer, reliably, on channel 0. A transport may write them together and
    /// count them as one.
    #[non_exhaustive]
    SendAll {
        /// The receivers.
        to: Recipients,
        /// The packets, at least one. The receivers share their bytes.
        packets: Vec<Packet>,
    },
    /// Close the connection to this peer, once everything has been sent to it. Then call
    /// [`peer_left`](super::Session::peer_left).
    #[non_exhaustive]
    Disconnect {
        /// The peer.
        peer: PeerId,
        /// The close code: 1000, the program's own, or 1008 for a peer that exceeded a limit.
        code: CloseCode,
        /// The reason for the close frame, at most 123 bytes.
        reason: Cow<'static, str>,
    },
}

impl Output {
    /// Returns a packet that is sent reliably, on channel 0.
    #[inline]
    pub(super) fn send(to: Recipients, packet: Packet) -> Self {
        Self::Send { to, packet, channel: 0, transfer: TransferMode::Reliable }
    }
}

/// The receivers of a packet: peers to which there is a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recipients {
    /// One peer.
    One(PeerId),
    /// Some or all peers of a server.
    Many(Vec<PeerId>),
}

impl Recipients {
    /// Returns the receivers.
    pub fn as_slice(&self) -> &[PeerId] {
        match self {
            Self::One(peer) => std::slice::from_ref(peer),
            Self::Many(peers) => peers,
        }
    }
}

impl From<Vec<PeerId>> for Recipients {
    fn from(peers: Vec<PeerId>) -> Self {
        match peers[..] {
            [peer] => Self::One(peer),
            _ => Self::Many(peers),
        }
    }
}
