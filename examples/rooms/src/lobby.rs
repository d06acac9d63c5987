//! The rules of the lobby: the list of rooms, who may create one and when, and which can be joined. No I/O: requests and
//! times go in, decisions come out.

use std::{
    collections::{BTreeMap, BTreeSet},
    error, fmt,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use game::names::clean;
use websocket_peer::multiplayer::{PeerId, RoomOptions};

use crate::code::RoomCode;

/// The longest title of a room, in characters.
pub const MAX_TITLE: usize = 40;

/// The number of rooms that a list has, those that were created last. The others can be joined by their codes.
pub const MAX_LISTED: usize = 100;

/// Settings of the lobby and of the rooms that are created in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LobbyOptions {
    /// The number of rooms that exist at a time. Default: 500.
    pub max_rooms: usize,
    /// The number of rooms that exist at a time and were created from one address. The addresses of an IPv6 /64 count as
    /// one; behind a proxy, all clients have its address. Zero: no limit. Default: 50.
    pub max_rooms_per_address: usize,
    /// The options of each room. Default: those of [`RoomOptions`], with a capacity of 16.
    pub room: RoomOptions,
    /// The time between two rooms of one creator. Default: 5 s.
    pub create_interval: Duration,
    /// The time between two lists that are sent to the same peers. Default: 500 ms.
    pub list_interval: Duration,
}

impl Default for LobbyOptions {
    fn default() -> Self {
        Self {
            max_rooms: 500,
            max_rooms_per_address: 50,
            room: RoomOptions::default().capacity(16),
            create_interval: Duration::from_secs(5),
            list_interval: Duration::from_millis(500),
        }
    }
}

/// The lobby. Times are those of any clock that only advances.
#[derive(Debug)]
pub struct Lobby {
    options: LobbyOptions,
    rooms: BTreeMap<RoomCode, NumberedRoom>,
    /// The number of the next room.
    next_number: u64,
    /// When each peer that has created a room may create the next one. Times that have passed are removed.
    creators: BTreeMap<PeerId, Duration>,
    /// The peers that wait for a list.
    asked: BTreeSet<PeerId>,
    is_changed: bool,
    /// The time from which the next list may be sent.
    next_list: Duration,
}

/// A room, as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRoom {
    /// Its code.
    pub code: RoomCode,
    /// Its title: one line of at most [`MAX_TITLE`] characters.
    pub title: String,
    /// The number of players in it.
    pub players: usize,
    /// The number of players that fit into it. Zero: no limit.
    pub capacity: usize,
}

/// Who is to get the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subscribers {
    /// All peers of the lobby: the list has changed.
    All,
    /// Those that asked for it.
    Only(BTreeSet<PeerId>),
}

/// Why a room was not created, or cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LobbyError {
    /// There is no room with this code, shortened and made safe to show.
    NoSuchRoom(String),
    /// The room has no place for another player.
    RoomFull(RoomCode),
    /// There are as many rooms as there may be.
    TooManyRooms,
    /// There are as many rooms as may be created from the peer's address.
    TooManyFromAddress,
    /// The peer has created a room, and must wait for this time.
    TooSoon(Duration),
    /// The server has failed to open the room, or to move the peer. The text is the cause.
    Failed(String),
}

#[derive(Debug)]
struct NumberedRoom {
    number: u64,
    /// The address that it was created from.
    creator: IpAddr,
    room: ListedRoom,
}

impl Lobby {
    /// Starts a lobby without rooms.
    pub fn new(options: LobbyOptions) -> Self {
        Self {
            options,
            rooms: BTreeMap::new(),
            next_number: 0,
            creators: BTreeMap::new(),
            asked: BTreeSet::new(),
            is_changed: false,
            next_list: Duration::ZERO,
        }
    }

    /// Returns the settings.
    pub fn options(&self) -> &LobbyOptions {
        &self.options
    }

    /// Adds a room for a peer at this address, with a code that no other room has. A title without a visible character becomes
    /// `Room ABCD`.
    ///
    /// # Errors
    /// [`LobbyError::TooManyRooms`], [`LobbyError::TooManyFromAddress`], [`LobbyError::TooSoon`].
    pub fn create(
        &mut self,
        creator: PeerId,
        address: IpAddr,
        title: &str,
        now: Duration,
    ) -> Result<ListedRoom, LobbyError> {
        self.creators.retain(|_, next| *next > now);
        if let Some(next) = self.creators.get(&creator) {
            return Err(LobbyError::TooSoon(*next - now));
        }
        if self.rooms.len() >= self.options.max_rooms {
            return Err(LobbyError::TooManyRooms);
        }
        let (client, max) = (client_of(address), self.options.max_rooms_per_address);
        if max > 0 && self.rooms.values().filter(|room| room.creator == client).count() >= max {
            return Err(LobbyError::TooManyFromAddress);
        }
        let code = RoomCode::random(|code| self.rooms.contains_key(&code)).ok_or(LobbyError::TooManyRooms)?;
        let mut title = clean(title, MAX_TITLE);
        if title.is_empty() {
            title = format!("Room {code}");
        }
        let room = ListedRoom { code, title, players: 0, capacity: self.options.room.capacity };
        self.rooms
            .insert(code, NumberedRoom { number: self.next_number, creator: client, room: room.clone() });
        self.next_number += 1;
        if !self.options.create_interval.is_zero() {
            self.creators.insert(creator, now + self.options.create_interval);
        }
        self.is_changed = true;
        Ok(room)
    }

    /// Returns the room that a peer asks for by its code.
    ///
    /// # Errors
    /// [`LobbyError::NoSuchRoom`], [`LobbyError::RoomFull`].
    pub fn find(&self, code: &str) -> Result<RoomCode, LobbyError> {
        let room = code.trim().parse().ok().and_then(|code: RoomCode| self.rooms.get(&code));
        match room {
            None => Err(LobbyError::NoSuchRoom(clean(code, 2 * crate::code::LENGTH))),
            Some(NumberedRoom { room, .. }) if room.is_full() => Err(LobbyError::RoomFull(room.code)),
            Some(NumberedRoom { room, .. }) => Ok(room.code),
        }
    }

    /// Removes a room that is closed.
    pub fn remove(&mut self, code: RoomCode) {
        self.is_changed |= self.rooms.remove(&code).is_some();
    }

    /// Sets the number of players in a room.
    pub fn set_players(&mut self, code: RoomCode, players: usize) {
        if let Some(NumberedRoom { room, .. }) = self.rooms.get_mut(&code) {
            self.is_changed |= room.players != players;
            room.players = players;
        }
    }

    /// Notes that a peer asks for the list. It gets it with the next one that is due.
    pub fn ask(&mut self, peer: PeerId) {
        self.asked.insert(peer);
    }

    /// Notes that a peer has left the lobby.
    pub fn forget(&mut self, peer: PeerId) {
        self.asked.remove(&peer);
    }

    /// Returns the number of rooms.
    pub fn len(&self) -> usize {
        self.rooms.len()
    }

    /// Returns `true` if there are no rooms.
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    /// Returns the list: the rooms that were created last, at most [`MAX_LISTED`], the newest first.
    pub fn list(&self) -> Vec<&ListedRoom> {
        let mut rooms: Vec<&NumberedRoom> = self.rooms.values().collect();
        rooms.sort_unstable_by_key(|room| std::cmp::Reverse(room.number));
        rooms.into_iter().take(MAX_LISTED).map(|room| &room.room).collect()
    }

    /// Returns the time from which a list is to be sent. `None` if none is to be sent.
    pub fn list_due(&self) -> Option<Duration> {
        (self.is_changed || !self.asked.is_empty()).then_some(self.next_list)
    }

    /// Returns the peers that are to get the list now. `None` before [`list_due`](Self::list_due).
    pub fn take_subscribers(&mut self, now: Duration) -> Option<Subscribers> {
        self.list_due().filter(|due| now >= *due)?;
        self.next_list = now + self.options.list_interval;
        let asked = std::mem::take(&mut self.asked);
        let is_changed = std::mem::take(&mut self.is_changed);
        Some(if is_changed { Subscribers::All } else { Subscribers::Only(asked) })
    }
}

/// Returns what counts as one client: an IPv4 address, or the /64 of an IPv6 address.
fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & u128::MAX << 64)),
        address => address,
    }
}

impl ListedRoom {
    /// Returns `true` if it has no place for another player.
    pub fn is_full(&self) -> bool {
        self.capacity > 0 && self.players >= self.capacity
    }
}

impl fmt::Display for LobbyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchRoom(code) if code.is_empty() => f.write_str("A room has a code of four letters"),
            Self::NoSuchRoom(code) => write!(f, "There is no room {code}"),
            Self::RoomFull(code) => write!(f, "Room {code} is full"),
            Self::TooManyRooms => f.write_str("The server is full: it has no place for another room"),
            Self::TooManyFromAddress => f.write_str("Your network has created too many rooms"),
            Self::TooSoon(left) => {
                let seconds = left.as_millis().div_ceil(1000);
                write!(f, "You can create the next room in {seconds} s")
            }
            Self::Failed(cause) => write!(f, "The server could not do this: {cause}"),
        }
    }
}

impl error::Error for LobbyError {}

#[cfg(test)]
mod tests;
