//! Reads bytes from the socket and decodes them into the link, within the budget.

use std::io::{self, Read};

use super::{
    super::{
        failure::Failure,
        frames::{Item, Small},
        poll_context::PollContext,
    },
    OpenConnection,
};
use crate::{
    link::{INBOX_OVERHEAD, Link},
    packet::Packet,
    state::ReadyState,
};

/// If at least this number of bytes of a message is missing, they are read directly into the message's memory.
const MIN_DIRECT: usize = 16 * 1024;

/// The largest direct read, in bytes.
const MAX_DIRECT: usize = 256 * 1024;

/// The rest of a frame is read beyond the budget if it is at most this long, in bytes, and no message was received before it in
/// the same poll. So a message is handled while it is in the processor's cache.
const MAX_REST: usize = 1024 * 1024;

/// The longest message that is kept with others that arrived together, in bytes. The second copy of a longer one costs more
/// than memory of its own.
const MAX_BATCHED: usize = 2 * 1024;

/// The largest factor by which bytes grow when they become packets. The worst case is an empty packet: a masked frame of
/// 6 bytes becomes an entry of the inbox. Only a server is bound by memory, and its clients mask.
const GROWTH: usize = INBOX_OVERHEAD.div_ceil(6);

/// How far a poll has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadProgress {
    /// The socket is empty.
    Drained,
    /// The budget is used up.
    MorePending,
    /// The inbox is full.
    InboxFull,
    /// The connection has ended.
    Closed,
}

impl OpenConnection {
    /// Reads as much as the budget allows.
    pub(super) fn read(
        &mut self,
        context: &mut PollContext<'_>,
        link: &mut Link,
    ) -> Result<ReadProgress, Failure> {
        if let Some(failure) = self.failure.take() {
            return Err(*failure);
        }
        // The most memory that received bytes may take after this poll.
        let ceiling = self.inbound_memory(link).saturating_add(context.budget.memory);
        if let Some(packet) = self.stalled.take() {
            if !link.has_room_for(packet.len()) {
                self.stalled = Some(packet);
                return Ok(ReadProgress::InboxFull);
            }
            link.deliver(*packet);
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
        let received = link.stats.packets_received;
        while self.readable {
            let left = ceiling.saturating_sub(self.inbound_memory(link));
            let missing = self.decoder.missing();
            let is_first = link.stats.packets_received == received;
            let rest = if is_first && missing <= MAX_REST { missing } else { 0 };
            let room = left.min(allowed.saturating_sub(context.read).max(rest));
            if room == 0 {
                if context.budget.memory == 0 && self.ends && self.decoder.is_within_message() {
                    // There is no memory for the rest of the message, and the other end sends nothing more.
                    return Ok(self.connection_lost(link));
                }
                // Unread bytes show that the other end is alive.
                self.heartbeat.received(context.now);
                return Ok(ReadProgress::MorePending);
            }
            // The middle of a large message is read directly into its memory, everything else into scratch memory.
            let direct = room.min(MAX_DIRECT);
            self.decoder.set_allowance(left - direct);
            let place = self.decoder.room(MIN_DIRECT, direct);
            let is_direct = place.is_some();
            let scratch = room.min(context.scratch.len());
            let place = place.unwrap_or(&mut context.scratch[..scratch]);
            let (result, size) = (self.stream.read(place), place.len());
            // TLS records without data count, too.
            let on_wire = self.stream.take_received(result.as_ref().ok());
            context.read += on_wire;
            self.guard.count_bytes(on_wire, context.arrival)?;
            let len = match result {
                Ok(0) => return Ok(self.connection_lost(link)),
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
                Err(_) => return Ok(self.connection_lost(link)),
            };
            self.heartbeat.received(context.now);
            self.readable = self.ends || self.stream.may_have_more(len, size);
            let reading = if is_direct {
                match self.decoder.filled(len)? {
                    Some(item) => self.handle(item, context, link)?,
                    None => ReadProgress::Drained,
                }
            } else {
                // `decode` needs the context, so the scratch memory is taken out of it meanwhile.
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

    /// Decodes bytes into the link, until received bytes take more memory than `ceiling`.
    fn decode(
        &mut self,
        mut input: &[u8],
        ceiling: usize,
        context: &PollContext<'_>,
        link: &mut Link,
    ) -> Result<ReadProgress, Failure> {
        let left = self.memory_left(ceiling, input, link);
        // Usually there is memory for anything that the bytes can become. Then it is not checked for each packet.
        let most = input.len().saturating_mul(GROWTH);
        let is_tight = left < most;
        self.decoder.set_allowance(left.saturating_sub(most));
        loop {
            if is_tight {
                self.decoder.set_allowance(self.memory_left(ceiling, input, link));
            } else if self.decode_whole(&mut input, context, link)? == ReadProgress::InboxFull {
                self.unread = input.to_vec();
                return Ok(ReadProgress::InboxFull);
            }
            let Some(item) = self.decoder.next(&mut input)? else { break };
            let mut reading = self.handle(item, context, link)?;
            if is_tight
                && reading == ReadProgress::Drained
                && !input.is_empty()
                && self.memory_left(ceiling, input, link) == 0
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
            self.guard.message_incomplete(context.now);
        }
        Ok(ReadProgress::Drained)
    }

    /// Decodes the messages at the beginning of `input` that have arrived whole in one frame, until the inbox is full.
    fn decode_whole(
        &mut self,
        input: &mut &[u8],
        context: &PollContext<'_>,
        link: &mut Link,
    ) -> Result<ReadProgress, Failure> {
        let mut last_header = None;
        while let Some(message) = self.decoder.next_whole(input, &mut last_header)? {
            let len = message.len();
            if len <= Small::MAX && link.has_room_for(len) {
                link.deliver_filled(Small::EMPTY_PACKET, len, |packet| -> Result<(), Failure> {
                    message.fill(packet)?;
                    Ok(self.guard.count_packet(context.arrival)?)
                })?;
                continue;
            }
            if len <= MAX_BATCHED && link.has_room_for(len) && link.batch().has_room(len, input.len()) {
                link.deliver_batched(len, |batch, others| {
                    batch.push(message.kind(), message.payload(), others, |bytes| -> Result<(), Failure> {
                        message.unmask(bytes)?;
                        Ok(self.guard.count_packet(context.arrival)?)
                    })
                })?;
                continue;
            }
            let packet = message.to_packet()?;
            if self.receive(packet, context, link)? == ReadProgress::InboxFull {
                return Ok(ReadProgress::InboxFull);
            }
        }
        Ok(ReadProgress::Drained)
    }

    /// Returns how many bytes may be held beside these.
    fn memory_left(&self, ceiling: usize, input: &[u8], link: &Link) -> usize {
        ceiling.saturating_sub(self.inbound_memory(link).saturating_add(input.len()))
    }

    fn receive(
        &mut self,
        packet: Packet,
        context: &PollContext<'_>,
        link: &mut Link,
    ) -> Result<ReadProgress, Failure> {
        self.guard.count_packet(context.arrival)?;
        if !link.has_room_for(packet.len()) {
            self.stalled = Some(Box::new(packet));
            return Ok(ReadProgress::InboxFull);
        }
        link.deliver(packet);
        Ok(ReadProgress::Drained)
    }

    fn handle(
        &mut self,
        item: Item,
        context: &PollContext<'_>,
        link: &mut Link,
    ) -> Result<ReadProgress, Failure> {
        match item {
            Item::Packet(packet) => return self.receive(packet, context, link),
            Item::Ping => {
                self.count_control_frame(context)?;
                // Nothing may be sent after a close frame (RFC 6455, 5.5.1).
                if link.state() == ReadyState::Open {
                    self.send_queue.pong(self.decoder.control(), &mut link.outbox);
                }
            }
            Item::Pong => {
                self.count_control_frame(context)?;
                if let Some(measured) = self.heartbeat.pong(self.decoder.control(), context.now) {
                    link.stats.add_round_trip(measured);
                }
            }
            Item::EmptyFragment => self.guard.count_control_frame(context.arrival)?,
            Item::Close(frame) => return Ok(self.closed_by(frame, link)),
        }
        Ok(ReadProgress::Drained)
    }

    fn count_control_frame(&mut self, context: &PollContext<'_>) -> Result<(), Failure> {
        // A control frame within a message does not end the message's time limit.
        if !self.decoder.is_within_message() {
            self.guard.message_finished();
        }
        Ok(self.guard.count_control_frame(context.arrival)?)
    }
}
