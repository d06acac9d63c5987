//! The smallest game on websocket-peer: it greets a server and tells what it hears. This file is the whole of it, natively
//! (`src/main.rs` calls it in a loop) and in a web page (`index.html` calls it from `requestAnimationFrame`). It has no
//! `cfg`.

use wasm_bindgen::prelude::wasm_bindgen;
use websocket_peer::{CloseCode, ReadyState, WebSocketPeer};

/// A connection, and what it has come to.
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
    /// What [`WebSocketPeer::connect`] finds wrong with the call, in words.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str) -> Result<Greeter, String> {
        let mut peer = WebSocketPeer::new();
        peer.connect(url).map_err(|error| error.to_string())?;
        Ok(Self { peer, greeted: false })
    }

    /// One frame. Answers with what happened in it, a line each.
    pub fn frame(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        if self.peer.poll() == ReadyState::Open && !self.greeted {
            self.greeted = true;
            let sent = self.peer.send_text("Hello! 👋");
            news.push(
                sent.map_or_else(|error| error.to_string(), |()| "connected, and said hello".to_owned()),
            );
        }
        while let Some(packet) = self.peer.recv() {
            news.push(format!("heard {packet:?}"));
            let bye = CloseCode::NORMAL;
            if let Err(error) = self.peer.close_with(bye, "that was all") {
                news.push(error.to_string());
            }
        }
        if let Some(info) = self.peer.close_info() {
            news.push(info.to_string());
        }
        news
    }

    /// Whether there is nothing more to come.
    pub fn is_over(&self) -> bool {
        self.peer.state() == ReadyState::Closed
    }
}
