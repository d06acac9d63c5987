//! The clients of a Godot session, and what they have its server carry from one to another.

use std::{net::SocketAddr, rc::Rc};

use anyhow::{Context, Result, ensure};

use crate::{
    crowd::Crowd,
    ring::{Ring, payloads},
};

/// How many messages each client has, that are unlike each other.
const DISTINCT: usize = 8;

/// The server's frame that tells a client its id, and what that begins with.
const ID: usize = 2 + 4;
const ID_HEAD: [u8; 2] = [0x82, 4];

/// The one that tells of another client (SYS, ADD_PEER).
const ADD_PEER: usize = 4 + 4;
const ADD_PEER_HEAD: [u8; 4] = [0x82, 6, 7, 1];

/// A packet for, or from, another client (SYS, RELAY); in it are bytes of the program (RAW).
const RELAY: [u8; 2] = [7, 3];
const RAW: u8 = 3;

/// To everybody.
const ALL: i32 = 0;

/// Clients that all know each other.
pub struct Session {
    crowd: Crowd,
    ids: Vec<i32>,
}

impl Session {
    /// Nobody yet. Engines let in one client a frame and turn a stampede away, so no more than so many will join at a time.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub fn new(addr: SocketAddr, joining: usize) -> Result<Self> {
        let crowd = Crowd::new(addr, Ring::of(&[], &[]))?.joining(joining);
        Ok(Self { crowd, ids: Vec::new() })
    }

    /// Adds so many, and returns when everybody has been told of everybody else.
    ///
    /// # Errors
    /// The server does not do so.
    pub fn join(&mut self, count: usize) -> Result<()> {
        let before = self.ids.len();
        for connection in self.crowd.connections() {
            connection.expect_prelude(count * ADD_PEER);
        }
        self.crowd.join_with_prelude(count, ID + (before + count - 1) * ADD_PEER)?;
        self.crowd.hear_preludes()?;

        let mut introduced = Vec::new();
        for (index, connection) in self.crowd.connections().iter().enumerate() {
            let mut prelude = connection.prelude().context("it has come")?;
            if index >= before {
                self.ids.push(number(&mut prelude, ID_HEAD)?);
            }
            let mut others = Vec::new();
            while !prelude.is_empty() {
                others.push(number(&mut prelude, ADD_PEER_HEAD)?);
            }
            introduced.push(others);
        }
        for (index, others) in introduced.iter_mut().enumerate() {
            // Those who were there before have heard of one another before.
            let known = if index < before { before } else { 0 };
            let mut expected: Vec<_> =
                self.ids[known..].iter().copied().filter(|id| *id != self.ids[index]).collect();
            others.sort_unstable();
            expected.sort_unstable();
            ensure!(*others == expected, "a client has not been told of just the others");
        }
        Ok(())
    }

    /// From now on the first so many send to each other, two and two: what one sends, [`partner`] gets.
    pub fn pair_off(&mut self, players: usize, bytes: usize) {
        for (index, connection) in self.crowd.connections().iter_mut().take(players).enumerate() {
            // The id is that of the other one, on the way out and on the way in.
            let messages = relays(self.ids[partner(index)], bytes);
            connection.play(Rc::new(Ring::of(&messages, &messages)));
        }
    }

    /// From now on the first one sends to all others.
    pub fn give_the_word_to_one(&mut self, bytes: usize) {
        let speaker = Rc::new(Ring::of(&relays(ALL, bytes), &[]));
        let listener = Rc::new(Ring::of(&[], &relays(self.ids[0], bytes)));
        for (index, connection) in self.crowd.connections().iter_mut().enumerate() {
            connection.play(if index == 0 { speaker.clone() } else { listener.clone() });
        }
    }

    /// All of them.
    pub fn crowd(&mut self) -> &mut Crowd {
        &mut self.crowd
    }
}

/// Who has been paired off with this one.
pub fn partner(index: usize) -> usize {
    index ^ 1
}

/// Messages of so many bytes, for this one or from it.
fn relays(peer: i32, bytes: usize) -> Vec<Vec<u8>> {
    let relay = |message: Vec<u8>| [&RELAY[..], &peer.to_le_bytes(), &[RAW], &message].concat();
    payloads(DISTINCT, bytes).into_iter().map(relay).collect()
}

/// Takes the next frame away, whose head is known.
fn number<const HEAD: usize>(prelude: &mut &[u8], expected: [u8; HEAD]) -> Result<i32> {
    let frame =
        prelude.split_first_chunk::<HEAD>().and_then(|(head, rest)| Some((head, rest.split_first_chunk()?)));
    let (head, (number, rest)) = frame.context("a packet is too short")?;
    ensure!(*head == expected, "a client was told {head:02x?}, not {expected:02x?}");
    *prelude = rest;
    Ok(i32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prelude_is_read_frame_by_frame() {
        let mut prelude = &[0x82, 4, 5, 0, 0, 0, 0x82, 6, 7, 1, 9, 1, 0, 0][..];
        assert_eq!(number(&mut prelude, ID_HEAD).unwrap(), 5);
        assert_eq!(number(&mut prelude, ADD_PEER_HEAD).unwrap(), 0x109);
        assert!(number(&mut prelude, ADD_PEER_HEAD).is_err(), "it is at its end");
        let mut other = &[0x82, 6, 7, 2, 9, 1, 0, 0][..];
        assert!(number(&mut other, ADD_PEER_HEAD).is_err(), "somebody has left");
    }

    #[test]
    fn two_have_each_other() {
        assert!((0..10).all(|index| partner(index) != index && partner(partner(index)) == index));
        assert_eq!(relays(5, 100)[0][..7], [7, 3, 5, 0, 0, 0, 3]);
    }
}
