//! The server of rooms that the page's `RoomsClient`s join. Two players fit into a room.

use anyhow::{Result, anyhow};
use rooms::{LobbyOptions, RoomsHost};
use websocket_peer::OriginPolicy;
use websocket_peer::multiplayer::{RoomOptions, RoomServer, RoomServerOptions};

use super::host::{Host, STEP};

pub fn host() -> Result<Host> {
    let mut server = RoomServer::bind("127.0.0.1:0", RoomServerOptions::default())?;
    let address = server.local_addr()?;
    let options = LobbyOptions { room: RoomOptions::default().capacity(2), ..LobbyOptions::default() };
    let rooms = RoomsHost::open(&mut server, options, OriginPolicy::default());
    let mut rooms = rooms.map_err(|error| anyhow!("cannot open the lobby: {error}"))?;
    let placer = rooms.placer();
    server.on_request(move |request| placer.place(request));
    Host::run(address, move || {
        server.wait(rooms.wait_time(STEP));
        while let Some(event) = server.next_event() {
            rooms.handle(&mut server, event);
        }
        rooms.update(&mut server);
    })
}
