//! Scripts that answer slowly or stop answering.

use std::time::Duration;

use super::{Outcome, polite, upgrades};
use crate::connection::Connection;
use crate::frame::{self, Data, OpCode};
use crate::handshake::{Answer, Request};

/// How long an attempt to connect is kept waiting. Browsers connect to one server once at a time, and one of them goes on
/// waiting for an attempt that its page has long abandoned: then all later ones wait, too.
const UNANSWERED: Duration = Duration::from_secs(3);

pub(super) fn stall_before(connection: &mut Connection) -> Outcome {
    connection.expire_in(UNANSWERED);
    Err(connection.stall())
}

pub(super) fn stall_within(connection: &mut Connection, request: &Request) -> Outcome {
    let head = Answer::upgrade(request).to_bytes();
    connection.write(&head[..head.len() / 2])?;
    stall_before(connection)
}

pub(super) fn interim_forever(connection: &mut Connection) -> Outcome {
    connection.expire_in(UNANSWERED);
    loop {
        connection.write(upgrades::INTERIM[0].as_bytes())?;
        connection.pause(Duration::from_millis(20))?;
    }
}

pub(super) fn drip(connection: &mut Connection, request: &Request) -> Outcome {
    let mut bytes = Answer::upgrade(request).to_bytes();
    bytes.extend(frame::encode(OpCode::Data(Data::Text), true, b"dripped"));
    for byte in bytes {
        connection.write(&[byte])?;
        connection.pause(Duration::from_millis(1))?;
    }
    polite::echo(connection)
}
