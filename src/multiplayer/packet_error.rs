//! Why a received packet was dropped.

use std::{borrow::Cow, fmt};

use super::{
    id::PeerId,
    replication::ReplicationError,
    rpc::CallError,
    wire::{ArgumentError, MalformedPacket},
};

/// Why a packet was dropped. It had no effect, and no other peer received any of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PacketError {
    /// It cannot be decoded.
    Malformed(MalformedPacket),
    /// The sender is not admitted yet, and the packet is not about authentication.
    NotAuthenticated,
    /// It is about authentication, but none is in progress, or the sender has completed it.
    NotAuthenticating,
    /// Its sender, its receiver or the peer that it is about does not exist.
    UnknownPeer,
    /// It announces a peer, or the departure of a peer. Only the server may send that, and only to clients.
    NotServer,
    /// The server announces a peer whose id is taken, or that no client can have.
    PeerIdTaken(PeerId),
    /// The server announces more peers than [`max_peers`](super::SessionOptions::max_peers).
    TooManyPeers,
    /// It is about other clients, or for them, in a session without [`relay`](super::SessionOptions::relay).
    RelayOff,
    /// It is about the session itself, and was relayed: a forgery.
    RelayedSystem,
    /// There is no node at this path. A peer's announcement of the path is not confirmed.
    UnknownPath,
    /// The peer has not announced a path with this id, or there is no node at that path now.
    UnknownNode {
        /// The id of the path.
        id: u32,
    },
    /// The peer has announced another path with this id.
    PathIdTaken {
        /// The id.
        id: u32,
    },
    /// The peer announces more paths than [`max_paths_per_peer`](super::SessionOptions::max_paths_per_peer).
    TooManyPaths,
    /// The node has no method with this id. The other end may have registered other methods.
    UnknownMethod {
        /// The id.
        id: u16,
    },
    /// The sender may not call the method.
    NotAllowed {
        /// The name of the method.
        method: Cow<'static, str>,
    },
    /// An argument of a call cannot be decoded.
    InvalidArgument {
        /// The name of the method.
        method: Cow<'static, str>,
        /// The index of the argument, and the error.
        error: ArgumentError,
    },
    /// The method does not take these arguments.
    InvalidCall {
        /// The name of the method.
        method: Cow<'static, str>,
        /// The error.
        error: CallError,
    },
    /// It is about spawned or synchronized nodes.
    Replication(ReplicationError),
}

impl fmt::Display for PacketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::NotAuthenticated => f.write_str("the peer is not admitted yet"),
            Self::NotAuthenticating => f.write_str("the peer is not authenticating"),
            Self::UnknownPeer => f.write_str("there is no such peer"),
            Self::NotServer => f.write_str("only the server may announce peers, to its clients"),
            Self::PeerIdTaken(peer) => write!(f, "the id {peer} is taken, or is not a client's"),
            Self::TooManyPeers => f.write_str("the server announces more than `max_peers` peers"),
            Self::RelayOff => f.write_str("`relay` is off in this session"),
            Self::RelayedSystem => f.write_str("a packet about the session itself was relayed"),
            Self::UnknownPath => f.write_str("there is no node at this path"),
            Self::UnknownNode { id } => write!(f, "there is no node for the peer's path id {id}"),
            Self::PathIdTaken { id } => write!(f, "the peer's path id {id} stands for another path"),
            Self::TooManyPaths => f.write_str("the peer announces more than `max_paths_per_peer` paths"),
            Self::UnknownMethod { id } => write!(f, "the node has no method {id}"),
            Self::NotAllowed { method } => write!(f, "the peer may not call `{method}`"),
            Self::InvalidArgument { method, error } => write!(f, "`{method}`: {error}"),
            Self::InvalidCall { method, error } => write!(f, "`{method}`: {error}"),
            Self::Replication(error) => error.fmt(f),
        }
    }
}

impl From<MalformedPacket> for PacketError {
    fn from(error: MalformedPacket) -> Self {
        Self::Malformed(error)
    }
}

impl From<ReplicationError> for PacketError {
    fn from(error: ReplicationError) -> Self {
        Self::Replication(error)
    }
}
