//! Godot's minimal client: connects, sends a packet, prints the answer, and closes.
//!
//! `cargo run --example minimal_client -- ws://127.0.0.1:9080`

use std::{env, process::ExitCode, time::Duration};

use websocket_peer::{Error, ReadyState, WebSocketPeer};

fn main() -> ExitCode {
    let url = env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9080".to_owned());
    match run(&url) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("Unable to connect to {url}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns `true` if the connection opened and was closed cleanly.
fn run(url: &str) -> Result<bool, Error> {
    let mut socket = WebSocketPeer::new();
    socket.connect(url)?;
    println!("Connecting to {url}...");

    let mut greeted = false;
    let info = loop {
        // A game polls once a frame instead.
        let state = socket.wait(Duration::from_secs(1));
        if state == ReadyState::Open && !greeted {
            greeted = true;
            println!("> Sending test packet.");
            socket.send_text("Test packet")?;
        }
        // Packets that arrived before a close can be read after it.
        while let Some(packet) = socket.recv() {
            match packet.as_text() {
                Some(text) => println!("< Got text data from server: {text}"),
                None => println!("< Got binary data from server: {} bytes", packet.len()),
            }
            // One answer is enough.
            socket.close();
        }
        if let Some(info) = socket.close_info() {
            break info;
        }
    };

    if !greeted && !info.was_clean() {
        eprintln!("Unable to connect to {url}: {}", info.cause);
        return Ok(false);
    }
    println!("WebSocket closed with code: {}. Clean: {}", info.godot_code(), info.was_clean());
    Ok(info.was_clean())
}
