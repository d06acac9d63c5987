//! Scripts that break the protocol after a correct upgrade.

use super::{Leave, Outcome};
use crate::connection::{Connection, Message};
use crate::frame::{BINARY, header};

pub(super) fn raw(connection: &mut Connection, bytes: &[u8]) -> Outcome {
    connection.write(bytes)?;
    while !matches!(connection.message()?, Message::Close(_)) {}
    Ok(Leave::Gracefully)
}

pub(super) fn huge_declared(connection: &mut Connection, size: u64) -> Outcome {
    raw(connection, &header(BINARY, size, None))
}
