//! Scripts that follow the standard.

use std::time::Duration;

use super::{Leave, Outcome};
use crate::connection::{Connection, End, Message};
use crate::frame::{BINARY, CLOSE, CONTINUATION, FINAL, PING, PONG, TEXT, server_frame};
use crate::server::Context;

/// The longest time that `/events/K` waits.
const EVENTS_WAIT: Duration = Duration::from_secs(5);

pub(super) fn echo(connection: &mut Connection) -> Outcome {
    connection.keep();
    late_close(connection, Duration::ZERO)
}

pub(super) fn late_close(connection: &mut Connection, pause: Duration) -> Outcome {
    let close = loop {
        match connection.message()? {
            Message::Text(text) => connection.send(TEXT, text)?,
            Message::Binary(bytes) => connection.send(BINARY, &bytes)?,
            Message::Ping(payload) => connection.send(PONG, &payload)?,
            Message::Pong(_) => {}
            Message::Close(payload) => break payload,
        }
    };
    connection.pause(pause)?;
    connection.send(CLOSE, &close)?;
    Ok(Leave::Gracefully)
}

pub(super) fn count(connection: &mut Connection) -> Outcome {
    let mut count = 0;
    let close = loop {
        match connection.message()? {
            Message::Text(_) | Message::Binary(_) => count += 1,
            Message::Ping(payload) => connection.send(PONG, &payload)?,
            Message::Pong(_) => {}
            Message::Close(payload) => break payload,
        }
    };
    connection.record(format_args!("count {count}"));
    connection.send(CLOSE, &close)?;
    Ok(Leave::Gracefully)
}

pub(super) fn send_then_close(
    connection: &mut Connection,
    count: usize,
    code: Option<u16>,
    reason: &str,
) -> Outcome {
    send_numbers(connection, count)?;
    connection.close(code, reason)?;
    Ok(Leave::Gracefully)
}

pub(super) fn burst(connection: &mut Connection, count: usize) -> Outcome {
    send_numbers(connection, count)?;
    echo(connection)
}

pub(super) fn burst_binary(connection: &mut Connection, count: usize, size: usize) -> Outcome {
    let payload: Vec<u8> = (0..=250).cycle().take(size).collect();
    for _ in 0..count {
        connection.send(BINARY, &payload)?;
    }
    echo(connection)
}

pub(super) fn packets(connection: &mut Connection, packets: &[Vec<u8>]) -> Outcome {
    for packet in packets {
        connection.send(BINARY, packet)?;
    }
    echo(connection)
}

pub(super) fn flood(connection: &mut Connection, count: u64) -> Outcome {
    let mut payload = [0; 1024];
    let mut sent = 0;
    let close = loop {
        let received = if sent < count { connection.message_now()? } else { Some(connection.message()?) };
        if let Some(Message::Close(close)) = received {
            break close;
        }
        if sent < count {
            payload[..8].copy_from_slice(&sent.to_be_bytes());
            connection.send(BINARY, payload)?;
            sent += 1;
        }
    };
    connection.record(format_args!("sent {sent}"));
    connection.send(CLOSE, &close)?;
    Ok(Leave::Gracefully)
}

pub(super) fn fragments(connection: &mut Connection) -> Outcome {
    let parts =
        [(TEXT & !FINAL, "frag"), (PING, "between"), (CONTINUATION & !FINAL, "men"), (CONTINUATION, "ted")];
    for (first, part) in parts {
        connection.send(first, part)?;
    }
    echo(connection)
}

pub(super) fn ping(connection: &mut Connection) -> Outcome {
    connection.send(PING, "beat")?;
    loop {
        match connection.message()? {
            Message::Pong(payload) => {
                connection.send(TEXT, [b"pong ", payload.as_slice()].concat())?;
                return echo(connection);
            }
            Message::Close(_) => return Err(End::Broken("a close instead of a pong".to_owned())),
            _ => {}
        }
    }
}

pub(super) fn pong(connection: &mut Connection) -> Outcome {
    connection.send(PONG, "unsolicited")?;
    connection.send(TEXT, "after")?;
    echo(connection)
}

pub(super) fn events(
    connection: &mut Connection,
    context: &Context,
    key: &str,
    want: Option<&str>,
) -> Outcome {
    let lines = context.events.wait(key, want, EVENTS_WAIT);
    connection.send(TEXT, lines)?;
    connection.close(Some(1000), "")?;
    Ok(Leave::Gracefully)
}

pub(super) fn refused(connection: &mut Connection, context: &Context) -> Outcome {
    let port = context.refusing_port().map_err(|error| End::Broken(error.to_string()))?;
    connection.send(TEXT, port.to_string())?;
    connection.close(Some(1000), "")?;
    Ok(Leave::Gracefully)
}

/// Sends the texts `0`, `1`, … in blocks of 16 KiB, so that many packets arrive together.
pub(super) fn send_numbers(connection: &mut Connection, count: usize) -> Result<(), End> {
    let mut block = Vec::new();
    for number in 0..count {
        block.extend(server_frame(TEXT, number.to_string()));
        if block.len() > 16 * 1024 {
            connection.write(&block)?;
            block.clear();
        }
    }
    connection.write(&block)
}
