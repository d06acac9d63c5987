//! A client of the chat. The same code runs in native programs and in pages.

mod ending;
mod error;
mod event;
mod members;
mod transport;

use std::{collections::VecDeque, fmt, task::Waker, time::Duration};

use websocket_peer::{CloseInfo, Error, ReadyState, multiplayer::PeerId};

pub(crate) use self::ending::KICKED;
pub use self::{ending::explain, error::ChatError, event::ChatEvent};
use self::{
    members::Members,
    transport::{Received, Transport},
};
use crate::{
    mode::Mode,
    protocol::{Input, MAX_LINE, Message, NameError, check_name, clean_line, clean_within},
};

/// The longest text that is shown of a line from the network, in characters. Servers other than ours allow longer lines
/// than ours does.
const MAX_SHOWN: usize = 4 * MAX_LINE;

/// The lines of this client that may wait to be read as events.
const MAX_OWN_EVENTS: usize = 256;

/// A client: connects, sends lines, and reports what happens in the chat.
///
/// Call [`poll`](Self::poll) or [`wait`](Self::wait), then [`next_event`](Self::next_event) until it returns `None`.
/// After the end of the connection, connect again with a new client.
pub struct ChatClient {
    transport: Transport,
    members: Members,
    /// The name that the server has accepted, or that was sent to a server that does not answer.
    name: Option<String>,
    /// The name before the last one that was sent, until the server answers.
    previous_name: Option<Option<String>>,
    /// The name to send when the connection is open.
    pending_name: Option<String>,
    own_events: VecDeque<ChatEvent>,
    has_reported_open: bool,
    has_reported_end: bool,
}

impl ChatClient {
    /// Begins to connect. If there is a name, it is sent as soon as the connection is open.
    ///
    /// # Errors
    /// - [`ChatError::Name`] for a name that breaks a rule.
    /// - [`ChatError::Peer`] with the errors of `WebSocketPeer::connect`.
    pub fn connect(url: &str, mode: Mode, name: Option<&str>) -> Result<Self, ChatError> {
        let pending_name = name.map(check_name).transpose()?.map(str::to_owned);
        Ok(Self {
            transport: Transport::connect(url, mode)?,
            members: Members::default(),
            name: None,
            previous_name: None,
            pending_name,
            own_events: VecDeque::new(),
            has_reported_open: false,
            has_reported_end: false,
        })
    }

    /// Does the connection's pending work. Call it once a frame. It does not block.
    pub fn poll(&mut self) {
        self.transport.poll();
    }

    /// Sleeps until there is something to do, at most for `at_most`, and then polls. In a page it does not sleep.
    pub fn wait(&mut self, at_most: Duration) {
        let at_most = if self.own_events.is_empty() { at_most } else { Duration::ZERO };
        self.transport.wait(at_most);
    }

    /// Returns a handle with which another thread ends a [`wait`](Self::wait).
    pub fn waker(&mut self) -> Waker {
        self.transport.waker()
    }

    /// Sets a hook that is called when there is something to poll for, as `WebSocketPeer::on_wake` does.
    ///
    /// # Errors
    /// The errors of `WebSocketPeer::on_wake`.
    pub fn on_wake(&mut self, hook: impl Fn() + Send + 'static) -> Result<(), ChatError> {
        Ok(self.transport.on_wake(hook)?)
    }

    /// Returns the next event. All text in events is safe to show as one line.
    pub fn next_event(&mut self) -> Option<ChatEvent> {
        loop {
            if let Some(event) = self.own_events.pop_front() {
                return Some(event);
            }
            if self.has_reported_end {
                return None;
            }
            let event = match self.transport.next()? {
                Received::Opened => {
                    self.has_reported_open = true;
                    self.send_pending_name();
                    Some(ChatEvent::Connected)
                }
                Received::Text(text) => self.handle(Message::parse(&text)),
                Received::Closed(info) => Some(self.end(info)),
            };
            if event.is_some() {
                return event;
            }
        }
    }

    /// Sends what a person typed: a line, or `/name NAME`. A line is also the next [`ChatEvent::OwnLine`], because
    /// servers send it to the other members only. Read events after the call: [`on_wake`](Self::on_wake) does not
    /// report it.
    ///
    /// # Errors
    /// On an error nothing was sent.
    /// - [`ChatError::Empty`] for text without visible characters, [`ChatError::TooLong`] for more than 500.
    /// - [`ChatError::Name`] after `/name`.
    /// - [`ChatError::UnreadEvents`] if too many own lines were not read with [`next_event`](Self::next_event).
    /// - [`ChatError::NotConnected`] if the connection is not open, [`ChatError::Peer`] if it has no room.
    pub fn send(&mut self, text: &str) -> Result<(), ChatError> {
        let line = clean_line(text);
        if let Input::Name(name) = Input::parse(&line) {
            return self.set_name(name);
        }
        match line.chars().count() {
            0 => return Err(ChatError::Empty),
            _ if self.state() != ReadyState::Open => return Err(ChatError::NotConnected),
            length if length > MAX_LINE => return Err(ChatError::TooLong { length }),
            _ if self.own_events.len() == MAX_OWN_EVENTS => {
                return Err(ChatError::UnreadEvents);
            }
            _ => self.transport.send(&line)?,
        }
        self.own_events.push_back(ChatEvent::OwnLine { text: line });
        Ok(())
    }

    /// Gives this client a name. Before the connection is open, it is kept until then.
    ///
    /// Our server answers with [`ChatEvent::NameAccepted`] or [`ChatEvent::NameRefused`]. Godot's demo does not answer:
    /// it shows `/name NAME` to the others as a line.
    ///
    /// # Errors
    /// - [`ChatError::Name`] for a name that breaks a rule, or that another member has.
    /// - [`ChatError::NotConnected`] if the connection has ended, [`ChatError::Peer`] if it has no room.
    pub fn set_name(&mut self, name: &str) -> Result<(), ChatError> {
        let name = check_name(name)?;
        if self.members.has_name(name) {
            return Err(NameError::Taken.into());
        }
        match self.state() {
            ReadyState::Connecting => {
                self.pending_name = Some(name.to_owned());
                Ok(())
            }
            ReadyState::Open => Ok(self.request_name(name.to_owned())?),
            ReadyState::Closing | ReadyState::Closed => Err(ChatError::NotConnected),
        }
    }

    /// Returns the own name: the one that was sent last, unless the server refused it.
    pub fn name(&self) -> Option<&str> {
        self.pending_name.as_deref().or(self.name.as_deref())
    }

    /// Returns the state of the connection, as far as the program has read events: it is open from
    /// [`ChatEvent::Connected`] on.
    pub fn state(&self) -> ReadyState {
        match self.transport.state() {
            ReadyState::Open if !self.has_reported_open => ReadyState::Connecting,
            state => state,
        }
    }

    /// Returns the own id, which only [`Mode::Multiplayer`] gives to clients.
    pub fn id(&self) -> Option<PeerId> {
        self.transport.id()
    }

    /// Returns the other members that this client knows of, and their names, ordered by id. Members that were there
    /// before it are known when they have a name, or when they send something.
    pub fn members(&self) -> impl ExactSizeIterator<Item = (PeerId, Option<&str>)> {
        self.members.iter()
    }

    /// Returns the name of another member, if it is known.
    pub fn member_name(&self, id: PeerId) -> Option<&str> {
        self.members.name(id)
    }

    /// Leaves the chat. [`ChatEvent::Closed`] follows.
    pub fn close(&mut self) {
        self.transport.close();
    }

    fn send_pending_name(&mut self) {
        let Some(name) = self.pending_name.take() else { return };
        if let Err(error) = self.request_name(name) {
            self.own_events.push_back(ChatEvent::NameRefused { reason: error.to_string() });
        }
    }

    fn request_name(&mut self, name: String) -> Result<(), Error> {
        self.transport.send(&Input::Name(&name).to_string())?;
        let before = self.name.replace(name);
        self.previous_name.get_or_insert(before);
        Ok(())
    }

    fn handle(&mut self, message: Message) -> Option<ChatEvent> {
        match message {
            Message::Connected(id) => self.members.add(id).then_some(ChatEvent::Joined { id }),
            Message::Disconnected(id) => Some(ChatEvent::Left { id, name: self.members.remove(id) }),
            Message::Says(from, text) => match Input::parse(&text) {
                // A server that does not know the command relays it.
                Input::Name(name) if check_name(name).is_ok() => self.rename(from, name),
                _ => Some(self.line(from, &text)),
            },
            Message::Named(id, name) => self.rename(id, &name),
            Message::Server(text) => Some(ChatEvent::ServerLine { text: clean_within(&text, MAX_SHOWN) }),
            Message::NameAccepted(name) => {
                let name = check_name(&name).ok()?.to_owned();
                self.previous_name = None;
                self.name = Some(name.clone());
                Some(ChatEvent::NameAccepted { name })
            }
            Message::NameRefused(reason) => {
                if let Some(before) = self.previous_name.take() {
                    self.name = before;
                }
                Some(ChatEvent::NameRefused { reason: clean_within(&reason, MAX_SHOWN) })
            }
            Message::Plain(text) => Some(ChatEvent::Notice { text: clean_within(&text, MAX_SHOWN) }),
        }
    }

    fn line(&mut self, from: PeerId, text: &str) -> ChatEvent {
        self.members.add(from);
        let name = self.members.name(from).map(str::to_owned);
        ChatEvent::Line { from, name, text: clean_within(text, MAX_SHOWN) }
    }

    fn rename(&mut self, id: PeerId, name: &str) -> Option<ChatEvent> {
        let name = check_name(name).ok()?.to_owned();
        let is_new = !self.members.contains(id);
        let before = self.members.rename(id, name.clone());
        Some(if is_new { ChatEvent::Present { id, name } } else { ChatEvent::Renamed { id, name, before } })
    }

    fn end(&mut self, info: CloseInfo) -> ChatEvent {
        self.has_reported_end = true;
        self.members = Members::default();
        ChatEvent::Closed { why: explain(&info), info }
    }
}

impl fmt::Debug for ChatClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatClient")
            .field("state", &self.state())
            .field("name", &self.name())
            .field("members", &self.members.iter().len())
            .finish_non_exhaustive()
    }
}
