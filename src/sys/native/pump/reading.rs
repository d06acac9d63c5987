//! What a turn reads: bytes from the socket go through the decoder to the link, as far as there is room.

use std::io::{self, Read};

use super::{
    super::{failure::Failure, frames::Item, turn::Turn},
    Pump,
};
use crate::{link::Link, state::ReadyState};

/// From how much of a message on, still to come, it is read into its place; and how much at a time.
const DIRECT: usize = 16 * 1024;
const MAX_DIRECT: usize = 256 * 1024;

/// By how many times bytes grow, at most, when they become packets: an empty one is a frame of 6 bytes, and an entry in a queue.
const GROWTH: usize = 15;

/// How far a turn's reading got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Until there was no more.
    Drained,
    /// Until the budget was used up.
    Enough,
    /// Until there was no room.
    Full,
    /// Until the end.
    Over,
}

impl Pump {
    /// Reads what the turn may read.
    pub(super) fn read(&mut self, turn: &mut Turn<'_>, link: &mut Link) -> Result<Reading, Failure> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        // What may be held when the turn ends.
        let ceiling = self.inbound_held(link).saturating_add(turn.budget.memory);
        if let Some(packet) = self.stalled.take() {
            if !link.has_room_for(packet.len()) {
                self.stalled = Some(packet);
                return Ok(Reading::Full);
            }
            link.deliver(packet);
        }
        if !self.unread.is_empty() {
            if turn.budget.memory == 0 && link.available() > 0 {
                return Ok(Reading::Enough);
            }
            let unread = std::mem::take(&mut self.unread);
            let reading = self.decode(&unread, ceiling, turn, link)?;
            if reading != Reading::Drained {
                return Ok(reading);
            }
        }
        let allowed = turn.read.saturating_add(turn.budget.read);
        while self.readable {
            let left = ceiling.saturating_sub(self.inbound_held(link));
            let room = left.min(allowed.saturating_sub(turn.read));
            if room == 0 {
                if turn.budget.memory == 0 && self.ends && self.decoder.is_within_message() {
                    // There is no memory for the rest of this message, and the other end sends nothing more.
                    return Ok(self.lost(link));
                }
                // What waits unread is a sign of life as well.
                self.heartbeat.heard(turn.now);
                return Ok(Reading::Enough);
            }
            // The middle of a large message goes to its place directly; everything else is looked at first.
            let direct = room.min(MAX_DIRECT);
            self.decoder.set_aside_at_most(left - direct);
            let place = self.decoder.room(DIRECT, direct);
            let is_direct = place.is_some();
            let scratch = room.min(turn.scratch.len());
            let place = place.unwrap_or(&mut turn.scratch[..scratch]);
            let (result, size) = (self.stream.read(place), place.len());
            // Over TLS more may have come than the data says.
            let on_wire = self.stream.take_received(result.as_ref().ok());
            turn.read += on_wire;
            self.guard.bytes(on_wire, turn.arrival)?;
            let len = match result {
                Ok(0) => return Ok(self.lost(link)),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if on_wire > 0 {
                        self.heartbeat.heard(turn.now);
                    }
                    self.readable = !self.stream.is_empty();
                    if self.readable {
                        return Ok(Reading::Enough);
                    }
                    break;
                }
                Err(_) => return Ok(self.lost(link)),
            };
            self.heartbeat.heard(turn.now);
            self.readable = self.ends || self.stream.may_have_more(len, size);
            let reading = if is_direct {
                match self.decoder.filled(len)? {
                    Some(item) => self.take(item, turn, link)?,
                    None => Reading::Drained,
                }
            } else {
                // The scratch memory changes hands for as long as it is looked at.
                let scratch = std::mem::take(&mut turn.scratch);
                let reading = self.decode(&scratch[..len], ceiling, turn, link);
                turn.scratch = scratch;
                reading?
            };
            if reading != Reading::Drained {
                return Ok(reading);
            }
        }
        Ok(Reading::Drained)
    }

    /// Hands to the link what bytes mean, up to the packet with which more than `ceiling` is held.
    fn decode(
        &mut self,
        mut input: &[u8],
        ceiling: usize,
        turn: &Turn<'_>,
        link: &mut Link,
    ) -> Result<Reading, Failure> {
        let left = self.left(ceiling, input, link);
        // Mostly there is room for whatever the bytes can become, and it need not be reckoned with for each packet.
        let most = input.len().saturating_mul(GROWTH);
        let is_tight = left < most;
        self.decoder.set_aside_at_most(left.saturating_sub(most));
        loop {
            if is_tight {
                self.decoder.set_aside_at_most(self.left(ceiling, input, link));
            }
            let Some(item) = self.decoder.next(&mut input)? else { break };
            let mut reading = self.take(item, turn, link)?;
            if is_tight
                && reading == Reading::Drained
                && !input.is_empty()
                && self.left(ceiling, input, link) == 0
            {
                reading = Reading::Enough;
            }
            if matches!(reading, Reading::Full | Reading::Enough) {
                self.unread = input.to_vec();
            }
            if reading != Reading::Drained {
                return Ok(reading);
            }
        }
        if !self.decoder.is_idle() {
            self.guard.unfinished(turn.now);
        }
        Ok(Reading::Drained)
    }

    /// Returns how many bytes more may be held, beside these.
    fn left(&self, ceiling: usize, input: &[u8], link: &Link) -> usize {
        ceiling.saturating_sub(self.inbound_held(link).saturating_add(input.len()))
    }

    fn take(&mut self, item: Item, turn: &Turn<'_>, link: &mut Link) -> Result<Reading, Failure> {
        match item {
            Item::Packet(packet) => {
                self.guard.packet(turn.arrival)?;
                if !link.has_room_for(packet.len()) {
                    self.stalled = Some(packet);
                    return Ok(Reading::Full);
                }
                link.deliver(packet);
            }
            Item::Ping => {
                self.take_control_frame(turn)?;
                // After a close frame nothing may be sent any more (RFC 6455, 5.5.1).
                if link.state() == ReadyState::Open {
                    self.outbound.pong(self.decoder.control(), &mut link.outbox);
                }
            }
            Item::Pong => {
                self.take_control_frame(turn)?;
                if let Some(measured) = self.heartbeat.pong(self.decoder.control(), turn.now) {
                    link.stats.add_round_trip(measured);
                }
            }
            Item::EmptyFragment => self.guard.control_frame(turn.arrival)?,
            Item::Close(frame) => return Ok(self.closed_by(frame, link)),
        }
        Ok(Reading::Drained)
    }

    fn take_control_frame(&mut self, turn: &Turn<'_>) -> Result<(), Failure> {
        // Within a message its time goes on.
        if !self.decoder.is_within_message() {
            self.guard.finished();
        }
        Ok(self.guard.control_frame(turn.arrival)?)
    }
}
