//! The programs: hosts, bots and terminal players in processes of their own.

#[path = "programs/child.rs"]
mod child;
#[path = "programs/games.rs"]
mod games;
