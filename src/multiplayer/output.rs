//! What a session wants its transport to do.

use super::id::PeerId;
use crate::{close::CloseCode, packet::Packet};

/// Something for the transport to do: [`Session::next_output`](super::Session::next_output).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Send a packet. To each peer in the order in which the outputs come; none may be left out.
    Send {
        /// To whom.
        to: Recipients,
        /// What; for many peers it is one, whose bytes they share.
        packet: Packet,
    },
    /// Send these packets, in this order, to each peer. A transport may write them together, and count them as one.
    SendAll {
        /// To whom.
        to: Recipients,
        /// The packets, at least one. The peers share their bytes.
        packets: Vec<Packet>,
    },
    /// Close the connection to this peer, once everything has been sent to it. Then tell
    /// [`peer_left`](super::Session::peer_left).
    Disconnect {
        /// Whose connection.
        peer: PeerId,
        /// The close code: 1000, or 1008 for a peer that went over a limit.
        code: CloseCode,
        /// Why, for the close frame.
        reason: &'static str,
    },
}

/// To whom a packet is to be sent: peers to which there is a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients {
    /// One peer.
    One(PeerId),
    /// Some or all of a server's peers.
    Many(Vec<PeerId>),
}

impl Recipients {
    /// Each of them.
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
