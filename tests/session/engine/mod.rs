//! Replays recorded exchanges between engines. Our session takes the place of one engine, gets the packets that it
//! received, and must send the same bytes.

mod authentication;
mod script;
mod session;
