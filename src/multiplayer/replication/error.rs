//! Why something about another peer's nodes was dropped.

use std::{borrow::Cow, fmt};

use crate::{multiplayer::wire::ArgumentError, variant::WrongType};

/// What was wrong with the spawn of a node, with its end, or with what its properties were said to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplicationError {
    /// The node that is to spawn is no spawner here.
    NotSpawner,
    /// The node whose properties it is about is no synchronizer here.
    NotSynchronizer,
    /// Only the authority of the spawner, or of the synchronizer, may say so.
    NotAuthority,
    /// The spawner does not know the scene, or makes nothing of the value.
    UnknownScene,
    /// The node has more synchronizers than its scene has here, or fewer.
    SynchronizerCount {
        /// How many it has here.
        expected: usize,
        /// How many it is said to have.
        found: usize,
    },
    /// The peer has given this number to another node or synchronizer, or it is none that can be given.
    IdTaken {
        /// The number.
        id: u32,
    },
    /// The peer has spawned no node with this number, or no node with such a synchronizer.
    UnknownId {
        /// The number.
        id: u32,
    },
    /// There is a node of this spawner with the name.
    NameTaken,
    /// The name has more than 255 bytes.
    NameTooLong,
    /// The peer has spawned [`max_spawned_per_peer`](super::super::SessionOptions::max_spawned_per_peer) nodes.
    TooManySpawned,
    /// There are more values than properties, or fewer.
    ValueCount {
        /// How many properties there are.
        expected: usize,
    },
    /// A value cannot be read. They are counted from 0 on.
    InvalidValue(ArgumentError),
    /// The property cannot hold the value.
    WrongType {
        /// Its name.
        property: Cow<'static, str>,
        /// What it should be, and what it is.
        error: WrongType,
    },
    /// It says that none has changed, or one that there is not.
    UnknownProperty,
    /// It is older than what has been heard.
    Outdated,
}

impl fmt::Display for ReplicationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSpawner => f.write_str("the node is no spawner"),
            Self::NotSynchronizer => f.write_str("the node is no synchronizer"),
            Self::NotAuthority => f.write_str("the node is in another peer's hands"),
            Self::UnknownScene => f.write_str("the spawner cannot make such a node"),
            Self::SynchronizerCount { expected, found } => {
                write!(f, "the scene's synchronizers are {expected}, not {found}")
            }
            Self::IdTaken { id } => write!(f, "the number {id} cannot be given to another one"),
            Self::UnknownId { id } => write!(f, "nothing was spawned with the number {id}"),
            Self::NameTaken => f.write_str("the spawner has a node of this name"),
            Self::NameTooLong => f.write_str("the name has more than 255 bytes"),
            Self::TooManySpawned => f.write_str("the peer has spawned `max_spawned_per_peer` nodes"),
            Self::ValueCount { expected } => write!(f, "there are not the values of {expected} properties"),
            Self::InvalidValue(ArgumentError { index, error }) => write!(f, "value {index}: {error}"),
            Self::WrongType { property, error } => write!(f, "`{property}`: {error}"),
            Self::UnknownProperty => f.write_str("there is no such property"),
            Self::Outdated => f.write_str("the state is older than the one before"),
        }
    }
}
