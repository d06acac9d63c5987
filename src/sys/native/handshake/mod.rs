//! The HTTP upgrade of both roles. Without socket and clock.
//!
//! tungstenite makes and answers the keys. Its handshakes are not used: its client accepts extensions that were not
//! offered, and no list in `Connection`; its server sends no answer to a bad request. Source: RFC 6455, section 4.

mod client;
mod head;
mod response;
mod server;

pub(super) use self::{
    client::{ClientUpgrade, ResponseOutcome},
    response::{accept_response, http_response, reject_response},
    server::{RequestOutcome, ServerUpgrade},
};
