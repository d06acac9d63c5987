//! The side of a server: its connections, and their ids.

use super::{event::PeerEvent, peer_id_map::PeerIdMap};
use crate::{
    close::{CloseCode, Limit},
    error::Error,
    multiplayer::id::{PeerId, Target},
    packet::{Outgoing, Packet},
    server::{EncodedPackets, NextEvent, PeerKey, Urgency, WebSocketServer},
    state::ReadyState,
};

/// A server, and the ids of its clients.
#[derive(Debug)]
pub(in super::super) struct ServerSide {
    pub(in super::super) server: WebSocketServer,
    /// The clients whose `Connected` the program has read, and whose `Disconnected` it has not.
    ids: PeerIdMap,
    refuses_new: bool,
    has_left: bool,
}

impl ServerSide {
    pub(in super::super) fn new(server: WebSocketServer) -> Self {
        Self { server, ids: PeerIdMap::default(), refuses_new: false, has_left: false }
    }

    /// Returns the next event, and the connection that it is about.
    #[inline]
    pub(in super::super) fn next_event(&mut self) -> Option<(PeerKey, PeerEvent)> {
        loop {
            let (key, next) = self.server.advance()?;
            if let Some(event) = self.take(key, next, |event| (key, event)) {
                return Some(event);
            }
        }
    }

    /// Returns the next event of a connection that the caller has [taken](WebSocketServer::take_ready_peer), and `true`
    /// if it has more events. The event is `None` if it has no meaning at this level.
    pub(in super::super) fn next_event_of(&mut self, key: PeerKey) -> Option<(Option<PeerEvent>, bool)> {
        let (next, has_more) = self.server.advance_taken(key)?;
        Some((self.take(key, next, |event| event), has_more))
    }

    /// Handles an event that the server has named. Returns what `wrap` makes of the event that follows from it. A new client
    /// gets its id here, so that all packets of the program follow it.
    // Inlined, and with `wrap`, so that a packet is moved once on its way through here.
    #[inline(always)]
    fn take<T>(&mut self, key: PeerKey, next: NextEvent, wrap: impl Fn(PeerEvent) -> T) -> Option<T> {
        match next {
            NextEvent::Packet { .. } => {
                let id = self.ids.id_to_receive_from(key);
                self.server.take_packet_as(key, |packet| Some(wrap(PeerEvent::Packet(id?, packet))))?
            }
            NextEvent::Opened if self.refuses_new => {
                self.close(key, CloseCode::NORMAL, "the server refuses new connections");
                None
            }
            NextEvent::Opened => {
                let id = self.ids.assign(key);
                self.must_send(key, &Packet::binary(id.get().to_le_bytes()));
                Some(wrap(PeerEvent::Connected(id)))
            }
            NextEvent::Closed => {
                let info = self.server.close_info(key)?;
                Some(wrap(PeerEvent::Disconnected(self.ids.remove(key)?, info)))
            }
        }
    }

    /// Sends a packet to the clients in a target.
    pub(super) fn send(&mut self, to: Target, packet: Outgoing<'_>) -> Result<(), Error> {
        if self.has_left {
            let is_closed = self.server.is_shut_down();
            let state = if is_closed { ReadyState::Closed } else { ReadyState::Closing };
            return Err(Error::NotOpen { state });
        }
        match to {
            Target::Peer(id) => self.send_to_one(self.ids.key(id).ok_or(Error::UnknownPeer)?, packet),
            Target::All => self.send_to_all(None, packet),
            Target::AllExcept(except) => self.send_to_all(Some(except), packet),
        }
    }

    fn send_to_one(&mut self, to: PeerKey, packet: Outgoing<'_>) -> Result<(), Error> {
        let sent = match packet {
            _ if packet.len() == 0 => return Ok(()),
            Outgoing::Text(text) => self.server.send_text(to, text),
            Outgoing::Binary(data) => self.server.send(to, data),
            Outgoing::Shared(packet) => self.server.send_packet(to, packet),
        };
        match sent {
            // It is gone, and the program has not read that.
            Err(Error::NotOpen { .. }) => Ok(()),
            result => result,
        }
    }

    /// Sends a packet to all clients, or all but one. It is encoded once.
    fn send_to_all(&mut self, except: Option<PeerId>, packet: Outgoing<'_>) -> Result<(), Error> {
        let (len, max) = (packet.len(), self.server.options().connection.outbound_buffer_size);
        if len > max {
            return Err(Error::PacketTooBig { len, max });
        }
        if len == 0 {
            return Ok(());
        }
        let encoded = EncodedPackets::new(&[match packet {
            Outgoing::Text(text) => Packet::text(text),
            Outgoing::Binary(data) => Packet::binary(data),
            Outgoing::Shared(packet) => packet.clone(),
        }]);
        for slot in 0..self.ids.width() {
            let Some((key, _)) = self.ids.at(slot).filter(|(_, id)| Some(*id) != except) else { continue };
            let sent = self.server.must_send_encoded(key, &encoded, Urgency::Now);
            self.expel_if_full(key, sent);
        }
        Ok(())
    }

    /// Sends a packet that the client must not miss.
    fn must_send(&mut self, to: PeerKey, packet: &Packet) {
        let sent = self.server.must_send(to, packet);
        self.expel_if_full(to, sent);
    }

    fn expel_if_full(&mut self, peer: PeerKey, sent: Result<(), Error>) {
        match sent {
            // It is closing. Its end is reported soon.
            Ok(()) | Err(Error::NotOpen { .. } | Error::UnknownPeer) => {}
            Err(_) => self.expel(peer),
        }
    }

    /// Disconnects a client that had no room for a packet: a client that misses one cannot stay. Packets that it sent
    /// before stay readable.
    pub(in super::super) fn expel(&mut self, peer: PeerKey) {
        self.server.expel(peer, Limit::SessionBacklog, "reads packets too slowly");
    }

    /// Closes a client's connection. Nothing more is received from it.
    pub(in super::super) fn disconnect(
        &mut self,
        id: PeerId,
        code: CloseCode,
        reason: &str,
    ) -> Result<(), Error> {
        let key = self.ids.key(id).ok_or(Error::UnknownPeer)?;
        self.server.close_with(key, code, reason)?;
        self.ids.stop_receiving(key);
        Ok(())
    }

    fn close(&mut self, key: PeerKey, code: CloseCode, reason: &str) {
        if let Err(error) = self.server.close_with(key, code, reason) {
            debug_assert_eq!(error, Error::UnknownPeer);
        }
    }

    pub(in super::super) fn refuse_new_connections(&mut self, refuse: bool) {
        self.refuses_new = refuse;
        self.server.refuse_new_connections(refuse);
    }

    /// Closes all connections, and stops listening. No event follows.
    pub(in super::super) fn shut_down(&mut self) {
        if !std::mem::replace(&mut self.has_left, true) {
            self.refuse_new_connections(true);
            self.ids = PeerIdMap::default();
            self.server.shutdown(self.server.options().connection.close_timeout);
            self.drop_events();
        }
    }

    /// Drops the events of clients after the program has closed the server.
    pub(super) fn drop_events(&mut self) {
        if self.has_left {
            while self.next_event().is_some() {}
        }
    }

    pub(super) fn has_left(&self) -> bool {
        self.has_left
    }

    /// Returns the clients in the order of their ids.
    pub(super) fn peers(&self) -> Vec<PeerId> {
        let mut peers: Vec<PeerId> =
            (0..self.ids.width()).filter_map(|slot| self.ids.at(slot)).map(|(_, id)| id).collect();
        peers.sort_unstable();
        peers
    }

    /// Returns the id of a connection, also of one whose packets are ignored.
    pub(in super::super) fn id_of(&self, key: PeerKey) -> Option<PeerId> {
        self.ids.at(key.slot() as usize).filter(|(at, _)| *at == key).map(|(_, id)| id)
    }

    pub(in super::super) fn key(&self, id: PeerId) -> Option<PeerKey> {
        self.ids.key(id)
    }
}
