//! Circles: move the mouse, and the other players see your circle. The same code runs natively and in a page.
//!
//! The file `server.txt`, in the current folder or beside the page, has the address of the server: `cargo run --bin server`.

use circles::{Players, encode};
use macroquad::prelude::*;
use websocket_peer::{Error, ReadyState, WebSocketPeer};

/// The address without a file.
const SERVER: &str = "ws://127.0.0.1:9080";

/// The time between two positions that are sent, in seconds.
const INTERVAL: f64 = 0.05;

struct Game {
    peer: WebSocketPeer,
    players: Players,
    sent: [f32; 2],
    sent_at: f64,
}

#[macroquad::main("Circles")]
async fn main() {
    let url = load_string("server.txt").await;
    let mut game = Game::new();
    let mut result = game.peer.connect(url.as_deref().map_or(SERVER, str::trim));
    loop {
        result = result.and_then(|()| game.frame());
        game.draw(&result);
        next_frame().await;
    }
}

impl Game {
    fn new() -> Self {
        Self { peer: WebSocketPeer::new(), players: Players::default(), sent: [0.5; 2], sent_at: 0.0 }
    }

    fn frame(&mut self) -> Result<(), Error> {
        self.peer.poll();
        while let Some(packet) = self.peer.recv() {
            self.players.receive(&packet);
        }
        let position = own_position();
        let now = get_time();
        if self.peer.state() == ReadyState::Open && position != self.sent && now - self.sent_at >= INTERVAL {
            self.peer.send(&encode(position))?;
            (self.sent, self.sent_at) = (position, now);
        }
        Ok(())
    }

    fn draw(&self, result: &Result<(), Error>) {
        clear_background(BLACK);
        for (&id, &position) in &self.players.0 {
            circle(position, macroquad::color::hsl_to_rgb(id as f32 * 0.618 % 1.0, 0.8, 0.6));
        }
        circle(own_position(), WHITE);
        let status = match (result, self.peer.close_info()) {
            (Err(error), _) => error.to_string(),
            (_, Some(info)) => info.to_string(),
            _ => format!("{:?}, other players: {}", self.peer.state(), self.players.0.len()),
        };
        draw_text(&status, 12.0, 28.0, 24.0, GRAY);
    }
}

/// Returns the position of the mouse or of a finger, from 0 to 1 in each direction.
fn own_position() -> [f32; 2] {
    let (x, y) = mouse_position();
    [x / screen_width(), y / screen_height()].map(|part| part.clamp(0.0, 1.0))
}

fn circle([x, y]: [f32; 2], color: Color) {
    draw_circle(x * screen_width(), y * screen_height(), 24.0, color);
}
