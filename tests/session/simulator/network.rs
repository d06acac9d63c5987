//! The connections between the server and its clients. Messages of one direction arrive in order; across directions the
//! caller chooses the order.

use std::collections::{BTreeMap, VecDeque};

use websocket_peer::{CloseCause, Packet, multiplayer::PeerId};

/// An end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Server,
    Client,
}

/// One direction of a client's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Direction {
    pub client: PeerId,
    pub to: Side,
}

/// A message in transit.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The id that the server has assigned to the client.
    Id,
    Packet(Packet),
    /// The end of the connection.
    End(CloseCause),
}

#[derive(Default)]
pub struct Network {
    lanes: BTreeMap<Direction, Lane>,
    /// `true` if the ends behave like engines, which lose unread packets when a connection closes.
    pub is_lossy: bool,
}

/// The state of one direction.
#[derive(Default)]
struct Lane {
    messages: VecDeque<Message>,
    /// `true` if the sender has closed the connection.
    is_closed: bool,
    /// `true` if the connection was cut; later messages are lost.
    is_cut: bool,
    /// `true` if the receiver has received the end of the connection.
    has_ended: bool,
}

impl Direction {
    pub fn to_server(client: PeerId) -> Self {
        Self { client, to: Side::Server }
    }

    pub fn to_client(client: PeerId) -> Self {
        Self { client, to: Side::Client }
    }

    fn reverse(self) -> Self {
        let to = match self.to {
            Side::Server => Side::Client,
            Side::Client => Side::Server,
        };
        Self { to, ..self }
    }
}

impl Network {
    /// Adds a client's connection. The client receives its id before everything else.
    pub fn connect(&mut self, client: PeerId) {
        for direction in both(client) {
            self.lanes.insert(direction, Lane::default());
        }
        self.push(Direction::to_client(client), Message::Id);
    }

    /// Returns `true` until both ends have received the end of the client's connection.
    pub fn is_connected(&self, client: PeerId) -> bool {
        self.lanes.contains_key(&Direction::to_server(client))
    }

    /// Returns `true` if no connection is left.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Returns `true` if the sender of this direction may send: it has neither closed nor received the end.
    pub fn is_open(&self, direction: Direction) -> bool {
        self.lanes.get(&direction).is_some_and(|lane| !lane.is_closed) && !self.has_ended(direction.reverse())
    }

    /// Returns `true` if the receiver of this direction has received the end of the connection.
    pub fn has_ended(&self, direction: Direction) -> bool {
        self.lanes.get(&direction).is_none_or(|lane| lane.has_ended)
    }

    /// Sends a packet.
    #[track_caller]
    pub fn send(&mut self, direction: Direction, packet: Packet) {
        assert!(
            self.is_open(direction),
            "{packet:?} is sent {direction:?}, which its sender knows to be closed"
        );
        self.push(direction, Message::Packet(packet));
    }

    /// Closes the connection at the sender of this direction. The receiver receives the end behind all packets; then so
    /// does the sender.
    #[track_caller]
    pub fn close(&mut self, direction: Direction) {
        assert!(self.is_open(direction), "{direction:?} is closed, but its sender knows it to be closed");
        if let Some(lane) = self.lanes.get_mut(&direction) {
            lane.is_closed = true;
            if self.is_lossy {
                lane.messages.clear();
            }
        }
        self.push(direction, Message::End(CloseCause::Remote));
    }

    fn push(&mut self, direction: Direction, message: Message) {
        let lane = self.lanes.get_mut(&direction).filter(|lane| !lane.is_cut && !lane.has_ended);
        lane.into_iter().for_each(|lane| lane.messages.push_back(message.clone()));
    }

    /// Breaks a client's connection. Messages in transit are lost.
    pub fn cut(&mut self, client: PeerId) {
        for direction in both(client) {
            if let Some(lane) = self.lanes.get_mut(&direction) {
                lane.is_cut = true;
                if !lane.has_ended {
                    lane.messages = [Message::End(CloseCause::ConnectionLost)].into();
                }
            }
        }
    }

    /// The directions in which a message is in transit.
    pub fn in_transit(&self) -> Vec<Direction> {
        let lanes = self.lanes.iter().filter(|(_, lane)| !lane.messages.is_empty());
        lanes.map(|(direction, _)| *direction).collect()
    }

    /// The message of this direction that arrives next.
    pub fn next(&self, direction: Direction) -> Option<&Message> {
        self.lanes.get(&direction)?.messages.front()
    }

    /// Removes the message of this direction that arrives next.
    pub fn receive(&mut self, direction: Direction) -> Option<Message> {
        let lane = self.lanes.get_mut(&direction)?;
        let message = lane.messages.pop_front()?;
        if let Message::End(cause) = &message {
            lane.has_ended = true;
            lane.messages.clear();
            let reverse = self.lanes.get_mut(&direction.reverse()).filter(|lane| !lane.has_ended);
            match reverse {
                // The answer to a close. Earlier messages of that direction are lost.
                Some(lane) if *cause == CloseCause::Remote => {
                    lane.messages = [Message::End(CloseCause::Local)].into();
                }
                Some(_) => {}
                None => {
                    both(direction.client).iter().for_each(|direction| drop(self.lanes.remove(direction)))
                }
            }
        }
        Some(message)
    }
}

fn both(client: PeerId) -> [Direction; 2] {
    [Direction::to_server(client), Direction::to_client(client)]
}
