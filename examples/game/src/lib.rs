//! The game of Godot's high-level multiplayer demo: players take turns, and roll or pass. Unmodified windows of the demo
//! can join a host of this crate, and players of this crate can join a host of the demo.
//!
//! | module | purpose |
//! |---|---|
//! | [`rules`] | the rules, as the host applies them. No I/O |
//! | [`table`] | the table that every end shows: players, whose turn it is, the log. No I/O |
//! | [`messages`] | the calls between host and players |
//! | [`names`] | names and lines from other people, made safe to show |
//! | [`lines`], [`commands`] | what a terminal shows, and what people type there |
//! | [`host_game`], [`player_game`] | both sides of a game, on a session of any transport |
//! | [`host`] | a host over WebSockets, which can play |
//! | [`player`] | a player over a WebSocket, in a program or a page |

pub mod commands;
pub mod host;
pub mod host_game;
pub mod lines;
pub mod messages;
pub mod names;
pub mod player;
pub mod player_game;
pub mod rules;
pub mod table;

pub use host::{Host, HostOptions};
pub use host_game::{HostEvent, HostGame};
pub use messages::{Action, GameCall};
pub use player::Player;
pub use player_game::{ActionError, PlayerEvent, PlayerGame};
pub use table::{LogLine, Roll, Table, TableEvent, TablePlayer};
