//! The clients written in Rust that run beside plain JavaScript in one web page. `www/` has the page and the plain ones.
//!
//! All do the same: so many messages in flight, a new one for each that comes back, and a look at each.

mod ewebsock_events;
mod message;
mod ours;
