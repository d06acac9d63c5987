//! The two transports of a client behind one interface. Both are the same natively and in a page.

use std::{task::Waker, time::Duration};

use websocket_peer::{
    CloseInfo, Error, PeerOptions, ReadyState, WebSocketPeer,
    multiplayer::{ConnectionStatus, PeerEvent, PeerId, Target, WebSocketMultiplayerPeer},
    variant::Variant,
};

use crate::{
    mode::{Mode, SUB_PROTOCOL},
    protocol::packet_text,
};

/// The largest message that is accepted, in bytes. Servers other than ours allow longer lines than ours does.
const MAX_MESSAGE: usize = 64 * 1024;

/// The connection of a client.
pub(super) enum Transport {
    Plain { peer: Box<WebSocketPeer>, has_opened: bool },
    Multiplayer(Box<WebSocketMultiplayerPeer>),
}

/// What a transport reports.
pub(super) enum Received {
    /// The connection is open.
    Opened,
    /// A packet with this text arrived.
    Text(String),
    /// The connection has ended. It may be reported at further calls, too.
    Closed(CloseInfo),
}

impl Transport {
    pub(super) fn connect(url: &str, mode: Mode) -> Result<Self, Error> {
        let options = PeerOptions::default()
            .protocols([SUB_PROTOCOL])
            .max_message_size(MAX_MESSAGE)
            .inbound_buffer_size(16 * MAX_MESSAGE)
            .outbound_buffer_size(MAX_MESSAGE);
        match mode {
            Mode::Plain => {
                let mut peer = Box::new(WebSocketPeer::with_options(options));
                peer.connect(url)?;
                Ok(Self::Plain { peer, has_opened: false })
            }
            Mode::Multiplayer => {
                Ok(Self::Multiplayer(Box::new(WebSocketMultiplayerPeer::connect(url, options)?)))
            }
        }
    }

    pub(super) fn poll(&mut self) {
        match self {
            Self::Plain { peer, .. } => {
                peer.poll();
            }
            Self::Multiplayer(peer) => peer.poll(),
        }
    }

    pub(super) fn wait(&mut self, at_most: Duration) {
        match self {
            Self::Plain { peer, .. } => {
                peer.wait(at_most);
            }
            Self::Multiplayer(peer) => peer.wait(at_most),
        }
    }

    pub(super) fn waker(&mut self) -> Waker {
        match self {
            Self::Plain { peer, .. } => peer.waker(),
            Self::Multiplayer(peer) => peer.waker(),
        }
    }

    pub(super) fn on_wake(&mut self, hook: impl Fn() + Send + 'static) -> Result<(), Error> {
        match self {
            Self::Plain { peer, .. } => peer.on_wake(hook),
            Self::Multiplayer(peer) => peer.on_wake(hook),
        }
    }

    /// Returns what happened next. Packets without text are skipped.
    pub(super) fn next(&mut self) -> Option<Received> {
        match self {
            Self::Plain { peer, has_opened } => {
                // The connection may have ended behind its first packets. The sub-protocol shows that it was open.
                if !*has_opened && peer.protocol().is_some() {
                    *has_opened = true;
                    return Some(Received::Opened);
                }
                while let Some(packet) = peer.recv() {
                    if let Some(text) = packet_text(&packet) {
                        return Some(Received::Text(text));
                    }
                }
                peer.close_info().cloned().map(Received::Closed)
            }
            Self::Multiplayer(peer) => loop {
                match peer.next_event()? {
                    PeerEvent::Connected(_) => return Some(Received::Opened),
                    PeerEvent::Packet(_, packet) => {
                        if let Some(text) = packet_text(&packet) {
                            return Some(Received::Text(text));
                        }
                    }
                    PeerEvent::Disconnected(_, info) | PeerEvent::ConnectionFailed(info) => {
                        return Some(Received::Closed(info));
                    }
                    _ => {}
                }
            },
        }
    }

    pub(super) fn send(&mut self, text: &str) -> Result<(), Error> {
        match self {
            Self::Plain { peer, .. } => peer.send_text(text),
            Self::Multiplayer(peer) => peer.send_variant(Target::SERVER, &Variant::from(text)),
        }
    }

    pub(super) fn state(&self) -> ReadyState {
        match self {
            Self::Plain { peer, .. } => peer.state(),
            Self::Multiplayer(peer) => match peer.status() {
                ConnectionStatus::Connecting => ReadyState::Connecting,
                ConnectionStatus::Connected => ReadyState::Open,
                _ if peer.is_closed() => ReadyState::Closed,
                _ => ReadyState::Closing,
            },
        }
    }

    pub(super) fn id(&self) -> Option<PeerId> {
        match self {
            Self::Plain { .. } => None,
            Self::Multiplayer(peer) => peer.id(),
        }
    }

    pub(super) fn close(&mut self) {
        match self {
            Self::Plain { peer, .. } => peer.close(),
            Self::Multiplayer(peer) => peer.close(),
        }
    }
}
