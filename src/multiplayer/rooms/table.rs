//! The open rooms, and what each of them has to do: events to read, deadlines. A room without either costs nothing.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    hash::BuildHasherDefault,
    sync::Arc,
    time::Duration,
};

use super::{
    event::{RoomCloseCause, RoomEvent},
    key::RoomKey,
    options::RoomOptions,
};
use crate::{
    multiplayer::{id_hasher::IdHasher, scene::Relay, session::Session},
    server::GroupKey,
};

/// The rooms of a server.
#[derive(Debug, Default)]
pub(super) struct RoomTable {
    rooms: HashMap<RoomKey, Box<Room>, BuildHasherDefault<IdHasher>>,
    /// The open rooms in the order in which they were opened.
    open: BTreeSet<RoomKey>,
    /// What the program has to read, in order.
    unread: VecDeque<Unread>,
    /// The next deadline of each room that has one.
    deadlines: BTreeSet<(Duration, RoomKey)>,
    /// The rooms whose flow control makes peers wait.
    congested: BTreeSet<RoomKey>,
}

/// A room.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: Arc<str>,
    pub(super) options: RoomOptions,
    pub(super) session: Session,
    pub(super) relay: Relay,
    /// The account of the memory that its peers hold.
    pub(super) memory: GroupKey,
    /// The number of its peers, in every state.
    pub(super) members: usize,
    /// `false` after it was closed. Its connections may still be open.
    pub(super) is_open: bool,
    /// The time at which it is closed if it stays empty.
    pub(super) closes_at: Option<Duration>,
    /// Its entry in `deadlines`.
    deadline: Option<Duration>,
    /// `true` if it is in `unread`.
    is_unread: bool,
    /// `true` if the program has changed its session since the last [`update`](RoomTable::update).
    pub(super) is_changed: bool,
}

/// Something that the program has to read.
#[derive(Debug)]
enum Unread {
    Event(RoomEvent),
    /// The events of this room's session.
    Session(RoomKey),
}

impl Room {
    pub(super) fn new(
        name: Arc<str>,
        options: RoomOptions,
        session: Session,
        relay: Relay,
        memory: GroupKey,
    ) -> Self {
        Self {
            name,
            options,
            session,
            relay,
            memory,
            members: 0,
            is_open: true,
            closes_at: None,
            deadline: None,
            is_unread: false,
            is_changed: false,
        }
    }

    /// Counts a peer that is in the room now.
    pub(super) fn add_member(&mut self) {
        self.members += 1;
        self.closes_at = None;
    }

    /// Starts the time after which it is closed if it stays empty.
    pub(super) fn start_empty_time(&mut self, now: Duration) {
        let timeout = self.options.empty_timeout;
        self.closes_at = now.checked_add(timeout).filter(|_| !timeout.is_zero());
    }
}

impl RoomTable {
    /// Adds an open room, and reports it.
    pub(super) fn insert(&mut self, key: RoomKey, room: Room) {
        self.rooms.insert(key, Box::new(room));
        self.open.insert(key);
        self.unread.push_back(Unread::Event(RoomEvent::Opened(key)));
        self.update(key);
    }

    /// Reports that a room is closed. Its events that were not read are dropped. Its connections remain until they have
    /// ended.
    pub(super) fn close(&mut self, key: RoomKey, cause: RoomCloseCause) {
        if !self.open.remove(&key) {
            return;
        }
        if let Some(room) = self.rooms.get_mut(&key) {
            room.is_open = false;
            room.closes_at = None;
        }
        let is_opened = |unread: &Unread| matches!(unread, Unread::Event(RoomEvent::Opened(_)));
        self.unread.retain(|unread| unread.room() != key || is_opened(unread));
        self.unread.push_back(Unread::Event(RoomEvent::Closed(key, cause)));
        self.update(key);
    }

    /// Returns an open room.
    pub(super) fn get(&self, key: RoomKey) -> Option<&Room> {
        self.rooms.get(&key).map(|room| &**room).filter(|room| room.is_open)
    }

    /// Returns a room, open or not. Call [`update`](Self::update) after a change.
    pub(super) fn any_mut(&mut self, key: RoomKey) -> Option<&mut Room> {
        self.rooms.get_mut(&key).map(|room| &mut **room)
    }

    /// Returns the open rooms.
    pub(super) fn open(&self) -> impl Iterator<Item = (RoomKey, &Room)> {
        self.open.iter().filter_map(|key| Some((*key, self.get(*key)?)))
    }

    pub(super) fn open_count(&self) -> usize {
        self.open.len()
    }

    /// Returns `true` if no room is left, not even a closed one with connections.
    pub(super) fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    /// Updates what depends on the state of a room after it has changed: its place in the queue of the program, its
    /// deadline. A closed room is dropped with its last connection.
    pub(super) fn update(&mut self, key: RoomKey) {
        let Some(room) = self.rooms.get_mut(&key) else { return };
        room.is_changed = false;
        if !room.is_open {
            // The program reads nothing more of it.
            while room.session.next_event().is_some() {}
        } else if room.session.has_unread_events() && !std::mem::replace(&mut room.is_unread, true) {
            self.unread.push_back(Unread::Session(key));
        }
        let is_over = !room.is_open && room.members == 0;
        let deadlines = [room.session.next_deadline(), room.relay.next_deadline(), room.closes_at];
        let deadline = deadlines.into_iter().flatten().min().filter(|_| !is_over);
        if deadline != room.deadline {
            if let Some(before) = std::mem::replace(&mut room.deadline, deadline) {
                self.deadlines.remove(&(before, key));
            }
            self.deadlines.extend(deadline.map(|deadline| (deadline, key)));
        }
        if room.relay.is_idle() || is_over {
            self.congested.remove(&key);
        } else {
            self.congested.insert(key);
        }
        if is_over {
            self.rooms.remove(&key);
        }
    }

    /// Reports that the last peer has left a room.
    pub(super) fn report_empty(&mut self, key: RoomKey) {
        self.unread.push_back(Unread::Event(RoomEvent::Empty(key)));
    }

    /// Returns the next event for the program.
    pub(super) fn next_event(&mut self) -> Option<RoomEvent> {
        loop {
            match self.unread.front()? {
                Unread::Event(_) => match self.unread.pop_front()? {
                    // A peer has joined it, or is arriving.
                    Unread::Event(RoomEvent::Empty(key)) if self.has_members(key) => {}
                    Unread::Event(event) => return Some(event),
                    Unread::Session(_) => {}
                },
                Unread::Session(key) => {
                    let key = *key;
                    let room = self.rooms.get_mut(&key);
                    if let Some(event) = room.and_then(|room| room.session.next_event()) {
                        return Some(RoomEvent::Session(key, event));
                    }
                    if let Some(room) = self.rooms.get_mut(&key) {
                        room.is_unread = false;
                    }
                    self.unread.pop_front();
                }
            }
        }
    }

    fn has_members(&self, key: RoomKey) -> bool {
        self.rooms.get(&key).is_some_and(|room| room.members > 0)
    }

    /// Returns `true` if the program has something to read.
    pub(super) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Returns the next time at which a room has something to do.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Returns the rooms whose deadlines have passed, with these.
    pub(super) fn due(&self, now: Duration) -> Vec<(Duration, RoomKey)> {
        self.deadlines.iter().take_while(|(deadline, _)| *deadline <= now).copied().collect()
    }

    /// Returns the rooms whose flow control makes peers wait.
    pub(super) fn congested(&self) -> Vec<RoomKey> {
        self.congested.iter().copied().collect()
    }
}

impl Unread {
    fn room(&self) -> RoomKey {
        match self {
            Self::Session(key)
            | Self::Event(
                RoomEvent::Opened(key)
                | RoomEvent::Session(key, _)
                | RoomEvent::Empty(key)
                | RoomEvent::Closed(key, _),
            ) => *key,
        }
    }
}
