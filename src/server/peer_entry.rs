//! One connection of a server's, from the times it comes in until nothing of it is left.

use std::{any::Any, net::SocketAddr, time::Duration};

use super::{deadlines::Due, memory::HeldMemory};
use crate::{
    error::Error,
    link::Link,
    options::{PeerOptions, SendOverflow, Share},
    packet::Packet,
    request::Request,
    shared_bytes::PACKET_OVERHEAD,
    state::ReadyState,
    sys::{Listener, Reactor, ServerConnection},
};

pub(super) type Connection = <Reactor as Listener>::Connection;

/// A connection, and what the server remembers of it.
#[derive(Debug)]
pub(super) struct PeerEntry {
    pub(super) connection: Connection,
    pub(super) link: Link,
    pub(super) addr: SocketAddr,
    /// What it asked for; known once it was let in.
    pub(super) request: Option<Request>,
    pub(super) user_data: Option<Box<dyn Any + Send + Sync>>,
    pub(super) phase: PeerPhase,
    /// Whether it has been open: only then the program ever hears of it.
    pub(super) was_open: bool,
    pub(super) reported: Reported,
    /// Whether it stands in the queue of those that have something to do.
    pub(super) is_ready: bool,
    /// Whether it stands in the queue of those that have something to tell.
    pub(super) is_in_event_queue: bool,
    /// Whether it stands in the list of those with gathered packets.
    pub(super) is_gathered: bool,
    /// `true` if it is in the list of those with delayed packets.
    pub(super) is_delayed: bool,
    /// Whether it stands in the list of those without memory.
    pub(super) is_blocked_on_memory: bool,
    /// `true` while its packets are kept from the program, until others have taken what waits for them.
    pub(super) is_paused: bool,
    /// `true` if it counts as one of `max_peers`.
    pub(super) has_place: bool,
    /// `true` if it counts as one that is over but for its last bytes.
    pub(super) is_lingering: bool,
    /// The number of the last packet to several peers that it was among.
    pub(super) last_multicast: u64,
    /// When its entry among the deadlines is due, if it has one.
    pub(super) due: Due,
    /// The memory that is its own, beside what is common.
    pub(super) share: Share,
    /// The memory that it was last found to hold,
    pub(super) holding: HeldMemory,
    /// and what does not change with its packets: its request, and what the program's side holds for it.
    pub(super) fixed_memory: usize,
}

/// Where a connection stands with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PeerPhase {
    /// It has not been let in yet.
    Pending,
    /// It was let in; the answer may still be on its way.
    Admitted,
    /// Its handshake was made elsewhere. It opens with the next poll.
    Upgraded,
    /// The program answered its request over HTTP: it never opens.
    Answered,
    /// It is open, or closing.
    Open,
    /// It is over, or was turned away; last bytes may still be on their way.
    Leaving,
}

/// What the program was reported of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reported {
    Nothing,
    Opened,
    Closed,
    /// And can no longer ask.
    Forgotten,
}

impl PeerEntry {
    pub(super) fn new(connection: Connection, addr: SocketAddr, options: &PeerOptions, share: Share) -> Self {
        Self {
            connection,
            link: Link::connecting(options, None),
            addr,
            request: None,
            user_data: None,
            phase: PeerPhase::Pending,
            was_open: false,
            reported: Reported::Nothing,
            is_ready: false,
            is_in_event_queue: false,
            is_gathered: false,
            is_delayed: false,
            is_blocked_on_memory: false,
            is_paused: false,
            has_place: false,
            is_lingering: false,
            last_multicast: 0,
            due: Due::NEVER,
            share,
            holding: HeldMemory::default(),
            fixed_memory: 0,
        }
    }

    /// Returns `true` between its `Opened` and its `Closed`.
    pub(super) fn is_known(&self) -> bool {
        self.reported == Reported::Opened
    }

    /// Whether the program has still to be reported something.
    pub(super) fn has_event(&self) -> bool {
        match self.reported {
            Reported::Nothing => self.was_open,
            // The end comes behind the last packet, and so waits with it.
            Reported::Opened if self.is_paused && self.link.available() > 0 => false,
            Reported::Opened => self.link.available() > 0 || self.link.state() == ReadyState::Closed,
            Reported::Closed | Reported::Forgotten => false,
        }
    }

    /// Takes the next packet for the program.
    pub(super) fn take_packet(&mut self) -> Option<Packet> {
        if self.is_paused { None } else { self.link.take() }
    }

    /// Whether nothing of it is needed any more.
    pub(super) fn is_over(&self) -> bool {
        let is_forgotten = self.reported == Reported::Forgotten || !self.was_open;
        self.phase == PeerPhase::Leaving && is_forgotten && !self.connection.lingers()
    }

    /// Counts in what does not change with its packets: its request, and `elsewhere`, what the program's side holds for it.
    pub(super) fn set_fixed_memory(&mut self, elsewhere: usize) {
        self.fixed_memory = self.request.as_ref().map_or(0, Request::memory_usage) + elsewhere;
    }

    /// Looks at the memory that it holds now: what waits either way, and its request.
    pub(super) fn holding(&self) -> HeldMemory {
        let held = self.connection.held();
        let inbound = self.link.inbox_memory() + held.inbound;
        let outbound = match self.link.state() {
            ReadyState::Closed => held.outbound,
            ReadyState::Connecting | ReadyState::Open | ReadyState::Closing => {
                self.link.outbox.memory_usage()
            }
        };
        let private = inbound + outbound.saturating_sub(held.shared) + self.fixed_memory;
        HeldMemory { outbound, private }
    }

    /// Returns how many bytes more of what it sends may be held within its share.
    pub(super) fn inbound_room(&self) -> usize {
        let held = self.link.inbox_memory() + self.connection.held().inbound;
        // The packet that reaches the end of the room takes an entry in a queue besides.
        self.share.inbound.saturating_sub(PACKET_OVERHEAD + held)
    }

    /// Returns `true` while it needs its capacity: it may still hold as much as a capacity's share of memory.
    pub(super) fn needs_place(&self) -> bool {
        match self.phase {
            PeerPhase::Pending | PeerPhase::Answered => false,
            PeerPhase::Admitted | PeerPhase::Upgraded | PeerPhase::Open => true,
            PeerPhase::Leaving => self.link.available() > 0 || self.holding.outbound > 0,
        }
    }

    /// Sees to it that a packet of `len` bytes has room, as far as the policy allows. Under a key it may take the room of
    /// the packet that it replaces.
    pub(super) fn make_room(
        &mut self,
        len: usize,
        key: Option<u64>,
        policy: SendOverflow,
        now: Duration,
    ) -> Result<(), Error> {
        let Self { link, connection, .. } = self;
        let mut room = link.reserve(len, |link| connection.flush(link));
        if let (Err(_), Some(replaced)) = (&room, key.and_then(|key| connection.waiting_under(key))) {
            room = link.outbox.check_room_in_place_of(replaced, len);
        }
        if !matches!(room, Err(Error::OutboundFull { .. })) {
            return room;
        }
        connection.was_full(now);
        if policy == SendOverflow::Refuse || !link.outbox.can_make_room(len) {
            return room;
        }
        while link.outbox.check_room(len).is_err() && connection.drop_oldest(link) {}
        link.outbox.check_room(len)
    }
}
