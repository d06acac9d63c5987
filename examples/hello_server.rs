//! The smallest server: sends every packet to all its peers.

use std::{env, time::Duration};

use websocket_peer::{Error, ServerEvent, ServerOptions, WebSocketServer};

fn main() -> Result<(), Error> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:9080".into());
    let mut server = WebSocketServer::bind(address, ServerOptions::default())?;
    println!("listening on {}", server.local_addr()?);
    loop {
        server.wait(Duration::from_secs(1));
        while let Some(event) = server.next_event() {
            match event {
                ServerEvent::Opened(peer) => println!("{peer} connected"),
                ServerEvent::Packet(_, packet) => println!("sent to {}", server.broadcast(&packet, None)),
                ServerEvent::Closed(peer, info) => println!("{peer} disconnected: {info}"),
                _ => {}
            }
        }
    }
}
