//! The smallest client in a page: it connects, sends, receives, and shows how the connection ended.

mod uses;

use wasm_bindgen::prelude::wasm_bindgen;
use websocket_peer::{ReadyState, WebSocketPeer};

/// A connection. The page calls `poll` once a frame.
#[wasm_bindgen]
pub struct Client(WebSocketPeer);

#[wasm_bindgen]
impl Client {
    /// Starts to connect. The error is a mistake in the URL.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str) -> Result<Client, String> {
        let mut peer = WebSocketPeer::new();
        peer.connect(url).map_err(|error| error.to_string())?;
        Ok(Self(peer))
    }

    /// Does the pending work of the connection. Returns `true` if texts can be sent.
    pub fn poll(&mut self) -> bool {
        self.0.poll() == ReadyState::Open
    }

    /// Sends a text.
    pub fn send(&mut self, text: &str) -> Result<(), String> {
        self.0.send_text(text).map_err(|error| error.to_string())
    }

    /// Returns the next text that has arrived.
    pub fn recv(&mut self) -> Option<String> {
        self.0.recv()?.into_text().ok()
    }

    /// Returns how the connection ended, once it has.
    pub fn close_info(&self) -> Option<String> {
        self.0.close_info().map(|info| info.to_string())
    }
}
