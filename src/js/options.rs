//! `WebSocketPeerOptions`: an object. Unknown options are errors, so that misspelt ones are noticed.

use std::time::Duration;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{reflect, values::Thrown};
use crate::{Liveness, Packet, PeerOptions};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Options of a `WebSocketPeer`. All have defaults. Sizes are in bytes, times in milliseconds. */
export interface WebSocketPeerOptions {
    /**
     * The largest message to receive. A larger one ends the connection with cause `message-too-big`. Default: 1 MiB.
     */
    maxMessageSize?: number;
    /** The bytes that the inbox holds before packets stay in the backlog. At least `maxMessageSize`. Default: 4 MiB. */
    inboundBufferSize?: number;
    /** The bytes that may wait to be sent, and the largest packet to send. Default: 4 MiB. */
    outboundBufferSize?: number;
    /** The number of packets that may wait to be read, and the number that may wait to be sent. Default: 4096. */
    maxQueuedPackets?: number;
    /** The bytes that the backlog holds. More end the connection with cause `inbox-overflow`. Default: 16 MiB. */
    backlogBufferSize?: number;
    /** The number of packets that the backlog holds. Default: 65,536. */
    maxBacklogPackets?: number;
    /** The sub-protocols to offer, best first. Default: none. */
    protocols?: readonly string[];
    /** The time within which the connection must open. Default: 10,000. */
    connectTimeout?: number;
    /** The time within which the other end must answer a close. Default: 3000. */
    closeTimeout?: number;
    /** Detects dead connections, which browsers report after minutes, or never. Default: off. */
    liveness?: Liveness;
}

/** A probe of your own protocol, which the server must answer with any packet. */
export interface Liveness {
    /** The packet to send after a silence, and at once when the network or the page comes back. */
    probe: string | Uint8Array;
    /** The time without a received packet after which the probe is sent. Default: 20,000. */
    silence?: number;
    /**
     * The time within which a packet must arrive after the probe. Otherwise the connection ends with cause `timed-out`.
     * `silence` plus `timeout` must be longer than the largest packet takes to arrive. Default: 10,000.
     */
    timeout?: number;
}
"#;

/// Sets the field of the option with this name. Returns `false` from the function if there is no such option.
macro_rules! set_option {
    ($options:ident, $name:ident, $value:ident; $($js_name:literal => $field:ident: $read:ident,)+) => {
        match $name {
            $($js_name => $options.$field = $read($name, $value)?,)+
            _ => return Ok(false),
        }
    };
}
pub(super) use set_option;

pub(super) fn read(given: &JsValue) -> Result<PeerOptions, Thrown> {
    let mut options = PeerOptions::default();
    for_each(given, |name, value| set(&mut options, name, value))?;
    Ok(options)
}

/// Calls `set` for each option of an object. `set` returns `false` for an option that does not exist.
pub(super) fn for_each(
    given: &JsValue,
    mut set: impl FnMut(&str, &JsValue) -> Result<bool, Thrown>,
) -> Result<(), Thrown> {
    if given.is_undefined() {
        return Ok(());
    }
    if !given.is_object() {
        return Err(invalid("options", "they must be an object"));
    }
    for (name, value) in reflect::entries(given)? {
        if !value.is_undefined() && !set(&name, &value)? {
            return Err(invalid(&name, "there is no such option"));
        }
    }
    Ok(())
}

/// Sets an option. Returns `false` if there is no such option. Ranges are checked when the options are used.
pub(super) fn set(options: &mut PeerOptions, name: &str, value: &JsValue) -> Result<bool, Thrown> {
    set_option! { options, name, value;
        "maxMessageSize" => max_message_size: size,
        "inboundBufferSize" => inbound_buffer_size: size,
        "outboundBufferSize" => outbound_buffer_size: size,
        "maxQueuedPackets" => max_queued_packets: size,
        "backlogBufferSize" => backlog_buffer_size: size,
        "maxBacklogPackets" => max_backlog_packets: size,
        "protocols" => protocols: strings,
        "connectTimeout" => connect_timeout: milliseconds,
        "closeTimeout" => close_timeout: milliseconds,
        "liveness" => liveness: liveness,
    }
    Ok(true)
}

fn liveness(option: &str, value: &JsValue) -> Result<Option<Liveness>, Thrown> {
    if !value.is_object() {
        return Err(invalid(option, "it must be an object with a `probe`"));
    }
    let mut probe = None;
    let (mut silence, mut timeout) = (None, None);
    for_each(value, |name, value| {
        let full_name = format!("{option}.{name}");
        match name {
            "probe" => probe = Some(packet(&full_name, value)?),
            "silence" => silence = Some(milliseconds(&full_name, value)?),
            "timeout" => timeout = Some(milliseconds(&full_name, value)?),
            _ => return Err(invalid(&full_name, "there is no such option")),
        }
        Ok(true)
    })?;
    let probe = probe.ok_or_else(|| invalid(option, "it must have a `probe`"))?;
    let mut liveness = Liveness::new(probe);
    liveness.silence = silence.unwrap_or(liveness.silence);
    liveness.timeout = timeout.unwrap_or(liveness.timeout);
    Ok(Some(liveness))
}

fn packet(name: &str, value: &JsValue) -> Result<Packet, Thrown> {
    if let Some(text) = value.as_string() {
        return Ok(Packet::text(text));
    }
    let bytes = reflect::uint8_array(value)?;
    bytes.map(Packet::binary).ok_or_else(|| invalid(name, "it must be a string or a Uint8Array"))
}

fn strings(name: &str, value: &JsValue) -> Result<Vec<String>, Thrown> {
    reflect::strings(value)?.ok_or_else(|| invalid(name, "it must be an array of strings"))
}

pub(super) fn string(name: &str, value: &JsValue) -> Result<String, Thrown> {
    value.as_string().ok_or_else(|| invalid(name, "it must be a string"))
}

pub(super) fn boolean(name: &str, value: &JsValue) -> Result<bool, Thrown> {
    value.as_bool().ok_or_else(|| invalid(name, "it must be true or false"))
}

pub(super) fn size(name: &str, value: &JsValue) -> Result<usize, Thrown> {
    match value.as_f64() {
        // The cast saturates, far above every limit.
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

fn invalid(option: &str, reason: &str) -> Thrown {
    Thrown::new("InvalidOption", &format!("invalid option `{option}`: {reason}"))
}
