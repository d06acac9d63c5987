//! Godot's high-level multiplayer: numbered peers, relay between clients, authentication, calls of methods on nodes, raw
//! bytes, spawned and synchronized nodes.
//!
//! | what | is |
//! |---|---|
//! | [`MultiplayerPeer`] | a session on WebSockets, the server's end or a client's. Begin here |
//! | [`Session`] | the session alone: packets and time in, packets and [`Event`]s out. For transports of your own, and for tests |
//! | [`rpc!`](crate::rpc) | declares the methods of a node, and the enum by which they are called and answered |
//! | [`Methods`], [`Method`], [`Parameter`] | the same at run time, for programs that learn the methods while they run |
//! | [`PacketError`] | why something that came was dropped. Nothing that is wrong reaches the program otherwise |
//!
//! A session has one server, [`PeerId::SERVER`], and clients that are connected to it alone. What one client sends to another
//! goes through the server, which says whom it is from. Godot 4 engines may be at any of the ends: see the guide in
//! `docs/godot.md`.
//!
//! Nodes are names for the ends of calls: a path, as in a game's tree, and the methods that may be called there. Both ends
//! declare them, with the same paths and the same names of methods.

mod event;
mod id;
mod memory;
mod node;
mod options;
mod output;
mod packet_error;
mod paths;
mod peer;
mod replication;
mod rpc;
mod session;
mod stats;
pub(crate) mod wire;

pub use event::{AuthFailure, Call, DisconnectReason, Event};
pub use id::{PeerId, Target};
pub use node::{Node, NodeKey};
pub use options::SessionOptions;
pub use output::{Output, Recipients};
pub use packet_error::PacketError;
pub use peer::{MultiplayerOptions, MultiplayerPeer, SessionGuard};
pub use replication::{
    Properties, Property, ReplicationError, ReplicationMode, Scene, Spawn, SpawnKind, Spawned, Spawner, State,
};
#[doc(hidden)]
pub use rpc::declare;
pub use rpc::{CallError, Caller, Method, Methods, Parameter, Rpc, TransferMode};
pub use session::{ConnectionStatus, Session};
pub use stats::SessionStats;
pub use wire::{ArgumentError, MalformedPacket};
