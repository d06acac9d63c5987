//! A host and its players, which run in turns in one thread.

use std::time::{Duration, Instant};

use game::{Action, ActionError, Host, HostEvent, HostOptions, LogLine, Player, PlayerEvent, Table};

/// The time in which everything happens on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The time that a test has waited.
pub struct Waiting {
    start: Instant,
    what: &'static str,
}

impl Waiting {
    /// Starts to wait for something.
    pub fn start(what: &'static str) -> Self {
        Self { start: Instant::now(), what }
    }

    /// Fails when it takes too long.
    #[track_caller]
    pub fn check(&self) {
        assert!(self.start.elapsed() < PATIENCE, "waited too long until {}", self.what);
    }
}

/// The sleep of the host between two rounds over all ends.
const STEP: Duration = Duration::from_millis(2);

/// A host whose dice show 1, 2, 3, …, and its players.
pub struct World {
    pub host: Option<Host>,
    pub url: String,
    pub players: Vec<PlayerAndEvents>,
    pub host_events: Vec<HostEvent>,
}

/// A player, and the events that it has read.
pub struct PlayerAndEvents {
    pub player: Player,
    pub events: Vec<PlayerEvent>,
}

impl World {
    pub fn new(play_as: Option<&str>) -> Self {
        let mut next = 0;
        let dice = Box::new(move || {
            next += 1;
            next
        });
        let options = HostOptions {
            play_as: play_as.map(str::to_owned),
            dice,
            max_players: 8,
            ..HostOptions::default()
        };
        let host = Host::bind("127.0.0.1:0", options).expect("a port is free");
        let url = format!("ws://{}", host.local_addr().expect("it listens"));
        Self { host: Some(host), url, players: Vec::new(), host_events: Vec::new() }
    }

    /// Starts to join, and returns the index of the player.
    pub fn start_join(&mut self, name: &str) -> usize {
        let player = Player::connect(&self.url, name).expect("the URL is valid");
        self.players.push(PlayerAndEvents { player, events: Vec::new() });
        self.players.len() - 1
    }

    /// Joins, and waits until all tables show the player's name.
    pub fn join(&mut self, name: &str) -> usize {
        let index = self.start_join(name);
        let count = self.table().players().len() + 1;
        self.until("the player has joined", |world| {
            let is_at =
                |table: &Table| table.players().len() == count && table.players()[count - 1].name == name;
            is_at(world.table())
                && world.players.iter().all(|one| is_at(one.player.table()) || one.player.is_closed())
        });
        index
    }

    /// Runs one frame of all ends.
    pub fn step(&mut self) {
        if let Some(host) = &mut self.host {
            host.frame(STEP).expect("players cannot cause an error");
            self.host_events.extend(std::iter::from_fn(|| host.next_event()));
        }
        for PlayerAndEvents { player, events } in &mut self.players {
            player.poll();
            events.extend(std::iter::from_fn(|| player.next_event()));
        }
    }

    /// Runs frames until the condition holds.
    #[track_caller]
    pub fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            assert!(start.elapsed() < PATIENCE, "{what}: {:?}\n{:?}", self.host, self.host_events);
            self.step();
        }
    }

    /// Lets a player act, and waits until all tables show it.
    #[track_caller]
    pub fn act(&mut self, index: usize, action: Action) {
        self.until("it is the player's turn", |world| world.players[index].player.can_act());
        let last = self.last_line();
        let player = &mut self.players[index].player;
        player.act(action).expect("it can act");
        assert_eq!(player.act(action), Err(ActionError::NotYourTurn), "the host has not answered");
        self.until("the action is known", |world| world.last_line() != last && world.tables_agree());
    }

    pub fn table(&self) -> &Table {
        self.host.as_ref().expect("the host runs").table()
    }

    /// Returns the lines of the host's log.
    pub fn log(&self) -> Vec<&str> {
        self.table().log().map(|line| line.text.as_str()).collect()
    }

    /// Returns the last line of the host's log.
    pub fn last_line(&self) -> Option<LogLine> {
        self.table().log().next_back().cloned()
    }

    /// Returns `true` if all connected players show the table of the host.
    pub fn tables_agree(&self) -> bool {
        let shown = |table: &Table| (table.players().to_vec(), table.current().cloned());
        let real = shown(self.table());
        let connected = self.players.iter().map(|one| &one.player).filter(|player| !player.is_closed());
        connected.into_iter().all(|player| {
            // One that joined later does not have the line.
            let mut log = player.table().log();
            shown(player.table()) == real
                && log.next_back().is_none_or(|line| Some(line) == self.last_line().as_ref())
        })
    }

    /// Returns the names of the players at the host's table.
    pub fn names(&self) -> Vec<&str> {
        self.table().players().iter().map(|player| player.name.as_str()).collect()
    }

    /// Returns the name of the player whose turn it is, at the host.
    pub fn current(&self) -> Option<&str> {
        self.table().current().map(|player| player.name.as_str())
    }
}
