//! Plain text packets, and ids that the server gives.

use std::collections::BTreeMap;

use websocket_peer::{CloseCode, Error, Packet, PeerKey, ServerEvent, WebSocketServer, multiplayer::PeerId};

use super::transport::{Received, TOO_SLOW};
use crate::room::Recipients;

/// The largest id that is given, as in Godot's demo.
const MAX_ID: i32 = (1 << 30) - 1;

/// A server whose members have ids.
pub(super) struct PlainServer {
    pub(super) server: WebSocketServer,
    ids: BTreeMap<PeerKey, PeerId>,
    keys: BTreeMap<PeerId, PeerKey>,
    /// The id that was given last.
    last_id: PeerId,
}

impl PlainServer {
    pub(super) fn new(server: WebSocketServer) -> Self {
        Self { server, ids: BTreeMap::new(), keys: BTreeMap::new(), last_id: PeerId::SERVER }
    }

    pub(super) fn next(&mut self) -> Option<Received> {
        loop {
            match self.server.next_event()? {
                ServerEvent::Opened(key) => return Some(Received::Joined(self.assign_id(key))),
                ServerEvent::Packet(key, packet) => {
                    if let Some(&id) = self.ids.get(&key) {
                        return Some(Received::Packet(id, packet));
                    }
                }
                ServerEvent::Closed(key, info) => {
                    if let Some(id) = self.ids.remove(&key) {
                        self.keys.remove(&id);
                        return Some(Received::Left(id, info));
                    }
                }
                _ => {}
            }
        }
    }

    /// Sends text. A member that has no room for it is disconnected.
    pub(super) fn send(&mut self, to: Recipients, text: &str) {
        let packet = Packet::text(text);
        let is_recipient = |id: PeerId| match to {
            Recipients::All => true,
            Recipients::AllExcept(except) => id != except,
            Recipients::One(one) => id == one,
        };
        let full: Vec<PeerId> = self
            .keys
            .iter()
            .filter(|&(&id, _)| is_recipient(id))
            .filter(|&(_, &key)| {
                // A connection that is closing is reported soon.
                matches!(self.server.send_packet(key, &packet), Err(Error::SendQueueFull { .. }))
            })
            .map(|(&id, _)| id)
            .collect();
        for id in full {
            let closed = self.disconnect(id, CloseCode::POLICY_VIOLATION, TOO_SLOW);
            debug_assert_eq!(closed, Ok(()));
        }
    }

    pub(super) fn disconnect(&mut self, id: PeerId, code: CloseCode, reason: &str) -> Result<(), Error> {
        let key = *self.keys.get(&id).ok_or(Error::UnknownPeer)?;
        self.server.close_with(key, code, reason)
    }

    /// Gives the next id that no member has.
    fn assign_id(&mut self, key: PeerKey) -> PeerId {
        loop {
            let next = if self.last_id.get() < MAX_ID { self.last_id.get() + 1 } else { 2 };
            self.last_id = PeerId::new(next).unwrap_or(PeerId::SERVER);
            if !self.keys.contains_key(&self.last_id) {
                break;
            }
        }
        self.ids.insert(key, self.last_id);
        self.keys.insert(self.last_id, key);
        self.last_id
    }
}
