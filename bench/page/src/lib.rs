//! The Rust clients that run beside plain JavaScript in one web page. `www/` has the page and the JavaScript clients.
//!
//! All have the same load: a number of messages in flight, a new one for each that comes back, and a check of each.

mod ewebsock_events;
mod message;
mod ours;
