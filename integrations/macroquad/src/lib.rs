//! The packets of the game, and what a player knows of the others. It uses no socket and draws nothing.

use std::collections::BTreeMap;

/// The most players that are remembered.
pub const MAX_PLAYERS: usize = 256;

/// The length of an id in a packet.
const ID: usize = size_of::<u64>();

/// Returns the packet in which a player sends its position: two little-endian numbers from 0 to 1.
pub fn encode(position: [f32; 2]) -> [u8; 8] {
    let [x, y] = position.map(f32::to_le_bytes);
    let mut packet = [0; 8];
    packet[..4].copy_from_slice(&x);
    packet[4..].copy_from_slice(&y);
    packet
}

/// The positions of the other players, by their ids.
#[derive(Debug, Default, PartialEq)]
pub struct Players(pub BTreeMap<u64, [f32; 2]>);

impl Players {
    /// Reads a packet of the server: the id of a player and its position, or the id alone of a player that has left. Other
    /// packets have no effect.
    pub fn receive(&mut self, packet: &[u8]) {
        let Some((id, position)) = packet.split_first_chunk::<ID>() else { return };
        let id = u64::from_le_bytes(*id);
        if position.is_empty() {
            self.0.remove(&id);
        } else if let Some(position) = decode(position)
            && (self.0.len() < MAX_PLAYERS || self.0.contains_key(&id))
        {
            self.0.insert(id, position);
        }
    }
}

/// Reads a position. `None` if it is none, or outside of the window.
fn decode(bytes: &[u8]) -> Option<[f32; 2]> {
    let (x, y) = bytes.split_first_chunk::<4>()?;
    let position = [*x, y.try_into().ok()?].map(f32::from_le_bytes);
    position.iter().all(|part| (0.0..=1.0).contains(part)).then_some(position)
}
