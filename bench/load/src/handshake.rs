//! The opening handshake, always with the same key.

use std::net::SocketAddr;

use anyhow::{Result, ensure};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The `Sec-WebSocket-Accept` value for [`KEY`] (RFC 6455, 1.3).
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The upgrade request for a path.
pub fn request(addr: SocketAddr, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .into_bytes()
}

/// Returns the length of the server's response in these bytes, once it is complete.
///
/// # Errors
/// The server rejects the request.
pub fn response_len(bytes: &[u8]) -> Result<Option<usize>> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = bytes.windows(END.len()).position(|window| window == END) else { return Ok(None) };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let accepted = head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT);
    ensure!(accepted, "the server rejected a handshake: {}", head.lines().next().unwrap_or_default());
    Ok(Some(end + END.len()))
}
