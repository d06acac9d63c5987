//! The messages: who sent them, when, and a pattern that the receiver compares.

use anyhow::{Context, Result, ensure};

use crate::frame::{self, BINARY};

/// The first bytes of a packet for, or from, another client (SYS, RELAY).
const RELAY: [u8; 2] = [7, 3];
/// The first byte of the contained packet (RAW).
const RAW: u8 = 3;
/// The target of a packet to all others.
const ALL: i32 = 0;

/// The size of the numbers at the start of a message.
const NUMBERS: usize = 8 + 4 + 4 + 4;

/// A masking key of zeros does not change the server's work, and leaves the numbers as they are.
const KEY: Option<[u8; 4]> = Some([0; 4]);

/// The numbers in a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Message {
    /// The time of sending, in nanoseconds on the load's clock.
    pub sent: u64,
    /// The sender's room.
    pub room: u32,
    /// The sender's index in its room.
    pub slot: u32,
    /// The number of messages that the sender has sent before.
    pub sequence: u32,
}

/// A frame with a message to all others, whose numbers can be replaced.
pub struct Template {
    frame: Vec<u8>,
    /// The position of the numbers.
    start: usize,
}

impl Template {
    /// Makes a frame for messages of this size, in bytes.
    ///
    /// # Errors
    /// The size is too small for the numbers.
    pub fn new(bytes: usize) -> Result<Self> {
        let filling = bytes.checked_sub(NUMBERS).with_context(|| format!("messages take {NUMBERS} bytes"))?;
        let packet = [&RELAY[..], &ALL.to_le_bytes(), &[RAW]].concat();
        let mut frame = frame::header(BINARY, (packet.len() + bytes) as u64, KEY);
        frame.extend(packet);
        let start = frame.len();
        frame.extend([0; NUMBERS]);
        frame.extend((0..filling).map(pattern));
        Ok(Self { frame, start })
    }

    /// Returns the frame with this message.
    pub fn frame(&mut self, message: Message) -> &[u8] {
        let numbers = &mut self.frame[self.start..self.start + NUMBERS];
        numbers[..8].copy_from_slice(&message.sent.to_le_bytes());
        numbers[8..12].copy_from_slice(&message.room.to_le_bytes());
        numbers[12..16].copy_from_slice(&message.slot.to_le_bytes());
        numbers[16..].copy_from_slice(&message.sequence.to_le_bytes());
        &self.frame
    }

    /// Reads a received packet: the sender's id and the message.
    ///
    /// # Errors
    /// It is not a message of such a template.
    pub fn read(&self, packet: &[u8]) -> Result<(i32, Message)> {
        let expected = &self.frame[self.start + NUMBERS..];
        let parts = packet.strip_prefix(&RELAY).and_then(|rest| {
            let (from, rest) = rest.split_first_chunk::<4>()?;
            let (raw, message) = rest.split_first()?;
            let (numbers, filling) = message.split_first_chunk::<NUMBERS>()?;
            (*raw == RAW && filling == expected).then_some((from, numbers))
        });
        let (from, numbers) =
            parts.with_context(|| format!("a received packet is not a message: {packet:02x?}"))?;
        let number = |at: usize| u32::from_le_bytes(std::array::from_fn(|index| numbers[at + index]));
        let message = Message {
            sent: u64::from_le_bytes(std::array::from_fn(|index| numbers[index])),
            room: number(8),
            slot: number(12),
            sequence: number(16),
        };
        Ok((i32::from_le_bytes(*from), message))
    }
}

fn pattern(at: usize) -> u8 {
    (at.wrapping_mul(131) ^ 0x5a) as u8
}

/// Reads the sender's numbers of all members of a room, in the order of their slots.
///
/// # Errors
/// The message is from another room, or another id.
pub fn check_sender(ids: &[i32], room: usize, from: i32, message: Message) -> Result<usize> {
    let slot = message.slot as usize;
    ensure!(message.room as usize == room, "room {room} received a message of room {}", message.room);
    ensure!(ids.get(slot) == Some(&from), "the id of a sender is {from}, in the slots {ids:?}: {message:?}");
    Ok(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: Message = Message { sent: 1 << 40, room: 7, slot: 2, sequence: 99 };

    /// The packet as a server relays it.
    fn relayed(template: &mut Template, from: i32) -> Vec<u8> {
        let frame = frame::Frame::parse(template.frame(MESSAGE)).unwrap().0;
        assert!(frame.masked);
        [&frame.payload[..2], &from.to_le_bytes(), &frame.payload[6..]].concat()
    }

    #[test]
    fn a_relayed_message_has_the_numbers_that_were_sent() {
        for bytes in [NUMBERS, 100, 300] {
            let mut template = Template::new(bytes).unwrap();
            let packet = relayed(&mut template, 5);
            assert_eq!(packet.len(), 7 + bytes);
            assert_eq!(template.read(&packet).unwrap(), (5, MESSAGE));
        }
        assert!(Template::new(NUMBERS - 1).is_err());
    }

    #[test]
    fn every_other_packet_is_an_error() {
        let mut template = Template::new(100).unwrap();
        let packet = relayed(&mut template, 5);
        // Each byte but those of the id and the numbers is compared.
        for at in [0, 1, 6, 7 + NUMBERS, packet.len() - 1] {
            let mut changed = packet.clone();
            changed[at] ^= 1;
            assert!(template.read(&changed).is_err(), "{at}");
        }
        assert!(template.read(&packet[..packet.len() - 1]).is_err());
        assert!(template.read(&[]).is_err());
    }

    #[test]
    fn a_sender_belongs_to_the_room_and_has_its_id() {
        assert_eq!(check_sender(&[4, 6, 5], 7, 5, MESSAGE).unwrap(), 2);
        assert!(check_sender(&[4, 6, 5], 8, 5, MESSAGE).is_err());
        assert!(check_sender(&[4, 6, 5], 7, 6, MESSAGE).is_err());
        assert!(check_sender(&[4, 6], 7, 5, MESSAGE).is_err());
    }
}
