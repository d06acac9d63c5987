//! The one WebAssembly module of all pages in `www`, so that a browser loads and compiles it once. It has the library's
//! classes for JavaScript, `WebSocketPeer` and `SceneMultiplayer`, and those of the examples.

mod chat;
mod game;
mod rooms;
mod values;

// The library exports its classes by itself. A crate that is not named would not be linked, and they would be missing.
use websocket_peer as _;
