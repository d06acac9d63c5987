//! The virtual network: what is sent on one link arrives in order; among links anything may come first.

use std::collections::{BTreeMap, VecDeque};

use websocket_peer::{
    CloseCause, Packet,
    multiplayer::{PeerId, Recipients},
};

use crate::random::Random;

/// What is on its way.
#[derive(Debug, Clone, PartialEq)]
pub enum Letter {
    Packet(Packet),
    /// The connection ends.
    End(CloseCause),
}

/// One way of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the server to this client.
    Down(PeerId),
    /// From this client to the server.
    Up(PeerId),
}

impl Way {
    fn back(self) -> Self {
        match self {
            Self::Down(client) => Self::Up(client),
            Self::Up(client) => Self::Down(client),
        }
    }
}

/// All connections.
#[derive(Default)]
pub struct Network {
    ways: BTreeMap<Way, VecDeque<Letter>>,
    /// Whether the ends are like engines: what has not been read when a connection closes is lost.
    pub is_lossy: bool,
}

impl Network {
    pub fn connect(&mut self, client: PeerId) {
        self.ways.insert(Way::Down(client), VecDeque::new());
        self.ways.insert(Way::Up(client), VecDeque::new());
    }

    /// Whether nothing of the client's connection is left.
    pub fn is_over(&self, client: PeerId) -> bool {
        !self.ways.contains_key(&Way::Down(client)) && !self.ways.contains_key(&Way::Up(client))
    }

    /// Sends a packet; on a way that is closed it is lost.
    pub fn send(&mut self, way: Way, packet: Packet) {
        if let Some(letters) = self.ways.get_mut(&way) {
            letters.push_back(Letter::Packet(packet));
        }
    }

    /// What the server sends to each of these clients.
    pub fn send_down(&mut self, to: &Recipients, packet: &Packet) {
        for client in to.as_slice() {
            self.send(Way::Down(*client), packet.clone());
        }
    }

    /// One end closes: the other one learns of it when it has read all, and then so does this one.
    pub fn close(&mut self, way: Way) {
        if let Some(letters) = self.ways.get_mut(&way) {
            if self.is_lossy {
                letters.clear();
            }
            letters.push_back(Letter::End(CloseCause::Remote));
        }
    }

    /// The connection breaks, and with it goes what was on its way.
    pub fn cut(&mut self, client: PeerId) {
        for way in [Way::Down(client), Way::Up(client)] {
            if let Some(letters) = self.ways.get_mut(&way) {
                *letters = VecDeque::from([Letter::End(CloseCause::ConnectionLost)]);
            }
        }
    }

    /// Takes what arrives next.
    pub fn arrive(&mut self, random: &mut Random) -> Option<(Way, Letter)> {
        let waiting: Vec<Way> =
            self.ways.iter().filter(|(_, letters)| !letters.is_empty()).map(|(way, _)| *way).collect();
        if waiting.is_empty() {
            return None;
        }
        let way = *random.pick(&waiting);
        let letter = self.ways.get_mut(&way)?.pop_front()?;
        if let Letter::End(cause) = &letter {
            self.ways.remove(&way);
            // The answer to a close; nothing is read on the way back but that.
            if let (CloseCause::Remote, Some(back)) = (cause, self.ways.get_mut(&way.back())) {
                *back = VecDeque::from([Letter::End(CloseCause::Local)]);
            }
        }
        Some((way, letter))
    }
}
