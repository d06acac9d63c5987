//! The two transports of a server behind one interface: members have ids, and messages go to one or several of them.

use std::{net::SocketAddr, task::Waker, time::Duration};

use websocket_peer::{
    CloseCode, CloseInfo, Error, Packet, WebSocketServer,
    multiplayer::{PeerEvent, PeerId, Target, WebSocketMultiplayerPeer},
    variant::Variant,
};

use super::plain::PlainServer;
use crate::{client::KICKED, mode::Mode, room::Recipients};

/// The time for the closing handshakes of a shutdown.
const SHUTDOWN: Duration = Duration::from_secs(3);

/// The reason for members that do not read what they are sent.
pub(super) const TOO_SLOW: &str = "you read too slowly";

/// The socket of a server.
pub(super) enum Transport {
    Plain(Box<PlainServer>),
    Multiplayer(Box<WebSocketMultiplayerPeer>),
}

/// What a transport reports, for each id in this order, and `Left` exactly once.
pub(super) enum Received {
    Joined(PeerId),
    Packet(PeerId, Packet),
    Left(PeerId, CloseInfo),
}

impl Transport {
    pub(super) fn new(server: WebSocketServer, mode: Mode) -> Self {
        match mode {
            Mode::Plain => Self::Plain(Box::new(PlainServer::new(server))),
            Mode::Multiplayer => Self::Multiplayer(Box::new(WebSocketMultiplayerPeer::from_server(server))),
        }
    }

    pub(super) fn local_addr(&self) -> Result<SocketAddr, Error> {
        match self {
            Self::Plain(plain) => plain.server.local_addr(),
            Self::Multiplayer(peer) => peer.local_addr(),
        }
    }

    pub(super) fn waker(&mut self) -> Waker {
        match self {
            Self::Plain(plain) => plain.server.waker(),
            Self::Multiplayer(peer) => peer.waker(),
        }
    }

    pub(super) fn wait(&mut self, at_most: Duration) {
        match self {
            Self::Plain(plain) => plain.server.wait(at_most),
            Self::Multiplayer(peer) => peer.wait(at_most),
        }
    }

    pub(super) fn next(&mut self) -> Option<Received> {
        match self {
            Self::Plain(plain) => plain.next(),
            Self::Multiplayer(peer) => loop {
                match peer.next_event()? {
                    PeerEvent::Connected(id) => return Some(Received::Joined(id)),
                    PeerEvent::Packet(from, packet) => return Some(Received::Packet(from, packet)),
                    PeerEvent::Disconnected(id, info) => return Some(Received::Left(id, info)),
                    // Only clients have others.
                    _ => {}
                }
            },
        }
    }

    /// Sends text. A member that has no room for it is disconnected, because it must not miss a line.
    pub(super) fn send(&mut self, to: Recipients, text: &str) {
        match self {
            Self::Plain(plain) => plain.send(to, text),
            Self::Multiplayer(peer) => {
                let target = match to {
                    Recipients::All => Target::All,
                    Recipients::AllExcept(id) => Target::AllExcept(id),
                    Recipients::One(id) => Target::Peer(id),
                };
                let sent = peer.send_variant(target, &Variant::from(text));
                if let (Err(Error::SendQueueFull { .. }), Recipients::One(id)) = (sent, to) {
                    self.disconnect(id, CloseCode::POLICY_VIOLATION, TOO_SLOW);
                }
            }
        }
    }

    /// Closes the connection of a member that was removed.
    pub(super) fn kick(&mut self, id: PeerId, reason: &str) {
        self.disconnect(id, KICKED, reason);
    }

    pub(super) fn shutdown(&mut self) {
        match self {
            Self::Plain(plain) => plain.server.shutdown(SHUTDOWN),
            Self::Multiplayer(peer) => peer.close(),
        }
    }

    pub(super) fn is_shut_down(&self) -> bool {
        match self {
            Self::Plain(plain) => plain.server.is_shut_down(),
            Self::Multiplayer(peer) => peer.is_closed(),
        }
    }

    fn disconnect(&mut self, id: PeerId, code: CloseCode, reason: &str) {
        let closed = match self {
            Self::Plain(plain) => plain.disconnect(id, code, reason),
            Self::Multiplayer(peer) => peer.disconnect_peer_with(id, code, reason),
        };
        // Its end was reported before.
        debug_assert!(matches!(closed, Ok(()) | Err(Error::UnknownPeer)), "{closed:?}");
    }
}
