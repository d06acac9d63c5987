//! A connection by this crate's own `WebSocketPeer`.

use std::net::SocketAddr;
use std::time::Duration;

use websocket_peer::{CloseCause, PeerOptions, ReadyState, WebSocketPeer};

use super::line::{Heard, Line, State};

pub struct Ours(WebSocketPeer);

impl Ours {
    pub fn connect(addr: SocketAddr) -> Result<Self, String> {
        let options = PeerOptions::default()
            .connect_timeout(Duration::from_secs(30))
            .heartbeat_interval(Duration::ZERO);
        let mut peer = WebSocketPeer::with_options(options);
        peer.connect(&format!("ws://{addr}/ours")).map_err(|error| error.to_string())?;
        Ok(Self(peer))
    }
}

impl Line for Ours {
    fn poll(&mut self) -> State {
        match self.0.poll() {
            ReadyState::Connecting => State::Opening,
            ReadyState::Open | ReadyState::Closing => State::Open,
            ReadyState::Closed => State::Over,
        }
    }

    fn recv(&mut self) -> Option<Heard> {
        let packet = self.0.recv()?;
        Some(match packet.as_text() {
            Some(text) => Heard::Text(text.to_owned()),
            None => Heard::Binary(packet.into_vec()),
        })
    }

    fn send(&mut self, message: &[u8]) -> bool {
        self.0.send(message).is_ok()
    }

    fn send_text(&mut self, text: &str) -> bool {
        self.0.send_text(text).is_ok()
    }

    fn close(&mut self) {
        // One that is over already is found to be by the next poll.
        let _ = self.0.close();
    }

    fn arm_reset(&mut self) {
        // There is no such thing for a peer.
    }

    fn was_closed(&self) -> bool {
        self.0.close_info().is_some_and(|info| info.cause == CloseCause::Local)
    }

    fn describe(&self) -> String {
        format!("{:?}", self.0)
    }
}
