//! A poll: passes events of the connections to the session, and outputs of the session to the connections.
//!
//! Events are passed one at a time, each after the program has read the events of the one before. So the program's
//! reactions to all earlier packets are in effect: a packet may call a node that the program registers when it reads
//! that the node was spawned. Engines handle packets in the same way. Unread packets wait in the connections, within
//! their limits, and apply backpressure to the senders.

use std::time::Duration;

use super::{SceneMultiplayer, relay::Pumped};
use crate::{
    close::{CloseCause, Limit},
    error::Error,
    multiplayer::{
        id::PeerId,
        output::Output,
        peer::{ClientSide, PeerEvent, Side},
        session::Session,
    },
    packet::Packet,
};

impl SceneMultiplayer {
    /// Sleeps for at most `at_most`, and polls once.
    pub(super) fn wait_and_poll(&mut self, at_most: Duration) {
        let before = self.peer.advance_clock();
        if !at_most.is_zero() {
            // If the program has read all events, the next one may be here already.
            self.pump_events();
        }
        let due = [self.session.next_deadline(), self.relay.next_deadline()].into_iter().flatten().min();
        let due = due.map_or(at_most, |due| due.saturating_sub(before));
        let sleep = if self.session.has_unread_events() { Duration::ZERO } else { at_most.min(due) };
        self.peer.sleep_and_poll(sleep);
        let now = self.peer.now();
        if let Side::Server(side) = &mut self.peer.side {
            self.relay.advance(side, now);
            if self.session.is_closed() {
                self.relay.release_all(side);
                side.shut_down();
            }
        }
        self.pump_events();
        self.flush_outputs();
        self.schedule_wake();
    }

    /// At a client: sets the wake-up for the session's next deadline, unless the program has events to read.
    pub(super) fn schedule_wake(&mut self) {
        let due = self.session.next_deadline().filter(|_| !self.session.has_unread_events());
        self.peer.schedule_wake(due);
    }

    /// Passes events to the session, until the program has events to read, or the send budget is used up. When no event
    /// is left, the session's deadlines apply: an answer that waits to be read is not late.
    pub(super) fn pump_events(&mut self) {
        while (!self.session.has_unread_events() || self.session.has_left()) && self.relay.may_send() {
            if !self.pump_event() {
                self.session.advance(self.peer.now());
                return;
            }
        }
    }

    /// Passes the next event to the session. Returns `true` if there was one.
    fn pump_event(&mut self) -> bool {
        let now = self.peer.now();
        let pumped = match &mut self.peer.side {
            Side::Server(side) => self.relay.pump_event(side, &mut self.session, now),
            Side::Client(side) => pump_client_event(side, &mut self.session, now),
        };
        // Consecutive departures are announced together.
        if pumped == Some(Pumped::Other) {
            self.flush_outputs();
        }
        pumped.is_some()
    }

    /// Passes the session's outputs to the connections.
    pub(super) fn flush_outputs(&mut self) {
        match &mut self.peer.side {
            Side::Server(side) => self.relay.apply_outputs(side, &mut self.session),
            Side::Client(side) => apply_client_outputs(side, &mut self.session),
        }
    }
}

/// Passes the next event of a client's connection to the session.
fn pump_client_event(side: &mut ClientSide, session: &mut Session, now: Duration) -> Option<Pumped> {
    match side.next_event()? {
        PeerEvent::Connected(_) => side.id().into_iter().for_each(|id| session.connected(id, now)),
        PeerEvent::Packet(from, packet) => session.receive(from, packet, now),
        PeerEvent::Disconnected(_, info) | PeerEvent::ConnectionFailed(info) => {
            session.peer_left(PeerId::SERVER, info);
        }
    }
    Some(Pumped::Other)
}

/// Executes the outputs of a client's session.
fn apply_client_outputs(side: &mut ClientSide, session: &mut Session) {
    session.execute_outputs(|output| match output {
        Output::Send { packet, .. } => send_to_server(side, packet),
        Output::SendAll { packets, .. } => packets.iter().for_each(|packet| send_to_server(side, packet)),
        Output::Disconnect { code, reason, .. } => {
            if let Err(error) = side.disconnect(*code, reason) {
                debug_assert!(false, "a session's close codes and reasons are valid: {error}");
            }
        }
    });
}

fn send_to_server(side: &mut ClientSide, packet: &Packet) {
    match side.peer.send_packet(packet) {
        // It is closing. Its end is reported soon.
        Ok(()) | Err(Error::NotOpen { .. }) => {}
        // A session is reliable: an end that misses a packet cannot stay.
        Err(_) => side.abort_for(CloseCause::LimitExceeded(Limit::SessionBacklog)),
    }
}
