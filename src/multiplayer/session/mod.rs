//! A session without I/O: packets and time come in, packets and events go out. So any number of them fits into a test,
//! with a network in which anything may happen, on every platform.

mod authentication;
mod calling;
mod checksum;
mod commands;
mod disconnecting;
mod membership;
mod memory_usage;
mod nodes;
mod peers;
mod receiving;
mod replicas;
mod replicating;
mod sending;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use self::{
    nodes::Nodes,
    peers::{PeerState, Peers},
};
use super::{
    event::{Call, Event},
    id::{PeerId, Target},
    options::SessionOptions,
    output::Output,
    packet_error::PacketError,
    paths::ROOT,
    replication::Replication,
    stats::SessionStats,
};
use crate::{close::CloseCause, error::Error, state::ReadyState};

/// How many queued_rejections may wait to be read.
const MAX_QUEUED_REJECTIONS: usize = 64;

/// The server of a session, or one of its clients, as a machine without a socket and without a clock.
///
/// [`MultiplayerPeer`](super::MultiplayerPeer) is this on a WebSocket. Use it directly to bring a session onto a transport
/// of your own, which must carry packets whole and in order. That transport
///
/// * tells [`peer_joined`](Self::peer_joined), [`receive`](Self::receive) and [`peer_left`](Self::peer_left), and the time
///   by [`advance`](Self::advance): often, at [`next_deadline`](Self::next_deadline), and before calls of the program, for a
///   time limit that such a call sets begins at the time that was told last;
/// * does what [`next_output`](Self::next_output) says, until it is `None`, after each of these calls and after each call
///   that the program makes. Calls of `peer_left` that follow each other may come first: then the other peers mark_known of all
///   these departures by one output;
/// * tells the next thing when the program has read all events: what a packet means is decided when it is received, and the
///   program may have to declare the node that it calls.
///
/// Times are durations since any moment, the same for all calls.
///
/// ```
/// use std::time::Duration;
/// use websocket_peer::multiplayer::{Event, Output, PeerId, Session, SessionOptions};
///
/// let now = Duration::ZERO;
/// let ann = PeerId::new(2).unwrap();
/// let mut server = Session::server(SessionOptions::default());
/// let mut client = Session::client(SessionOptions::default());
///
/// // A connection has been made. What one end puts out, the other one receives.
/// client.peer_joined(PeerId::SERVER, now);
/// server.peer_joined(ann, now);
/// while let Some(Output::Send { packet, .. }) = server.next_output() {
///     client.receive(PeerId::SERVER, packet, now);
/// }
/// assert_eq!(client.next_event(), Some(Event::Connected { id: ann }));
/// assert_eq!(client.next_event(), Some(Event::PeerConnected(PeerId::SERVER)));
/// assert_eq!(server.next_event(), Some(Event::PeerConnected(ann)));
/// ```
///
/// Godot: `SceneMultiplayer`.
#[doc(alias = "SceneMultiplayer")]
#[derive(Debug)]
pub struct Session {
    options: SessionOptions,
    // The server's own, or the one that the server has given.
    id: Option<PeerId>,
    is_server: bool,
    phase: SessionPhase,
    // The latest that was told.
    now: Duration,
    peers: Peers,
    nodes: Nodes,
    // The name of the root, shared by all peers that number it.
    root: Arc<str>,
    replication: Replication,
    outputs: VecDeque<Output>,
    // At a server: the peers that left, and of which the others have not been told.
    departed: Vec<PeerId>,
    events: VecDeque<Event>,
    // The number of events at the front that the program has made since it read one, by calls that are also local.
    local_calls: usize,
    // `true` if the program has read this end's id; a server's needs no reading.
    id_is_read: bool,
    // `true` if the program has read that the connection to the server is over.
    end_is_read: bool,
    // `true` if what is held for a peer may have changed since it was awaits_confirmation for.
    memory_usage_changed: bool,
    // `true` while the transport is short of memory.
    memory_scarce: bool,
    // Of the events that wait.
    queued_rejections: usize,
    // Why a client ended the attempt by itself.
    failure: Option<CloseCause>,
    stats: SessionStats,
}

/// Whether the session takes part in anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SessionPhase {
    /// It does, or will.
    Running,
    /// The program has left. Connections remain for as long as there is something to read.
    Leaving,
    /// There is no connection any more, and will be none.
    Closed,
}

/// How far a session has come.
///
/// Godot: `MultiplayerPeer.ConnectionStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionStatus {
    /// It is over; or the program has left.
    ///
    /// Godot: `CONNECTION_DISCONNECTED`.
    Disconnected,
    /// At a client: it has no id yet.
    ///
    /// Godot: `CONNECTION_CONNECTING`.
    Connecting,
    /// It has an id; a server always has.
    ///
    /// Godot: `CONNECTION_CONNECTED`.
    Connected,
}

impl Session {
    /// The server of a session.
    pub fn server(options: SessionOptions) -> Self {
        Self::new(options, Some(PeerId::SERVER))
    }

    /// A client, which waits for a connection to the server, and for an id from there.
    pub fn client(options: SessionOptions) -> Self {
        let mut client = Self::new(options, None);
        client.peers.set_state(PeerId::SERVER, PeerState::AwaitingId, None);
        client
    }

    fn new(options: SessionOptions, id: Option<PeerId>) -> Self {
        Self {
            options,
            id,
            is_server: id.is_some(),
            phase: SessionPhase::Running,
            now: Duration::ZERO,
            peers: Peers::default(),
            nodes: Nodes::default(),
            root: ROOT.into(),
            replication: Replication::default(),
            outputs: VecDeque::new(),
            departed: Vec::new(),
            events: VecDeque::new(),
            local_calls: 0,
            id_is_read: id.is_some(),
            end_is_read: false,
            memory_usage_changed: false,
            memory_scarce: false,
            queued_rejections: 0,
            failure: None,
            stats: SessionStats::default(),
        }
    }

    /// Returns the next event.
    ///
    /// Nothing has happened before the program reads it here: [`peers`](Self::peers), and a call to
    /// [`Target::All`](super::Target::All), mean the peers whose arrival was read and whose departure was not.
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

    /// What the transport has to do next.
    pub fn next_output(&mut self) -> Option<Output> {
        if self.outputs.is_empty() {
            self.queue_departures();
        }
        self.outputs.pop_front()
    }

    /// It is this time now. Who has let a time limit pass is disconnected.
    ///
    /// What has come in time should be told before, by [`receive`](Self::receive).
    pub fn advance(&mut self, now: Duration) {
        self.tick(now);
        while let Some(peer) = self.peers.pop_due(self.now) {
            self.time_out(peer);
        }
    }

    /// When [`advance`](Self::advance) will have something to do; `None` for never.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.peers.next_deadline()
    }

    /// This end's id; a client has none before the server gave it one.
    ///
    /// Godot: `get_unique_id`.
    #[doc(alias = "get_unique_id")]
    pub fn id(&self) -> Option<PeerId> {
        self.id
    }

    /// Whether it is the server.
    ///
    /// Godot: `is_server`.
    pub fn is_server(&self) -> bool {
        self.is_server
    }

    /// How far it has come.
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

    /// Whether it is over for the transport, too: the session was left or lost, and no connection remains.
    pub fn is_closed(&self) -> bool {
        self.phase == SessionPhase::Closed
    }

    /// Returns the peers whose arrival was read and whose departure was not, in the order of their ids; at a client the
    /// server is one.
    ///
    /// Godot: `get_peers`.
    #[doc(alias = "get_peers")]
    pub fn peers(&self) -> impl ExactSizeIterator<Item = PeerId> + '_ {
        self.peers.known().iter().copied()
    }

    /// What has gone through it so far.
    pub fn stats(&self) -> SessionStats {
        self.stats
    }

    /// Its settings.
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// It is this time now. Time does not run back, and no time limit is over by this call.
    pub(super) fn tick(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// Whether the program has read every event.
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

    /// Queues a call that the program makes at its own end: before all other events, and in the order of such calls.
    fn push_local_call(&mut self, call: Call) {
        self.events.insert(self.local_calls, Event::Call(call));
        self.local_calls += 1;
    }

    /// Drops the events that the program has not read and that are about other peers.
    fn drop_unread_events(&mut self) {
        let id = self.id;
        self.events.retain(|event| match event {
            Event::Connected { .. } | Event::ConnectionFailed { .. } | Event::Disconnected { .. } => true,
            Event::Call(call) => Some(call.from) == id,
            _ => false,
        });
        self.queued_rejections = 0;
    }

    /// Something is dropped, which the program may want to know.
    fn reject(&mut self, from: PeerId, what: impl Into<PacketError>) {
        self.stats.rejected_packets += 1;
        if self.queued_rejections < MAX_QUEUED_REJECTIONS {
            self.queued_rejections += 1;
            self.push_event(Event::PacketRejected { from, error: what.into() });
        }
    }

    /// Returns this end's id, for calls to peers. It is no error if the peers are gone and the program does not know that,
    /// or has left itself: such a call reaches no peer.
    fn require_id(&self) -> Result<PeerId, Error> {
        match self.id {
            Some(_) if !self.id_is_read => Err(Error::NotOpen { state: ReadyState::Connecting }),
            Some(id) if !self.end_is_read => Ok(id),
            _ => self.require_open(),
        }
    }

    /// The same, for calls to a target that must be known to the program.
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

    /// The moment at which a time limit that begins now has passed; `None` for one that never does.
    fn deadline(&self, limit: Duration) -> Option<Duration> {
        self.now.checked_add(limit).filter(|_| !limit.is_zero())
    }
}
