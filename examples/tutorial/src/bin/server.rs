//! The server of the chat: `cargo run --bin server`.

use std::{env, time::Duration};

use websocket_peer::{Error, Packet, PeerOptions, ServerEvent, ServerOptions, WebSocketServer};

fn main() -> Result<(), Error> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8000".into());
    // Clients must offer this sub-protocol. A message of more than 2000 bytes disconnects its sender.
    let clients = PeerOptions::for_server().protocols(["demo-chat"]).max_message_size(2000);
    let mut server = WebSocketServer::bind(address, ServerOptions::default().connection(clients))?;
    println!("listening on ws://{}", server.local_addr()?);
    loop {
        // Sleeps until something has happened, for at most a second.
        server.wait(Duration::from_secs(1));
        while let Some(event) = server.next_event() {
            let (peer, what) = match event {
                ServerEvent::Opened(peer) => (peer, "connected".to_owned()),
                ServerEvent::Packet(peer, packet) => match packet.as_text() {
                    Some(text) => (peer, format!("Says: {text}")),
                    None => continue,
                },
                ServerEvent::Closed(peer, _) => (peer, "disconnected".to_owned()),
                _ => continue,
            };
            // One message is one line, whatever a client sends.
            let line = format!("[{}] {what}", peer.as_u64()).replace(char::is_control, " ");
            println!("{line}");
            server.broadcast(Packet::text(line), Some(peer));
        }
    }
}
