//! What a turn reads: bytes from the socket go through the decoder to the link, as far as there is room.

use std::io::{self, Read};

use super::{
    super::{failure::Failure, frames::Item, poll_context::PollContext},
    OpenConnection,
};
use crate::{link::Link, state::ReadyState};

/// From how much of a message on, still to come, it is read into its place; and how much at a time.
const DIRECT: usize = 16 * 1024;
const MAX_DIRECT: usize = 256 * 1024;

/// By how many times bytes grow, at most, when they become packets: an empty one is a frame of 6 bytes, and an entry in a queue.
const GROWTH: usize = 15;

/// How far a turn's reading got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadProgress {
    /// Until there was no more.
    Drained,
    /// Until the budget was used up.
    MorePending,
    /// Until there was no room.
    InboxFull,
    /// Until the end.
    Closed,
}

impl OpenConnection {
    /// Reads what the turn may read.
    pub(super) fn read(
        &mut self,
        context: &mut PollContext<'_>,
        link: &mut Link,
    ) -> Result<ReadProgress, Failure> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        // What may be held when the turn ends.
        let ceiling = self.inbound_held(link).saturating_add(context.budget.memory);
        if let Some(packet) = self.stalled.take() {
            if !link.has_room_for(packet.len()) {
                self.stalled = Some(packet);
                return Ok(ReadProgress::InboxFull);
            }
            link.deliver(packet);
        }
        if !self.unread.is_empty() {
            if context.budget.memory == 0 && link.available() > 0 {
                return Ok(ReadProgress::MorePending);
            }
            let unread = std::mem::take(&mut self.unread);
            let reading = self.decode(&unread, ceiling, context, link)?;
            if reading != ReadProgress::Drained {
                return Ok(reading);
            }
        }
        let allowed = context.read.saturating_add(context.budget.read);
        while self.readable {
            let left = ceiling.saturating_sub(self.inbound_held(link));
            let room = left.min(allowed.saturating_sub(context.read));
            if room == 0 {
                if context.budget.memory == 0 && self.ends && self.decoder.is_within_message() {
                    // There is no memory for the rest of this message, and the other end sends nothing more.
                    return Ok(self.lost(link));
                }
                // What waits unread is a sign of life as well.
                self.heartbeat.received(context.now);
                return Ok(ReadProgress::MorePending);
            }
            // The middle of a large message goes to its place directly; everything else is looked at first.
            let direct = room.min(MAX_DIRECT);
            self.decoder.set_aside_at_most(left - direct);
            let place = self.decoder.room(DIRECT, direct);
            let is_direct = place.is_some();
            let scratch = room.min(context.scratch.len());
            let place = place.unwrap_or(&mut context.scratch[..scratch]);
            let (result, size) = (self.stream.read(place), place.len());
            // Over TLS more may have come than the data says.
            let on_wire = self.stream.take_received(result.as_ref().ok());
            context.read += on_wire;
            self.guard.count_bytes(on_wire, context.arrival)?;
            let len = match result {
                Ok(0) => return Ok(self.lost(link)),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if on_wire > 0 {
                        self.heartbeat.received(context.now);
                    }
                    self.readable = !self.stream.is_empty();
                    if self.readable {
                        return Ok(ReadProgress::MorePending);
                    }
                    break;
                }
                Err(_) => return Ok(self.lost(link)),
            };
            self.heartbeat.received(context.now);
            self.readable = self.ends || self.stream.may_have_more(len, size);
            let reading = if is_direct {
                match self.decoder.filled(len)? {
                    Some(item) => self.take(item, context, link)?,
                    None => ReadProgress::Drained,
                }
            } else {
                // The scratch memory changes hands for as long as it is looked at.
                let scratch = std::mem::take(&mut context.scratch);
                let reading = self.decode(&scratch[..len], ceiling, context, link);
                context.scratch = scratch;
                reading?
            };
            if reading != ReadProgress::Drained {
                return Ok(reading);
            }
        }
        Ok(ReadProgress::Drained)
    }

    /// Hands to the link what bytes mean, up to the packet with which more than `ceiling` is held.
    fn decode(
        &mut self,
        mut input: &[u8],
        ceiling: usize,
        context: &PollContext<'_>,
        link: &mut Link,
    ) -> Result<ReadProgress, Failure> {
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
            let mut reading = self.take(item, context, link)?;
            if is_tight
                && reading == ReadProgress::Drained
                && !input.is_empty()
                && self.left(ceiling, input, link) == 0
            {
                reading = ReadProgress::MorePending;
            }
            if matches!(reading, ReadProgress::InboxFull | ReadProgress::MorePending) {
                self.unread = input.to_vec();
            }
            if reading != ReadProgress::Drained {
                return Ok(reading);
            }
        }
        if !self.decoder.is_idle() {
            self.guard.message_unfinished(context.now);
        }
        Ok(ReadProgress::Drained)
    }

    /// Returns how many bytes more may be held, beside these.
    fn left(&self, ceiling: usize, input: &[u8], link: &Link) -> usize {
        ceiling.saturating_sub(self.inbound_held(link).saturating_add(input.len()))
    }

    fn take(
        &mut self,
        item: Item,
        context: &PollContext<'_>,
        link: &mut Link,
    ) -> Result<ReadProgress, Failure> {
        match item {
            Item::Packet(packet) => {
                self.guard.count_packet(context.arrival)?;
                if !link.has_room_for(packet.len()) {
                    self.stalled = Some(packet);
                    return Ok(ReadProgress::InboxFull);
                }
                link.deliver(packet);
            }
            Item::Ping => {
                self.take_control_frame(context)?;
                // After a close frame nothing may be sent any more (RFC 6455, 5.5.1).
                if link.state() == ReadyState::Open {
                    self.send_queue.pong(self.decoder.control(), &mut link.outbox);
                }
            }
            Item::Pong => {
                self.take_control_frame(context)?;
                if let Some(measured) = self.heartbeat.pong(self.decoder.control(), context.now) {
                    link.stats.add_round_trip(measured);
                }
            }
            Item::EmptyFragment => self.guard.count_control_frame(context.arrival)?,
            Item::Close(frame) => return Ok(self.closed_by(frame, link)),
        }
        Ok(ReadProgress::Drained)
    }

    fn take_control_frame(&mut self, context: &PollContext<'_>) -> Result<(), Failure> {
        // Within a message its time goes on.
        if !self.decoder.is_within_message() {
            self.guard.message_finished();
        }
        Ok(self.guard.count_control_frame(context.arrival)?)
    }
}
