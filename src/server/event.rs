//! What a server tells, and what can be asked about a peer.

use std::{any::Any, net::SocketAddr};

use super::{key::PeerKey, peer_entry::PeerEntry};
use crate::{close::CloseInfo, packet::Packet, request::Request, state::ReadyState, stats::Stats};

/// What has happened, in the order in which it did for each peer: [`Opened`](Self::Opened), its packets, and exactly one
/// [`Closed`](Self::Closed).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A client's handshake is done: packets can be sent to it.
    Opened(PeerKey),
    /// A packet arrived.
    Packet(PeerKey, Packet),
    /// The connection is over, and how. What had arrived before was reported before.
    Closed(PeerKey, CloseInfo),
}

/// What is known of a peer: [`WebSocketServer::peer`](crate::WebSocketServer::peer).
#[derive(Debug, Clone, Copy)]
pub struct PeerInfo<'a> {
    pub(super) entry: &'a PeerEntry,
    pub(super) request: &'a Request,
}

impl<'a> PeerInfo<'a> {
    /// Where it connected from. Behind a proxy that is the proxy.
    ///
    /// Godot: `get_connected_host`, `get_connected_port`.
    pub fn addr(&self) -> SocketAddr {
        self.entry.addr
    }

    /// What it asked for: path, query, header fields, origin.
    pub fn request(&self) -> &'a Request {
        self.request
    }

    /// The sub-protocol that was chosen.
    ///
    /// Godot: `get_selected_protocol`.
    pub fn protocol(&self) -> Option<&'a str> {
        self.entry.link.protocol()
    }

    /// Its state: open, closing or closed.
    ///
    /// Godot: `get_ready_state`.
    pub fn state(&self) -> ReadyState {
        self.entry.link.state()
    }

    /// How many payload bytes were sent to it and have not been handed to the kernel.
    ///
    /// Godot: `get_current_outbound_buffered_amount`.
    pub fn buffered(&self) -> usize {
        self.entry.link.outbox.bytes()
    }

    /// Packets and bytes each way, and the round trip.
    pub fn stats(&self) -> Stats {
        self.entry.link.stats
    }

    /// What the hook attached by [`Admission::identity`](crate::Admission::identity), if it is of this type.
    pub fn user_data<T: Any>(&self) -> Option<&'a T> {
        self.entry.user_data.as_deref()?.downcast_ref()
    }
}
