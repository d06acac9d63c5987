//! Scripts that end without a close frame.

use std::time::Duration;

use socket2::SockRef;

use super::{Leave, Outcome, polite};
use crate::connection::{Connection, End};
use crate::frame::{TEXT, server_frame};

pub(super) fn mid_frame(connection: &mut Connection) -> Outcome {
    let frame = server_frame(TEXT, "only half of this arrives");
    connection.write(&frame[..frame.len() / 2])?;
    Ok(Leave::AtOnce)
}

pub(super) fn send_then_cut(connection: &mut Connection, count: usize) -> Outcome {
    polite::send_numbers(connection, count)?;
    Ok(Leave::AtOnce)
}

/// Closing a socket with a linger time of zero sends RST.
pub(super) fn reset(connection: &mut Connection) -> Outcome {
    SockRef::from(connection.stream().tcp())
        .set_linger(Some(Duration::ZERO))
        .map_err(|error| End::Broken(error.to_string()))?;
    Ok(Leave::AtOnce)
}

pub(super) fn half_close(connection: &mut Connection) -> Outcome {
    connection.shutdown_write()?;
    Err(connection.ignore_everything())
}
