//! The clients of a Godot session, and the packets that its server relays between them.

use std::{net::SocketAddr, rc::Rc};

use anyhow::{Context, Result, ensure};

use crate::{
    pool::ClientPool,
    ring::{Ring, payloads},
};

/// The number of different messages of each client.
const DISTINCT: usize = 8;

/// The size and the first bytes of the server's frame with a client's id.
const ID: usize = 2 + 4;
const ID_HEAD: [u8; 2] = [0x82, 4];

/// The size and the first bytes of the frame that announces another client (SYS, ADD_PEER).
const ADD_PEER: usize = 4 + 4;
const ADD_PEER_HEAD: [u8; 4] = [0x82, 6, 7, 1];

/// The first bytes of a packet for, or from, another client (SYS, RELAY), and of the contained packet (RAW).
const RELAY: [u8; 2] = [7, 3];
const RAW: u8 = 3;

/// The target of a packet to all others.
const ALL: i32 = 0;

/// Clients that have been announced to each other.
pub struct Session {
    pool: ClientPool,
    ids: Vec<i32>,
}

impl Session {
    /// Creates a session without clients. An engine admits one client per frame and limits pending connections, so
    /// `joining` clients join at a time.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub fn new(addr: SocketAddr, joining: usize) -> Result<Self> {
        let pool = ClientPool::new(addr, Ring::of(&[], &[]))?.joining(joining);
        Ok(Self { pool, ids: Vec::new() })
    }

    /// Adds clients, and returns when each has been announced to each other.
    ///
    /// # Errors
    /// The server does not announce them.
    pub fn join(&mut self, count: usize) -> Result<()> {
        let before = self.ids.len();
        for connection in self.pool.connections() {
            connection.expect_prelude(count * ADD_PEER);
        }
        self.pool.join_with_prelude(count, ID + (before + count - 1) * ADD_PEER)?;
        self.pool.receive_preludes()?;

        let mut announced = Vec::new();
        for (index, connection) in self.pool.connections().iter().enumerate() {
            let mut prelude = connection.prelude().context("a prelude is incomplete")?;
            if index >= before {
                self.ids.push(take_number(&mut prelude, ID_HEAD)?);
            }
            let mut others = Vec::new();
            while !prelude.is_empty() {
                others.push(take_number(&mut prelude, ADD_PEER_HEAD)?);
            }
            announced.push(others);
        }
        for (index, others) in announced.iter_mut().enumerate() {
            // Earlier clients know each other already.
            let known = if index < before { before } else { 0 };
            let mut expected: Vec<_> =
                self.ids[known..].iter().copied().filter(|id| *id != self.ids[index]).collect();
            others.sort_unstable();
            expected.sort_unstable();
            ensure!(*others == expected, "the clients announced to a client are not exactly the others");
        }
        Ok(())
    }

    /// Pairs the first `players` clients: each sends to its [`partner`].
    pub fn pair_off(&mut self, players: usize, bytes: usize) {
        for (index, connection) in self.pool.connections().iter_mut().take(players).enumerate() {
            // Both directions have the id of the other client.
            let messages = relays(self.ids[partner(index)], bytes);
            connection.set_ring(Rc::new(Ring::of(&messages, &messages)));
        }
    }

    /// Makes the first client send to all others.
    pub fn broadcast_from_first(&mut self, bytes: usize) {
        let sender = Rc::new(Ring::of(&relays(ALL, bytes), &[]));
        let receiver = Rc::new(Ring::of(&[], &relays(self.ids[0], bytes)));
        for (index, connection) in self.pool.connections().iter_mut().enumerate() {
            connection.set_ring(if index == 0 { sender.clone() } else { receiver.clone() });
        }
    }

    /// The clients.
    pub fn pool(&mut self) -> &mut ClientPool {
        &mut self.pool
    }
}

/// Returns the other client of a pair.
pub fn partner(index: usize) -> usize {
    index ^ 1
}

/// Makes relayed messages of this size, for this client or from it.
fn relays(peer: i32, bytes: usize) -> Vec<Vec<u8>> {
    let relay = |message: Vec<u8>| [&RELAY[..], &peer.to_le_bytes(), &[RAW], &message].concat();
    payloads(DISTINCT, bytes).into_iter().map(relay).collect()
}

/// Removes the next frame, checks its head, and returns its number.
fn take_number<const HEAD: usize>(prelude: &mut &[u8], expected: [u8; HEAD]) -> Result<i32> {
    let frame =
        prelude.split_first_chunk::<HEAD>().and_then(|(head, rest)| Some((head, rest.split_first_chunk()?)));
    let (head, (number, rest)) = frame.context("a packet is too short")?;
    ensure!(*head == expected, "a client received {head:02x?}, not {expected:02x?}");
    *prelude = rest;
    Ok(i32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prelude_is_read_frame_by_frame() {
        let mut prelude = &[0x82, 4, 5, 0, 0, 0, 0x82, 6, 7, 1, 9, 1, 0, 0][..];
        assert_eq!(take_number(&mut prelude, ID_HEAD).unwrap(), 5);
        assert_eq!(take_number(&mut prelude, ADD_PEER_HEAD).unwrap(), 0x109);
        assert!(take_number(&mut prelude, ADD_PEER_HEAD).is_err(), "the prelude has ended");
        let mut other = &[0x82, 6, 7, 2, 9, 1, 0, 0][..];
        assert!(take_number(&mut other, ADD_PEER_HEAD).is_err(), "a peer has left");
    }

    #[test]
    fn pairs_are_symmetric() {
        assert!((0..10).all(|index| partner(index) != index && partner(partner(index)) == index));
        assert_eq!(relays(5, 100)[0][..7], [7, 3, 5, 0, 0, 0, 3]);
    }
}
