//! The server: a listening socket and its peers as a resource.

use std::{
    collections::{BTreeSet, VecDeque},
    mem::take,
    net::ToSocketAddrs,
};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use websocket_peer::{CloseCause, CloseInfo, Error, Packet, PeerKey, ServerEvent, ServerOptions};

use crate::{
    EXIT_TIMEOUT, WebSocketSystems,
    resource::{Identity, deref},
    wait_for_close,
};

/// The number of unread packets, and of ended connections whose packets are unread, at which the plugin takes no more
/// events from the server.
const MAX_UNREAD_PACKETS: usize = 65_536;
/// The number of bytes in unread packets at which the plugin takes no more events from the server.
const MAX_UNREAD_BYTES: usize = 64 * 1024 * 1024;

/// Polls the resource [`WebSocketServer`] once a frame, while there is one, and reports [`PeerConnected`] and
/// [`PeerDisconnected`].
#[derive(Debug, Default, Clone, Copy)]
pub struct WebSocketServerPlugin;

impl Plugin for WebSocketServerPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<PeerConnected>()
            .add_message::<PeerDisconnected>()
            .add_systems(PreUpdate, poll.in_set(WebSocketSystems::Poll))
            .add_systems(PostUpdate, flush.in_set(WebSocketSystems::Flush))
            .add_systems(Last, shut_down.run_if(on_message::<AppExit>));
    }
}

/// A server. It derefs to [`websocket_peer::WebSocketServer`], whose methods send and close.
///
/// It is a resource and not a component, as an app has one server. Its peers have keys, by which the program finds
/// its own entities. Insert it to listen. Removing it ends all connections at once; call `shutdown` first, and remove
/// it when `is_shut_down` returns `true`.
///
/// Read packets with [`recv`](Self::recv). The plugin reads the events of the server, so systems must not call
/// `next_event`, `poll` and `wait`. To use another [`websocket_peer::WebSocketServer`], replace the resource: one that is
/// assigned to the dereferenced resource is taken for the one before.
///
/// Platform: browsers have no servers; [`bind`](Self::bind) returns [`Error::Unsupported`] there.
#[derive(Resource, Debug)]
pub struct WebSocketServer {
    server: websocket_peer::WebSocketServer,
    pub(crate) identity: Identity,
    packets: VecDeque<(PeerKey, Packet)>,
    /// The bytes in `packets`.
    unread_bytes: usize,
    /// The number of packets that were ever added to `packets`.
    received: u64,
    /// The peers whose connections have ended, each with the value of `received` at that time.
    closed: VecDeque<(u64, PeerDisconnected)>,
}

impl WebSocketServer {
    /// Listens at an address. Port 0 takes a free port, which `local_addr` returns.
    ///
    /// # Errors
    /// The errors of [`websocket_peer::WebSocketServer::bind`].
    pub fn bind(address: impl ToSocketAddrs, options: ServerOptions) -> Result<Self, Error> {
        websocket_peer::WebSocketServer::bind(address, options).map(Self::from)
    }

    /// Takes the next packet, and returns it with its sender. Each peer's packets come in order, after its
    /// [`PeerConnected`] and before its [`PeerDisconnected`].
    ///
    /// Read all packets in each frame, or in each step of a fixed schedule. While 65,536 packets or 64 MiB are unread,
    /// no event of any peer is reported. The other packets wait in the connections, within the limits of the
    /// [`ServerOptions`].
    pub fn recv(&mut self) -> Option<(PeerKey, Packet)> {
        let next = self.packets.pop_front();
        self.unread_bytes -= next.as_ref().map_or(0, |(_, packet)| packet.len());
        next
    }

    /// Returns the number of unread packets that the last poll received.
    pub fn available(&self) -> usize {
        self.packets.len()
    }

    /// Takes the next event, or puts a packet into the queue. Returns `None` if nothing is left, or there is no room.
    fn take_event(&mut self) -> Option<Option<PeerKey>> {
        let unread = self.packets.len() + self.closed.len();
        if unread >= MAX_UNREAD_PACKETS || self.unread_bytes >= MAX_UNREAD_BYTES {
            return None;
        }
        match self.server.next_event()? {
            ServerEvent::Opened(peer) => return Some(Some(peer)),
            ServerEvent::Packet(peer, packet) => {
                self.unread_bytes += packet.len();
                self.received += 1;
                self.packets.push_back((peer, packet));
            }
            ServerEvent::Closed(peer, info) => {
                self.closed.push_back((self.received, PeerDisconnected { peer, info }));
            }
            _ => {}
        }
        Some(None)
    }

    /// Returns the peers whose arrival was read from the server, and whose end was not reported.
    fn reported_peers(&self) -> Vec<PeerKey> {
        self.server.peers().chain(self.closed.iter().map(|(_, closed)| closed.peer)).collect()
    }

    /// Returns the next peer whose connection has ended, and whose packets have been read.
    fn take_closed(&mut self) -> Option<PeerDisconnected> {
        let read = self.received - self.packets.len() as u64;
        self.closed.pop_front_if(|(received, _)| *received <= read).map(|(_, closed)| closed)
    }
}

impl From<websocket_peer::WebSocketServer> for WebSocketServer {
    fn from(server: websocket_peer::WebSocketServer) -> Self {
        Self {
            server,
            identity: Identity::default(),
            packets: VecDeque::new(),
            unread_bytes: 0,
            received: 0,
            closed: VecDeque::new(),
        }
    }
}

deref!(WebSocketServer => server: websocket_peer::WebSocketServer);

/// A client has connected to the server, and packets can be sent to it. A message, and an event for observers.
#[derive(Message, Event, Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerConnected {
    /// The key of the peer.
    pub peer: PeerKey,
}

/// A connection to the server has ended, and every packet of the peer has been read. A message, and an event for
/// observers. There is one for each [`PeerConnected`].
///
/// When the resource is removed or replaced, all its peers have ended, also those with unread packets. The peers of
/// the new one are reported from the next frame on: their keys may be the same.
#[derive(Message, Event, Debug, Clone, PartialEq, Eq)]
pub struct PeerDisconnected {
    /// The key of the peer, which is not valid any more.
    pub peer: PeerKey,
    /// How the connection ended. [`CloseCause::Aborted`] if the resource was removed or replaced.
    pub info: CloseInfo,
}

/// What the program knows of the server, from the messages so far.
#[derive(Default)]
struct KnownServer {
    server: Option<Identity>,
    peers: BTreeSet<PeerKey>,
}

fn poll(
    server: Option<ResMut<WebSocketServer>>,
    mut known: Local<KnownServer>,
    mut connected: MessageWriter<PeerConnected>,
    mut disconnected: MessageWriter<PeerDisconnected>,
    mut commands: Commands,
) {
    let identity = server.as_ref().map(|server| server.identity);
    let mut ended = Vec::new();
    let mut opened = Vec::new();
    if identity != known.server {
        let info = CloseInfo::from(CloseCause::Aborted);
        ended.extend(
            take(&mut *known).peers.into_iter().map(|peer| PeerDisconnected { peer, info: info.clone() }),
        );
    }
    if let (Some(mut server), true) = (server, ended.is_empty()) {
        server.poll();
        if known.server.is_none() {
            opened = server.reported_peers();
            known.server = identity;
        }
        while let Some(event) = server.take_event() {
            opened.extend(event);
        }
        known.peers.extend(&opened);
        ended.extend(std::iter::from_fn(|| server.take_closed()));
    }
    for peer in opened {
        connected.write(PeerConnected { peer });
        commands.trigger(PeerConnected { peer });
    }
    for closed in ended {
        known.peers.remove(&closed.peer);
        disconnected.write(closed.clone());
        commands.trigger(closed);
    }
}

fn flush(server: Option<ResMut<WebSocketServer>>) {
    if let Some(mut server) = server {
        server.flush();
    }
}

/// Closes the connections with close frames before the app exits, and waits for the answers.
fn shut_down(server: Option<ResMut<WebSocketServer>>) {
    let Some(mut server) = server else { return };
    server.shutdown(EXIT_TIMEOUT);
    wait_for_close(|at_most| {
        server.wait(at_most);
        while server.next_event().is_some() {}
        server.is_shut_down()
    });
}
