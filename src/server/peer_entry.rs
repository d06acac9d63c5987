//! One connection of a server, from the accept until the entry is dropped.

use std::{
    any::Any,
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use super::{
    event_queue::EventQueue, groups::GroupKey, key::PeerKey, memory::HeldMemory, spare_memory::Spare,
};
use crate::{
    clock::CompactTime,
    error::Error,
    link::{INBOX_OVERHEAD, Link},
    options::{PeerOptions, SendOverflow, Share},
    packet::Packet,
    request::Request,
    state::ReadyState,
    sys::{Connection, ServerSocket, server::ServerConnection},
};

/// A connection, and its state in the server.
#[derive(Debug)]
pub(super) struct PeerEntry {
    pub(super) connection: ServerSocket,
    pub(super) link: Link,
    /// The address that it comes from, without the scope of an IPv6 address. Its request has all.
    pub(super) ip: IpAddr,
    port: u16,
    /// The request, once it was admitted.
    pub(super) request: Option<Request>,
    pub(super) user_data: Option<Box<UserData>>,
    pub(super) phase: PeerPhase,
    /// `true` if it has been open. Only then the program gets events of it.
    pub(super) was_open: bool,
    pub(super) reported: Reported,
    /// `true` if it is in the queue of ready connections.
    pub(super) is_ready: bool,
    /// Its place in the queue of connections with events.
    pub(super) event_queue: EventQueue,
    /// `true` if it is in the list of connections with gathered packets.
    pub(super) is_gathered: bool,
    /// `true` if it is in the list of connections with delayed packets.
    pub(super) is_delayed: bool,
    /// `true` if it is in the list of connections that are blocked on memory.
    pub(super) is_blocked_on_memory: bool,
    /// `true` while its packets are not returned to the program, so that other peers can read the packets that wait for
    /// them.
    pub(super) is_paused: bool,
    /// `true` if it counts for `max_peers`.
    pub(super) has_place: bool,
    /// `true` if it counts as a closed connection whose last bytes are still exchanged.
    pub(super) is_lingering: bool,
    /// The number of the last multicast that included it.
    pub(super) last_multicast: u64,
    /// Its entry in the deadlines, if it has one.
    pub(super) due: CompactTime,
    pub(super) spare: Spare,
    /// Its group, which has a limit of memory.
    pub(super) group: Option<GroupKey>,
    /// Its share of memory, in addition to the common pool.
    pub(super) share: Share,
    /// The memory that it held when this was last counted.
    pub(super) held: HeldMemory,
    /// The part of its memory that does not change with packets: its request, and memory outside of the server, which both
    /// have limits far below 4 GiB.
    fixed_memory: u32,
}

/// Data that the program has attached. Few programs do, so the entry has only one pointer for it.
#[derive(Debug)]
pub(super) struct UserData(pub(super) Box<dyn Any + Send + Sync>);

/// The phase of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PeerPhase {
    /// It is accepted. Its request was not answered.
    Pending,
    /// Its request was accepted. The response may not have left.
    Admitted,
    /// Its handshake was made elsewhere. It opens with the next poll.
    Upgraded,
    /// The program answered its request over HTTP. It never opens.
    Answered,
    /// It is open or closing.
    Open,
    /// It is closed or rejected. Last bytes may still be exchanged.
    Leaving,
}

/// The events of a connection that were returned to the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reported {
    Nothing,
    Opened,
    Closed,
    /// `Closed`, and the program cannot ask for information any more.
    Forgotten,
}

/// An event that the program gets next, without what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextEvent {
    Opened,
    Packet { len: usize },
    Closed,
}

impl PeerEntry {
    pub(super) fn new(
        connection: ServerSocket,
        addr: SocketAddr,
        options: &PeerOptions,
        share: Share,
    ) -> Self {
        Self {
            connection,
            link: Link::connecting(options, None),
            ip: addr.ip(),
            port: addr.port(),
            request: None,
            user_data: None,
            phase: PeerPhase::Pending,
            was_open: false,
            reported: Reported::Nothing,
            is_ready: false,
            event_queue: EventQueue::Outside,
            is_gathered: false,
            is_delayed: false,
            is_blocked_on_memory: false,
            is_paused: false,
            has_place: false,
            is_lingering: false,
            last_multicast: 0,
            due: CompactTime::NONE,
            spare: Spare::None,
            group: None,
            share,
            held: HeldMemory::default(),
            fixed_memory: 0,
        }
    }

    /// Returns the address that it comes from, for logs.
    pub(super) fn addr(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }

    /// Returns `true` between its `Opened` and its `Closed`.
    pub(super) fn is_known(&self) -> bool {
        self.reported == Reported::Opened
    }

    /// Returns the next event for the program.
    #[inline]
    pub(super) fn next_event(&self) -> Option<NextEvent> {
        match (self.reported, self.link.next_len()) {
            (Reported::Nothing, _) => self.was_open.then_some(NextEvent::Opened),
            // The end follows the last packet, so it waits with it.
            (Reported::Opened, Some(len)) => (!self.is_paused).then_some(NextEvent::Packet { len }),
            (Reported::Opened, None) => {
                (self.link.state() == ReadyState::Closed).then_some(NextEvent::Closed)
            }
            (Reported::Closed | Reported::Forgotten, _) => None,
        }
    }

    /// Puts it into the queue of ready connections, if it is not there.
    pub(super) fn mark_ready(&mut self, key: PeerKey, ready: &mut VecDeque<PeerKey>) {
        if !std::mem::replace(&mut self.is_ready, true) {
            ready.push_back(key);
        }
    }

    /// Returns `true` if the entry can be dropped.
    pub(super) fn is_over(&self) -> bool {
        let is_forgotten = self.reported == Reported::Forgotten || !self.was_open;
        self.phase == PeerPhase::Leaving && is_forgotten && !self.connection.lingers()
    }

    /// Counts the memory that does not change with packets: its request, and `external` bytes outside of the server.
    pub(super) fn set_fixed_memory(&mut self, external: usize) {
        let memory = self.request.as_ref().map_or(0, Request::memory_usage).saturating_add(external);
        self.fixed_memory = u32::try_from(memory).unwrap_or(u32::MAX);
    }

    /// Counts the memory that it holds now: packets in both directions, and its request.
    #[inline]
    pub(super) fn count_memory(&self) -> HeldMemory {
        let usage = self.connection.memory_usage();
        let inbound = self.link.inbox_memory() + usage.inbound;
        let outbound = match self.link.state() {
            ReadyState::Closed => usage.outbound,
            ReadyState::Connecting | ReadyState::Open | ReadyState::Closing => {
                self.link.outbox.memory_usage()
            }
        };
        let private = inbound + outbound.saturating_sub(usage.shared) + self.fixed_memory as usize;
        HeldMemory { outbound, private }
    }

    /// Returns how many bytes more it may receive within its share.
    pub(super) fn inbound_room(&self) -> usize {
        let held = self.link.inbox_memory() + self.connection.memory_usage().inbound;
        // The packet that reaches the limit also takes an entry in a queue.
        self.share.inbound.saturating_sub(INBOX_OVERHEAD + held)
    }

    /// Returns `true` while it has to count for `max_peers`, because it may hold as much memory as its share.
    pub(super) fn needs_place(&self) -> bool {
        match self.phase {
            PeerPhase::Pending | PeerPhase::Answered => false,
            PeerPhase::Admitted | PeerPhase::Upgraded | PeerPhase::Open => true,
            PeerPhase::Leaving => self.link.available() > 0 || self.held.outbound > 0,
        }
    }

    /// Makes room for a packet of `len` bytes, as far as the policy allows. With a key it may take the room of the
    /// packet that it replaces.
    pub(super) fn make_room(
        &mut self,
        len: usize,
        key: Option<u64>,
        policy: SendOverflow,
        now: Duration,
    ) -> Result<(), Error> {
        let Self { link, connection, .. } = self;
        let mut room = link.ensure_room(len, |link| connection.flush(link));
        if let (Err(_), Some(replaced)) = (&room, key.and_then(|key| connection.queued_under(key))) {
            room = link.outbox.check_room_in_place_of(replaced, len);
        }
        if !matches!(room, Err(Error::SendQueueFull { .. })) {
            return room;
        }
        connection.on_queue_full(now);
        if policy == SendOverflow::Reject || !link.outbox.can_make_room(len) {
            return room;
        }
        while link.outbox.check_room(len).is_err() && connection.drop_oldest(link) {}
        link.outbox.check_room(len)
    }
}
