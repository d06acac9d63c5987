//! The queue of connections with events, and the order in which the program gets the events.
//!
//! A program that calls [`next_event`](WebSocketServer::next_event) gets the events of all connections in rotation. A
//! caller with an order of its own, such as a server of rooms, takes connections out of the queue, and then the events
//! of each of them.

use super::{
    PeerKey, ServerEvent, WebSocketServer,
    peer_entry::{NextEvent, Reported},
};
use crate::{
    close::CloseInfo, link::INBOX_OVERHEAD, packet::Packet, state::ReadyState, sys::server::ServerConnection,
};

/// The number of events of one peer that are returned in a row, while other peers have events, too.
const MAX_EVENTS_IN_A_ROW: usize = 64;

/// The place of a connection in the queue of connections with events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventQueue {
    /// It has no event, as far as the server knows.
    Outside,
    /// It is in the queue.
    Queued,
    /// The caller has taken it out of the queue, and has not taken all its events.
    Taken,
}

impl WebSocketServer {
    /// Notes that the caller gets the next event. Returns whose it is, and what. [`event`](Self::event) must follow, or
    /// [`take_packet_as`](Self::take_packet_as) for a packet. If there is none, gathered packets are flushed.
    // Apart from `event`, so that a packet is moved once, from the inbox to the program. Each further move costs as much as
    // all of this.
    #[inline(always)]
    pub(crate) fn advance(&mut self) -> Option<(PeerKey, NextEvent)> {
        self.forget_last_closed();
        while let Some(key) = self.events.front().copied() {
            let (next, has_more) = self.advance_events_of(key);
            self.events_in_a_row += 1;
            if !has_more || self.events_in_a_row >= MAX_EVENTS_IN_A_ROW {
                self.events_in_a_row = 0;
                self.events.pop_front();
                self.events.extend(has_more.then_some(key));
            }
            if let Some(next) = next {
                return Some((key, next));
            }
        }
        self.flush();
        None
    }

    /// Takes the connection that has waited longest out of the queue of connections with events. The caller then takes
    /// its events at any time, by [`advance_taken`](Self::advance_taken). Until there is none left, the connection is
    /// not queued again, and [`next_event`](Self::next_event) does not return its events.
    ///
    /// A caller with taken connections polls without a sleep, and [gathers](Self::set_gathering) its packets.
    pub(crate) fn take_ready_peer(&mut self) -> Option<PeerKey> {
        let key = self.events.pop_front()?;
        self.events_in_a_row = 0;
        if let Some(entry) = self.entries.get_mut(key) {
            entry.event_queue = EventQueue::Taken;
        }
        Some(key)
    }

    /// Notes that the caller gets the next event of a connection that was [taken](Self::take_ready_peer), as
    /// [`advance`](Self::advance) does. Returns what it is, and `true` if there are more. After `false` or `None` the
    /// connection is not taken any more: its next event queues it again. It may have no event because it is
    /// [paused](Self::pause).
    pub(crate) fn advance_taken(&mut self, key: PeerKey) -> Option<(NextEvent, bool)> {
        self.forget_last_closed();
        self.entries.get(key).filter(|entry| entry.event_queue == EventQueue::Taken)?;
        let (next, has_more) = self.advance_events_of(key);
        Some((next?, has_more))
    }

    /// Notes that the program gets the next event of a connection. Returns what it is, and `true` if the connection has
    /// more events. Otherwise it leaves the queue.
    #[inline(always)]
    fn advance_events_of(&mut self, key: PeerKey) -> (Option<NextEvent>, bool) {
        let Some(entry) = self.entries.get_mut(key) else { return (None, false) };
        let next = entry.next_event();
        let has_more = match next {
            Some(NextEvent::Opened) => {
                entry.reported = Reported::Opened;
                entry.next_event().is_some()
            }
            Some(NextEvent::Packet { len }) => {
                self.memory.release(entry, len + INBOX_OVERHEAD);
                entry.link.available() > 1 || entry.link.state() == ReadyState::Closed
            }
            Some(NextEvent::Closed) => {
                entry.reported = Reported::Closed;
                self.last_closed = Some(key);
                false
            }
            None => false,
        };
        if !has_more {
            entry.event_queue = EventQueue::Outside;
            // A packet that waited for room in the inbox has room now.
            if entry.connection.is_stalled() {
                entry.mark_ready(key, &mut self.ready);
            }
        }
        (next, has_more)
    }

    /// Returns the event that [`advance`](Self::advance) has named.
    #[inline(always)]
    pub(super) fn event(&mut self, key: PeerKey, next: NextEvent) -> Option<ServerEvent> {
        match next {
            NextEvent::Opened => Some(ServerEvent::Opened(key)),
            NextEvent::Packet { .. } => self.take_packet_as(key, |packet| ServerEvent::Packet(key, packet)),
            NextEvent::Closed => self.close_info(key).map(|info| ServerEvent::Closed(key, info)),
        }
    }

    /// Takes the packet that [`advance`](Self::advance) has named, and returns what `wrap` makes of it.
    #[inline(always)]
    pub(crate) fn take_packet_as<T>(&mut self, key: PeerKey, wrap: impl Fn(Packet) -> T) -> Option<T> {
        self.entries.get_mut(key)?.link.take_as(wrap)
    }

    /// Returns how the connection ended whose end [`advance`](Self::advance) has named.
    pub(crate) fn close_info(&self, key: PeerKey) -> Option<CloseInfo> {
        self.entries.get(key)?.link.close_info().cloned()
    }

    /// Drops the information about the peer whose `Closed` was returned last.
    #[inline]
    pub(super) fn forget_last_closed(&mut self) {
        let Some(key) = self.last_closed.take() else { return };
        if let Some(entry) = self.entries.get_mut(key) {
            entry.reported = Reported::Forgotten;
            self.update(key, false);
        }
    }

    /// Gathers packets, as [`next_event`](Self::next_event) does while events wait to be read, until this is called with
    /// `false`, which hands them to the network. A poll does that, too.
    pub(crate) fn set_gathering(&mut self, gather: bool) {
        self.is_gathering = gather;
        if !gather {
            self.flush();
        }
    }

    /// Stops returning a peer's packets until [`resume`](Self::resume). When its inbox is full, TCP's flow control
    /// slows it down.
    pub(crate) fn pause(&mut self, peer: PeerKey) {
        if let Some(entry) = self.entries.get_mut(peer) {
            entry.is_paused = true;
        }
    }

    /// Continues to return a peer's packets.
    pub(crate) fn resume(&mut self, peer: PeerKey) {
        if let Some(entry) = self.entries.get_mut(peer) {
            entry.is_paused = false;
            self.update(peer, false);
        }
    }

    /// Returns events of other peers next, because the last packet of this peer caused much work.
    pub(crate) fn yield_to_other_peers(&mut self) {
        self.events_in_a_row = MAX_EVENTS_IN_A_ROW;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::tests::{Connected, PATIENCE, connected, connected_with, until};

    impl WebSocketServer {
        /// Returns the next event of a connection that was taken, and `true` if it has more.
        pub(in super::super) fn next_event_of(&mut self, key: PeerKey) -> Option<(ServerEvent, bool)> {
            let (next, has_more) = self.advance_taken(key)?;
            Some((self.event(key, next)?, has_more))
        }
    }

    /// Describes events in words.
    fn described(events: &[ServerEvent]) -> Vec<String> {
        let describe = |event: &ServerEvent| match event {
            ServerEvent::Opened(key) => format!("{key} opened"),
            ServerEvent::Packet(key, packet) => format!("{key} sent {}", packet.as_text().unwrap_or("?")),
            ServerEvent::Closed(key, _) => format!("{key} closed"),
        };
        events.iter().map(describe).collect()
    }

    /// Takes events of a connection until it has no more. Returns them.
    fn drain(server: &mut WebSocketServer, key: PeerKey) -> Vec<ServerEvent> {
        let mut events = Vec::new();
        while let Some((event, has_more)) = server.next_event_of(key) {
            events.push(event);
            if !has_more {
                break;
            }
        }
        events
    }

    /// Sends numbered texts from each client, and waits until the server has them all in its inboxes.
    fn send_and_receive(connected: &mut Connected, numbers: std::ops::Range<u32>) {
        let expected = connected.server.stats().packets_received
            + u64::from(numbers.end - numbers.start) * connected.clients.len() as u64;
        for client in &mut connected.clients {
            numbers.clone().for_each(|number| client.send_text(&number.to_string()).expect("it is open"));
        }
        until("the packets arrive", || {
            connected.poll();
            connected.server.stats().packets_received == expected
        });
    }

    #[test]
    fn a_taken_connection_is_scheduled_by_the_caller_only() {
        let mut both = connected(2);
        send_and_receive(&mut both, 0..3);
        let server = &mut both.server;
        let first = server.take_ready_peer().expect("it has events");
        let second = both.keys.iter().copied().find(|key| *key != first).expect("there are two");
        let rest: Vec<_> = std::iter::from_fn(|| server.next_event()).collect();
        assert_eq!(described(&rest), (0..3).map(|n| format!("{second} sent {n}")).collect::<Vec<_>>());
        // More packets do not queue it again.
        send_and_receive(&mut both, 3..5);
        let server = &mut both.server;
        assert_eq!(server.take_ready_peer(), Some(second));
        assert_eq!(server.take_ready_peer(), None);
        let events = drain(server, first);
        assert_eq!(described(&events), (0..5).map(|n| format!("{first} sent {n}")).collect::<Vec<_>>());
        // Now the server schedules it again.
        assert_eq!(server.next_event_of(first), None);
        send_and_receive(&mut both, 5..6);
        assert_eq!(both.server.take_ready_peer(), Some(first));
        assert_eq!(drain(&mut both.server, second).len(), 3);
    }

    #[test]
    fn events_of_a_connection_that_was_not_taken_are_not_returned() {
        let mut one = connected(1);
        let key = one.keys[0];
        assert_eq!(one.server.next_event_of(key), None);
        send_and_receive(&mut one, 0..1);
        assert_eq!(one.server.next_event_of(key), None, "it is in the server's queue");
        assert_eq!(one.server.take_ready_peer(), Some(key));
        assert_eq!(drain(&mut one.server, key).len(), 1);
        assert!(one.server.events.is_empty());
    }

    #[test]
    fn a_taken_connection_that_ends_has_its_packets_and_then_one_closed() {
        let mut one = connected(1);
        let key = one.keys[0];
        send_and_receive(&mut one, 0..2);
        assert_eq!(one.server.take_ready_peer(), Some(key));
        one.server.abort(key).expect("it is known");
        one.server.poll();
        let events = drain(&mut one.server, key);
        let expected = [format!("{key} sent 0"), format!("{key} sent 1"), format!("{key} closed")];
        assert_eq!(described(&events), expected);
        assert!(one.server.peer(key).is_some(), "its information is there until the next call");
        assert_eq!(one.server.next_event_of(key), None);
        assert!(one.server.peer(key).is_none());
        assert_eq!(one.server.take_ready_peer(), None);
        assert_eq!(one.server.entries.len(), 0);
    }

    #[test]
    fn a_paused_connection_is_queued_again_when_it_resumes() {
        let mut one = connected(1);
        let key = one.keys[0];
        send_and_receive(&mut one, 0..3);
        assert_eq!(one.server.take_ready_peer(), Some(key));
        let first = one.server.next_event_of(key);
        assert!(matches!(first, Some((ServerEvent::Packet(..), true))), "{first:?}");
        one.server.pause(key);
        assert_eq!(one.server.next_event_of(key), None);
        one.server.poll();
        assert_eq!((one.server.take_ready_peer(), one.server.next_event_of(key)), (None, None));
        one.server.resume(key);
        assert_eq!(one.server.take_ready_peer(), Some(key));
        let events = drain(&mut one.server, key);
        assert_eq!(described(&events), [format!("{key} sent 1"), format!("{key} sent 2")]);
    }

    #[test]
    fn a_full_inbox_is_filled_again_after_its_events_were_taken() {
        let options = crate::PeerOptions::for_server().max_queued_packets(4);
        let mut one = connected_with(options, 1);
        let key = one.keys[0];
        for number in 0..40 {
            one.clients[0].send_text(&number.to_string()).expect("it is open");
        }
        let mut events = Vec::new();
        until("all packets are returned", || {
            one.poll();
            if let Some(key) = one.server.take_ready_peer() {
                events.extend(drain(&mut one.server, key));
            }
            events.len() == 40
        });
        assert_eq!(described(&events), (0..40).map(|n| format!("{key} sent {n}")).collect::<Vec<_>>());
    }

    #[test]
    fn a_shutdown_ends_after_the_events_of_taken_connections() {
        let mut two = connected(2);
        send_and_receive(&mut two, 0..1);
        let taken = two.server.take_ready_peer().expect("it has events");
        two.server.shutdown(PATIENCE);
        let mut rest = Vec::new();
        until("the clients are closed", || {
            two.poll();
            rest.extend(std::iter::from_fn(|| two.server.next_event()));
            two.server.entries.len() == 1
        });
        assert!(!two.server.is_shut_down() && rest.len() == 2, "{rest:?}");
        until("the taken connection is closed", || {
            two.poll();
            two.server.peer(taken).is_some_and(|info| info.state() == ReadyState::Closed)
        });
        let events = drain(&mut two.server, taken);
        assert_eq!(described(&events), [format!("{taken} sent 0"), format!("{taken} closed")]);
        until("it is shut down", || {
            two.poll();
            two.server.is_shut_down()
        });
    }

    #[test]
    fn packets_are_gathered_while_the_caller_asks_for_it() {
        let mut one = connected(1);
        let key = one.keys[0];
        let buffered = |server: &WebSocketServer| server.peer(key).map(|info| info.buffered());
        one.server.send_text(key, "now").expect("it is open");
        assert_eq!(buffered(&one.server), Some(0));
        one.server.set_gathering(true);
        one.server.send_text(key, "gathered").expect("it is open");
        assert_eq!(buffered(&one.server), Some("gathered".len()));
        one.server.set_gathering(false);
        assert_eq!(buffered(&one.server), Some(0));
        one.server.send_text(key, "now").expect("it is open");
        assert_eq!(buffered(&one.server), Some(0));
    }
}
