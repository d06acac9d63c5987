//! Options of a session.

use std::time::Duration;

use crate::options::setters;

/// Options of a session. All have defaults. Set a field, or chain the setters of the same names.
///
/// ```
/// use websocket_peer::multiplayer::SessionOptions;
///
/// let options = SessionOptions::default().authenticate(true).root_path("/root/Main");
/// assert!(options.relay);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct SessionOptions {
    /// The absolute path of the node that all other paths are relative to. Default: `/root`, as in Godot.
    ///
    /// It must be the same at all ends. It is never sent, but engines may send absolute paths.
    ///
    /// Godot: `SceneMultiplayer.root_path`.
    pub root_path: String,
    /// Announce clients to each other, and relay packets between them. Default: true.
    ///
    /// It must be the same at all ends. A client without it knows the server only.
    ///
    /// Godot: `SceneMultiplayer.server_relay`.
    #[doc(alias = "server_relay")]
    pub relay: bool,
    /// Admit a peer only when both ends have called [`complete_auth`](super::Session::complete_auth). Default: false.
    ///
    /// It must be the same at both ends. Otherwise the end that requires it receives no answer, and disconnects the
    /// other at the timeout.
    ///
    /// Godot: setting `SceneMultiplayer.auth_callback`.
    #[doc(alias = "auth_callback")]
    pub authenticate: bool,
    /// The time within which authentication must be complete. Zero: no limit. Default: 3 s.
    ///
    /// Godot: `SceneMultiplayer.auth_timeout`.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialization::seconds"))]
    pub auth_timeout: Duration,
    /// The time that a peer has to confirm that it has read everything, before its connection is closed by
    /// [`disconnect_peer`](super::Session::disconnect_peer) or [`leave`](super::Session::leave). Zero: close at once.
    /// Default: 500 ms.
    ///
    /// Engines drop packets that they have not read when the connection closes. So this end first sends a packet that
    /// each engine answers, and waits for the answer.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialization::seconds"))]
    pub drain_timeout: Duration,
    /// Allow whole objects, with class and properties, as arguments. Default: false.
    ///
    /// Godot: `SceneMultiplayer.allow_object_decoding`.
    #[doc(alias = "allow_object_decoding")]
    pub allow_objects: bool,
    /// The number of node paths that each peer may give ids to. Calls of further nodes must contain the path. Default:
    /// 1024.
    pub max_paths_per_peer: usize,
    /// At a client: the number of other clients that the server may announce. Default: 4096.
    pub max_peers: usize,
    /// The number of nodes that each peer may have spawned here. Default: 4096.
    ///
    /// Godot: `MultiplayerSpawner.spawn_limit`, which limits one spawner.
    #[doc(alias = "spawn_limit")]
    pub max_spawned_per_peer: usize,
    /// At a server: the number of packets per second that may be rejected from one peer, after a burst of two seconds'
    /// worth. A peer that exceeds it is disconnected at once with the close code 1008; the cause is
    /// [`Limit::RejectedPacketRate`](crate::Limit::RejectedPacketRate). Zero: no limit. Default: 100.
    ///
    /// A packet counts once, whether or not [`Event::PacketRejected`](super::Event::PacketRejected) still has room in
    /// the queue.
    pub max_rejected_packets_per_second: u32,
    /// At a server: the number of bytes per second that one client may have relayed, after a burst of two seconds'
    /// worth. Each relayed packet counts its length plus 1024 bytes of overhead, times its receivers. Zero: no limit.
    /// Default: 64 MiB.
    ///
    /// A client that exceeds it is not disconnected. Its packets wait, which slows it down. All clients together may
    /// have four times as much relayed. Above that, the clients that relay more than 64 KiB per second wait, where each
    /// packet counts once.
    ///
    /// Such clients also wait while a receiver of their packets is congested: more than half of its send queue is full.
    /// The receiver is disconnected, as [`Limit::SessionBacklog`](crate::Limit::SessionBacklog), when its queue is
    /// full, or when it has read almost nothing for
    /// [`ServerOptions::slow_reader_timeout`](crate::ServerOptions::slow_reader_timeout).
    pub max_relayed_bytes_per_second: u32,
    /// The largest packet to send, in bytes. Default: 65,535, the largest that engines accept by default.
    ///
    /// Godot: `SceneMultiplayer.max_delta_packet_size`, for changed properties.
    #[doc(alias = "max_delta_packet_size")]
    pub max_packet_size: usize,
    /// The largest packet of properties with [`ReplicationMode::Always`](super::ReplicationMode::Always), in bytes.
    /// Default: 1350.
    ///
    /// Godot: `SceneMultiplayer.max_sync_packet_size`.
    pub max_sync_packet_size: usize,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            root_path: "/root".to_owned(),
            relay: true,
            authenticate: false,
            auth_timeout: Duration::from_secs(3),
            drain_timeout: Duration::from_millis(500),
            allow_objects: false,
            max_paths_per_peer: 1024,
            max_peers: 4096,
            max_spawned_per_peer: 4096,
            max_rejected_packets_per_second: 100,
            max_relayed_bytes_per_second: 64 << 20,
            max_packet_size: 65_535,
            max_sync_packet_size: 1350,
        }
    }
}

impl SessionOptions {
    setters! {
        relay: bool,
        authenticate: bool,
        auth_timeout: Duration,
        drain_timeout: Duration,
        allow_objects: bool,
        max_paths_per_peer: usize,
        max_peers: usize,
        max_spawned_per_peer: usize,
        max_rejected_packets_per_second: u32,
        max_relayed_bytes_per_second: u32,
        max_packet_size: usize,
        max_sync_packet_size: usize,
    }

    /// Sets [`root_path`](Self#structfield.root_path).
    #[must_use]
    pub fn root_path(mut self, root_path: impl Into<String>) -> Self {
        self.root_path = root_path.into();
        self
    }
}
