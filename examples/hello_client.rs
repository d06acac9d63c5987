//! The smallest client: it connects, says hello once, prints what comes, and ends with the connection.

use std::{env, thread, time::Duration};

use websocket_peer::{Error, ReadyState, WebSocketPeer};

fn main() -> Result<(), Error> {
    let url = env::args().nth(1).unwrap_or("ws://127.0.0.1:9080".into());
    let mut peer = WebSocketPeer::new();
    peer.connect(&url)?;

    let mut greeted = false;
    loop {
        // Once a frame:
        let state = peer.poll();
        if state == ReadyState::Open && !greeted {
            greeted = true;
            peer.send_text("Hello!")?;
        }
        while let Some(packet) = peer.recv() {
            println!("got {packet:?}");
        }
        // Only now: what came before the close has been read.
        if let Some(info) = peer.close_info() {
            println!("{info}");
            return Ok(());
        }
        thread::sleep(Duration::from_millis(16));
    }
}
