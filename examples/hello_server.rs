//! The smallest server: it sends every packet back, and prints who comes and goes.

use std::{env, time::Duration};

use websocket_peer::{Error, ServerEvent, ServerOptions, WebSocketServer};

fn main() -> Result<(), Error> {
    let address = env::args().nth(1).unwrap_or("0.0.0.0:9080".into());
    let mut server = WebSocketServer::bind(address, ServerOptions::default())?;
    println!("listening on {}", server.local_addr()?);
    loop {
        server.wait(Duration::from_secs(1));
        while let Some(event) = server.next_event() {
            match event {
                ServerEvent::Opened(peer) => println!("{peer} is here"),
                ServerEvent::Packet(peer, packet) => {
                    if let Err(error) = server.send_packet(peer, &packet) {
                        println!("{peer} misses a packet: {error}");
                    }
                }
                ServerEvent::Closed(peer, info) => println!("{peer} is gone: {info}"),
                _ => {}
            }
        }
    }
}
