//! [`Placement`]: the decision about a request, as a value.

use std::fmt;

use bytes::Bytes;

use super::options::RoomOptions;
use crate::{
    admission::Admission,
    options::{PeerOptions, RateLimits},
};

/// The decision about a [`Request`](crate::Request) to a server of rooms: the room that the client joins, or an answer
/// over HTTP. The hook of [`RoomServer::on_request`](super::RoomServer::on_request) returns it.
///
/// It is a value: it names a room, and holds no reference to one. So the decision could be made by another process than
/// the one that has the room.
///
/// ```
/// use websocket_peer::{Request, multiplayer::{Placement, RoomOptions}};
///
/// fn place(request: &Request) -> Placement {
///     match request.path().split('/').collect::<Vec<_>>()[..] {
///         ["", "health"] => Placement::respond(200, "ok\n"),
///         ["", "lobby"] => Placement::room("lobby"),
///         ["", "room", code] => Placement::room(code),
///         ["", "arena", name] => Placement::room_or_open(name, RoomOptions::default().capacity(16)),
///         _ => Placement::reject(404),
///     }
/// }
/// # let _ = place;
/// ```
///
/// What [`Admission`] rejects as invalid is answered with status 500, as there, and so are invalid options of a room.
#[must_use = "it takes effect when the hook returns it"]
pub struct Placement {
    pub(super) destination: PlacementTarget,
    pub(super) terms: PlacementTerms,
}

/// Where a request goes.
pub(super) enum PlacementTarget {
    /// Into this room. It is opened with the options, if there are any.
    Room(String, Option<Box<RoomOptions>>),
    Reject(u16),
    Respond(u16, Bytes),
}

/// The settings of the peer or of the response.
#[derive(Default)]
pub(super) struct PlacementTerms {
    protocol: Option<String>,
    headers: Vec<(String, String)>,
    connection: Option<Box<PeerOptions>>,
    rate_limits: Option<RateLimits>,
    pub(super) data: Vec<u8>,
}

impl Placement {
    /// Accepts the client into the room with this name. If there is no such room, the client is rejected with status
    /// 404; if it is full, with 503.
    ///
    /// A request that is not an [upgrade](crate::Request::is_upgrade) is answered with status 426, as by
    /// [`Admission::accept`].
    pub fn room(name: impl Into<String>) -> Self {
        Self::new(PlacementTarget::Room(name.into(), None))
    }

    /// Accepts the client into the room with this name. If there is no such room, it is opened with these options. If
    /// the room is full, or there are too many rooms, the client is rejected with status 503; with 400, if the name is
    /// not valid: it must have 1 to 255 bytes, and no control characters.
    ///
    /// Names that clients choose let each client open rooms. Limit them by
    /// [`max_rooms`](super::RoomServerOptions::max_rooms) and [`empty_timeout`](RoomOptions::empty_timeout).
    pub fn room_or_open(name: impl Into<String>, options: RoomOptions) -> Self {
        Self::new(PlacementTarget::Room(name.into(), Some(Box::new(options))))
    }

    /// Rejects the client with this HTTP status, like [`Admission::reject`].
    pub fn reject(status: u16) -> Self {
        Self::new(PlacementTarget::Reject(status))
    }

    /// Answers the request over HTTP, like [`Admission::respond`].
    pub fn respond(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(PlacementTarget::Respond(status, body.into()))
    }

    fn new(destination: PlacementTarget) -> Self {
        Self { destination, terms: PlacementTerms::default() }
    }

    /// Chooses the sub-protocol, like [`Admission::protocol`].
    pub fn protocol(mut self, protocol: impl Into<String>) -> Self {
        self.terms.protocol = Some(protocol.into());
        self
    }

    /// Adds a header field to the response, like [`Admission::header`].
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.terms.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the options of this peer only, like [`Admission::connection`].
    pub fn connection(mut self, options: PeerOptions) -> Self {
        self.terms.connection = Some(Box::new(options));
        self
    }

    /// Sets the rate limits of this peer only, like [`Admission::rate_limits`].
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.terms.rate_limits = Some(limits);
        self
    }

    /// Attaches bytes of the program, for instance the account that a ticket names.
    /// [`RoomServer::peer_data`](super::RoomServer::peer_data) returns them. They stay with the peer when it moves.
    pub fn data(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.terms.data = data.into();
        self
    }
}

impl PlacementTerms {
    /// Adds the settings to an admission.
    pub(super) fn apply(self, mut admission: Admission) -> Admission {
        if let Some(protocol) = self.protocol {
            admission = admission.protocol(protocol);
        }
        if let Some(connection) = self.connection {
            admission = admission.connection(*connection);
        }
        if let Some(limits) = self.rate_limits {
            admission = admission.rate_limits(limits);
        }
        self.headers.into_iter().fold(admission, |admission, (name, value)| admission.header(name, value))
    }
}

impl fmt::Debug for Placement {
    /// Shows no header field and no data, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.destination {
            PlacementTarget::Room(name, None) => write!(f, "Placement::room({name:?})"),
            PlacementTarget::Room(name, Some(_)) => write!(f, "Placement::room_or_open({name:?})"),
            PlacementTarget::Reject(status) => write!(f, "Placement::reject({status})"),
            PlacementTarget::Respond(status, body) => {
                write!(f, "Placement::respond({status}, {} bytes)", body.len())
            }
        }
    }
}
