//! Scripts that answer slowly or stop answering.

use std::time::Duration;

use super::{Outcome, polite, upgrades};
use crate::connection::Connection;
use crate::frame::{TEXT, server_frame};
use crate::handshake::{Answer, Request};

/// The time for which a request is left without an answer. Browsers make one connection attempt to a server at a time,
/// and one of them continues an attempt that its page has abandoned; later attempts wait for it.
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
    bytes.extend(server_frame(TEXT, "dripped"));
    for byte in bytes {
        connection.write(&[byte])?;
        connection.pause(Duration::from_millis(1))?;
    }
    polite::echo(connection)
}
