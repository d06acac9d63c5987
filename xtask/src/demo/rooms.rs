//! The server of rooms on a thread of its own: the lobby, and a game in each room.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Result, anyhow};
use rooms::{LobbyOptions, RoomsHost};
use websocket_peer::multiplayer::{RoomOptions, RoomServer, RoomServerOptions};
use websocket_peer::{OriginPolicy, ServerOptions, WebSocketServer};

use super::server_thread::{ServerThread, is_stopping};
use crate::ports::bind_near;

/// The longest sleep of the thread.
const STEP: Duration = Duration::from_secs(1);

/// How long a shutdown waits for the players to close.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// The number of players that fit into a room: few, so that a room is soon full.
pub const CAPACITY: usize = 4;

/// A running server of rooms. Dropping this closes all rooms.
pub struct Rooms {
    addr: SocketAddr,
    _thread: ServerThread,
}

impl Rooms {
    /// Starts on this port, or on the next free one.
    pub fn start(port: u16) -> Result<Self> {
        let listener = bind_near("server of rooms", port, TcpListener::bind)?;
        let server = WebSocketServer::from_listener(listener, ServerOptions::default())?;
        let mut server = RoomServer::from_server(server, RoomServerOptions::default());
        let addr = server.local_addr()?;
        // A person who tries the demo creates one room after another.
        let create_interval = Duration::from_secs(1);
        let options = LobbyOptions {
            room: RoomOptions::default().capacity(CAPACITY),
            create_interval,
            ..LobbyOptions::default()
        };
        let host = RoomsHost::open(&mut server, options, OriginPolicy::default());
        let host = host.map_err(|error| anyhow!("cannot open the lobby: {error}"))?;
        let placer = host.placer();
        server.on_request(move |request| placer.place(request));
        let waker = server.waker();
        let thread = ServerThread::start("server of rooms", waker, move |stop| serve(server, host, stop))?;
        Ok(Self { addr, _thread: thread })
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.addr)
    }
}

fn serve(mut server: RoomServer, mut host: RoomsHost, stop: &AtomicBool) {
    while !is_stopping(stop) {
        server.wait(host.wait_time(STEP));
        step(&mut server, &mut host);
    }
    server.shutdown(SHUTDOWN_TIMEOUT);
    while !server.is_shut_down() {
        server.wait(STEP);
        step(&mut server, &mut host);
    }
}

fn step(server: &mut RoomServer, host: &mut RoomsHost) {
    while let Some(event) = server.next_event() {
        host.handle(server, event);
    }
    host.update(server);
    while let Some(notice) = host.next_notice() {
        println!("rooms: {notice}");
    }
}
