//! The opening handshake, always with the same key.

use std::net::SocketAddr;

use anyhow::{Result, ensure};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What answers [`KEY`], by RFC 6455, 1.3.
const ANSWER: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What a client says.
pub fn request(addr: SocketAddr) -> Vec<u8> {
    format!(
        "GET / HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .into_bytes()
}

/// The length of the server's answer in these bytes, once all of it is there.
///
/// # Errors
/// The server refuses.
pub fn answered(bytes: &[u8]) -> Result<Option<usize>> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = bytes.windows(END.len()).position(|window| window == END) else { return Ok(None) };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let accepted = head.starts_with("HTTP/1.1 101 ") && head.contains(ANSWER);
    ensure!(accepted, "a handshake was refused: {}", head.lines().next().unwrap_or_default());
    Ok(Some(end + END.len()))
}
