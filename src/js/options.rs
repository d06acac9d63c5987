//! `WebSocketPeerOptions`: an object that is read strictly, so that a misspelt option is noticed.

use std::time::Duration;

use js_sys::{Array, JsString, Object};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::values::Thrown;
use crate::Options;

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
}
"#;

pub(super) fn read(given: &JsValue) -> Result<Options, Thrown> {
    let mut options = Options::default();
    if given.is_undefined() {
        return Ok(options);
    }
    let Some(given) = given.dyn_ref::<Object>() else {
        return Err(invalid("options", "they must be an object"));
    };
    for entry in Object::entries(given).iter() {
        let entry: Array = entry.unchecked_into();
        let (name, value) = (String::from(entry.get(0).unchecked_into::<JsString>()), entry.get(1));
        if !value.is_undefined() {
            set(&mut options, &name, &value).map_err(|why| invalid(&name, why))?;
        }
    }
    Ok(options)
}

/// Ranges are not checked here: that is done where it is done for everybody.
fn set(options: &mut Options, name: &str, value: &JsValue) -> Result<(), &'static str> {
    match name {
        "maxMessageSize" => options.max_message_size = size(value)?,
        "inboundBufferSize" => options.inbound_buffer_size = size(value)?,
        "outboundBufferSize" => options.outbound_buffer_size = size(value)?,
        "maxQueuedPackets" => options.max_queued_packets = size(value)?,
        "backlogBufferSize" => options.backlog_buffer_size = size(value)?,
        "maxBacklogPackets" => options.max_backlog_packets = size(value)?,
        "protocols" => options.protocols = strings(value)?,
        "connectTimeout" => options.connect_timeout = milliseconds(value)?,
        "closeTimeout" => options.close_timeout = milliseconds(value)?,
        _ => return Err("there is no such option"),
    }
    Ok(())
}

fn size(value: &JsValue) -> Result<usize, &'static str> {
    match value.as_f64() {
        // The cast saturates, far over what is allowed.
        Some(size) if size >= 0.0 && size.fract() == 0.0 => Ok(size as usize),
        _ => Err("it must be a whole number, not negative"),
    }
}

fn milliseconds(value: &JsValue) -> Result<Duration, &'static str> {
    value
        .as_f64()
        .and_then(|time| Duration::try_from_secs_f64(time / 1000.0).ok())
        .ok_or("it must be a number of milliseconds, not negative")
}

fn strings(value: &JsValue) -> Result<Vec<String>, &'static str> {
    value
        .dyn_ref::<Array>()
        .and_then(|array| array.iter().map(|item| item.as_string()).collect())
        .ok_or("it must be an array of strings")
}

fn invalid(option: &str, why: &str) -> Thrown {
    Thrown::new("InvalidOption", &format!("invalid option `{option}`: {why}"))
}
