//! A host over WebSockets: a server that applies the rules, and can play itself.

use std::{
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    task::Waker,
    time::{Duration, Instant},
};

use websocket_peer::{
    Error, OriginPolicy, RateLimits, ServerOptions,
    multiplayer::{MultiplayerOptions, SceneMultiplayer, SessionError},
};

use crate::{
    host_game::{HostEvent, HostGame},
    messages::{Action, PROTOCOL},
    player_game::ActionError,
    rules::{Dice, random_dice},
    table::Table,
};

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
        Self { play_as: None, max_players: 64, origins: OriginPolicy::default(), dice: random_dice() }
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
    game: HostGame,
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
        let mut game = HostGame::new(&mut peer.session(), options.dice)?;
        if let Some(name) = options.play_as {
            game.join_host(&mut peer.session(), &name)?;
        }
        Ok(Self { peer, game })
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
            self.game.handle(&mut self.peer.session(), event)?;
        }
        Ok(())
    }

    /// Returns a handle with which another thread ends the sleep of [`frame`](Self::frame).
    pub fn waker(&mut self) -> Waker {
        self.peer.waker()
    }

    /// Returns the next event.
    pub fn next_event(&mut self) -> Option<HostEvent> {
        self.game.next_event()
    }

    /// Returns the table.
    pub fn table(&self) -> &Table {
        self.game.table()
    }

    /// Returns the number of finished rounds with at least two players.
    pub fn rounds(&self) -> u32 {
        self.game.rounds()
    }

    /// Acts as the host's own player.
    ///
    /// # Errors
    /// [`ActionError::NotYourTurn`], also if it does not play; [`ActionError::NotConnected`] if the session has ended.
    pub fn act(&mut self, action: Action) -> Result<(), ActionError> {
        self.game.act(&mut self.peer.session(), action)
    }

    /// Gives the host's own player another name. It has no effect if the host does not play.
    ///
    /// # Errors
    /// [`ActionError::NotConnected`] if the session has ended.
    pub fn set_name(&mut self, name: &str) -> Result<(), ActionError> {
        self.game.set_name(&mut self.peer.session(), name)
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
}
