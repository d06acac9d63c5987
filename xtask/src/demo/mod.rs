//! `cargo xtask demo`: runs the pages and their servers on this machine, for a user or (`--check`) for a test.

mod chat;
mod check;
pub mod echo;
mod engine;
mod game;
mod lines;
pub mod native;
mod rooms;
mod server_thread;
mod servers;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::page;
use crate::project::Project;
use servers::Demo;

#[derive(Args, Debug, PartialEq)]
pub struct Options {
    /// Opens the first page in the default browser
    #[arg(long)]
    pub open: bool,
    /// Checks everything by itself, with the pages in headless Chrome and with programs in terminals, then exits
    #[arg(long)]
    pub check: bool,
    /// Writes the pictures of the documents, chat.png and game.png, to this folder
    #[arg(long, value_name = "DIR", requires = "check")]
    pub pictures: Option<PathBuf>,
    /// Starts a headless Godot engine in this role. The engine is that of `cargo xtask interop`
    #[arg(long, value_name = "ROLE")]
    pub godot: Option<GodotRole>,
    /// The port of the pages; the next free port if it is in use, as for the others
    #[arg(long, value_name = "N", default_value_t = PAGE_PORT)]
    pub page_port: u16,
    /// The port of the echo server
    #[arg(long, value_name = "N", alias = "port", default_value_t = ECHO_PORT)]
    pub echo_port: u16,
    /// The port of the chat server
    #[arg(long, value_name = "N", default_value_t = CHAT_PORT)]
    pub chat_port: u16,
    /// The port of the game's host
    #[arg(long, value_name = "N", default_value_t = GAME_PORT)]
    pub game_port: u16,
    /// The port of the server of rooms
    #[arg(long, value_name = "N", default_value_t = ROOMS_PORT)]
    pub rooms_port: u16,
}

/// What the engine does in the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GodotRole {
    /// Hosts the game, in place of the host in Rust, and plays
    Host,
    /// Joins the game and the chat
    Join,
}

const PAGE_PORT: u16 = 8090;
// The ports of Godot's own demos, whose windows connect to them.
const ECHO_PORT: u16 = 9080;
const CHAT_PORT: u16 = 8000;
const GAME_PORT: u16 = 8080;
// Godot has no demo of rooms.
const ROOMS_PORT: u16 = 9090;

impl Options {
    /// The options of the step in `cargo xtask test`.
    pub fn check() -> Self {
        Self {
            open: false,
            check: true,
            pictures: None,
            godot: None,
            page_port: PAGE_PORT,
            echo_port: ECHO_PORT,
            chat_port: CHAT_PORT,
            game_port: GAME_PORT,
            rooms_port: ROOMS_PORT,
        }
    }
}

pub async fn run(project: &Project, options: &Options) -> Result<()> {
    page::build(project).await?;
    let mut demo = Demo::start(project, options).await?;
    lines::print(&demo);
    if options.open {
        let page = demo.index_url();
        open::that_detached(&page).context("cannot open the default browser; open the page yourself")?;
    }
    if options.check {
        return check::run(project, &mut demo, options).await;
    }
    println!("Press Ctrl-C to stop.");
    std::future::pending().await
}
