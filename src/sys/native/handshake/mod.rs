//! The HTTP upgrade of both roles: bytes in, bytes and a verdict out. No socket, no clock.
//!
//! tungstenite has one of its own, but its client takes extensions that it never asked for and no list in `Connection`,
//! and its server answers a bad request with nothing. Source: RFC 6455, section 4.

mod client;
mod head;
mod response;
mod server;

pub(super) use self::{
    client::{ClientUpgrade, ResponseOutcome},
    response::{accept_response, http_response, reject_response},
    server::{RequestOutcome, ServerUpgrade},
};
