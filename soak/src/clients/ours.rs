//! A client with this crate's `WebSocketPeer`.

use std::net::SocketAddr;
use std::time::Duration;

use websocket_peer::{CloseCause, PeerOptions, ReadyState, WebSocketPeer};

use super::client::{Client, Message, State};

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

impl Client for Ours {
    fn poll(&mut self) -> State {
        match self.0.poll() {
            ReadyState::Connecting => State::Opening,
            ReadyState::Open | ReadyState::Closing => State::Open,
            ReadyState::Closed => State::Closed,
        }
    }

    fn recv(&mut self) -> Option<Message> {
        let packet = self.0.recv()?;
        Some(match packet.as_text() {
            Some(text) => Message::Text(text.to_owned()),
            None => Message::Binary(packet.into_vec()),
        })
    }

    fn send(&mut self, message: &[u8]) -> bool {
        self.0.send(message).is_ok()
    }

    fn send_text(&mut self, text: &str) -> bool {
        self.0.send_text(text).is_ok()
    }

    fn close(&mut self) {
        self.0.close();
    }

    fn arm_reset(&mut self) {
        // A peer cannot reset its connection.
    }

    fn was_closed(&self) -> bool {
        self.0.close_info().is_some_and(|info| info.cause == CloseCause::Local)
    }

    fn describe(&self) -> String {
        format!("{:?}", self.0)
    }
}
