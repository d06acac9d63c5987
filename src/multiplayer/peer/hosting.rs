//! Methods that only a server supports.

use std::net::SocketAddr;

use super::{Side, WebSocketMultiplayerPeer};
use crate::{
    admission::Admission, error::Error, multiplayer::id::PeerId, options::TlsCertificate, request::Request,
    server::PeerInfo, stats::ServerStats, upgraded::UpgradedStream,
};

impl WebSocketMultiplayerPeer {
    /// At a server: rejects new clients with 503, until it is called with `false`. Connected clients stay. A client
    /// whose `Connected` the program has not read is new: its connection is closed with code 1000, without an event.
    ///
    /// Godot: `refuse_new_connections`, which leaves new clients without an answer.
    pub fn refuse_new_connections(&mut self, refuse: bool) {
        if let Side::Server(side) = &mut self.side {
            side.refuse_new_connections(refuse);
        }
    }

    /// At a server: sets a hook that decides about each client's upgrade request, like
    /// [`WebSocketServer::on_request`](crate::WebSocketServer::on_request).
    /// The data that it attaches is in [`peer`](Self::peer).
    pub fn on_request(&mut self, hook: impl FnMut(&Request) -> Admission + Send + Sync + 'static) {
        if let Side::Server(side) = &mut self.side {
            side.server.on_request(hook);
        }
    }

    /// At a server: accepts a stream on which a web framework has made the handshake, like
    /// [`WebSocketServer::accept_upgraded`](crate::WebSocketServer::accept_upgraded). For a server without a listener,
    /// pass [`WebSocketServer::without_listener`](crate::WebSocketServer::without_listener) to
    /// [`from_server`](Self::from_server).
    ///
    /// # Errors
    /// The errors of `WebSocketServer::accept_upgraded`; [`Error::Unsupported`] at a client.
    pub fn accept_upgraded(&mut self, upgraded: UpgradedStream) -> Result<(), Error> {
        match &mut self.side {
            Side::Server(side) => side.server.accept_upgraded(upgraded).map(|_| ()),
            Side::Client(_) => Err(Error::Unsupported { what: "accepting connections at a client" }),
        }
    }

    /// At a server: replaces the certificate, like
    /// [`WebSocketServer::set_certificate`](crate::WebSocketServer::set_certificate).
    ///
    /// # Errors
    /// The errors of `WebSocketServer::set_certificate`; [`Error::Unsupported`] at a client.
    pub fn set_certificate(&mut self, certificate: TlsCertificate) -> Result<(), Error> {
        match &mut self.side {
            Side::Server(side) => side.server.set_certificate(certificate),
            Side::Client(_) => Err(Error::Unsupported { what: "a certificate at a client" }),
        }
    }

    /// At a server: returns the address that it listens on.
    ///
    /// # Errors
    /// [`Error::Unsupported`] at a client; [`Error::Io`] at a server that has closed.
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        match &self.side {
            Side::Server(side) => side.server.local_addr(),
            Side::Client(_) => Err(Error::Unsupported { what: "a listening address at a client" }),
        }
    }

    /// At a server: returns the address, request, user data and statistics of a client's connection. `None` for other
    /// peers, and at a client.
    ///
    /// Godot: `get_peer`, `get_peer_address`, `get_peer_port`.
    #[doc(alias = "get_peer")]
    #[doc(alias = "get_peer_address")]
    #[doc(alias = "get_peer_port")]
    pub fn peer(&self, id: PeerId) -> Option<PeerInfo<'_>> {
        match &self.side {
            Side::Server(side) => side.server.peer(side.key(id)?),
            Side::Client(_) => None,
        }
    }

    /// At a server: returns the counters of all its connections, and the memory that they use. `None` at a client.
    ///
    /// It visits every connection.
    pub fn server_stats(&self) -> Option<ServerStats> {
        match &self.side {
            Side::Server(side) => Some(side.server.stats()),
            Side::Client(_) => None,
        }
    }
}
