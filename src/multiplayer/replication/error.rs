//! Errors in packets about nodes of other peers.

use std::{borrow::Cow, fmt};

use crate::{multiplayer::wire::ArgumentError, variant::WrongType};

/// Why a packet that spawns, despawns or updates a node was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplicationError {
    /// The node is not a spawner at this end.
    NotSpawner,
    /// The node is not a synchronizer at this end.
    NotSynchronizer,
    /// The sender is not the authority of the spawner or synchronizer.
    NotAuthority,
    /// The spawner has no such scene, or its function does not accept the value.
    UnknownScene,
    /// The number of synchronizers differs from that of the scene at this end.
    SynchronizerCount {
        /// The number at this end.
        expected: usize,
        /// The number in the packet.
        found: usize,
    },
    /// The id is reserved, or the peer has assigned it to another node or synchronizer.
    IdTaken {
        /// The id.
        id: u32,
    },
    /// The peer has not spawned a node or synchronizer with this id.
    UnknownId {
        /// The id.
        id: u32,
    },
    /// The spawner has a node with this name.
    NameTaken,
    /// The name has more than 255 bytes.
    NameTooLong,
    /// The peer has spawned [`max_spawned_per_peer`](super::super::SessionOptions::max_spawned_per_peer) nodes.
    TooManySpawned,
    /// The number of values differs from that of the properties.
    ValueCount {
        /// The number of properties.
        expected: usize,
    },
    /// A value cannot be decoded. Its index counts from 0.
    InvalidValue(ArgumentError),
    /// The property does not accept the value.
    WrongType {
        /// The name of the property.
        property: Cow<'static, str>,
        /// The expected and the actual type.
        error: WrongType,
    },
    /// The mask of changed properties is empty, or has a bit without a property.
    UnknownProperty,
    /// The state is older than the last one.
    Outdated,
}

impl fmt::Display for ReplicationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSpawner => f.write_str("the node is not a spawner"),
            Self::NotSynchronizer => f.write_str("the node is not a synchronizer"),
            Self::NotAuthority => f.write_str("the sender is not the authority of the node"),
            Self::UnknownScene => f.write_str("the spawner cannot create this node"),
            Self::SynchronizerCount { expected, found } => {
                write!(f, "the scene has {expected} synchronizers, not {found}")
            }
            Self::IdTaken { id } => write!(f, "the id {id} is reserved or in use"),
            Self::UnknownId { id } => write!(f, "nothing was spawned with the id {id}"),
            Self::NameTaken => f.write_str("the spawner has a node with this name"),
            Self::NameTooLong => f.write_str("the name has more than 255 bytes"),
            Self::TooManySpawned => f.write_str("the peer has spawned `max_spawned_per_peer` nodes"),
            Self::ValueCount { expected } => write!(f, "the number of values is not {expected}"),
            Self::InvalidValue(ArgumentError { index, error }) => write!(f, "value {index}: {error}"),
            Self::WrongType { property, error } => write!(f, "`{property}`: {error}"),
            Self::UnknownProperty => f.write_str("there is no such property"),
            Self::Outdated => f.write_str("the state is older than the last one"),
        }
    }
}
