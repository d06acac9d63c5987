//! The server of the game: it sends each position to the other players, with the id of its player before it. A new player gets
//! the last positions of the others.
//! `cargo run --bin server -- 127.0.0.1:9080`

use std::{collections::HashMap, env, error::Error, time::Duration};

use websocket_peer::{PeerKey, PeerOptions, ServerEvent, ServerOptions, WebSocketServer};

/// The length of a position.
const POSITION: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9080".to_owned());
    let connection = PeerOptions::for_server().max_message_size(POSITION);
    let options = ServerOptions::default().connection(connection).max_peers(circles::MAX_PLAYERS);
    let mut server = WebSocketServer::bind(address, options)?;
    println!("Listening on ws://{}", server.local_addr()?);
    let mut positions = HashMap::<PeerKey, Vec<u8>>::new();
    loop {
        server.wait(Duration::from_secs(60));
        while let Some(event) = server.next_event() {
            match event {
                ServerEvent::Opened(player) => {
                    for position in positions.values() {
                        if let Err(error) = server.send(player, position) {
                            eprintln!("{player} misses a position: {error}");
                        }
                    }
                }
                ServerEvent::Packet(player, position) if position.len() == POSITION => {
                    let packet = [&player.as_u64().to_le_bytes()[..], &position].concat();
                    positions.insert(player, packet.clone());
                    server.broadcast(packet, Some(player));
                }
                ServerEvent::Closed(player, _) => {
                    positions.remove(&player);
                    server.broadcast(player.as_u64().to_le_bytes().to_vec(), None);
                }
                _ => {}
            }
        }
    }
}
