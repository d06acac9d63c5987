//! The smallest client: sends one greeting, prints the packets that it receives, and ends with the connection.

use std::{env, time::Duration};

use websocket_peer::{Error, ReadyState, WebSocketPeer};

fn main() -> Result<(), Error> {
    let url = env::args().nth(1).unwrap_or("ws://127.0.0.1:9080".into());
    let mut peer = WebSocketPeer::new();
    peer.connect(&url)?;
    let mut greeted = false;
    loop {
        // Sleeps until there is something to do. A game calls `peer.poll()` once a frame instead.
        let state = peer.wait(Duration::from_secs(1));
        if state == ReadyState::Open && !greeted {
            peer.send_text("Hello!")?;
            greeted = true;
        }
        while let Some(packet) = peer.recv() {
            println!("received {packet:?}");
        }
        // The packets that arrived before the close have been read above.
        if let Some(info) = peer.close_info() {
            println!("{info}");
            return Ok(());
        }
    }
}
