//! The names of the rooms, and the places in them. The server and its hook share it: a request is placed while the
//! server is polled.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    error::RoomError,
    key::RoomKey,
    options::{RoomOptions, RoomServerOptions},
    placement::{Placement, PlacementTarget},
};
use crate::{admission::Admission, request::Request};

/// The longest name of a room, in bytes.
const MAX_NAME: usize = 255;

/// The directory of the rooms. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Directory(Arc<Mutex<Listings>>);

#[derive(Debug)]
struct Listings {
    max_rooms: usize,
    max_packet_size: usize,
    by_name: HashMap<Arc<str>, RoomKey>,
    by_key: HashMap<RoomKey, Listing>,
    last: u64,
    /// The rooms that were opened, and that the server has not taken.
    opened: VecDeque<OpenedRoom>,
}

#[derive(Debug)]
struct Listing {
    name: Arc<str>,
    capacity: usize,
    /// The number of peers that are in the room, or that were accepted and will join it.
    places: usize,
}

/// A room that was opened.
#[derive(Debug)]
pub(super) struct OpenedRoom {
    pub(super) key: RoomKey,
    pub(super) name: Arc<str>,
    pub(super) options: RoomOptions,
}

/// A place in a room, for one peer. Dropping it gives it back.
pub(super) struct Reservation {
    directory: Directory,
    room: RoomKey,
}

/// What a connection was accepted with, until it is open.
#[derive(Debug)]
pub(super) struct PlacedRequest {
    place: Mutex<Option<Reservation>>,
    pub(super) data: Vec<u8>,
}

impl Directory {
    pub(super) fn new(options: &RoomServerOptions) -> Self {
        Self(Arc::new(Mutex::new(Listings {
            max_rooms: options.max_rooms,
            max_packet_size: options.max_packet_size,
            by_name: HashMap::new(),
            by_key: HashMap::new(),
            last: 0,
            opened: VecDeque::new(),
        })))
    }

    /// Decides about a request by its placement. For an upgrade request it takes the place.
    pub(super) fn admit(&self, request: &Request, placement: Placement) -> Admission {
        let Placement { destination, mut terms } = placement;
        let data = std::mem::take(&mut terms.data);
        let admission = match destination {
            PlacementTarget::Reject(status) => Admission::reject(status),
            PlacementTarget::Respond(status, body) => Admission::respond(status, body),
            PlacementTarget::Room(..) if !request.is_upgrade() => Admission::accept(),
            PlacementTarget::Room(name, options) => match self.place(&name, options) {
                Ok(place) => Admission::accept().user_data(PlacedRequest::new(place, data)),
                Err(error) => {
                    log::debug!("{} is not placed: {error}", request.addr());
                    Admission::reject(status(&error))
                }
            },
        };
        terms.apply(admission)
    }

    /// Takes a place in the room with this name. With options it opens the room if there is none.
    fn place(&self, name: &str, options: Option<Box<RoomOptions>>) -> Result<Reservation, RoomError> {
        let found = self.find(name);
        let room = match (found, options) {
            (Some(room), _) => room,
            (None, Some(options)) => self.open(name, *options)?,
            (None, None) => return Err(RoomError::UnknownRoom),
        };
        self.take_place(room)
    }

    /// Opens a room. The server [takes](Self::take_opened) it later.
    pub(super) fn open(&self, name: &str, options: RoomOptions) -> Result<RoomKey, RoomError> {
        let mut listings = self.lock();
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(RoomError::InvalidName);
        }
        options.check(listings.max_packet_size)?;
        if listings.by_name.contains_key(name) {
            return Err(RoomError::NameTaken);
        }
        if listings.by_key.len() >= listings.max_rooms {
            return Err(RoomError::TooManyRooms);
        }
        listings.last += 1;
        let (key, name) = (RoomKey::new(listings.last), Arc::<str>::from(name));
        listings.by_name.insert(name.clone(), key);
        listings.by_key.insert(key, Listing { name: name.clone(), capacity: options.capacity, places: 0 });
        listings.opened.push_back(OpenedRoom { key, name, options });
        Ok(key)
    }

    /// Takes the next room that was opened.
    pub(super) fn take_opened(&self) -> Option<OpenedRoom> {
        self.lock().opened.pop_front()
    }

    /// Removes a room. Its name is free.
    pub(super) fn remove(&self, room: RoomKey) {
        let mut listings = self.lock();
        if let Some(listing) = listings.by_key.remove(&room) {
            listings.by_name.remove(&listing.name);
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<RoomKey> {
        self.lock().by_name.get(name).copied()
    }

    /// Takes a place in a room.
    pub(super) fn take_place(&self, room: RoomKey) -> Result<Reservation, RoomError> {
        let mut listings = self.lock();
        let listing = listings.by_key.get_mut(&room).ok_or(RoomError::UnknownRoom)?;
        if listing.capacity > 0 && listing.places >= listing.capacity {
            return Err(RoomError::RoomFull);
        }
        listing.places += 1;
        Ok(Reservation { directory: self.clone(), room })
    }

    /// Returns `true` if no peer is in the room or will join it.
    pub(super) fn is_empty(&self, room: RoomKey) -> bool {
        self.lock().by_key.get(&room).is_none_or(|listing| listing.places == 0)
    }

    fn lock(&self) -> MutexGuard<'_, Listings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    pub(super) fn room(&self) -> RoomKey {
        self.room
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(listing) = self.directory.lock().by_key.get_mut(&self.room) {
            listing.places -= 1;
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reservation({})", self.room)
    }
}

impl PlacedRequest {
    pub(super) fn new(place: Reservation, data: Vec<u8>) -> Self {
        Self { place: Mutex::new(Some(place)), data }
    }

    /// Takes the place, once the connection is open. From then on it is the server's.
    pub(super) fn take_place(&self) -> Option<Reservation> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Returns the HTTP status for a client that cannot be placed.
fn status(error: &RoomError) -> u16 {
    match error {
        RoomError::UnknownRoom => 404,
        RoomError::InvalidName => 400,
        RoomError::TooManyRooms | RoomError::RoomFull => 503,
        error => {
            log::error!("the hook of on_request returned an invalid placement: {error}");
            500
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multiplayer::SessionOptions;

    fn directory(max_rooms: usize) -> Directory {
        Directory::new(&RoomServerOptions::default().max_rooms(max_rooms))
    }

    fn request(is_upgrade: bool) -> Request {
        let fields = [("Host", &b"h"[..])];
        let request = Request::new(([192, 0, 2, 1], 5000).into(), false, "h", "/", fields);
        if is_upgrade { request } else { request.into_plain(false) }
    }

    #[test]
    fn a_place_is_given_back_when_it_is_dropped() {
        let directory = directory(1);
        let room = directory.open("a", RoomOptions::default().capacity(2)).expect("it is free");
        let first = directory.take_place(room).expect("there are two");
        let second = directory.take_place(room).expect("there is another");
        assert_eq!(directory.take_place(room).map(|_| ()), Err(RoomError::RoomFull));
        drop(first);
        assert!(!directory.is_empty(room));
        let third = directory.take_place(room).expect("one was given back");
        drop((second, third));
        assert!(directory.is_empty(room));
    }

    #[test]
    fn a_name_is_free_when_its_room_is_removed_and_places_in_it_are_no_places_of_the_next_one() {
        let directory = directory(1);
        let room = directory.open("a", RoomOptions::default()).expect("it is free");
        let place = directory.take_place(room).expect("there is no limit");
        assert_eq!(directory.open("a", RoomOptions::default()), Err(RoomError::NameTaken));
        assert_eq!(directory.open("b", RoomOptions::default()), Err(RoomError::TooManyRooms));
        directory.remove(room);
        let next = directory.open("a", RoomOptions::default()).expect("it is free again");
        assert_ne!(next, room);
        drop(place);
        assert!(directory.is_empty(next));
        assert_eq!(directory.take_place(room).map(|_| ()), Err(RoomError::UnknownRoom));
    }

    #[test]
    fn invalid_rooms_are_not_opened() {
        let directory = directory(9);
        for name in ["", "a\nb", "\u{7f}", &"x".repeat(256)] {
            assert_eq!(directory.open(name, RoomOptions::default()), Err(RoomError::InvalidName), "{name:?}");
        }
        let large = SessionOptions::default().max_packet_size(65_536);
        let opened = directory.open("a", RoomOptions::default().session(large));
        assert!(matches!(opened, Err(RoomError::Session(_))), "{opened:?}");
        assert!(directory.take_opened().is_none());
        assert!(directory.open(&"é".repeat(127), RoomOptions::default()).is_ok());
    }

    #[test]
    fn only_an_upgrade_request_opens_a_room_and_takes_a_place() {
        let directory = directory(9);
        let placement = || Placement::room_or_open("a", RoomOptions::default());
        drop(directory.admit(&request(false), placement()));
        assert_eq!(directory.find("a"), None);
        let admission = directory.admit(&request(true), placement());
        let room = directory.find("a").expect("it was opened");
        assert!(!directory.is_empty(room));
        drop(admission);
        assert!(directory.is_empty(room), "the place of a client that was not accepted is free");
    }
}
