//! The client of the chat. A terminal and a page use it, each in its own loop.

use wasm_bindgen::prelude::wasm_bindgen;
use websocket_peer::{PeerOptions, ReadyState, WebSocketPeer};

/// A connection to the chat. `wasm_bindgen` makes it a class of JavaScript; natively it has no effect.
#[wasm_bindgen]
pub struct Chat(WebSocketPeer);

#[wasm_bindgen]
impl Chat {
    /// Starts to connect. The error is a mistake in the URL.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str) -> Result<Chat, String> {
        let mut peer = WebSocketPeer::with_options(PeerOptions::default().protocols(["demo-chat"]));
        peer.connect(url).map_err(|error| error.to_string())?;
        Ok(Self(peer))
    }

    /// Returns the lines that have arrived. Everything happens in this call, so call it often.
    pub fn poll(&mut self) -> Vec<String> {
        self.0.poll();
        let packets = std::iter::from_fn(|| self.0.recv());
        // A control character could change the colours or the title of a terminal.
        packets.filter_map(|packet| Some(packet.as_text()?.replace(char::is_control, " "))).collect()
    }

    /// Sends a line to all others.
    pub fn send(&mut self, line: &str) -> Result<(), String> {
        self.0.send_text(line).map_err(|error| error.to_string())
    }

    /// Returns `true` if lines can be sent.
    pub fn is_open(&self) -> bool {
        self.0.state() == ReadyState::Open
    }

    /// Begins to disconnect. What was sent before still arrives.
    pub fn close(&mut self) {
        self.0.close();
    }

    /// Returns how the connection ended, once it has.
    pub fn close_info(&self) -> Option<String> {
        self.0.close_info().map(|info| info.to_string())
    }
}
