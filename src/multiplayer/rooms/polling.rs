//! A poll: passes events of the connections to the sessions of their rooms, and outputs of the sessions to the
//! connections.
//!
//! Events are passed one at a time, each after the program has read the events of the one before, as in
//! [`SceneMultiplayer`](crate::multiplayer::SceneMultiplayer). The [`RunQueue`](super::run_queue::RunQueue) chooses the
//! connection.

use std::time::Duration;

use super::{
    Member, RoomServer, directory::PlacedRequest, event::RoomCloseCause, event::RoomEvent, key::RoomKey,
    panics,
};
use crate::{
    close::CloseCode,
    error::Error,
    multiplayer::{id::PeerId, peer::PeerEvent, relay_decision::RelayedPacket, scene::Pumped},
    server::PeerKey,
    sys,
};

/// The time by which a deadline of a room is delayed at most while packets for the room wait to be read.
const MAX_DELAY: Duration = Duration::from_secs(2);

impl RoomServer {
    /// Reads from the connections, writes to them, and applies timeouts. Call it once a frame. It never blocks.
    ///
    /// It handles received packets until there is an event to read; [`next_event`](Self::next_event) then continues. A
    /// program that reads no events relays no packets either, and so slows down the senders.
    pub fn poll(&mut self) {
        self.wait(Duration::ZERO);
    }

    /// Sleeps until there is something to do, at most for `at_most`, and then [polls](Self::poll). For programs without
    /// a frame loop.
    ///
    /// It does not sleep while events wait to be read. It may return early, with nothing new.
    pub fn wait(&mut self, at_most: Duration) {
        let before = self.clock.advance(sys::now());
        self.apply_changes();
        if !at_most.is_zero() {
            // If the program has read all events, the next one may be here already.
            self.pump_events();
        }
        // Once it has stopped listening, the server has the deadline itself.
        let shutdown = self.shutdown_deadline.filter(|_| !self.has_stopped_listening);
        let due = [self.rooms.next_deadline(), shutdown].into_iter().flatten().min();
        let due = due.map_or(at_most, |due| due.saturating_sub(before));
        let sleep = if self.has_work() { Duration::ZERO } else { at_most.min(due) };
        self.side.server.wait(sleep);
        self.clock.sleep(sys::now());
        self.polled_at = self.clock.now();
        self.queue.begin_poll();
        self.take_opened();
        for key in self.rooms.congested() {
            self.advance_flow(key);
        }
        self.pump_events();
        if !self.rooms.has_unread() {
            self.end_pump();
        }
        self.continue_shutdown();
    }

    /// Returns the next event. Packets are handled one at a time, each after the events of the one before have been
    /// read. Before it returns `None`, it sends the packets that were gathered meanwhile.
    ///
    /// Rooms take turns. A room that has used up its part of this poll gets the rest of its packets after the next
    /// [`poll`](Self::poll), so `None` does not mean that nothing waits. [`wait`](Self::wait) does not sleep then.
    ///
    /// An event takes effect when it is read here, as in [`Session::next_event`](crate::multiplayer::Session::next_event).
    pub fn next_event(&mut self) -> Option<RoomEvent> {
        self.apply_changes();
        if let Some((room, sends)) = self.handled.take() {
            self.charge_sends(room, sends);
        }
        let event = self.rooms.next_event().or_else(|| {
            self.pump_events();
            self.rooms.next_event()
        });
        match &event {
            Some(RoomEvent::Session(room, _)) => self.handled = Some((*room, self.sends_of(*room))),
            Some(_) => {}
            None => self.end_pump(),
        }
        event
    }

    /// Passes events to the sessions, until the program has events to read, or the budgets of this poll are used up.
    fn pump_events(&mut self) {
        self.side.server.set_gathering(true);
        while !self.rooms.has_unread() {
            while let Some(connection) = self.side.server.take_ready_peer() {
                self.enqueue(connection);
            }
            let Some(connection) = self.opening.pop_front() else {
                let Some((room, connection)) = self.queue.next() else {
                    // An answer that waits to be read is not late.
                    return self.apply_deadlines();
                };
                self.handle_next(Some(room), connection);
                continue;
            };
            self.handle_next(None, connection);
        }
    }

    /// Sends what was gathered.
    fn end_pump(&mut self) {
        self.send_departures();
        self.side.server.set_gathering(false);
    }

    /// Returns `true` if something can be done without a new event of a connection.
    fn has_work(&self) -> bool {
        self.rooms.has_unread() || !self.queue.is_empty() || !self.opening.is_empty()
    }

    /// Adds a connection with events to the queue of its room.
    fn enqueue(&mut self, connection: PeerKey) {
        match self.side.id_of(connection).and_then(|id| self.members.get(&id)) {
            Some(member) => self.queue.add(member.room, connection),
            None => self.opening.push_back(connection),
        }
    }

    /// Handles the next event of a connection, at the expense of this room.
    fn handle_next(&mut self, room: Option<RoomKey>, connection: PeerKey) {
        let Some((event, has_more)) = self.side.next_event_of(connection) else { return };
        if let Some(mut event) = event {
            self.handle_event(connection, &mut event);
        }
        if has_more {
            self.enqueue(connection);
        }
        if let Some(room) = room {
            self.queue.charge(room, 1);
        }
    }

    /// Counts what a room has sent since it had sent this many packets.
    fn charge_sends(&mut self, room: RoomKey, before: usize) {
        let sent = self.sends_of(room).saturating_sub(before);
        self.queue.charge(room, sent);
    }

    /// Returns the number of packets that a room has sent so far.
    fn sends_of(&mut self, room: RoomKey) -> usize {
        self.rooms.any_mut(room).map_or(0, |room| room.relay.total_sends())
    }

    fn handle_event(&mut self, connection: PeerKey, event: &mut PeerEvent) {
        match event {
            PeerEvent::Connected(id) => self.join(connection, *id),
            PeerEvent::Packet(id, _) => {
                if let Some(room) = self.members.get(id).map(|member| member.room) {
                    self.pass(room, connection, event);
                }
            }
            PeerEvent::Disconnected(id, _) => {
                if let Some(member) = self.members.remove(id) {
                    self.leave(member.room, connection, event);
                }
            }
            PeerEvent::ConnectionFailed(_) => debug_assert!(false, "only a client fails to connect"),
        }
    }

    /// Adds a peer whose connection has opened to the room that it was placed in.
    fn join(&mut self, connection: PeerKey, id: PeerId) {
        let placed = self.side.server.peer(connection).and_then(|info| info.user_data::<PlacedRequest>());
        let place = placed.and_then(PlacedRequest::take_place);
        let Some(place) = place.filter(|place| self.rooms.get(place.room()).is_some()) else {
            return self.disconnect(id, "the room is closed");
        };
        let room = place.room();
        if let Some(entry) = self.rooms.any_mut(room) {
            entry.add_member();
            let is_authenticated = entry.options.session.authenticate;
            self.side.server.set_group(connection, Some(entry.memory));
            self.members.insert(id, Member { connection, room, place, is_authenticated });
        }
        self.pass(room, connection, &mut PeerEvent::Connected(id));
    }

    /// Passes the end of a connection to its room.
    fn leave(&mut self, key: RoomKey, connection: PeerKey, event: &mut PeerEvent) {
        self.pass(key, connection, event);
        self.remove_member(key);
    }

    /// Counts a peer that is not in a room any more.
    pub(super) fn remove_member(&mut self, key: RoomKey) {
        let now = self.clock.now();
        let Some(room) = self.rooms.any_mut(key) else { return };
        room.members -= 1;
        if room.members == 0 && room.is_open {
            room.start_empty_time(now);
            self.rooms.update(key);
            self.rooms.report_empty(key);
        } else {
            self.rooms.update(key);
        }
    }

    /// Passes an event of a connection to the session of its room, and sends what follows from it. Consecutive
    /// departures are announced together.
    fn pass(&mut self, key: RoomKey, connection: PeerKey, event: &mut PeerEvent) {
        let now = self.clock.now();
        let Some(room) = self.rooms.any_mut(key) else { return };
        let (side, session, relay) = (&mut self.side, &mut room.session, &mut room.relay);
        let sends = relay.total_sends();
        let mut panicked = None;
        // The program's code runs here: the hook, and functions of its spawners.
        let pumped = panics::catch(|| match &mut self.relay_hook {
            Some(hook) => {
                let mut decide = |packet: &RelayedPacket<'_>| hook.decide(key, packet, &mut panicked);
                relay.handle_event(side, session, connection, event, now, Some(&mut decide))
            }
            None => relay.handle_event(side, session, connection, event, now, None),
        });
        match pumped {
            Ok(Pumped::Left) => self.departures.push(key),
            Ok(Pumped::Other) => room.relay.apply_outputs(&mut self.side, &mut room.session),
            Err(message) => panicked = Some(message),
        }
        self.rooms.update(key);
        self.charge_sends(key, sends);
        if let Some(message) = panicked {
            self.fail_room(key, message);
        }
    }

    /// Applies the deadlines that have passed: at once in a room for which nothing waits to be read, as an answer could
    /// be among it; otherwise after a delay, because a room that is flooded always has something to read.
    fn apply_deadlines(&mut self) {
        // What has arrived since the last poll is not read yet, so time that the program has taken since then does not count.
        let now = self.polled_at;
        for (deadline, key) in self.rooms.due(now) {
            if self.queue.has(key) && now.saturating_sub(deadline) < MAX_DELAY {
                continue;
            }
            let Some(room) = self.rooms.any_mut(key) else { continue };
            room.session.advance(now);
            room.relay.apply_outputs(&mut self.side, &mut room.session);
            self.advance_flow(key);
            self.close_if_empty(key, now);
        }
    }

    /// Closes a room that was empty for too long.
    fn close_if_empty(&mut self, key: RoomKey, now: Duration) {
        let Some(room) = self.rooms.any_mut(key) else { return };
        if room.closes_at.is_none_or(|time| now < time) {
            return;
        }
        if self.directory.is_empty(key) {
            self.close_room(key, RoomCloseCause::Empty, CloseCode::NORMAL, "");
        } else {
            // A client that was accepted is about to join.
            room.start_empty_time(now);
            self.rooms.update(key);
        }
    }

    /// Ends the waits of a room's flow control that are over.
    fn advance_flow(&mut self, key: RoomKey) {
        let now = self.clock.now();
        if let Some(room) = self.rooms.any_mut(key) {
            room.relay.advance(&mut self.side, now);
            self.rooms.update(key);
        }
    }

    /// Applies what the program has changed in sessions.
    fn apply_changes(&mut self) {
        while let Some(key) = self.changed.pop() {
            self.rooms.update(key);
        }
    }

    /// Announces the departures that were collected.
    fn send_departures(&mut self) {
        while let Some(key) = self.departures.pop() {
            if let Some(room) = self.rooms.any_mut(key) {
                let sends = room.relay.total_sends();
                room.relay.apply_outputs(&mut self.side, &mut room.session);
                self.rooms.update(key);
                self.charge_sends(key, sends);
            }
        }
    }

    fn disconnect(&mut self, id: PeerId, reason: &str) {
        if let Err(error) = self.side.disconnect(id, CloseCode::NORMAL, reason) {
            debug_assert_eq!(error, Error::UnknownPeer);
        }
    }
}
