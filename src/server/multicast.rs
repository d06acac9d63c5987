//! A packet for several peers is encoded once, and its bytes are shared.

use std::{borrow::Borrow, slice};

use super::{
    PeerKey, WebSocketServer,
    sending::{EncodedPackets, Urgency},
};
use crate::packet::Packet;

impl WebSocketServer {
    /// Sends a packet to every open peer except `except`. The packet is encoded once, and its bytes are shared.
    ///
    /// Returns the number of peers whose send queue took it. A peer without room misses the packet, as with
    /// [`send`](Self::send).
    pub fn broadcast(&mut self, packet: impl Into<Packet>, except: Option<PeerKey>) -> usize {
        let encoded = EncodedPackets::new(slice::from_ref(&packet.into()));
        let mut sent = 0;
        for slot in 0..self.entries.width() {
            let Some(key) = self.entries.at(slot).filter(|key| Some(*key) != except) else { continue };
            sent += usize::from(self.queue(key, encoded.content(), Urgency::Now).is_ok());
        }
        sent
    }

    /// Sends a packet to several peers, such as a room or a team. The packet is encoded once, and its bytes are shared:
    /// they count once for [`ServerOptions::max_buffered_bytes`](crate::ServerOptions::max_buffered_bytes), for any
    /// number of peers.
    ///
    /// Returns the number of peers whose send queue took it. A peer without room misses the packet, as with
    /// [`send`](Self::send). A peer whose key is given several times gets the packet once. Keys of peers that are
    /// closing or closed, and of peers of other servers, are ignored.
    ///
    /// ```no_run
    /// # use websocket_peer::{Packet, PeerKey, ServerOptions, WebSocketServer};
    /// use std::collections::{BTreeSet, HashMap};
    ///
    /// # let mut server = WebSocketServer::bind("127.0.0.1:0", ServerOptions::default())?;
    /// # let packet = Packet::text("hello");
    /// # let Some(sender) = server.peers().next() else { return Ok(()) };
    /// // Keys by value or by reference, from any collection:
    /// let room: BTreeSet<PeerKey> = server.peers().collect();
    /// server.multicast(&packet, &room);
    /// server.multicast(&packet, room.iter().filter(|peer| **peer != sender));
    /// let names: HashMap<PeerKey, String> = HashMap::new();
    /// server.multicast(&packet, names.keys());
    /// # Ok::<(), websocket_peer::Error>(())
    /// ```
    pub fn multicast(
        &mut self,
        packet: impl Into<Packet>,
        keys: impl IntoIterator<Item = impl Borrow<PeerKey>>,
    ) -> usize {
        let encoded = EncodedPackets::new(slice::from_ref(&packet.into()));
        self.multicasts += 1;
        let mut sent = 0;
        for key in keys {
            let key = *key.borrow();
            let Some(entry) = self.entries.get_mut(key) else { continue };
            if std::mem::replace(&mut entry.last_multicast, self.multicasts) != self.multicasts {
                sent += usize::from(self.queue(key, encoded.content(), Urgency::Now).is_ok());
            }
        }
        sent
    }
}
