//! The smallest game for a native program and a page: it greets a server and shows the answer. A native program
//! (`src/main.rs`) calls it in a loop, and a page (`index.html`) from `requestAnimationFrame`. It has no `cfg`.

use wasm_bindgen::prelude::wasm_bindgen;
use websocket_peer::{CloseCode, ReadyState, WebSocketPeer};

/// The state of the game.
#[wasm_bindgen]
pub struct Greeter {
    peer: WebSocketPeer,
    greeted: bool,
}

#[wasm_bindgen]
impl Greeter {
    /// Begins to connect.
    ///
    /// # Errors
    /// The text of the error of [`WebSocketPeer::connect`].
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str) -> Result<Greeter, String> {
        let mut peer = WebSocketPeer::new();
        peer.connect(url).map_err(|error| error.to_string())?;
        Ok(Self { peer, greeted: false })
    }

    /// Runs one frame, and returns what happened, in lines.
    pub fn frame(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.peer.poll() == ReadyState::Open && !self.greeted {
            self.greeted = true;
            let sent = self.peer.send_text("Hello! 👋");
            lines.push(
                sent.map_or_else(|error| error.to_string(), |()| "connected, and sent a greeting".to_owned()),
            );
        }
        while let Some(packet) = self.peer.recv() {
            lines.push(format!("received {packet:?}"));
            let code = CloseCode::NORMAL;
            if let Err(error) = self.peer.close_with(code, "finished") {
                lines.push(error.to_string());
            }
        }
        if let Some(info) = self.peer.close_info() {
            lines.push(info.to_string());
        }
        lines
    }

    /// Returns `true` when the connection has ended.
    pub fn is_finished(&self) -> bool {
        self.peer.state() == ReadyState::Closed
    }
}
