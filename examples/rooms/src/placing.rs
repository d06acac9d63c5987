//! Decides about requests: into which room a client goes, and the list of rooms over HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use websocket_peer::{OriginPolicy, Request, multiplayer::Placement};

use crate::{
    messages::{LOBBY, PROTOCOL},
    paths::{Destination, allowed_origin},
};

/// Places requests. Clones share the list of rooms, so one of them can be in the hook of the server.
#[derive(Debug, Clone)]
pub struct Placer {
    origins: OriginPolicy,
    /// The list as JSON.
    list: Arc<Mutex<String>>,
}

impl Placer {
    pub(crate) fn new(origins: OriginPolicy) -> Self {
        Self { origins, list: Arc::new(Mutex::new("[]".to_owned())) }
    }

    pub(crate) fn set_list(&self, json: String) {
        *self.list.lock().unwrap_or_else(PoisonError::into_inner) = json;
    }

    /// Decides about a request. Unknown paths are rejected with status 404, and so is a room that
    /// does not exist; a room without place for another player with 503.
    pub fn place(&self, request: &Request) -> Placement {
        match Destination::of_path(request.path()) {
            Destination::Lobby => with_protocol(Placement::room(LOBBY), request, PROTOCOL),
            Destination::Room(code) => {
                with_protocol(Placement::room(code.as_str()), request, game::messages::PROTOCOL)
            }
            Destination::List if !request.is_upgrade() => self.list(request),
            Destination::List | Destination::Unknown => Placement::reject(404),
        }
    }

    fn list(&self, request: &Request) -> Placement {
        let json = self.list.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let response = Placement::respond(200, json)
            .header("Content-Type", "application/json")
            .header("Cache-Control", "no-store")
            .header("Vary", "Origin")
            .header("X-Content-Type-Options", "nosniff");
        match allowed_origin(request, &self.origins) {
            Some(origin) => response.header("Access-Control-Allow-Origin", origin),
            None => response,
        }
    }
}

/// Chooses the sub-protocol if it is offered. A client may offer none, but not only others.
fn with_protocol(placement: Placement, request: &Request, protocol: &str) -> Placement {
    let mut offered = request.protocols().peekable();
    if offered.peek().is_none() {
        placement
    } else if offered.any(|offered| offered == protocol) {
        placement.protocol(protocol)
    } else {
        Placement::reject(400)
    }
}
