//! Godot's high-level multiplayer: peers with ids, relay between clients, authentication, remote procedure calls on
//! nodes, raw bytes, spawned and synchronized nodes.
//!
//! | type | purpose |
//! |---|---|
//! | [`SceneMultiplayer`] | the high level: a session over WebSockets, as the server or as a client. Start here |
//! | [`WebSocketMultiplayerPeer`] | the mid level: a server whose clients have ids, or a client; packets to one, all, or all but one |
//! | [`RoomServer`] | many sessions behind one port: rooms, which clients join by path and between which they can be moved |
//! | [`Session`] | the session without I/O, for other transports and tests: packets and time in, packets and [`Event`]s out |
//! | [`rpc!`](crate::rpc) | declares the methods of a node as an enum, whose values are calls |
//! | [`Methods`], [`Method`], [`Parameter`] | declare methods at run time |
//! | [`PacketError`] | why a received packet was dropped. Invalid packets never reach the program otherwise |
//!
//! A session has one server, [`PeerId::SERVER`], and clients. Each client is connected to the server only. The server
//! relays packets between clients, and adds the sender's id. Each end can be this crate or a Godot 4 engine: see the
//! guide in `docs/godot.md`.
//!
//! A node is a path, as in a game's scene tree, with methods that can be called there. Both ends register it, with the
//! same path and the same names of methods.

mod error;
mod event;
mod id;
mod id_hasher;
mod memory;
mod node;
mod options;
mod output;
mod packet_error;
mod path_ids;
mod paths;
mod peer;
mod relay_decision;
mod replication;
mod rooms;
mod rpc;
mod scene;
mod session;
mod stats;
mod status;
pub(crate) mod wire;

pub use error::SessionError;
pub use event::{AuthFailure, Call, DisconnectReason, Event};
pub use id::{PeerId, Target};
pub use node::{Node, NodeKey};
pub use options::SessionOptions;
pub use output::{Output, Recipients};
pub use packet_error::PacketError;
pub use path_ids::PathIds;
pub use peer::{PeerEvent, WebSocketMultiplayerPeer};
pub use relay_decision::{RelayDecision, RelayedPacket};
pub use replication::{
    Properties, Property, ReplicationError, ReplicationMode, Scene, Spawn, SpawnKind, Spawned, Spawner, State,
};
pub use rooms::{
    Placement, RoomCloseCause, RoomError, RoomEvent, RoomInfo, RoomKey, RoomOptions, RoomServer,
    RoomServerOptions, RoomServerStats, RoomSession,
};
#[doc(hidden)]
pub use rpc::declare;
pub use rpc::{CallError, Caller, Method, Methods, Parameter, Rpc, TransferMode};
pub use scene::{MultiplayerOptions, SceneMultiplayer, SessionGuard};
pub use session::{PeerTransfer, Session};
pub use stats::SessionStats;
pub use status::ConnectionStatus;
pub use wire::{ArgumentError, MalformedPacket, RelayedKind};
