//! What a session tells the program.

use std::{borrow::Cow, fmt};

use super::{
    id::PeerId,
    node::NodeKey,
    packet_error::PacketError,
    replication::{Spawned, State},
};
use crate::{close::CloseInfo, packet::Packet, variant::Variant};

/// Something that has happened: [`Session::next_event`](super::Session::next_event).
///
/// In the order in which it did, for each peer. There is exactly one [`PeerDisconnected`](Self::PeerDisconnected) for each
/// [`PeerConnected`](Self::PeerConnected), and exactly one of `PeerConnected` and [`AuthFailed`](Self::AuthFailed) for each
/// [`Authenticating`](Self::Authenticating); but none of them after the program itself has
/// [left](super::Session::leave).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// At a client: the server has given it an id. [`PeerConnected`](Self::PeerConnected) tells when the server admits
    /// it: at once, where nobody authenticates.
    ///
    /// Godot: the signal `connected_to_server`, which comes when the server has admitted the client.
    Connected {
        /// The id.
        id: PeerId,
    },
    /// At a client: the connection ended before it was given an id.
    ///
    /// Godot: the signal `connection_failed`.
    ConnectionFailed {
        /// How it ended.
        info: CloseInfo,
    },
    /// At a client: the connection to the server is over. That all peers are gone was told before. Nothing follows.
    ///
    /// Godot: the signal `server_disconnected`.
    Disconnected {
        /// How it ended.
        info: CloseInfo,
    },
    /// There is another peer, to which packets and calls can be sent.
    ///
    /// Godot: the signal `peer_connected`.
    PeerConnected(PeerId),
    /// The peer is gone; nothing more comes from it.
    ///
    /// Godot: the signal `peer_disconnected`, which it forgets for other clients when the server is lost, and at a server
    /// that disconnects a peer.
    PeerDisconnected(PeerId, DisconnectReason),
    /// The peer wants to be admitted. Both ends may [`send_auth`](super::Session::send_auth), and must
    /// [`complete_auth`](super::Session::complete_auth) or
    /// [`disconnect_peer`](super::Session::disconnect_peer).
    ///
    /// Godot: the signal `peer_authenticating`.
    Authenticating(PeerId),
    /// The peer that is authenticating says this.
    ///
    /// Godot: a call of `auth_callback`.
    Auth {
        /// Who says it.
        from: PeerId,
        /// What it says, at least one byte.
        data: Packet,
    },
    /// The peer was not admitted.
    ///
    /// Godot: the signal `peer_authentication_failed`.
    AuthFailed {
        /// Which peer.
        peer: PeerId,
        /// Why not.
        reason: AuthFailure,
    },
    /// The peer sent bytes, by [`send_bytes`](super::Session::send_bytes).
    ///
    /// Godot: the signal `peer_packet`.
    Packet {
        /// Who sent them.
        from: PeerId,
        /// The bytes, at least one.
        data: Packet,
    },
    /// A method of a node is called. That the caller may, and the arguments, have been checked.
    Call(Call),
    /// The peer has other methods declared at this node, so calls of it may reach the wrong ones. Told once for each peer
    /// and node.
    ///
    /// Godot: an error in the log ("The rpc node checksum failed").
    ChecksumMismatch {
        /// Which peer.
        peer: PeerId,
        /// Which node.
        node: NodeKey,
        /// The names of the methods declared here, in the order of their numbers.
        ours: Vec<String>,
        /// Theirs, where they could be found out: a checksum cannot be read, so only a list like ours without one of its
        /// names, and the lists of other nodes here, are tried.
        theirs: Option<Vec<String>>,
    },
    /// Another peer has spawned a node, by a [spawner](super::Session::register_spawner) that is in its hands.
    ///
    /// Godot: the signal `MultiplayerSpawner.spawned`.
    Spawned(Spawned),
    /// A node that another peer had spawned is gone: the peer says so, or is gone itself, or the spawner was removed here.
    ///
    /// Godot: the signal `MultiplayerSpawner.despawned`.
    Despawned {
        /// Who had spawned it.
        from: PeerId,
        /// The spawner.
        spawner: NodeKey,
        /// The node. Its key means nothing any more.
        node: NodeKey,
    },
    /// Another peer says what a node of its holds: one that it has spawned, or a
    /// [synchronizer](super::Session::register_synchronizer) that is in its hands.
    ///
    /// Godot: the signal `MultiplayerSynchronizer.synchronized`.
    Synchronized {
        /// Who says so.
        from: PeerId,
        /// The node.
        node: NodeKey,
        /// Those of its properties that are sent every time; of a node with more synchronizers than one, those of one.
        state: State,
    },
    /// The same, of properties that have changed.
    ///
    /// Godot: the signal `MultiplayerSynchronizer.delta_synchronized`.
    Changed {
        /// Who says so.
        from: PeerId,
        /// The node.
        node: NodeKey,
        /// What has changed, of one synchronizer.
        state: State,
    },
    /// Something that came was dropped. At most 64 of these wait to be read; what comes beyond is only counted, in
    /// [`SessionStats::rejected_packets`](super::SessionStats::rejected_packets). A server disconnects a peer that sends more than
    /// [`max_rejected_packets_per_second`](super::SessionOptions::max_rejected_packets_per_second).
    ///
    /// Godot: an error in the log.
    PacketRejected {
        /// The sender.
        from: PeerId,
        /// What is wrong with the packet.
        error: PacketError,
    },
}

/// A call of a method that a node declares, as it came. [`Node::read`](super::Node::read) makes the typed call of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Who calls; this end itself, where a call is also local.
    ///
    /// Godot: `get_remote_sender_id`.
    pub from: PeerId,
    /// The node.
    pub node: NodeKey,
    /// The method's name.
    pub method: Cow<'static, str>,
    /// The arguments, as many and of such types as the method declares.
    pub arguments: Vec<Variant>,
}

/// Why a peer is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The connection to it ended.
    Closed(CloseInfo),
    /// The server says so of another client.
    ReportedByServer,
    /// The connection to the server ended, through which this other client was reached.
    ServerLost,
    /// The program disconnected it.
    Kicked,
}

/// Why a peer was not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthFailure {
    /// Not both ends were done within [`auth_timeout`](super::SessionOptions::auth_timeout).
    TimedOut,
    /// The connection to it ended.
    Closed(CloseInfo),
    /// The program disconnected it.
    Kicked,
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(info) => info.fmt(f),
            Self::ReportedByServer => f.write_str("the server reported that the peer is gone"),
            Self::ServerLost => f.write_str("the connection to the server ended"),
            Self::Kicked => f.write_str("disconnected by this end"),
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
