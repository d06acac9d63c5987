//! A player over a WebSocket: the same code in a program and in a page. It joins a host of this crate or of the demo.

use std::{task::Waker, time::Duration};

use websocket_peer::{
    CloseInfo, Error,
    multiplayer::{MultiplayerOptions, SceneMultiplayer, SessionError},
};

use crate::{
    messages::{Action, PROTOCOL},
    player_game::{ActionError, PlayerEvent, PlayerGame},
    table::Table,
};

/// A player, and its connection to the host. Call [`poll`](Self::poll) once a frame or [`wait`](Self::wait) in a loop,
/// and read [`next_event`](Self::next_event) until it returns `None`.
#[derive(Debug)]
pub struct Player {
    peer: SceneMultiplayer,
    game: PlayerGame,
}

impl Player {
    /// Starts to join the game at this URL. The result is an event.
    ///
    /// # Errors
    /// Those of [`SceneMultiplayer::connect`], for a URL that cannot be used.
    pub fn connect(url: &str, name: &str) -> Result<Self, SessionError> {
        let options = MultiplayerOptions::default().protocols([PROTOCOL]);
        let mut peer = SceneMultiplayer::connect(url, options)?;
        let game = PlayerGame::new(&mut peer.session(), name)?;
        Ok(Self { peer, game })
    }

    /// Reads what has arrived. It never blocks.
    pub fn poll(&mut self) {
        self.peer.poll();
    }

    /// Sleeps until something arrives, at most for `at_most`, and polls. In a page it does not sleep.
    pub fn wait(&mut self, at_most: Duration) {
        self.peer.wait(at_most);
    }

    /// Returns a handle with which another thread ends the sleep of [`wait`](Self::wait).
    pub fn waker(&mut self) -> Waker {
        self.peer.waker()
    }

    /// Sets a hook that is called when there is something to poll for.
    ///
    /// # Errors
    /// Those of [`SceneMultiplayer::on_wake`].
    pub fn on_wake(&mut self, hook: impl Fn() + Send + 'static) -> Result<(), Error> {
        self.peer.on_wake(hook)
    }

    /// Returns the next event.
    pub fn next_event(&mut self) -> Option<PlayerEvent> {
        loop {
            let event = self.peer.next_event()?;
            if let Some(event) = self.game.handle(&mut self.peer.session(), event) {
                return Some(event);
            }
        }
    }

    /// Returns the game, without the connection.
    pub fn game(&self) -> &PlayerGame {
        &self.game
    }

    /// Returns the table.
    pub fn table(&self) -> &Table {
        self.game.table()
    }

    /// Returns the name that the player asks for. The table has the one that the host gave it.
    pub fn name(&self) -> &str {
        self.game.name()
    }

    /// Returns `true` if it is this player's turn, and it has not acted.
    pub fn can_act(&self) -> bool {
        self.game.can_act()
    }

    /// Rolls the dice.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn roll(&mut self) -> Result<(), ActionError> {
        self.act(Action::Roll)
    }

    /// Passes.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn pass(&mut self) -> Result<(), ActionError> {
        self.act(Action::Pass)
    }

    /// Rolls or passes.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn act(&mut self, action: Action) -> Result<(), ActionError> {
        self.game.act(&mut self.peer.session(), action)
    }

    /// Asks the host for another name. Before the connection is open, it is the name to join with.
    ///
    /// # Errors
    /// [`ActionError::NotConnected`] after the end of the connection.
    pub fn set_name(&mut self, name: &str) -> Result<(), ActionError> {
        self.game.set_name(&mut self.peer.session(), name)
    }

    /// Leaves the game. [`PlayerEvent::Closed`] follows.
    pub fn leave(&mut self) {
        self.game.stop();
        self.peer.close();
    }

    /// Returns how the connection ended, once [`PlayerEvent::Closed`] was read.
    pub fn close_info(&self) -> Option<&CloseInfo> {
        self.game.close_info()
    }

    /// Returns `true` once [`PlayerEvent::Closed`] was read.
    pub fn is_closed(&self) -> bool {
        self.game.close_info().is_some()
    }
}
