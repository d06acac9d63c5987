//! WebSocket client and server for [Bevy](https://bevy.org), natively and in web pages, on [`websocket_peer`].
//!
//! Add [`WebSocketClientPlugin`], and insert a [`WebSocketClient`] when the game connects:
//!
//! ```
//! use bevy_app::prelude::*;
//! use bevy_ecs::prelude::*;
//! use bevy_websocket_peer::{WebSocketClient, WebSocketClientPlugin, WebSocketSystems, connected, just_disconnected};
//!
//! fn join(mut commands: Commands) -> Result {
//!     commands.insert_resource(WebSocketClient::connect("ws://127.0.0.1:9080")?);
//!     Ok(())
//! }
//!
//! fn send(mut client: ResMut<WebSocketClient>) {
//!     // The send queue may be full. The next position is newer.
//!     let _ = client.send_text("a position");
//! }
//!
//! fn receive(mut client: ResMut<WebSocketClient>) {
//!     while let Some(packet) = client.recv() {
//!         println!("received {packet:?}");
//!     }
//! }
//!
//! App::new()
//!     .add_plugins(WebSocketClientPlugin)
//!     .add_systems(Startup, join)
//!     .add_systems(PreUpdate, receive.after(WebSocketSystems::Poll).run_if(resource_exists::<WebSocketClient>))
//!     .add_systems(Update, (send.run_if(connected), join.run_if(just_disconnected)));
//! ```
//!
//! The program decides when to connect again; here it is at once. Packets are also received while the client is not
//! connected, because some may have arrived before the connection ended.
//!
//! A dedicated server adds [`WebSocketServerPlugin`], and inserts a [`WebSocketServer`]. With the feature `multiplayer`,
//! `WebSocketSessionPlugin` hosts and joins sessions with Godot engines.
//!
//! # Packets, messages and events
//!
//! Connections that open and end are reported twice: as messages ([`Connected`], [`Disconnected`], [`PeerConnected`],
//! [`PeerDisconnected`]) for systems, and as events of the same types for observers.
//!
//! Packets are not messages: they stay in the resource until the program takes them with `recv`. So each packet is
//! read exactly once, in order, in any schedule, whether it runs several times in a frame or not at all; packets that
//! arrived before a connection ended can be read after it; and unread packets are limited and slow down their senders.
//! Bevy's messages have no limit, and are lost to systems that do not run for two frames.
//!
//! # Schedules
//!
//! Connections are polled in [`PreUpdate`](bevy_app::PreUpdate), in the set [`WebSocketSystems::Poll`], and written
//! to in [`PostUpdate`](bevy_app::PostUpdate), in [`WebSocketSystems::Flush`]. In the frame of an
//! [`AppExit`](bevy_app::AppExit), connections are closed in [`Last`](bevy_app::Last), which takes at most about a
//! second natively. Without its resource, every system and condition of this crate does nothing.

mod client;
#[cfg(feature = "replicon")]
pub mod replicon;
mod resource;
mod server;
#[cfg(feature = "multiplayer")]
mod session;

use std::time::{Duration, Instant};

use bevy_ecs::prelude::*;

pub use client::{
    Connected, Disconnected, WebSocketClient, WebSocketClientPlugin, connected, connecting, just_connected,
    just_disconnected,
};
pub use server::{PeerConnected, PeerDisconnected, WebSocketServer, WebSocketServerPlugin};
#[cfg(feature = "multiplayer")]
pub use session::{SessionEvent, WebSocketSession, WebSocketSessionPlugin, in_session};
pub use websocket_peer;

/// The sets of this crate's systems.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WebSocketSystems {
    /// In [`PreUpdate`](bevy_app::PreUpdate): reads from the connections, and reports those that have opened or ended.
    Poll,
    /// In [`PostUpdate`](bevy_app::PostUpdate): hands packets that the frame has sent to the network.
    Flush,
}

/// Calls `wait`, which sleeps for at most the given time or returns early, until it returns `true` or the time is over.
fn wait_for_close(mut wait: impl FnMut(Duration) -> bool) {
    // A page cannot sleep, and WebAssembly has no clock. The browser closes the connections on its own.
    if cfg!(target_family = "wasm") {
        wait(Duration::ZERO);
        return;
    }
    let end = Instant::now() + EXIT_TIMEOUT;
    while !wait(end.saturating_duration_since(Instant::now())) && Instant::now() < end {}
}

/// The time in which connections close at the exit of a native app.
const EXIT_TIMEOUT: Duration = Duration::from_secs(1);

/// The programs of README are compiled.
#[cfg(all(doctest, feature = "multiplayer"))]
#[doc = include_str!("../README.md")]
mod readme {}
