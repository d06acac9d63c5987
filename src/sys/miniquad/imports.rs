//! The functions of `websocket_peer.js` that the program imports, and those that it exports. This file has the only
//! unsafe code of the library.
//!
//! The JavaScript file documents the functions. Each reads or writes only the memory that it is passed, and only during
//! the call. What they return is checked here or by the callers: a page could load another file under the same name.

#![allow(unsafe_code, reason = "imports from JavaScript without wasm-bindgen are unsafe by definition")]

use super::wakeups::{self, WakeReason};

/// The version of the interface. A page that loads a file of another version reports that in its console.
const INTERFACE_VERSION: u32 = 1;

/// The longest reason of a close frame, in bytes (RFC 6455, 5.5).
const MAX_REASON: usize = 123;

/// The id of a connection in JavaScript.
pub(super) type Id = u32;

/// Begins to connect. Returns `None` if the page has not loaded the file: loaders replace missing functions by ones that
/// return nothing.
pub(super) fn connect(
    url: &str,
    protocols: &str,
    max_message_size: usize,
    max_bytes: usize,
    max_packets: usize,
) -> Option<Id> {
    // SAFETY: both ranges are borrowed strings, which the function only reads.
    let id = unsafe {
        websocket_peer_connect(
            url.as_ptr(),
            url.len(),
            protocols.as_ptr(),
            protocols.len(),
            max_message_size,
            max_bytes,
            max_packets,
        )
    };
    (id != 0).then_some(id)
}

/// Ends the connection and frees its id.
pub(super) fn drop(id: Id) {
    websocket_peer_drop(id);
}

/// Returns `true` if the connection has opened.
pub(super) fn is_open(id: Id) -> bool {
    websocket_peer_is_open(id) == 1
}

/// Returns the place of the chosen sub-protocol among those that were offered.
pub(super) fn protocol(id: Id) -> Option<usize> {
    usize::try_from(websocket_peer_protocol(id)).ok()
}

/// Returns the size of the next packet, in bytes.
pub(super) fn next_size(id: Id) -> Option<usize> {
    usize::try_from(websocket_peer_next_size(id)).ok()
}

/// Data of a packet, as JavaScript wrote it.
pub(super) enum Message {
    Text(Vec<u8>),
    Binary(Vec<u8>),
}

/// Takes the next packet, which has this size.
pub(super) fn take(id: Id, size: usize) -> Option<Message> {
    let mut data = vec![0; size];
    // SAFETY: the range is a `Vec` of this length that nothing else refers to, with every byte initialized.
    let kind = unsafe { websocket_peer_take(id, data.as_mut_ptr(), data.len()) };
    match kind {
        0 => Some(Message::Text(data)),
        1 => Some(Message::Binary(data)),
        _ => None,
    }
}

/// Returns the code of the end, as `websocket_peer.js` defines it. 0: not ended.
pub(super) fn end(id: Id) -> u32 {
    websocket_peer_end(id)
}

/// Returns the reason of the end.
pub(super) fn end_reason(id: Id) -> String {
    let mut reason = [0; MAX_REASON];
    // SAFETY: the range is a local array of this length, with every byte initialized.
    let len = unsafe { websocket_peer_end_reason(id, reason.as_mut_ptr(), reason.len()) };
    reason.get(..len).map(String::from_utf8_lossy).unwrap_or_default().into_owned()
}

/// Sends a text packet. Returns `true` if the browser took it.
pub(super) fn send_text(id: Id, text: &str) -> bool {
    // SAFETY: the range is a borrowed string, which the function only reads.
    unsafe { websocket_peer_send_text(id, text.as_ptr(), text.len()) == 1 }
}

/// Sends a binary packet. Returns `true` if the browser took it.
pub(super) fn send_binary(id: Id, data: &[u8]) -> bool {
    // SAFETY: the range is a borrowed slice, which the function only reads.
    unsafe { websocket_peer_send_binary(id, data.as_ptr(), data.len()) == 1 }
}

/// Returns the number of payload bytes that the network has not taken.
pub(super) fn buffered(id: Id) -> usize {
    // The cast saturates, so no number can cause a panic.
    websocket_peer_buffered(id) as usize
}

/// Begins the closing handshake.
pub(super) fn close(id: Id, code: u16, reason: &str) {
    // SAFETY: the range is a borrowed string, which the function only reads.
    unsafe { websocket_peer_close(id, u32::from(code), reason.as_ptr(), reason.len()) }
}

/// Begins to listen for signals of the page.
pub(super) fn listen(id: Id) {
    websocket_peer_listen(id);
}

/// Returns `true` if there was a signal since the last call.
pub(super) fn take_signal(id: Id) -> bool {
    websocket_peer_take_signal(id) == 1
}

/// Replaces the timer of a connection, in milliseconds.
pub(super) fn start_timer(id: Id, milliseconds: u32) {
    websocket_peer_start_timer(id, milliseconds);
}

/// Wakes the program when the current task of the page has ended.
pub(super) fn wake_later(id: Id) {
    websocket_peer_wake_later(id);
}

/// Returns the time since the page began, in milliseconds.
pub(super) fn now() -> f64 {
    websocket_peer_now()
}

/// Returns the time since 1970, in milliseconds.
pub(super) fn calendar() -> f64 {
    websocket_peer_calendar()
}

#[link(wasm_import_module = "env")]
// SAFETY: WebAssembly has only numbers here, which JavaScript converts to these types, and a function of JavaScript
// cannot break the stack of its caller. The functions without an address touch no memory of the program.
unsafe extern "C" {
    fn websocket_peer_connect(
        url: *const u8,
        url_len: usize,
        protocols: *const u8,
        protocols_len: usize,
        max_message_size: usize,
        max_bytes: usize,
        max_packets: usize,
    ) -> Id;
    safe fn websocket_peer_drop(id: Id);
    safe fn websocket_peer_is_open(id: Id) -> u32;
    safe fn websocket_peer_protocol(id: Id) -> i32;
    safe fn websocket_peer_next_size(id: Id) -> i32;
    fn websocket_peer_take(id: Id, address: *mut u8, room: usize) -> i32;
    safe fn websocket_peer_end(id: Id) -> u32;
    fn websocket_peer_end_reason(id: Id, address: *mut u8, room: usize) -> usize;
    fn websocket_peer_send_text(id: Id, text: *const u8, len: usize) -> u32;
    fn websocket_peer_send_binary(id: Id, data: *const u8, len: usize) -> u32;
    safe fn websocket_peer_buffered(id: Id) -> f64;
    fn websocket_peer_close(id: Id, code: u32, reason: *const u8, reason_len: usize);
    safe fn websocket_peer_listen(id: Id);
    safe fn websocket_peer_take_signal(id: Id) -> u32;
    safe fn websocket_peer_start_timer(id: Id, milliseconds: u32);
    safe fn websocket_peer_wake_later(id: Id);
    safe fn websocket_peer_now() -> f64;
    safe fn websocket_peer_calendar() -> f64;
}

/// Returns the version of the interface, which miniquad's loader compares with that of the file.
// SAFETY: no other function has this name, because it has the name of this crate.
#[unsafe(no_mangle)]
extern "C" fn websocket_peer_crate_version() -> u32 {
    INTERFACE_VERSION
}

/// Wakes the program for a connection. All arguments are safe.
// SAFETY: no other function has this name, because it has the name of this crate.
#[unsafe(no_mangle)]
extern "C" fn websocket_peer_wake(id: Id, reason: u32) {
    let reason = match reason {
        0 => WakeReason::Event,
        1 => WakeReason::TaskEnded,
        2 => WakeReason::Timer,
        _ => return,
    };
    wakeups::wake(id, reason);
}
