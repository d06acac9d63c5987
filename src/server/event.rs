//! The events of a server, and information about a peer.

use std::{any::Any, net::SocketAddr};

use super::{key::PeerKey, peer_entry::PeerEntry};
use crate::{close::CloseInfo, packet::Packet, request::Request, state::ReadyState, stats::Stats};

/// An event. Each peer has its events in this order: [`Opened`](Self::Opened), its packets, and exactly one
/// [`Closed`](Self::Closed).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A client has completed its handshake. Packets can be sent to it.
    Opened(PeerKey),
    /// A packet arrived.
    Packet(PeerKey, Packet),
    /// The connection has ended, for this reason. Packets that arrived before the end were returned before this event.
    Closed(PeerKey, CloseInfo),
}

/// Information about a peer, from [`WebSocketServer::peer`](crate::WebSocketServer::peer).
#[derive(Debug, Clone, Copy)]
pub struct PeerInfo<'a> {
    pub(super) entry: &'a PeerEntry,
    pub(super) request: &'a Request,
}

impl<'a> PeerInfo<'a> {
    /// Returns the address that it connected from. Behind a proxy, this is the address of the proxy.
    ///
    /// Godot: `get_connected_host`, `get_connected_port`.
    #[doc(alias = "get_connected_host")]
    #[doc(alias = "get_connected_port")]
    pub fn addr(&self) -> SocketAddr {
        self.request.addr()
    }

    /// Returns its upgrade request: path, query, header fields, origin.
    pub fn request(&self) -> &'a Request {
        self.request
    }

    /// Returns the sub-protocol that was chosen.
    ///
    /// Godot: `get_selected_protocol`.
    #[doc(alias = "get_selected_protocol")]
    pub fn protocol(&self) -> Option<&'a str> {
        self.entry.link.protocol()
    }

    /// Returns the state of the connection: open, closing or closed.
    ///
    /// Godot: `get_ready_state`.
    #[doc(alias = "get_ready_state")]
    pub fn state(&self) -> ReadyState {
        self.entry.link.state()
    }

    /// Returns the number of payload bytes that were sent to it and wait to be handed to the kernel.
    ///
    /// Godot: `get_current_outbound_buffered_amount`.
    #[doc(alias = "get_current_outbound_buffered_amount")]
    pub fn buffered(&self) -> usize {
        self.entry.link.outbox.bytes()
    }

    /// Returns packets and bytes in each direction, and the round-trip time.
    pub fn stats(&self) -> Stats {
        self.entry.link.stats.get()
    }

    /// Returns the data that the hook attached by [`Admission::user_data`](crate::Admission::user_data), if it is of
    /// this type.
    pub fn user_data<T: Any>(&self) -> Option<&'a T> {
        self.entry.user_data.as_ref()?.0.downcast_ref()
    }
}
