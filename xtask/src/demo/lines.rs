//! The addresses of the demo, and the lines that join its servers from a terminal.

use super::GodotRole;
use super::engine::NAME;
use super::servers::Demo;

/// A server of the demo: its name in the pages, and the start of the line that joins it from a terminal.
pub struct Entry {
    pub name: &'static str,
    pub url: String,
    pub line: String,
}

/// Returns the echo server, the chat and the game. The pages show the same lines.
pub fn entries(demo: &Demo) -> [Entry; 3] {
    let entry = |name, url: String, program: &str| Entry { name, line: format!("{program} -- {url}"), url };
    [
        entry("echo", demo.echo_url(), "cargo run --example minimal_client"),
        entry("chat", demo.chat_url(), "cargo run -p chat --bin chat"),
        entry("game", demo.game_url(), "cargo run -p game --bin game_player"),
    ]
}

/// Prints all addresses and lines.
pub fn print(demo: &Demo) {
    println!("\n  page   {}", demo.index_url());
    for Entry { name, url, line } in entries(demo) {
        println!("  {name}   {url}\n         {line}");
    }
    println!("         {}", bot(demo));
    println!("  godot  {}\n", engine(demo.godot()));
}

/// Returns the line that starts a bot.
pub fn bot(demo: &Demo) -> String {
    format!("cargo run -p game --bin game_bot -- {}", demo.game_url())
}

fn engine(role: Option<GodotRole>) -> String {
    match role {
        None => "not started: `--godot host` or `--godot join` starts a headless engine".to_owned(),
        Some(GodotRole::Host) => format!("hosts the game, and plays as {NAME}"),
        Some(GodotRole::Join) => format!("is in the chat and in the game as {NAME}"),
    }
}
