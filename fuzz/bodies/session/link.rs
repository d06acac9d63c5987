//! The network: connections between the server and its clients. What is sent on one way of a link arrives in order.

use std::collections::VecDeque;

use crate::{close::CloseCause, packet::Packet};

/// One end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Server,
    Client,
}

/// What is on its way.
#[derive(Debug)]
pub(super) enum Letter {
    Packet(Packet),
    /// The connection ends.
    End(CloseCause),
}

/// A connection.
#[derive(Debug, Default)]
pub(super) struct Link {
    to_server: Lane,
    to_client: Lane,
    is_cut: bool,
}

#[derive(Debug, Default)]
struct Lane {
    letters: VecDeque<Letter>,
    /// How many packets were sent on it.
    sent: usize,
    /// Its sender has closed the connection.
    is_closed: bool,
    /// Its receiver was told that the connection has ended.
    has_ended: bool,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Server => Self::Client,
            Self::Client => Self::Server,
        }
    }
}

impl Link {
    /// Whether this side may send, as far as it knows.
    pub(super) fn is_open(&self, side: Side) -> bool {
        !self.lane_from(side).is_closed && !self.lane_to(side).has_ended
    }

    /// Whether this side was told that it has ended.
    pub(super) fn has_ended(&self, side: Side) -> bool {
        self.lane_to(side).has_ended
    }

    /// Whether both sides were told so.
    pub(super) fn is_over(&self) -> bool {
        self.to_server.has_ended && self.to_client.has_ended
    }

    /// Whether nothing was sent from this side.
    pub(super) fn is_fresh(&self, side: Side) -> bool {
        self.lane_from(side).sent == 0
    }

    pub(super) fn send(&mut self, side: Side, packet: Packet) {
        assert!(
            self.is_open(side),
            "{side:?} sends {packet:?} on a link that it closed, or knows to be closed"
        );
        let is_cut = self.is_cut;
        let lane = self.lane_from_mut(side);
        lane.sent += 1;
        if !is_cut && !lane.has_ended {
            lane.letters.push_back(Letter::Packet(packet));
        }
    }

    /// The other side learns of it when it has read everything, and then so does this one.
    pub(super) fn close(&mut self, side: Side) {
        assert!(self.is_open(side), "{side:?} closes a link that it closed, or knows to be closed");
        let is_cut = self.is_cut;
        let lane = self.lane_from_mut(side);
        lane.is_closed = true;
        if !is_cut && !lane.has_ended {
            lane.letters.push_back(Letter::End(CloseCause::Remote));
        }
    }

    /// The connection breaks, and with it goes what was on its way.
    pub(super) fn cut(&mut self) {
        self.is_cut = true;
        for lane in [&mut self.to_server, &mut self.to_client] {
            if !lane.has_ended {
                lane.letters = [Letter::End(CloseCause::ConnectionLost)].into();
            }
        }
    }

    /// Whether something is on its way to this side.
    pub(super) fn has_letter(&self, side: Side) -> bool {
        !self.lane_to(side).letters.is_empty()
    }

    /// What arrives next at this side.
    pub(super) fn arrive(&mut self, side: Side) -> Option<Letter> {
        let lane = self.lane_to_mut(side);
        let letter = lane.letters.pop_front()?;
        if let Letter::End(cause) = &letter {
            lane.has_ended = true;
            lane.letters.clear();
            let back = self.lane_from_mut(side);
            // The answer to a close; nothing is read on the way back but that.
            if *cause == CloseCause::Remote && !back.has_ended {
                back.letters = [Letter::End(CloseCause::Local)].into();
            }
        }
        Some(letter)
    }

    fn lane_to(&self, side: Side) -> &Lane {
        match side {
            Side::Server => &self.to_server,
            Side::Client => &self.to_client,
        }
    }

    fn lane_from(&self, side: Side) -> &Lane {
        self.lane_to(side.other())
    }

    fn lane_to_mut(&mut self, side: Side) -> &mut Lane {
        match side {
            Side::Server => &mut self.to_server,
            Side::Client => &mut self.to_client,
        }
    }

    fn lane_from_mut(&mut self, side: Side) -> &mut Lane {
        self.lane_to_mut(side.other())
    }
}
