//! The smallest client in macroquad: each click sends a text, and the last packet that has arrived is shown.
//! `cargo run --example hello_server` at the root of the repository is a server for it.

use macroquad::prelude::*;
use websocket_peer::{ReadyState, WebSocketPeer};

#[macroquad::main("Hello")]
async fn main() {
    let mut peer = WebSocketPeer::new();
    let mut result = peer.connect("ws://127.0.0.1:9080");
    let mut received = String::new();
    loop {
        if peer.poll() == ReadyState::Open && is_mouse_button_pressed(MouseButton::Left) {
            result = peer.send_text("Hello!");
        }
        while let Some(packet) = peer.recv() {
            received = format!("received {packet:?}");
        }
        let status = match (&result, peer.close_info()) {
            (Err(error), _) => error.to_string(),
            (_, Some(info)) => info.to_string(),
            _ => format!("{:?} {received}", peer.state()),
        };
        draw_text(&status, 12.0, 28.0, 24.0, WHITE);
        next_frame().await;
    }
}
