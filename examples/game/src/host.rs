//! A host over WebSockets: a server that applies the rules, and can play itself.

use std::{
    collections::VecDeque,
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    task::Waker,
    time::{Duration, Instant},
};

use websocket_peer::{
    Error, OriginPolicy, RateLimits, ServerOptions,
    multiplayer::{Event, MultiplayerOptions, Node, PeerId, SceneMultiplayer, SessionError, Target},
};

use crate::{
    messages::{Action, GameCall, PATH, PROTOCOL},
    player::ActionError,
    rules::{Dice, Effect, Rules},
    table::{Table, TableEvent},
};

/// The number of events that wait to be read. Older ones are dropped; [`Host::table`] has their results.
pub const MAX_EVENTS: usize = 256;

/// The rates at which a player may send. They are far above what people do.
const MAX_PACKETS_PER_SECOND: u32 = 100;
const MAX_BYTES_PER_SECOND: u32 = 256 * 1024;

/// The longest sleep while the connections close.
const CLOSING_STEP: Duration = Duration::from_millis(50);

/// Settings of a host.
pub struct HostOptions {
    /// The name of the host as a player, if it plays. Default: it does not play.
    pub play_as: Option<String>,
    /// The number of players that can connect. Further ones are rejected. Default: 64.
    pub max_players: usize,
    /// The sites whose pages may connect. Default: those of the same host.
    pub origins: OriginPolicy,
    /// The dice. Default: random numbers.
    pub dice: Dice,
}

impl Default for HostOptions {
    fn default() -> Self {
        let dice = Box::new(|| fastrand::u32(0..100));
        Self { play_as: None, max_players: 64, origins: OriginPolicy::default(), dice }
    }
}

impl fmt::Debug for HostOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("HostOptions");
        shown.field("play_as", &self.play_as).field("max_players", &self.max_players);
        shown.field("origins", &self.origins).finish_non_exhaustive()
    }
}

/// A game, and the connections of its players. Call [`frame`](Self::frame) in a loop, on a thread of its own or once a
/// frame.
#[derive(Debug)]
pub struct Host {
    peer: SceneMultiplayer,
    game: Node<GameCall>,
    rules: Rules,
    table: Table,
    events: VecDeque<HostEvent>,
}

/// What happened at a host, to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostEvent {
    /// The table has changed.
    Table(TableEvent),
    /// Something is wrong with a player, which plays on or was disconnected.
    Warning(String),
}

impl Host {
    /// Hosts a game at this address. Port 0 takes a free port.
    ///
    /// # Errors
    /// Those of [`SceneMultiplayer::bind`].
    pub fn bind(address: impl ToSocketAddrs, options: HostOptions) -> Result<Self, SessionError> {
        let rate_limits = RateLimits::default()
            .max_packets_per_second(MAX_PACKETS_PER_SECOND)
            .max_bytes_per_second(MAX_BYTES_PER_SECOND);
        let server = ServerOptions::default()
            .max_peers(options.max_players)
            .origins(options.origins)
            .rate_limits(rate_limits);
        let multiplayer = MultiplayerOptions::default().server(server).protocols([PROTOCOL]);
        let mut peer = SceneMultiplayer::bind(address, multiplayer)?;
        let game = peer.session().register_node::<GameCall>(PATH)?;
        let mut table = Table::default();
        table.set_own_id(PeerId::SERVER);
        let rules = Rules::new(options.dice);
        let mut host = Self { peer, game, rules, table, events: VecDeque::new() };
        if let Some(name) = options.play_as {
            let effects = host.rules.join_host(&name);
            host.perform(effects)?;
        }
        Ok(host)
    }

    /// Returns the address that it listens on.
    ///
    /// # Errors
    /// [`Error::Io`] after [`shutdown`](Self::shutdown).
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        self.peer.local_addr()
    }

    /// Sleeps until something happens, at most for `wait`, and handles it. With a `wait` of zero it does not sleep.
    ///
    /// # Errors
    /// An error of the session, after which the game cannot go on. Players cannot cause one.
    pub fn frame(&mut self, wait: Duration) -> Result<(), SessionError> {
        self.peer.wait(wait);
        while let Some(event) = self.peer.next_event() {
            self.handle(event)?;
        }
        Ok(())
    }

    /// Returns a handle with which another thread ends the sleep of [`frame`](Self::frame).
    pub fn waker(&mut self) -> Waker {
        self.peer.waker()
    }

    /// Returns the next event.
    pub fn next_event(&mut self) -> Option<HostEvent> {
        self.events.pop_front()
    }

    /// Returns the table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the number of finished rounds with at least two players.
    pub fn rounds(&self) -> u32 {
        self.rules.rounds()
    }

    /// Acts as the host's own player.
    ///
    /// # Errors
    /// [`ActionError::NotYourTurn`], also if it does not play; [`ActionError::NotConnected`] if the session has ended.
    pub fn act(&mut self, action: Action) -> Result<(), ActionError> {
        if !self.table.is_own_turn() {
            return Err(ActionError::NotYourTurn);
        }
        let effects = self.rules.act(PeerId::SERVER, action.word());
        self.perform(effects).map_err(|_| ActionError::NotConnected)
    }

    /// Gives the host's own player another name. It has no effect if the host does not play.
    ///
    /// # Errors
    /// [`ActionError::NotConnected`] if the session has ended.
    pub fn set_name(&mut self, name: &str) -> Result<(), ActionError> {
        let effects = self.rules.set_name(PeerId::SERVER, name);
        self.perform(effects).map_err(|_| ActionError::NotConnected)
    }

    /// Ends the game: disconnects the players, when they have received everything, and waits for it, at most for
    /// `at_most`. Returns `true` if all connections have ended.
    pub fn shutdown(&mut self, at_most: Duration) -> bool {
        let start = Instant::now();
        self.peer.close();
        while !self.peer.is_closed() {
            let left = at_most.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            self.peer.wait(left.min(CLOSING_STEP));
            while self.peer.next_event().is_some() {}
        }
        true
    }

    fn handle(&mut self, event: Event) -> Result<(), SessionError> {
        let effects = match event {
            Event::PeerConnected(id) => self.rules.join(id),
            Event::PeerDisconnected(id, reason) => {
                if self.rules.current() == Some(id) {
                    self.warn(format!("{id} left in its turn: {reason}"));
                }
                self.rules.leave(id)
            }
            Event::Call(call) => {
                let from = call.from;
                match self.game.read(call) {
                    Some(Ok(GameCall::RequestAction { action })) => self.rules.act(from, &action),
                    Some(Ok(GameCall::SetPlayerName { name })) => self.rules.set_name(from, &name),
                    // The host's own methods: the session rejects them from players.
                    _ => Vec::new(),
                }
            }
            Event::ChecksumMismatch { peer, .. } => {
                self.warn(format!("{peer} has other methods than this game"));
                Vec::new()
            }
            Event::PacketRejected { from, error } => {
                self.warn(format!("a packet of {from} was rejected: {error}"));
                Vec::new()
            }
            _ => Vec::new(),
        };
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<(), SessionError> {
        for effect in effects {
            let sent = match effect {
                Effect::Call(to, call) => {
                    if to == Target::All
                        && let Some(event) = self.table.apply(&call)
                    {
                        self.push(HostEvent::Table(event));
                    }
                    self.peer.session().call(self.game, to, call)
                }
                Effect::Disconnect(id) => {
                    self.warn(format!("{id} was disconnected: it sent too many requests"));
                    self.peer.session().disconnect_peer(id).map_err(SessionError::from)
                }
            };
            match sent {
                // An event reports that it is gone.
                Err(SessionError::Peer(Error::UnknownPeer)) => {}
                sent => sent?,
            }
        }
        Ok(())
    }

    fn warn(&mut self, text: String) {
        self.push(HostEvent::Warning(text));
    }

    fn push(&mut self, event: HostEvent) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}
