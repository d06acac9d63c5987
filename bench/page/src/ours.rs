//! `WebSocketPeer`. It has no events; the page polls it.

use wasm_bindgen::prelude::wasm_bindgen;
use websocket_peer::{Packet, ReadyState, WebSocketPeer};

use crate::message::{Messages, Progress};

/// One connection.
#[wasm_bindgen]
pub struct Ours {
    peer: WebSocketPeer,
    messages: Messages,
    progress: Progress,
}

#[wasm_bindgen]
impl Ours {
    /// Begins to connect.
    ///
    /// # Errors
    /// What is wrong with the URL.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &str, bytes: usize, is_text: bool) -> Result<Ours, String> {
        let mut peer = WebSocketPeer::new();
        peer.connect(url).map_err(|error| error.to_string())?;
        Ok(Self { peer, messages: Messages::new(bytes, is_text), progress: Progress::default() })
    }

    /// Begins a run of so many messages, so many of them in flight.
    ///
    /// # Errors
    /// There is no room for them.
    pub fn begin(&mut self, count: u32, in_flight: u32) -> Result<(), String> {
        self.progress.begin(count);
        for _ in 0..in_flight.min(count) {
            self.send()?;
        }
        Ok(())
    }

    /// One frame. Whether the run is over, or, before the first one, the connection open.
    ///
    /// # Errors
    /// The connection ended, or what came was not what was sent.
    pub fn frame(&mut self) -> Result<bool, String> {
        let state = self.peer.poll();
        while let Some(packet) = self.peer.recv() {
            if !self.is_expected(&packet) {
                return Err(format!("a wrong message came: {packet:?}"));
            }
            self.progress.received += 1;
            if self.progress.sent != self.progress.end {
                self.send()?;
            }
        }
        match state {
            ReadyState::Connecting => Ok(false),
            ReadyState::Open => Ok(self.progress.is_over()),
            _ => Err(format!("the connection ended: {:?}", self.peer.close_info())),
        }
    }

    fn is_expected(&self, packet: &Packet) -> bool {
        let bytes = match self.messages.is_text {
            true => packet.as_text().map(str::as_bytes),
            false => (!packet.is_text()).then_some(packet.as_bytes()),
        };
        bytes.is_some_and(|bytes| self.messages.is(self.progress.received, bytes))
    }

    fn send(&mut self) -> Result<(), String> {
        let message = self.messages.get(self.progress.sent);
        self.progress.sent += 1;
        let sent = match self.messages.is_text {
            true => self.peer.send_text(message),
            false => self.peer.send(message.as_bytes()),
        };
        sent.map_err(|error| error.to_string())
    }
}
