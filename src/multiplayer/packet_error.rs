//! Why something that came from a peer was dropped.

use std::{borrow::Cow, fmt};

use super::{
    id::PeerId,
    replication::ReplicationError,
    rpc::CallError,
    wire::{ArgumentError, MalformedPacket},
};

/// What was wrong with a packet, or with what it asked for. It had no effect, and no other peer noticed anything of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PacketError {
    /// It cannot be read.
    Malformed(MalformedPacket),
    /// In place of a client's id the server said something else. The client leaves.
    InvalidId,
    /// Who is not admitted yet can only say what is about that.
    NotAuthenticated,
    /// It is about an authentication that nobody waits for, or that its sender had said to be over.
    NotAuthenticating,
    /// It comes from, is for, or is about a peer that is not here.
    UnknownPeer,
    /// Only a server may say it, and only to clients: who has come or gone.
    NotServer,
    /// The server tells of a new peer by an id that is somebody's already, or that no client can have.
    PeerIdTaken(PeerId),
    /// The server tells of more peers than [`max_peers`](super::SessionOptions::max_peers).
    TooManyPeers,
    /// It is about other clients, or for them, in a session [without them](super::SessionOptions::relay).
    RelayOff,
    /// It concerns the session itself, and came by way of another: a forgery.
    RelayedSystem,
    /// There is no node at this path. In answer to a peer's announcement of a path: it is not confirmed.
    UnknownPath,
    /// The peer has not said what it means by this number, or that node is no longer here.
    UnknownNode {
        /// The number.
        id: u32,
    },
    /// The peer has given this number to another path.
    PathIdTaken {
        /// The number.
        id: u32,
    },
    /// The peer numbers more paths than [`max_paths_per_peer`](super::SessionOptions::max_paths_per_peer).
    TooManyPaths,
    /// The node has no method of this number: the other end may have declared other ones.
    UnknownMethod {
        /// The number.
        id: u16,
    },
    /// The method is not for this caller.
    NotAllowed {
        /// Its name.
        method: Cow<'static, str>,
    },
    /// An argument of a call cannot be read.
    InvalidArgument {
        /// The method's name.
        method: Cow<'static, str>,
        /// Which argument, and what is wrong with it.
        error: ArgumentError,
    },
    /// The method does not take such arguments.
    InvalidCall {
        /// Its name.
        method: Cow<'static, str>,
        /// What is wrong with them.
        error: CallError,
    },
    /// It is about nodes that the peer spawns, or says something of.
    Replication(ReplicationError),
}

impl fmt::Display for PacketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(f),
            Self::InvalidId => f.write_str("the server's first packet is no id"),
            Self::NotAuthenticated => f.write_str("the peer is not admitted yet"),
            Self::NotAuthenticating => f.write_str("no authentication is under way"),
            Self::UnknownPeer => f.write_str("there is no such peer"),
            Self::NotServer => f.write_str("only a server says so, to its clients"),
            Self::PeerIdTaken(peer) => write!(f, "no newcomer can have the id {peer}"),
            Self::TooManyPeers => f.write_str("the server tells of more than `max_peers` peers"),
            Self::RelayOff => f.write_str("clients do not hear of each other in this session"),
            Self::RelayedSystem => f.write_str("a packet about the session itself came by relay"),
            Self::UnknownPath => f.write_str("there is no node at this path"),
            Self::UnknownNode { id } => write!(f, "the peer's number {id} means no node"),
            Self::PathIdTaken { id } => write!(f, "the peer's number {id} has a meaning already"),
            Self::TooManyPaths => f.write_str("the peer numbers more than `max_paths_per_peer` paths"),
            Self::UnknownMethod { id } => write!(f, "the node has no method {id}"),
            Self::NotAllowed { method } => write!(f, "the peer may not call `{method}`"),
            Self::InvalidArgument { method, error } => write!(f, "`{method}`: {error}"),
            Self::InvalidCall { method, error } => write!(f, "`{method}`: {error}"),
            Self::Replication(why) => why.fmt(f),
        }
    }
}

impl From<MalformedPacket> for PacketError {
    fn from(why: MalformedPacket) -> Self {
        Self::Malformed(why)
    }
}

impl From<ReplicationError> for PacketError {
    fn from(why: ReplicationError) -> Self {
        Self::Replication(why)
    }
}
