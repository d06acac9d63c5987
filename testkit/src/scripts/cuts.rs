//! Scripts that end without a close frame.

use std::time::Duration;

use socket2::SockRef;

use super::{Leave, Outcome, polite};
use crate::connection::{Connection, End};
use crate::frame::{self, Data, OpCode};

pub(super) fn mid_frame(connection: &mut Connection) -> Outcome {
    let frame = frame::encode(OpCode::Data(Data::Text), true, b"only half of this arrives");
    connection.write(&frame[..frame.len() / 2])?;
    Ok(Leave::AtOnce)
}

pub(super) fn send_then_cut(connection: &mut Connection, count: usize) -> Outcome {
    polite::send_numbers(connection, count)?;
    Ok(Leave::AtOnce)
}

/// Closing a socket that lingers for no time at all sends RST.
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
