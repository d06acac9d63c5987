//! `WebSocketPeerOptions`: an object that is read strictly, so that a misspelt option is noticed.

use std::time::Duration;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{reflect, values::Thrown};
use crate::{Liveness, Packet, PeerOptions};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Settings of a `WebSocketPeer`. All have defaults. Sizes are in bytes, times in milliseconds. */
export interface WebSocketPeerOptions {
    /** The largest message to receive; a larger one ends the connection with cause `too-big`. Default: 1 MiB. */
    maxMessageSize?: number;
    /** How many bytes may wait to be read before more stay in the backlog. Default: 4 MiB; at least `maxMessageSize`. */
    inboundBufferSize?: number;
    /** How many bytes may wait to be sent, and the largest packet that can be. Default: 4 MiB. */
    outboundBufferSize?: number;
    /** How many packets may wait to be read, and how many to be sent. Default: 4096. */
    maxQueuedPackets?: number;
    /** How many bytes may wait beyond the inbox; one more ends the connection with cause `overflow`. Default: 16 MiB. */
    backlogBufferSize?: number;
    /** How many packets may wait there. Default: 65,536. */
    maxBacklogPackets?: number;
    /** The sub-protocols to offer, best first. Default: none. */
    protocols?: readonly string[];
    /** The time until the connection must be open. Default: 10,000. */
    connectTimeout?: number;
    /** The time for the other end to answer a close. Default: 3000. */
    closeTimeout?: number;
    /** How to find out that the connection is dead, which no browser tells for minutes, or ever. Default: not at all. */
    liveness?: Liveness;
}

/** A question of your own protocol, which the server must answer with a packet of any kind. */
export interface Liveness {
    /** The packet to send after a silence, and at once when the network or the page has come back. */
    probe: string | Uint8Array;
    /** How long nothing has been received when it is sent. Default: 20,000. */
    silence?: number;
    /**
     * The time within which a packet must be received afterwards; else it ends, with cause `timed-out`. With `silence` it
     * must be longer than the largest packet takes to arrive. Default: 10,000.
     */
    timeout?: number;
}
"#;

pub(super) fn read(given: &JsValue) -> Result<PeerOptions, Thrown> {
    let mut options = PeerOptions::default();
    for_each(given, |name, value| set(&mut options, name, value))?;
    Ok(options)
}

/// Shows the options of an object, if there is one.
pub(super) fn for_each(
    given: &JsValue,
    mut set: impl FnMut(&str, &JsValue) -> Result<(), Thrown>,
) -> Result<(), Thrown> {
    if given.is_undefined() {
        return Ok(());
    }
    if !given.is_object() {
        return Err(invalid("options", "they must be an object"));
    }
    let mut entries = reflect::entries(given)?.into_iter().filter(|(_, value)| !value.is_undefined());
    entries.try_for_each(|(name, value)| set(&name, &value))
}

/// Ranges are not checked here: that is done where it is done for everybody.
pub(super) fn set(options: &mut PeerOptions, name: &str, value: &JsValue) -> Result<(), Thrown> {
    match name {
        "maxMessageSize" => options.max_message_size = size(name, value)?,
        "inboundBufferSize" => options.inbound_buffer_size = size(name, value)?,
        "outboundBufferSize" => options.outbound_buffer_size = size(name, value)?,
        "maxQueuedPackets" => options.max_queued_packets = size(name, value)?,
        "backlogBufferSize" => options.backlog_buffer_size = size(name, value)?,
        "maxBacklogPackets" => options.max_backlog_packets = size(name, value)?,
        "protocols" => {
            let protocols = reflect::strings(value)?;
            options.protocols = protocols.ok_or_else(|| invalid(name, "it must be an array of strings"))?;
        }
        "connectTimeout" => options.connect_timeout = milliseconds(name, value)?,
        "closeTimeout" => options.close_timeout = milliseconds(name, value)?,
        "liveness" => options.liveness = Some(liveness(name, value)?),
        _ => return Err(invalid(name, "there is no such option")),
    }
    Ok(())
}

fn liveness(option: &str, value: &JsValue) -> Result<Liveness, Thrown> {
    if !value.is_object() {
        return Err(invalid(option, "it must be an object with a `probe`"));
    }
    let mut probe = None;
    let (mut silence, mut timeout) = (None, None);
    let named = |name: &str| format!("{option}.{name}");
    for_each(value, |name, value| {
        match name {
            "probe" => probe = Some(packet(&named(name), value)?),
            "silence" => silence = Some(milliseconds(&named(name), value)?),
            "timeout" => timeout = Some(milliseconds(&named(name), value)?),
            _ => return Err(invalid(&named(name), "there is no such option")),
        }
        Ok(())
    })?;
    let probe = probe.ok_or_else(|| invalid(option, "it must have a `probe`"))?;
    let mut liveness = Liveness::new(probe);
    liveness.silence = silence.unwrap_or(liveness.silence);
    liveness.timeout = timeout.unwrap_or(liveness.timeout);
    Ok(liveness)
}

fn packet(name: &str, value: &JsValue) -> Result<Packet, Thrown> {
    if let Some(text) = value.as_string() {
        return Ok(Packet::text(text));
    }
    let bytes = reflect::uint8_array(value)?;
    bytes.map(Packet::binary).ok_or_else(|| invalid(name, "it must be a string or a Uint8Array"))
}

pub(super) fn size(name: &str, value: &JsValue) -> Result<usize, Thrown> {
    match value.as_f64() {
        // The cast saturates, far over what is allowed.
        Some(size) if size >= 0.0 && size.fract() == 0.0 => Ok(size as usize),
        _ => Err(invalid(name, "it must be a whole number, not negative")),
    }
}

pub(super) fn milliseconds(name: &str, value: &JsValue) -> Result<Duration, Thrown> {
    value
        .as_f64()
        .and_then(|time| Duration::try_from_secs_f64(time / 1000.0).ok())
        .ok_or_else(|| invalid(name, "it must be a number of milliseconds, not negative"))
}

pub(super) fn invalid(option: &str, why: &str) -> Thrown {
    Thrown::new("InvalidOption", &format!("invalid option `{option}`: {why}"))
}
