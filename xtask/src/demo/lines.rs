//! The addresses of the demo, and the lines that join its servers from a terminal.

use super::GodotRole;
use super::engine::NAME;
use super::servers::Demo;

/// A program that joins a server from a terminal.
pub struct Program {
    /// Its package and name, as options of cargo.
    pub selection: &'static str,
    /// Its path in the folder of cargo's build.
    pub path: &'static str,
}

pub const CLIENT: Program =
    Program { selection: "--example minimal_client", path: "examples/minimal_client" };
pub const CHAT: Program = Program { selection: "-p chat --bin chat", path: "chat" };
pub const PLAYER: Program = Program { selection: "-p game --bin game_player", path: "game_player" };
pub const BOT: Program = Program { selection: "-p game --bin game_bot", path: "game_bot" };

/// A server of the demo: its name in the pages, its address, and the line that joins it from a terminal.
pub struct Entry {
    pub name: &'static str,
    pub url: String,
    pub line: String,
}

/// Returns the echo server, the chat, the game and the rooms. The first page shows the same lines.
pub fn entries(demo: &Demo) -> [Entry; 4] {
    let entry = |name, url: String, program: Program| Entry { name, line: program.line(&url), url };
    [
        entry("echo", demo.echo_url(), CLIENT),
        entry("chat", demo.chat_url(), CHAT),
        entry("game", demo.game_url(), PLAYER),
        rooms(demo.rooms_url()),
    ]
}

/// Players join a room by the line of the game, with the room's path. This one lists the rooms.
fn rooms(url: String) -> Entry {
    Entry { name: "rooms", line: format!("curl {}/rooms", url.replacen("ws", "http", 1)), url }
}

impl Program {
    /// Returns the line that runs it.
    fn line(&self, url: &str) -> String {
        format!("cargo run {} -- {url}", self.selection)
    }
}

/// Prints all addresses and lines.
pub fn print(demo: &Demo) {
    println!("\n  page   {}", demo.index_url());
    for Entry { name, url, line } in entries(demo) {
        println!("  {name}   {url}\n         {line}");
    }
    println!("         {}", BOT.line(&demo.game_url()));
    println!("  godot  {}\n", engine(demo.godot()));
}

fn engine(role: Option<GodotRole>) -> String {
    match role {
        None => "not started: `--godot host` or `--godot join` starts a headless engine".to_owned(),
        Some(GodotRole::Host) => format!("hosts the game, and plays as {NAME}"),
        Some(GodotRole::Join) => format!("is in the chat and in the game as {NAME}"),
    }
}
