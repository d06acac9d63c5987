//! A messaging backend for [`bevy_replicon`]: entities and events over WebSockets (feature `replicon`).
//!
//! Add [`RepliconWebSocketPlugins`] beside `RepliconPlugins`. Then insert a [`WebSocketServer`] or a
//! [`WebSocketClient`], and replicon's states, entities and messages follow it:
//!
//! ```no_run
//! # use bevy::{prelude::*, state::app::StatesPlugin};
//! use bevy_replicon::prelude::*;
//! use bevy_websocket_peer::{WebSocketClient, replicon::RepliconWebSocketPlugins};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! App::new()
//!     .add_plugins((MinimalPlugins, StatesPlugin, RepliconPlugins, RepliconWebSocketPlugins))
//!     .insert_resource(WebSocketClient::connect("wss://game.example")?)
//!     .run();
//! # Ok(())
//! # }
//! ```
//!
//! - **States.** `ServerState` is `Running` while the resource [`WebSocketServer`] exists. `ClientState` is
//!   `Connecting` and `Connected` as the connection of the resource [`WebSocketClient`] is, and otherwise `Disconnected`.
//!   Reconnecting is left to the program: when the state is `Disconnected`, insert a new client.
//! - **Replaced resources.** A client or a server that takes the place of another one, also by assignment, is another
//!   connection: the client joins anew, and the clients of the former server are despawned.
//! - **Clients** of a server are entities with `ConnectedClient` and [`ClientPeer`]. A client is disconnected by
//!   despawning its entity, or by a `DisconnectRequest`, before which all messages to it are sent; both close with code
//!   1000. If the client closes, its entity is despawned after replicon has received the messages before the close.
//! - **Channels.** All channels share one connection, so all messages are reliable and ordered, which is more than
//!   replicon demands. Every packet is the number of its channel and then the message. A packet that is not valid closes
//!   the connection with [`INVALID_MESSAGE`].
//! - **Slow connections.** Messages of unreliable channels, such as changes of components, are dropped while more than
//!   [`UNRELIABLE_BACKLOG`] bytes wait to be sent to a peer, so that a slow connection gets recent values rather
//!   than all of them. Messages of other channels are never dropped: if one does not fit into the send queue, the
//!   connection is closed with [`OVERFLOW`].
//! - **Limits.** A server accepts messages of at most 64 KiB, and a client of at most 1 MiB
//!   (`PeerOptions::max_message_size`). The replicated world must fit into one message when a client joins.
//! - **Statistics.** `ClientStats` and `ConnectedClientStats` have the round-trip time, where the platform measures it,
//!   and the bytes per second, once a second. Packets are never lost.
//!
//! Bevy_replicon checks what a server receives, but a client trusts its server: invalid replication messages can make
//! its systems panic. Connect only to servers that you trust.
//!
//! [`WebSocketClient`]: crate::WebSocketClient
//! [`WebSocketServer`]: crate::WebSocketServer

mod client;
mod framing;
mod server;
mod traffic;

use bevy_app::{PluginGroup, PluginGroupBuilder};
use websocket_peer::CloseCode;

pub use self::{
    client::RepliconWebSocketClientPlugin,
    server::{ClientPeer, RepliconWebSocketServerPlugin},
};

/// The code with which a connection is closed if the other end sent a packet that is no message of bevy_replicon: text,
/// or a channel that does not exist.
pub const INVALID_MESSAGE: CloseCode = CloseCode::application::<4400>();

/// The code with which a connection is closed if a message that must not be lost did not fit into its send queue.
pub const OVERFLOW: CloseCode = CloseCode::application::<4408>();

/// The number of bytes that may wait to be sent to a peer before messages of unreliable channels are dropped: 64 KiB.
pub const UNRELIABLE_BACKLOG: usize = 64 * 1024;

/// Both plugins of the backend: [`RepliconWebSocketServerPlugin`] and [`RepliconWebSocketClientPlugin`].
///
/// A program that is only a server or only a client can add one of them, beside the plugins of bevy_replicon for that
/// end.
#[derive(Debug, Clone, Copy, Default)]
pub struct RepliconWebSocketPlugins;

impl PluginGroup for RepliconWebSocketPlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(RepliconWebSocketServerPlugin)
            .add(RepliconWebSocketClientPlugin)
    }
}
