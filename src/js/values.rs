//! JavaScript's values from ours, and ours from JavaScript's.

use js_sys::{Function, Object, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::reflect;
use crate::{CloseCause, CloseCode, CloseInfo, Error, Packet, Stats};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** How a connection ended. */
export interface CloseInfo {
    /** The code of the closing handshake; undefined where there was none. */
    readonly code: number | undefined;
    /** The reason that came with the code, as the other end wrote it: treat it as hostile text. */
    readonly reason: string;
    /**
     * Why it ended: `local` and `remote` after a closing handshake that this or the other end began; `aborted` by
     * `abort()`, or by `close()` while connecting; `refused` if it never opened; `lost` without a close frame;
     * `timed-out`; `too-big` and `overflow` when more arrived than the options allow.
     */
    readonly cause: CloseCause;
    /** Whether both ends said goodbye. */
    readonly clean: boolean;
    /** All of it in a sentence. */
    readonly message: string;
}

/** The values of `CloseInfo.cause` that a browser can tell apart. */
export type CloseCause = "local" | "remote" | "aborted" | "refused" | "lost" | "timed-out" | "too-big" | "overflow";

/** What has gone through a connection so far; bytes are bytes of payload. */
export interface Stats {
    readonly packetsSent: number;
    readonly packetsReceived: number;
    readonly bytesSent: number;
    readonly bytesReceived: number;
}
"#;

/// An exception on its way to whoever called: a JavaScript `Error` of ours, or what the page's own code has thrown.
pub struct Thrown(JsValue);

impl Thrown {
    pub(super) fn new(name: &str, message: &str) -> Self {
        let error = js_sys::Error::new(message);
        error.set_name(name);
        Self(error.into())
    }

    /// What JavaScript's own functions throw for an argument of another type.
    pub(super) fn type_error(message: &str) -> Self {
        Self(js_sys::TypeError::new(message).into())
    }

    /// What they throw for one that is too large.
    pub(super) fn range_error(message: &str) -> Self {
        Self(js_sys::RangeError::new(message).into())
    }

    pub(super) fn wrong_type(argument: &str, wanted: &str) -> Self {
        Self::type_error(&format!("{argument} must be {wanted}"))
    }
}

/// It goes on as it was thrown.
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

impl From<Thrown> for JsValue {
    fn from(thrown: Thrown) -> Self {
        thrown.0
    }
}

/// Rust's messages name options, in backticks, as Rust spells them.
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

/// A number that an `i32` can hold.
pub(super) fn integer(value: &JsValue) -> Option<i32> {
    let number = value.as_f64()?;
    // The cast saturates and truncates; what it changed was none.
    Some(number as i32).filter(|integer| f64::from(*integer) == number)
}

/// What an object has, but for what is undefined.
pub(super) fn fields(what: &str, given: &JsValue) -> Result<Vec<(String, JsValue)>, Thrown> {
    if !given.is_object() {
        return Err(Thrown::wrong_type(what, "an object"));
    }
    Ok(reflect::entries(given)?.into_iter().filter(|(_, value)| !value.is_undefined()).collect())
}

pub(super) fn list(what: &str, given: &JsValue) -> Result<Vec<JsValue>, Thrown> {
    match reflect::is_array(given)? {
        true => Ok(reflect::elements(given)?.to_vec()),
        false => Err(Thrown::wrong_type(what, "an array")),
    }
}

pub(super) fn optional_function(argument: &str, value: &JsValue) -> Result<Option<Function>, Thrown> {
    if value.is_null() || value.is_undefined() {
        return Ok(None);
    }
    let function =
        value.dyn_ref::<Function>().ok_or_else(|| Thrown::wrong_type(argument, "a function or null"))?;
    Ok(Some(function.clone()))
}

/// What calls the function as an event would. It is called on the thread that it comes from.
pub(super) fn hook(function: Option<Function>) -> impl Fn() + Send {
    let function = SendWrapper::new(function);
    move || {
        if let Some(Err(exception)) = function.as_ref().map(|function| function.call0(&JsValue::UNDEFINED)) {
            report_error(&exception);
        }
    }
}

#[wasm_bindgen]
extern "C" {
    /// Tells `window.onerror` and the console, as for what nobody catches.
    #[wasm_bindgen(js_name = reportError)]
    fn report_error(exception: &JsValue);
}

pub(super) fn bytes(argument: &str, value: &JsValue) -> Result<Vec<u8>, Thrown> {
    reflect::uint8_array(value)?.ok_or_else(|| Thrown::wrong_type(argument, "a Uint8Array"))
}

pub(super) fn close_code(value: &JsValue) -> Result<CloseCode, Thrown> {
    if value.is_undefined() {
        return Ok(CloseCode::NORMAL);
    }
    let number = number("code", value)?;
    // The cast saturates; what it changed was no close code.
    let code = number as u16;
    if f64::from(code) != number {
        return Err(Thrown::new("InvalidCloseCode", &format!("{number} is no close code")));
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
        // It quotes the other end's words.
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
    // As JavaScript's numbers: exact up to nine million billions.
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
        CloseCause::DnsFailed => "unresolved",
        CloseCause::Refused { .. } => "refused",
        CloseCause::HandshakeFailed { .. } => "handshake",
        CloseCause::Tls(_) => "tls",
        CloseCause::ConnectionLost => "lost",
        CloseCause::TimedOut(_) => "timed-out",
        CloseCause::Protocol => "protocol",
        CloseCause::MessageTooBig => "too-big",
        CloseCause::InboxOverflow => "overflow",
        CloseCause::LimitExceeded(_) => "excess",
    }
}

pub(super) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, JsValue)>) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        let set = Reflect::set(&object, &name.into(), &value);
        debug_assert!(set.is_ok(), "a plain object takes every field");
    }
    object.into()
}
