//! Hosts and players of the library over WebSockets, in one thread.

#[path = "game/hostile.rs"]
mod hostile;
#[path = "game/play.rs"]
mod play;
#[path = "game/wire.rs"]
mod wire;
#[path = "game/world.rs"]
mod world;
