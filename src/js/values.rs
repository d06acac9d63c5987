//! Conversions between JavaScript values and Rust values.

use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::reflect;
#[cfg(feature = "multiplayer")]
use crate::multiplayer::SessionError;
use crate::{CloseCause, CloseCode, CloseInfo, Error, Packet, Stats};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** How a connection ended. */
export interface CloseInfo {
    /** The close code; undefined if there was no close frame. */
    readonly code: number | undefined;
    /** The reason beside the code, as the other end wrote it. Untrusted text. */
    readonly reason: string;
    /**
     * Why the connection ended:
     *
     * - `local`, `remote`: a closing handshake that this end, or the other end, began
     * - `aborted`: `abort()`, or `close()` while connecting
     * - `refused`: the connection never opened
     * - `handshake-failed`: at a multiplayer client, the first packet of the server was not an id
     * - `connection-lost`: no close frame was received
     * - `timed-out`: a deadline passed
     * - `message-too-big`, `inbox-overflow`: more arrived than the options allow
     */
    readonly cause: CloseCause;
    /** `true` if the closing handshake was completed. */
    readonly clean: boolean;
    /** A sentence with all of it. */
    readonly message: string;
}

/** The values of `CloseInfo.cause` that can occur in a browser. */
export type CloseCause =
    | "local"
    | "remote"
    | "aborted"
    | "refused"
    | "handshake-failed"
    | "connection-lost"
    | "timed-out"
    | "message-too-big"
    | "inbox-overflow";

/** Counters of a connection. Bytes are payload bytes. */
export interface Stats {
    readonly packetsSent: number;
    readonly packetsReceived: number;
    readonly bytesSent: number;
    readonly bytesReceived: number;
}
"#;

/// An exception for the caller: an `Error` of this crate, or an exception of the page's own code.
pub struct Thrown(JsValue);

impl Thrown {
    pub(super) fn new(name: &str, message: &str) -> Self {
        let error = js_sys::Error::new(message);
        error.set_name(name);
        Self(error.into())
    }

    /// A `TypeError`, as JavaScript's own functions throw for an argument of another type.
    pub(super) fn type_error(message: &str) -> Self {
        Self(js_sys::TypeError::new(message).into())
    }

    /// A `RangeError`, as JavaScript's own functions throw for a value that is too large.
    pub(super) fn range_error(message: &str) -> Self {
        Self(js_sys::RangeError::new(message).into())
    }

    pub(super) fn wrong_type(argument: &str, wanted: &str) -> Self {
        Self::type_error(&format!("{argument} must be {wanted}"))
    }
}

/// An exception of the page's own code is passed on unchanged.
impl From<JsValue> for Thrown {
    fn from(exception: JsValue) -> Self {
        Self(exception)
    }
}

impl From<Error> for Thrown {
    fn from(error: Error) -> Self {
        Self::new(error.name(), &in_camel_case(&error.to_string()))
    }
}

#[cfg(feature = "multiplayer")]
impl From<SessionError> for Thrown {
    fn from(error: SessionError) -> Self {
        Self::new(error.name(), &in_camel_case(&error.to_string()))
    }
}

impl From<Thrown> for JsValue {
    fn from(thrown: Thrown) -> Self {
        thrown.0
    }
}

/// Converts option names in a message from Rust's spelling to JavaScript's. They stand in backticks.
fn in_camel_case(message: &str) -> String {
    let mut camel = String::with_capacity(message.len());
    let (mut in_name, mut after_underscore) = (false, false);
    for c in message.chars() {
        in_name ^= c == '`';
        if in_name && c == '_' {
            after_underscore = true;
        } else {
            camel.push(if after_underscore { c.to_ascii_uppercase() } else { c });
            after_underscore = false;
        }
    }
    camel
}

pub(super) fn string(argument: &str, value: &JsValue) -> Result<String, Thrown> {
    value.as_string().ok_or_else(|| Thrown::wrong_type(argument, "a string"))
}

pub(super) fn optional_string(argument: &str, value: &JsValue) -> Result<String, Thrown> {
    if value.is_undefined() { Ok(String::new()) } else { string(argument, value) }
}

pub(super) fn number(argument: &str, value: &JsValue) -> Result<f64, Thrown> {
    value.as_f64().ok_or_else(|| Thrown::wrong_type(argument, "a number"))
}

/// Returns a number that fits into an `i32`; `None` for anything else.
pub(super) fn integer(value: &JsValue) -> Option<i32> {
    let number = value.as_f64()?;
    // The cast saturates and truncates. A number that it changed does not fit.
    Some(number as i32).filter(|integer| f64::from(*integer) == number)
}

/// Returns the properties of an object that are not undefined.
pub(super) fn fields(argument: &str, given: &JsValue) -> Result<Vec<(String, JsValue)>, Thrown> {
    if !given.is_object() {
        return Err(Thrown::wrong_type(argument, "an object"));
    }
    Ok(reflect::entries(given)?.into_iter().filter(|(_, value)| !value.is_undefined()).collect())
}

pub(super) fn list(argument: &str, given: &JsValue) -> Result<Vec<JsValue>, Thrown> {
    match reflect::is_array(given)? {
        true => Ok(reflect::elements(given)?.to_vec()),
        false => Err(Thrown::wrong_type(argument, "an array")),
    }
}

pub(super) fn bytes(argument: &str, value: &JsValue) -> Result<Vec<u8>, Thrown> {
    reflect::uint8_array(value)?.ok_or_else(|| Thrown::wrong_type(argument, "a Uint8Array"))
}

pub(super) fn close_code(value: &JsValue) -> Result<CloseCode, Thrown> {
    if value.is_undefined() {
        return Ok(CloseCode::NORMAL);
    }
    let number = number("code", value)?;
    // The cast saturates. A number that it changed is not a close code.
    let code = number as u16;
    if f64::from(code) != number {
        return Err(Thrown::new("InvalidCloseCode", &format!("{number} is not a close code")));
    }
    Ok(CloseCode::new(code)?)
}

pub(super) fn packet(packet: Option<Packet>) -> JsValue {
    match packet {
        None => JsValue::UNDEFINED,
        Some(packet) => match packet.as_text() {
            Some(text) => text.into(),
            None => byte_array(packet.as_bytes()),
        },
    }
}

pub(super) fn byte_array(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

pub(super) fn close_info(info: Option<&CloseInfo>) -> JsValue {
    let Some(info) = info else { return JsValue::UNDEFINED };
    let message = match info.to_string() {
        ours if info.reason.is_empty() => in_camel_case(&ours),
        // It quotes the other end, so it is not changed.
        theirs => theirs,
    };
    object([
        ("code", info.code.into()),
        ("reason", info.reason.as_str().into()),
        ("cause", cause(&info.cause).into()),
        ("clean", info.was_clean().into()),
        ("message", message.into()),
    ])
}

pub(super) fn stats(stats: Stats) -> JsValue {
    // JavaScript's numbers are exact up to 2^53.
    object([
        ("packetsSent", (stats.packets_sent as f64).into()),
        ("packetsReceived", (stats.packets_received as f64).into()),
        ("bytesSent", (stats.bytes_sent as f64).into()),
        ("bytesReceived", (stats.bytes_received as f64).into()),
    ])
}

fn cause(cause: &CloseCause) -> &'static str {
    match cause {
        CloseCause::Local => "local",
        CloseCause::Remote => "remote",
        CloseCause::Aborted => "aborted",
        CloseCause::DnsFailed => "dns-failed",
        CloseCause::Refused { .. } => "refused",
        CloseCause::HandshakeFailed { .. } => "handshake-failed",
        CloseCause::Tls(_) => "tls",
        CloseCause::ConnectionLost => "connection-lost",
        CloseCause::TimedOut(_) => "timed-out",
        CloseCause::Protocol => "protocol",
        CloseCause::MessageTooBig => "message-too-big",
        CloseCause::InboxOverflow => "inbox-overflow",
        CloseCause::LimitExceeded(_) => "limit-exceeded",
    }
}

/// Returns a plain object with these properties.
pub(super) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, JsValue)>) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        let set = Reflect::set(&object, &name.into(), &value);
        debug_assert!(set.is_ok(), "a plain object takes every field");
    }
    object.into()
}
