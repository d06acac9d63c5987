//! The events of a session.

use std::{borrow::Cow, fmt};

use super::{
    id::PeerId,
    node::NodeKey,
    packet_error::PacketError,
    replication::{Spawned, State},
};
use crate::{close::CloseInfo, packet::Packet, variant::Variant};

/// An event of a session: [`Session::next_event`](super::Session::next_event).
///
/// The events of each peer are in the order in which they happened. There is exactly one
/// [`PeerDisconnected`](Self::PeerDisconnected) for each [`PeerConnected`](Self::PeerConnected), exactly one of
/// `PeerConnected` and [`AuthFailed`](Self::AuthFailed) for each [`Authenticating`](Self::Authenticating), and exactly one
/// of `PeerConnected` and [`ArrivalFailed`](Self::ArrivalFailed) for each peer that
/// [moves](super::Session::adopt_peer) here. After the program has [left](super::Session::leave), none of these follows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// At a client: the server has assigned an id. [`PeerConnected`](Self::PeerConnected) follows when the server
    /// admits the client: at once if authentication is off.
    ///
    /// Godot: the signal `connected_to_server`, which is emitted when the server has admitted the client.
    #[doc(alias = "connected_to_server")]
    Connected {
        /// This client's id.
        id: PeerId,
    },
    /// At a client: the connection ended before the server assigned an id.
    ///
    /// Godot: the signal `connection_failed`.
    #[doc(alias = "connection_failed")]
    ConnectionFailed {
        /// How the connection ended.
        info: CloseInfo,
    },
    /// At a client: the connection to the server ended. [`PeerDisconnected`](Self::PeerDisconnected) came before for
    /// each peer. No event follows.
    ///
    /// Godot: the signal `server_disconnected`.
    #[doc(alias = "server_disconnected")]
    Disconnected {
        /// How the connection ended.
        info: CloseInfo,
    },
    /// A peer was admitted. Packets and calls can be sent to it.
    ///
    /// Godot: the signal `peer_connected`.
    #[doc(alias = "peer_connected")]
    PeerConnected(PeerId),
    /// A peer is gone. Nothing more is received from it.
    ///
    /// Godot: the signal `peer_disconnected`. Godot omits it for the other clients when the server is lost, and at a
    /// server that disconnects a peer.
    #[doc(alias = "peer_disconnected")]
    PeerDisconnected(PeerId, DisconnectReason),
    /// At a server: a peer that was [moving](super::Session::adopt_peer) here is gone before it was admitted.
    ArrivalFailed {
        /// The peer.
        peer: PeerId,
        /// Why it is gone.
        reason: DisconnectReason,
    },
    /// A peer is authenticating. Both ends may [`send_auth`](super::Session::send_auth). Each must call
    /// [`complete_auth`](super::Session::complete_auth) or [`disconnect_peer`](super::Session::disconnect_peer).
    ///
    /// Godot: the signal `peer_authenticating`.
    #[doc(alias = "peer_authenticating")]
    Authenticating(PeerId),
    /// A peer that is authenticating sent data.
    ///
    /// Godot: a call of `auth_callback`.
    #[doc(alias = "auth_callback")]
    Auth {
        /// The sender.
        from: PeerId,
        /// The data, at least one byte.
        data: Packet,
    },
    /// Authentication failed: the peer is not admitted.
    ///
    /// Godot: the signal `peer_authentication_failed`.
    #[doc(alias = "peer_authentication_failed")]
    AuthFailed {
        /// The peer.
        peer: PeerId,
        /// Why it failed.
        reason: AuthFailure,
    },
    /// A peer sent bytes by [`send_bytes`](super::Session::send_bytes).
    ///
    /// Godot: the signal `peer_packet`.
    #[doc(alias = "peer_packet")]
    Packet {
        /// The sender.
        from: PeerId,
        /// The bytes, at least one.
        data: Packet,
    },
    /// A peer called a method of a node. The caller's right to do so and the arguments have been checked.
    Call(Call),
    /// A peer has registered other methods at this node, so calls between it and this end may reach the wrong methods.
    /// There is one event for each peer and node.
    ///
    /// Godot: an error in the log ("The rpc node checksum failed").
    ChecksumMismatch {
        /// The peer.
        peer: PeerId,
        /// The node.
        node: NodeKey,
        /// The names of the methods registered here, in the order of their ids.
        ours: Vec<String>,
        /// The names of the peer's methods, if they were found. Only the checksum is known, so this end compares it
        /// with the checksums of its own list without one name, and of the lists of its other nodes.
        theirs: Option<Vec<String>>,
    },
    /// A peer spawned a node, by a [spawner](super::Session::register_spawner) whose authority it is.
    ///
    /// Godot: the signal `MultiplayerSpawner.spawned`.
    Spawned(Spawned),
    /// A node that a peer had spawned is gone: the peer removed it, the peer is gone, or the spawner was unregistered
    /// here.
    ///
    /// Godot: the signal `MultiplayerSpawner.despawned`.
    Despawned {
        /// The peer that had spawned it.
        from: PeerId,
        /// The spawner.
        spawner: NodeKey,
        /// The node. Its key is no longer valid.
        node: NodeKey,
    },
    /// A peer sent property values of a node: one that it has spawned, or a
    /// [synchronizer](super::Session::register_synchronizer) whose authority it is.
    ///
    /// Godot: the signal `MultiplayerSynchronizer.synchronized`.
    Synchronized {
        /// The sender.
        from: PeerId,
        /// The node.
        node: NodeKey,
        /// The properties that are sent every time. If the node has several synchronizers, those of one of them.
        state: State,
    },
    /// A peer sent the properties of a node that have changed.
    ///
    /// Godot: the signal `MultiplayerSynchronizer.delta_synchronized`.
    #[doc(alias = "delta_synchronized")]
    Changed {
        /// The sender.
        from: PeerId,
        /// The node.
        node: NodeKey,
        /// The changed properties of one synchronizer.
        state: State,
    },
    /// A received packet, or a part of it, was dropped. At most 64 of these events wait to be read; further ones are
    /// only counted, in [`SessionStats::rejected_packets`](super::SessionStats::rejected_packets). A server disconnects
    /// a peer that exceeds [`max_rejected_packets_per_second`](super::SessionOptions::max_rejected_packets_per_second).
    ///
    /// Godot: an error in the log.
    PacketRejected {
        /// The sender.
        from: PeerId,
        /// Why it was dropped.
        error: PacketError,
    },
}

/// A received call of a method of a node. [`Node::read`](super::Node::read) converts it to the typed call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Call {
    /// The caller. This end itself for a local call.
    ///
    /// Godot: `get_remote_sender_id`.
    #[doc(alias = "get_remote_sender_id")]
    pub from: PeerId,
    /// The node.
    pub node: NodeKey,
    /// The name of the method.
    pub method: Cow<'static, str>,
    /// The arguments, in the number and of the types that the method declares.
    pub arguments: Vec<Variant>,
}

impl Call {
    /// Creates a call, for tests of a program's handlers. Nothing is sent.
    pub fn new(
        from: PeerId,
        node: NodeKey,
        method: impl Into<Cow<'static, str>>,
        arguments: Vec<Variant>,
    ) -> Self {
        Self { from, node, method: method.into(), arguments }
    }
}

/// Why a peer is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The connection to it ended.
    Closed(CloseInfo),
    /// The server reported that another client is gone.
    ReportedByServer,
    /// The connection to the server ended, through which this client was reached.
    ServerLost,
    /// This end disconnected it.
    Kicked,
    /// At a server: it has [moved](super::Session::release_peer) to another session. Its connection stays.
    Moved,
    /// At a server: it was [moving](super::Session::adopt_peer) here, and did not confirm in time that it had read
    /// everything of its former session. It was disconnected with code 1008.
    TimedOut,
}

/// Why authentication failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthFailure {
    /// The two ends did not both complete it within [`auth_timeout`](super::SessionOptions::auth_timeout).
    TimedOut,
    /// The connection ended.
    Closed(CloseInfo),
    /// This end disconnected the peer.
    Kicked,
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(info) => info.fmt(f),
            Self::ReportedByServer => f.write_str("the server reported that the peer is gone"),
            Self::ServerLost => f.write_str("the connection to the server ended"),
            Self::Kicked => f.write_str("disconnected by this end"),
            Self::Moved => f.write_str("moved to another session"),
            Self::TimedOut => f.write_str("the peer did not confirm the move to another session in time"),
        }
    }
}

impl fmt::Display for AuthFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("the peer did not authenticate in time"),
            Self::Closed(info) => info.fmt(f),
            Self::Kicked => f.write_str("disconnected by this end"),
        }
    }
}
