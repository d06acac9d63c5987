//! A server of rooms and its clients, which run in turns in one thread.

use std::time::{Duration, Instant};

use rooms::{LobbyOptions, Place, RoomCode, RoomsClient, RoomsEvent, RoomsHost, RoomsNotice};
use websocket_peer::{
    OriginPolicy,
    multiplayer::{RoomEvent, RoomOptions, RoomServer, RoomServerOptions},
};

/// The time in which everything happens on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The sleep of the server between two rounds over all ends.
const STEP: Duration = Duration::from_millis(2);

pub struct World {
    pub server: RoomServer,
    pub host: RoomsHost,
    pub url: String,
    pub clients: Vec<ClientAndEvents>,
    pub notices: Vec<RoomsNotice>,
    /// The closed rooms and their causes, as text.
    pub closed: Vec<String>,
}

/// A client, and the events that it has read.
pub struct ClientAndEvents {
    pub client: RoomsClient,
    pub events: Vec<RoomsEvent>,
}

impl World {
    pub fn new() -> Self {
        Self::with(LobbyOptions {
            room: RoomOptions::default().capacity(3),
            create_interval: Duration::ZERO,
            ..LobbyOptions::default()
        })
    }

    pub fn with(options: LobbyOptions) -> Self {
        let mut server =
            RoomServer::bind("127.0.0.1:0", RoomServerOptions::default()).expect("a port is free");
        let host = RoomsHost::open(&mut server, options, OriginPolicy::default()).expect("the server is new");
        let placer = host.placer();
        server.on_request(move |request| placer.place(request));
        let url = format!("ws://{}", server.local_addr().expect("it listens"));
        Self { server, host, url, clients: Vec::new(), notices: Vec::new(), closed: Vec::new() }
    }

    /// Starts to join the lobby, and returns the index of the client.
    pub fn start(&mut self, name: &str) -> usize {
        self.add(RoomsClient::connect(&self.url, name).expect("the URL is valid"))
    }

    /// Starts to join a room by its path.
    pub fn start_in_room(&mut self, code: RoomCode, name: &str) -> usize {
        self.add(RoomsClient::connect_to_room(&self.url, code, name).expect("the URL is valid"))
    }

    /// Joins the lobby, and waits for its list.
    #[track_caller]
    pub fn enter(&mut self, name: &str) -> usize {
        let index = self.start(name);
        self.until("the client is in the lobby", |world| world.client(index).is_in_lobby());
        index
    }

    /// Lets a client in the lobby create a room, and waits until it is a player there.
    #[track_caller]
    pub fn create(&mut self, index: usize, title: &str) -> RoomCode {
        self.clients[index].client.create_room(title).expect("it is in the lobby");
        self.until("the creator is at the table", |world| world.is_named(index));
        match self.client(index).place() {
            Place::Room(code) => code,
            place => panic!("it is at {place:?}"),
        }
    }

    /// Lets a client in the lobby join a room, and waits until it is a player there.
    #[track_caller]
    pub fn join(&mut self, index: usize, code: RoomCode) {
        self.clients[index].client.join_room(code.as_str()).expect("it is in the lobby");
        self.until("the client is at the table", |world| world.is_named(index));
        assert_eq!(self.client(index).place(), Place::Room(code));
    }

    #[track_caller]
    pub fn leave(&mut self, index: usize) {
        self.clients[index].client.leave_room().expect("it is in a room");
        self.until("the client is in the lobby", |world| world.client(index).is_in_lobby());
    }

    pub fn client(&self, index: usize) -> &RoomsClient {
        &self.clients[index].client
    }

    /// Returns the names at the table of a client.
    pub fn names(&self, index: usize) -> Vec<&str> {
        self.client(index).table().players().iter().map(|player| player.name.as_str()).collect()
    }

    /// Returns `true` if the client is a player in a room, and its host has its name.
    pub fn is_named(&self, index: usize) -> bool {
        let client = self.client(index);
        client.table().own().is_some_and(|own| own.name == client.game().name())
    }

    /// Returns the last list that a client has read.
    pub fn list(&self, index: usize) -> &[rooms::ListedRoom] {
        let mut lists = self.clients[index].events.iter().filter_map(|event| match event {
            RoomsEvent::List(list) => Some(list.as_slice()),
            _ => None,
        });
        lists.next_back().unwrap_or_default()
    }

    /// Returns the reason of the last refusal that a client has read.
    pub fn refusal(&self, index: usize) -> Option<&str> {
        self.clients[index].events.iter().rev().find_map(|event| match event {
            RoomsEvent::Refused(reason) => Some(reason.as_str()),
            _ => None,
        })
    }

    /// Runs one frame of all ends.
    pub fn step(&mut self) {
        self.server.wait(self.host.wait_time(STEP));
        while let Some(event) = self.server.next_event() {
            if let RoomEvent::Closed(room, cause) = &event {
                self.closed.push(format!("{room}: {cause:?}"));
            }
            self.host.handle(&mut self.server, event);
        }
        self.host.update(&mut self.server);
        self.notices.extend(std::iter::from_fn(|| self.host.next_notice()));
        for ClientAndEvents { client, events } in &mut self.clients {
            client.poll();
            events.extend(std::iter::from_fn(|| client.next_event()));
        }
    }

    /// Runs frames until the condition holds.
    #[track_caller]
    pub fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            let events = self.clients.iter().map(|one| &one.events).collect::<Vec<_>>();
            assert!(start.elapsed() < PATIENCE, "{what}: {:?}\n{events:?}", self.notices);
            self.step();
        }
    }

    fn add(&mut self, client: RoomsClient) -> usize {
        self.clients.push(ClientAndEvents { client, events: Vec::new() });
        self.clients.len() - 1
    }
}
