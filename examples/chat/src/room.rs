//! The server's logic, without I/O: members join, leave and send, and messages come out. It uses no socket and no
//! clock; times are those since any fixed moment.

use std::{collections::BTreeMap, time::Duration};

use websocket_peer::{Packet, multiplayer::PeerId};

use crate::{
    pace::Pace,
    protocol::{
        Input, MAX_LINE, Message, NameError, check_name, clean_line, clean_within, is_same_name, packet_text,
    },
};

/// The packets that a member may send at once, after a silence.
const BURST: u32 = 10;

/// The longest reason of a close frame, in bytes of UTF-8 (RFC 6455, 5.5).
const MAX_REASON: usize = 123;

/// The members of a chat.
#[derive(Debug, Default)]
pub struct Room {
    members: BTreeMap<PeerId, Member>,
}

/// What the server must do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a message.
    Send(Recipients, Message),
    /// Close the connection of a member, which is one no longer, with this reason. It fits into a close frame.
    Kick(PeerId, String),
}

/// The members that a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipients {
    /// All members.
    All,
    /// All members except one.
    AllExcept(PeerId),
    /// One member.
    One(PeerId),
}

#[derive(Debug)]
struct Member {
    name: Option<String>,
    pace: Pace,
}

impl Room {
    /// Creates a room without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a member. It gets the names of the others.
    pub fn joined(&mut self, id: PeerId, now: Duration) -> Vec<Output> {
        let named = |(&other, member): (&PeerId, &Member)| {
            let name = member.name.clone()?;
            Some(Output::Send(Recipients::One(id), Message::Named(other, name)))
        };
        let mut outputs = vec![Output::Send(Recipients::AllExcept(id), Message::Connected(id))];
        outputs.extend(self.members.iter().filter_map(named));
        self.members.insert(id, Member { name: None, pace: Pace::new(BURST, now) });
        outputs
    }

    /// Removes a member. Nothing happens if it is none, as after a kick.
    pub fn left(&mut self, id: PeerId) -> Vec<Output> {
        match self.members.remove(&id) {
            Some(_) => vec![Output::Send(Recipients::All, Message::Disconnected(id))],
            None => Vec::new(),
        }
    }

    /// Handles a packet of a member. Packets of others are ignored: a member that was kicked may have sent more.
    pub fn received(&mut self, from: PeerId, packet: &Packet, now: Duration) -> Vec<Output> {
        let Some(member) = self.members.get_mut(&from) else { return Vec::new() };
        if !member.pace.allows(now) {
            return self.kick(from, "you send faster than people type");
        }
        match packet_text(packet) {
            Some(text) => match Input::parse(&text) {
                Input::Name(name) => self.rename(from, name),
                // The other members read the clean line: a name must not pass as one.
                Input::Line(line) => match Input::parse(&clean_line(line)) {
                    Input::Name(name) => self.rename(from, name),
                    Input::Line(line) => relay(from, line),
                },
            },
            None => reply(from, "Only text is accepted, and a packet of yours was none."),
        }
    }

    /// Sends a line of the server to all members.
    pub fn say(&self, text: &str) -> Vec<Output> {
        match clean_within(text, MAX_LINE) {
            text if text.is_empty() => Vec::new(),
            text => vec![Output::Send(Recipients::All, Message::Server(text))],
        }
    }

    /// Removes a member, and closes its connection with this reason.
    pub fn kick(&mut self, id: PeerId, reason: &str) -> Vec<Output> {
        let mut outputs = self.left(id);
        if !outputs.is_empty() {
            outputs.insert(0, Output::Kick(id, close_reason(reason)));
        }
        outputs
    }

    /// Returns the member with this id or this name.
    pub fn find(&self, id_or_name: &str) -> Option<PeerId> {
        let by_name = self.members.iter().find(|(_, member)| member.has_name(id_or_name));
        by_name.map(|(&id, _)| id).or_else(|| {
            let id = PeerId::new(id_or_name.parse().ok()?)?;
            self.members.contains_key(&id).then_some(id)
        })
    }

    /// Returns the members and their names, ordered by id.
    pub fn members(&self) -> impl ExactSizeIterator<Item = (PeerId, Option<&str>)> {
        self.members.iter().map(|(&id, member)| (id, member.name.as_deref()))
    }

    /// Returns the name of a member, if it has one.
    pub fn name(&self, id: PeerId) -> Option<&str> {
        self.members.get(&id)?.name.as_deref()
    }

    fn rename(&mut self, id: PeerId, name: &str) -> Vec<Output> {
        let answer = |message| Output::Send(Recipients::One(id), message);
        let is_taken =
            self.members.iter().any(|(&other, member)| other != id && member.has_name(name.trim()));
        let checked =
            check_name(name).and_then(|name| if is_taken { Err(NameError::Taken) } else { Ok(name) });
        let name = match checked {
            Ok(name) => name.to_owned(),
            Err(error) => return vec![answer(Message::NameRefused(error.to_string()))],
        };
        let mut outputs = vec![answer(Message::NameAccepted(name.clone()))];
        let Some(member) = self.members.get_mut(&id) else { return Vec::new() };
        if member.name.as_ref() != Some(&name) {
            outputs.push(Output::Send(Recipients::AllExcept(id), Message::Named(id, name.clone())));
            member.name = Some(name);
        }
        outputs
    }
}

impl Member {
    fn has_name(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|own| is_same_name(own, name))
    }
}

/// Sends a clean line to all others.
fn relay(from: PeerId, line: &str) -> Vec<Output> {
    if line.is_empty() {
        return Vec::new();
    }
    if line.chars().count() > MAX_LINE {
        return reply(from, &format!("Your line has more than {MAX_LINE} characters, and was not sent."));
    }
    vec![Output::Send(Recipients::AllExcept(from), Message::Says(from, line.to_owned()))]
}

fn reply(to: PeerId, text: &str) -> Vec<Output> {
    vec![Output::Send(Recipients::One(to), Message::Plain(text.to_owned()))]
}

/// Returns the reason as a safe line that fits into a close frame.
fn close_reason(reason: &str) -> String {
    let mut reason = clean_line(reason);
    let end = (0..=MAX_REASON).rev().find(|&end| reason.is_char_boundary(end)).unwrap_or(0);
    if reason.len() > MAX_REASON {
        reason.truncate(end);
    }
    reason
}
