//! What can be set on a session before it begins.

use std::time::Duration;

use crate::options::setters;

/// The settings of a session. All have defaults; change a field, or chain the setters of the same names.
///
/// ```
/// use websocket_peer::multiplayer::SessionOptions;
///
/// let options = SessionOptions::default().authenticate(true).root_path("/root/Main");
/// assert!(options.relay);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionOptions {
    /// The absolute path of the node that the paths of all others start from. Default: `/root`, as in Godot.
    ///
    /// It must be the same at all ends. It is never sent; but engines may name a node by its absolute path.
    ///
    /// Godot: `SceneMultiplayer.root_path`.
    pub root_path: String,
    /// Whether clients hear of each other, and reach each other through the server. Default: true.
    ///
    /// It must be the same at all ends: a client without it knows nobody but the server.
    ///
    /// Godot: `SceneMultiplayer.server_relay`.
    pub relay: bool,
    /// Whether a peer is admitted only when both ends have called
    /// [`complete_auth`](super::Session::complete_auth). Default: false.
    ///
    /// Both ends must want it: to an end that does not, this one looks like one that never answers, until it is
    /// disconnected at the time-out.
    ///
    /// Godot: setting `SceneMultiplayer.auth_callback`.
    pub authenticate: bool,
    /// How long a peer may take to authenticate; zero: for ever. Default: 3 s.
    ///
    /// Godot: `SceneMultiplayer.auth_timeout`.
    pub auth_timeout: Duration,
    /// How long a client waits for the server to say the client's id, once they are connected; zero: for ever.
    /// Default: 3 s.
    pub id_timeout: Duration,
    /// How long a peer that is sent away, or left, has to confirm that it has read what was sent to it; zero: it is not
    /// asked. Default: 500 ms.
    ///
    /// Engines lose what they have not read when the connection closes. So they are asked first, by a packet that each
    /// of them answers.
    pub drain_timeout: Duration,
    /// Whether arguments may hold whole objects, with their class and properties. Default: false.
    ///
    /// Godot: `SceneMultiplayer.allow_object_decoding`.
    pub allow_objects: bool,
    /// How many node paths each peer may have numbered here; of further ones it must say the path in every call.
    /// Default: 1024.
    pub max_paths_per_peer: usize,
    /// How many other clients a client lets its server tell it of. Default: 4096.
    pub max_peers: usize,
    /// How many nodes each peer may have spawned here. Default: 4096.
    ///
    /// Godot: `MultiplayerSpawner.spawn_limit`, which is of one spawner.
    pub max_spawned_per_peer: usize,
    /// The number of packets per second that a server may reject from one peer, after a burst of two seconds' worth. A peer
    /// that exceeds it is disconnected at once with the close code 1008; the cause is
    /// [`Limit::RejectedPacketRate`](crate::Limit::RejectedPacketRate). Zero: no limit. Default: 100.
    ///
    /// A packet counts once if [`Event::PacketRejected`](super::Event::PacketRejected) tells of it, or would if fewer of these events
    /// waited. A client has no such limit for its server.
    pub max_rejected_packets_per_second: u32,
    /// The number of bytes per second that one client may make the server send to others: the length of each relayed packet,
    /// and 1024 more for the work, times its receivers. Two seconds' worth may come at once. A client that exceeds it is not
    /// disconnected: its packets wait, so that it is slowed down. Zero: no limit. Default: 64 MiB.
    ///
    /// All clients together may make it send four times as much. Beyond that, those wait that relay more than 64 KiB a second,
    /// each packet counted once. Such clients also wait while one that they relay to has more than half of its outbound queue
    /// full. That one is disconnected, as [`Limit::SessionBacklog`](crate::Limit::SessionBacklog), when its queue is full, or when it has taken
    /// next to nothing for [`ServerOptions::slow_reader_timeout`](crate::ServerOptions::slow_reader_timeout).
    ///
    /// Only for servers.
    pub max_relayed_bytes_per_second: u32,
    /// The largest packet to send, in bytes. Default: 65,535, the largest that engines take where nobody told them
    /// otherwise.
    ///
    /// Godot: `SceneMultiplayer.max_delta_packet_size`, for what nodes have changed.
    pub max_packet_size: usize,
    /// The largest packet for what is synchronized all the time, in bytes. Default: 1350.
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
            id_timeout: Duration::from_secs(3),
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
        id_timeout: Duration,
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
