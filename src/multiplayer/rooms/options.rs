//! The options of a server of rooms, and of each room.

use std::time::Duration;

use crate::{
    error::Error,
    multiplayer::options::SessionOptions,
    options::{ServerOptions, setters},
};

/// Options of a [`RoomServer`](super::RoomServer). All have defaults. Set a field, or chain the setters of the same
/// names.
///
/// ```
/// use websocket_peer::{ServerOptions, multiplayer::RoomServerOptions};
///
/// let options = RoomServerOptions::default().max_rooms(500).server(ServerOptions::default().max_peers(2000));
/// assert_eq!(options.max_packet_size, 65_535);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct RoomServerOptions {
    /// The server, and the connections that it accepts. Default: [`ServerOptions::default`].
    ///
    /// A Godot engine without `supported_protocols` connects only to a server that chooses none, and an engine with
    /// them only to a server that chooses one of them. For both, list the sub-protocols and turn
    /// [`require_protocol`](crate::PeerOptions::require_protocol) off.
    pub server: ServerOptions,
    /// The maximum number of rooms. Requests for further rooms are rejected with status 503. Default: 4096.
    pub max_rooms: usize,
    /// The largest [`max_packet_size`](SessionOptions::max_packet_size) of a room, in bytes. The server keeps memory
    /// for one such packet to each peer. Default: 65,535.
    pub max_packet_size: usize,
    /// The time within which a moved peer must confirm that it has read everything of its former room. A peer that does
    /// not is disconnected. Zero: no limit. Default: 10 s.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialization::seconds"))]
    pub move_timeout: Duration,
}

impl RoomServerOptions {
    setters! {
        server: ServerOptions,
        max_rooms: usize,
        max_packet_size: usize,
        move_timeout: Duration,
    }

    /// Checks that there is memory for a packet of `max_packet_size` to each peer.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.server.check_memory(self.server.share().with_outbound_packet(self.max_packet_size))
    }
}

impl Default for RoomServerOptions {
    fn default() -> Self {
        Self {
            server: ServerOptions::default(),
            max_rooms: 4096,
            max_packet_size: SessionOptions::default().max_packet_size,
            move_timeout: Duration::from_secs(10),
        }
    }
}

/// Options of a room. All have defaults. Set a field, or chain the setters of the same names.
///
/// ```
/// use std::time::Duration;
/// use websocket_peer::multiplayer::RoomOptions;
///
/// let lobby = RoomOptions::default().empty_timeout(Duration::ZERO);
/// let game = RoomOptions::default().capacity(8);
/// assert_eq!((lobby.capacity, game.capacity), (0, 8));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct RoomOptions {
    /// The session: authentication, relay, and its limits. Default: [`SessionOptions::default`].
    pub session: SessionOptions,
    /// The number of peers that fit into the room, including those that were accepted and have not joined yet. Further requests are
    /// rejected with status 503. Zero: no limit but that of the server. Default: 0.
    pub capacity: usize,
    /// The time after which an empty room is closed. Zero: it stays open. Default: 60 s.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialization::seconds"))]
    pub empty_timeout: Duration,
    /// The memory that the room's peers may hold together, in bytes. Up to the share that the server guarantees to each
    /// of them ([`ServerOptions::max_buffered_bytes`]), a peer may always hold memory; beyond it, while the room's peers
    /// together hold no more than this. While they hold half of it, the server does not read from peers of the room above
    /// their share. If a packet finds none left, the peers of the room that have the most bytes in their send queues are
    /// disconnected. Zero: no limit but that of the server. Default: 32 MiB.
    pub max_buffered_bytes: usize,
}

impl RoomOptions {
    setters! {
        session: SessionOptions,
        capacity: usize,
        empty_timeout: Duration,
        max_buffered_bytes: usize,
    }

    /// Checks the options against those of the server.
    pub(super) fn check(&self, max_packet_size: usize) -> Result<(), Error> {
        if self.session.max_packet_size > max_packet_size {
            let reason =
                "it is more than that of the server of rooms; raise `RoomServerOptions::max_packet_size`";
            return Err(Error::InvalidOption { option: "max_packet_size", reason });
        }
        Ok(())
    }
}

impl Default for RoomOptions {
    fn default() -> Self {
        Self {
            session: SessionOptions::default(),
            capacity: 0,
            empty_timeout: Duration::from_secs(60),
            max_buffered_bytes: 32 << 20,
        }
    }
}
