//! A poll-based WebSocket client and server for Rust games, without async: the same client code runs in native programs
//! (tungstenite) and in web pages (the browser's `WebSocket`).
//!
//! # A peer
//!
//! [`WebSocketPeer`] is one end of a connection. Call [`poll`](WebSocketPeer::poll) once a frame, read packets with
//! [`recv`](WebSocketPeer::recv), and send them with [`send`](WebSocketPeer::send),
//! [`send_text`](WebSocketPeer::send_text) or [`send_packet`](WebSocketPeer::send_packet):
//!
//! ```
//! use websocket_peer::{Error, ReadyState, WebSocketPeer};
//!
//! /// Runs once a frame. Returns `false` when the connection has ended.
//! fn frame(peer: &mut WebSocketPeer) -> Result<bool, Error> {
//!     if peer.poll() == ReadyState::Open {
//!         peer.send_text("a position")?;
//!     }
//!     while let Some(packet) = peer.recv() {
//!         println!("received {packet:?}");
//!     }
//!     Ok(peer.close_info().is_none())
//! }
//!
//! let mut peer = WebSocketPeer::new();
//! peer.connect("ws://127.0.0.1:9080")?;
//! frame(&mut peer)?;
//! # Ok::<(), Error>(())
//! ```
//!
//! - State changes only inside calls on `&mut self`. `poll` never blocks; [`wait`](WebSocketPeer::wait) sleeps instead,
//!   for programs without frames, and [`on_wake`](WebSocketPeer::on_wake) sets a hook that is called when there is
//!   something to poll for.
//! - An [`Error`] means a mistake in the call, or no room in a queue. Network failures are the state
//!   [`ReadyState::Closed`] with a [`CloseInfo`], whose [`CloseCause`] gives the reason.
//! - Packets that arrived before a close stay readable after it, in order. A [`Packet`] is cheap to clone.
//! - [`PeerOptions`] has limits for every queue, timeouts, sub-protocols, TLS and a [`Liveness`] probe.
//!
//! # A server
//!
//! [`WebSocketServer`] serves thousands of peers on one thread and reports a [`ServerEvent`] for each change.
//! [`ServerOptions`] and [`RateLimits`] make it safe on a public port, and the hook of
//! [`on_request`](WebSocketServer::on_request) answers each [`Request`] with an [`Admission`]. Servers run natively. In
//! a browser [`bind`](WebSocketServer::bind) returns [`Error::Unsupported`].
//!
//! # Godot
//!
//! The module `multiplayer` is Godot 4's high-level multiplayer: sessions with real engines, remote calls, spawned and
//! synchronized nodes. The module `variant` has Godot's values and their binary form. Items have their Godot names as
//! aliases: a search for `get_packet` finds [`recv`](WebSocketPeer::recv).
//!
//! # Features
//!
//! `multiplayer` and `variant` (both default) add these modules. `tls` (default) adds `wss:` natively,
//! `tls-bundled-roots` and `tls-dangerous` more [`TlsRoots`]. `serde` serializes options, codes, ids and values. `js`
//! adds classes for JavaScript and TypeScript. `miniquad` is for pages without wasm-bindgen, such as those of macroquad.
//!
//! # Platforms
//!
//! Linux, Windows, macOS, Android, iOS, and `wasm32-unknown-unknown` in browsers. No public item differs by target;
//! calls that a target cannot carry out return [`Error::Unsupported`]. The guides on servers, Godot and platforms are
//! in the folder `docs` of the repository.

// Programs in the documentation have functions that nothing calls.
#![doc(test(attr(deny(warnings), allow(dead_code))))]
#![cfg_attr(
    not(feature = "multiplayer"),
    allow(dead_code, unused_imports, reason = "only sessions use some of it")
)]

mod admission;
mod clock;
mod close;
mod error;
mod http;
mod link;
mod options;
mod packet;
mod peer;
mod rate;
mod request;
mod send_accounting;
#[cfg(feature = "serde")]
mod serialization;
mod server;
mod shared_bytes;
mod state;
mod stats;
mod sys;
mod text;
mod upgraded;
mod url;

#[cfg(feature = "multiplayer")]
pub mod multiplayer;
#[cfg(feature = "variant")]
pub mod variant;

/// The programs of README and of the guides are compiled, and run unless they are marked `no_run`.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[doc = include_str!("../docs/server.md")]
    mod server {}
    #[doc = include_str!("../docs/platforms.md")]
    mod platforms {}
    #[cfg(feature = "multiplayer")]
    #[doc = include_str!("../docs/godot.md")]
    mod godot {}
    #[cfg(feature = "multiplayer")]
    #[doc = include_str!("../docs/rooms.md")]
    mod rooms {}
}

#[cfg(feature = "_fuzz")]
#[doc(hidden)]
#[path = "../fuzz/bodies/mod.rs"]
pub mod fuzz;
// For files that the fuzz bodies share with the tests.
#[cfg(feature = "_fuzz")]
extern crate self as websocket_peer;
#[cfg(feature = "js")]
mod js;

pub use admission::Admission;
pub use close::{CloseCause, CloseCode, CloseInfo, Limit, Timeout, TlsFailure};
pub use error::{Error, IoError};
pub use options::{
    Liveness, OriginPolicy, PeerOptions, RateLimits, SendOverflow, ServerOptions, TlsCertificate, TlsOptions,
    TlsRoots,
};
pub use packet::{Packet, PacketKind};
pub use peer::WebSocketPeer;
pub use request::Request;
pub use server::{PeerInfo, PeerKey, ServerEvent, WebSocketServer};
pub use state::ReadyState;
pub use stats::{CloseCounts, Histogram, RejectCounts, ServerStats, Stats};
pub use upgraded::{Role, UpgradedStream};

/// These types are `Send` and `Sync` on every platform, so that a game can store them anywhere.
const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<WebSocketPeer>();
    is_send_and_sync::<WebSocketServer>();
    is_send_and_sync::<UpgradedStream>();
    is_send_and_sync::<Packet>();
    is_send_and_sync::<Error>();
    #[cfg(feature = "multiplayer")]
    is_send_and_sync::<multiplayer::SceneMultiplayer>();
    #[cfg(feature = "multiplayer")]
    is_send_and_sync::<multiplayer::WebSocketMultiplayerPeer>();
    #[cfg(feature = "multiplayer")]
    is_send_and_sync::<multiplayer::Session>();
    #[cfg(feature = "variant")]
    is_send_and_sync::<variant::Variant>();
};
