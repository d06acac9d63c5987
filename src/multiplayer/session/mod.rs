//! A session without I/O: packets and time in, packets and events out. Tests run any number of sessions over a
//! simulated network, on every platform.
//!
//! `Session` is one type whose methods are in several files:
//!
//! | | methods | file |
//! |---|---|---|
//! | input | `connected`, `peer_joined`, `peer_left` | `membership` |
//! | | `receive`: relay, packets by the state of the sender | `receiving` |
//! | | commands of admitted peers: calls, bytes, paths | `commands` |
//! | | authentication data; `send_auth`, `complete_auth` | `authentication` |
//! | | spawns and property values of other peers | `replicas` |
//! | | `advance`, `next_deadline` | here; the timeouts in `disconnecting` |
//! | output | `next_event`, `next_output` | here |
//! | | packets to connected peers, and by relay; `send_bytes`, `execute_outputs` | `sending` |
//! | calls | `register_node`, `set_authority`, `call` | `calling` |
//! | | `register_spawner`, `spawn`, `set_property`, `replicate`, `show`, `hide` | `replicating` |
//! | | `disconnect_peer`, `leave` | `disconnecting` |
//! | moves | `release_peer`, `adopt_peer`, packets during the move | `moving` |
//! | state | peers, their states and deadlines | `peers` |
//! | | peers that have left not long ago | `former_peers` |
//! | | registered nodes, by key, path and path id | `nodes` |
//! | | memory that is used for a peer | `memory_usage` |
//! | | methods of the other end, from its checksum | `checksum` |

mod authentication;
mod calling;
mod checksum;
mod commands;
mod disconnecting;
mod former_peers;
mod membership;
mod memory_usage;
mod moving;
mod nodes;
mod peers;
mod receiving;
mod replicas;
mod replicating;
mod sending;

use std::{collections::VecDeque, time::Duration};

pub use self::moving::PeerTransfer;
use self::{
    disconnecting::LEFT,
    former_peers::FormerPeers,
    nodes::Nodes,
    peers::{ClosePayload, Peers},
};
use super::{
    event::{Call, Event},
    id::{PeerId, Target},
    options::SessionOptions,
    output::Output,
    packet_error::PacketError,
    path_ids::PathIds,
    replication::Replication,
    stats::SessionStats,
    status::ConnectionStatus,
};
use crate::{error::Error, state::ReadyState};

/// The number of `PacketRejected` events that may wait to be read.
const MAX_QUEUED_REJECTIONS: usize = 64;

/// The server of a session, or one of its clients, without sockets and without a clock.
///
/// [`SceneMultiplayer`](super::SceneMultiplayer) runs it over WebSockets. Use it directly for another transport, which
/// must deliver whole packets in order, and give each client an id that both ends know. That transport
///
/// * calls [`connected`](Self::connected) at a client or [`peer_joined`](Self::peer_joined) at a server,
///   [`receive`](Self::receive) and [`peer_left`](Self::peer_left), and [`advance`](Self::advance) with the time: often,
///   at [`next_deadline`](Self::next_deadline), and before calls of the program, because a timeout that starts in such
///   a call starts at the last time given;
/// * executes [`next_output`](Self::next_output) until it is `None`, after each of these calls and after each call of
///   the program. Consecutive calls of `peer_left` may come first: then the other peers are informed of all departures
///   by one output;
/// * makes the next of these calls when the program has read all events: a packet is interpreted when it is received,
///   and the program may have to register the node that the packet calls.
///
/// Times are durations since any fixed moment, the same for all calls.
///
/// ```
/// use std::time::Duration;
/// use websocket_peer::multiplayer::{Event, Output, PeerId, Session, SessionError, SessionOptions};
///
/// let now = Duration::ZERO;
/// let ann = PeerId::new(2).unwrap();
/// let mut server = Session::server(SessionOptions::default());
/// let mut client = Session::client(SessionOptions::default());
///
/// server.peer_joined(ann, now);
/// client.connected(ann, now);
/// assert_eq!(server.next_event(), Some(Event::PeerConnected(ann)));
/// assert_eq!(client.next_event(), Some(Event::Connected { id: ann }));
/// assert_eq!(client.next_event(), Some(Event::PeerConnected(PeerId::SERVER)));
///
/// // What one end sends, the other receives.
/// server.send_bytes(ann, b"welcome")?;
/// while let Some(Output::Send { packet, .. }) = server.next_output() {
///     client.receive(PeerId::SERVER, packet, now);
/// }
/// assert!(matches!(client.next_event(), Some(Event::Packet { data, .. }) if *data == *b"welcome"));
/// # Ok::<(), SessionError>(())
/// ```
///
/// Godot: `SceneMultiplayer`.
#[doc(alias = "SceneMultiplayer")]
#[doc(alias = "MultiplayerAPI")]
#[derive(Debug)]
pub struct Session {
    options: SessionOptions,
    // The id of this end. A client's is assigned by the server.
    id: Option<PeerId>,
    is_server: bool,
    phase: SessionPhase,
    // What the close frames contain once the program has left.
    end: ClosePayload,
    // The latest time given.
    now: Duration,
    peers: Peers,
    nodes: Nodes,
    replication: Replication,
    outputs: VecDeque<Output>,
    // At a server: peers that left, and that have not been announced as gone.
    departed: Vec<PeerId>,
    // At a server: peers that left, and that others may still send to.
    former_peers: FormerPeers,
    events: VecDeque<Event>,
    // The number of local calls at the front of `events`: made since the program last read an event.
    local_calls: usize,
    // `true` if the program has read this end's id. A server's needs no reading.
    id_is_read: bool,
    // `true` if the program has read that the connection to the server ended.
    end_is_read: bool,
    // `true` if the memory that is used for a peer may have changed since it was last taken.
    memory_usage_changed: bool,
    // `true` while the transport is short of memory.
    memory_scarce: bool,
    // The number of `PacketRejected` among `events`.
    queued_rejections: usize,
    stats: SessionStats,
}

/// The phase of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SessionPhase {
    /// Peers can join and communicate.
    Running,
    /// The program has left. Connections remain until the peers have read everything.
    Leaving,
    /// There is no connection, and there will be none.
    Closed,
}

impl Session {
    /// Creates the server of a session.
    pub fn server(options: SessionOptions) -> Self {
        Self::server_in(options, &PathIds::new())
    }

    /// Creates the server of one of several sessions, between which peers can [move](Self::release_peer). They share
    /// the numbers of paths.
    pub fn server_in(options: SessionOptions, path_ids: &PathIds) -> Self {
        Self::new(options, Some(PeerId::SERVER), path_ids)
    }

    /// Creates a client, which waits for a connection to the server.
    pub fn client(options: SessionOptions) -> Self {
        Self::new(options, None, &PathIds::new())
    }

    fn new(options: SessionOptions, id: Option<PeerId>, path_ids: &PathIds) -> Self {
        Self {
            options,
            id,
            is_server: id.is_some(),
            phase: SessionPhase::Running,
            end: ClosePayload::normal(LEFT),
            now: Duration::ZERO,
            peers: Peers::default(),
            nodes: Nodes::new(path_ids.clone()),
            replication: Replication::default(),
            outputs: VecDeque::new(),
            departed: Vec::new(),
            former_peers: FormerPeers::default(),
            events: VecDeque::new(),
            local_calls: 0,
            id_is_read: id.is_some(),
            end_is_read: false,
            memory_usage_changed: false,
            memory_scarce: false,
            queued_rejections: 0,
            stats: SessionStats::default(),
        }
    }

    /// Returns the next event.
    ///
    /// An event takes effect when it is read here: [`peers`](Self::peers), and calls to
    /// [`Target::All`](super::Target::All), contain a peer from the moment its `PeerConnected` is read until its
    /// `PeerDisconnected` is read.
    pub fn next_event(&mut self) -> Option<Event> {
        self.local_calls = 0;
        let event = self.events.pop_front()?;
        match &event {
            Event::Connected { .. } => {
                self.id_is_read = true;
                // Without authentication the server has admitted the client together with its id.
                if self.peers.is_admitted(PeerId::SERVER) {
                    self.peers.mark_known(PeerId::SERVER);
                }
            }
            Event::PeerConnected(peer) => self.peers.mark_known(*peer),
            Event::PeerDisconnected(peer, _) => self.peers.mark_unknown(*peer),
            Event::Disconnected { .. } | Event::ConnectionFailed { .. } => self.end_is_read = true,
            Event::PacketRejected { .. } => self.queued_rejections -= 1,
            _ => {}
        }
        Some(event)
    }

    /// Returns the next instruction to the transport.
    pub fn next_output(&mut self) -> Option<Output> {
        if self.outputs.is_empty() {
            self.queue_departures();
        }
        self.outputs.pop_front()
    }

    /// Advances the time, and disconnects peers whose deadlines have passed.
    ///
    /// Pass packets that have arrived in time to [`receive`](Self::receive) before.
    pub fn advance(&mut self, now: Duration) {
        self.tick(now);
        while let Some(peer) = self.peers.pop_due(now) {
            self.time_out(peer);
        }
    }

    /// Returns the time at which [`advance`](Self::advance) has work; `None` for never.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.peers.next_deadline()
    }

    /// Returns this end's id. A client has none before the server has assigned it.
    ///
    /// Godot: `get_unique_id`.
    #[doc(alias = "get_unique_id")]
    pub fn id(&self) -> Option<PeerId> {
        self.id
    }

    /// Returns `true` for the server.
    ///
    /// Godot: `is_server`.
    pub fn is_server(&self) -> bool {
        self.is_server
    }

    /// Returns the status of the session.
    ///
    /// Godot: `get_connection_status`.
    #[doc(alias = "get_connection_status")]
    pub fn status(&self) -> ConnectionStatus {
        match (self.phase, self.id) {
            (SessionPhase::Running, Some(_)) => ConnectionStatus::Connected,
            (SessionPhase::Running, None) => ConnectionStatus::Connecting,
            (SessionPhase::Leaving | SessionPhase::Closed, _) => ConnectionStatus::Disconnected,
        }
    }

    /// Returns `true` if the session was left or lost, and no connection remains for the transport.
    pub fn is_closed(&self) -> bool {
        self.phase == SessionPhase::Closed
    }

    /// Returns the peers that are connected as far as the program has read events, in the order of their ids. At a
    /// client the server is one of them.
    ///
    /// Godot: `get_peers`.
    #[doc(alias = "get_peers")]
    pub fn peers(&self) -> impl ExactSizeIterator<Item = PeerId> + '_ {
        self.peers.known().iter().copied()
    }

    /// Returns the counters of the session.
    pub fn stats(&self) -> SessionStats {
        self.stats
    }

    /// Returns the options of the session.
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// Advances the time without applying deadlines. Earlier times have no effect.
    pub(super) fn tick(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.former_peers.advance(self.now);
    }

    /// Returns `true` if the program has not read all events.
    pub(super) fn has_unread_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Returns `true` if the program has left.
    pub(super) fn has_left(&self) -> bool {
        self.phase != SessionPhase::Running
    }

    fn push_event(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// Queues a call that the program makes at its own end: before all other events, in the order of such calls.
    fn push_local_call(&mut self, call: Call) {
        self.events.insert(self.local_calls, Event::Call(call));
        self.local_calls += 1;
    }

    /// Drops the unread events about other peers.
    fn drop_unread_events(&mut self) {
        let id = self.id;
        self.events.retain(|event| match event {
            Event::Connected { .. } | Event::ConnectionFailed { .. } | Event::Disconnected { .. } => true,
            Event::Call(call) => Some(call.from) == id,
            _ => false,
        });
        self.queued_rejections = 0;
    }

    /// Counts a rejected packet, and queues an event if there is room.
    fn reject(&mut self, from: PeerId, error: impl Into<PacketError>) {
        let error = error.into();
        if self.is_outdated(from, &error) {
            self.stats.outdated_packets += 1;
            return;
        }
        self.stats.rejected_packets += 1;
        if self.queued_rejections < MAX_QUEUED_REJECTIONS {
            self.queued_rejections += 1;
            self.push_event(Event::PacketRejected { from, error });
        }
    }

    /// Returns this end's id, for calls to peers. If the peers are gone and the program has not read that, or has left
    /// itself, the call reaches no peer, which is not an error.
    fn require_id(&self) -> Result<PeerId, Error> {
        match self.id {
            Some(_) if !self.id_is_read => Err(Error::NotOpen { state: ReadyState::Connecting }),
            Some(id) if !self.end_is_read => Ok(id),
            _ => self.require_open(),
        }
    }

    /// Returns this end's id, for calls to this target, which the program must know.
    fn require_target(&self, to: Target) -> Result<PeerId, Error> {
        let own = self.require_id()?;
        match to {
            Target::Peer(peer)
                if peer != own && !self.peers.is_known(peer) && !self.peers.is_admitted(peer) =>
            {
                self.require_open()?;
                Err(Error::UnknownPeer)
            }
            _ => Ok(own),
        }
    }

    /// Returns this end's id if the session is running.
    fn require_open(&self) -> Result<PeerId, Error> {
        match (self.phase, self.id) {
            (SessionPhase::Running, Some(id)) => Ok(id),
            (SessionPhase::Running, None) => Err(Error::NotOpen { state: ReadyState::Connecting }),
            (SessionPhase::Leaving, _) => Err(Error::NotOpen { state: ReadyState::Closing }),
            (SessionPhase::Closed, _) => Err(Error::NotOpen { state: ReadyState::Closed }),
        }
    }

    /// Returns the end of a time limit that starts now; `None` if there is no limit.
    fn deadline(&self, limit: Duration) -> Option<Duration> {
        self.now.checked_add(limit).filter(|_| !limit.is_zero())
    }
}
