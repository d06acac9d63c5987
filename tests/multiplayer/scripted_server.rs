//! A client whose server sends the packets that a test gives it.

use websocket_peer::{
    PeerKey, ServerEvent, ServerOptions, WebSocketServer,
    multiplayer::{Event, MultiplayerOptions, SceneMultiplayer},
};

use crate::common::eventually;

/// The packet that assigns an id to a client.
pub const ID: [u8; 4] = [9, 0, 0, 0];

pub struct Scripted {
    pub server: WebSocketServer,
    /// The client's connection.
    pub connection: PeerKey,
    pub peer: SceneMultiplayer,
}

impl Scripted {
    /// A client that is connected, and has no id.
    pub fn start(options: MultiplayerOptions) -> Self {
        let mut server = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default()).unwrap();
        let url = format!("ws://{}", server.local_addr().unwrap());
        let mut peer = SceneMultiplayer::connect(&url, options).unwrap();
        let connection = eventually("a connection", || {
            peer.poll();
            server.poll();
            match server.next_event() {
                Some(ServerEvent::Opened(key)) => Some(key),
                _ => None,
            }
        });
        Self { server, connection, peer }
    }

    /// Sends packets that arrive together, and handles the events of the client until `handle` returns a result.
    pub fn burst<T>(
        &mut self,
        packets: &[Vec<u8>],
        mut handle: impl FnMut(&mut SceneMultiplayer, Event) -> Option<T>,
    ) -> T {
        for packet in packets {
            self.server.send(self.connection, packet).unwrap();
        }
        self.server.flush();
        eventually("the last packet is handled", || {
            self.server.poll();
            while self.server.next_event().is_some() {}
            self.peer.poll();
            while let Some(event) = self.peer.next_event() {
                if let Some(done) = handle(&mut self.peer, event) {
                    return Some(done);
                }
            }
            None
        })
    }
}

/// A client that has its id, and has read all events.
pub fn admitted(options: MultiplayerOptions) -> Scripted {
    let mut scripted = Scripted::start(options);
    scripted.burst(&[ID.to_vec()], |_, event| matches!(event, Event::PeerConnected(_)).then_some(()));
    scripted
}
