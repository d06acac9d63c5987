//! Scripts that answer the upgrade in odd or wrong ways.

use super::{Leave, Outcome, polite};
use crate::connection::Connection;
use crate::frame::{self, Data, OpCode};
use crate::handshake::{Answer, Request};
use crate::script::Bend;

pub(super) fn reject(connection: &mut Connection, status: u16) -> Outcome {
    let mut answer = Answer::refusal(status);
    if status == 301 {
        answer = answer.with("Location", "/echo");
    }
    connection.answer(&answer)?;
    Ok(Leave::Gently)
}

pub(super) fn with_head(connection: &mut Connection, request: &Request) -> Outcome {
    let mut bytes = Answer::upgrade(request).to_bytes();
    bytes.extend(frame::encode(OpCode::Data(Data::Text), true, b"with the head"));
    connection.write(&bytes)?;
    polite::echo(connection)
}

/// Answers that come before the one that counts (RFC 9110, 15.2).
pub(super) const INTERIM: [&str; 2] =
    ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"];

/// A client that finds fault with the answer leaves; with one that does not, the script goes on as an echo.
pub(super) fn bent(connection: &mut Connection, request: &Request, bend: &Bend) -> Outcome {
    const ACCEPT: &str = "Sec-WebSocket-Accept";
    const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
    const PROTOCOL: &str = "Sec-WebSocket-Protocol";

    let right = Answer::upgrade(request);
    let answer = match bend {
        // The accept value of the standard's own example.
        Bend::WrongAccept => right.with_instead(ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        Bend::NoAccept => right.without(ACCEPT),
        Bend::NoUpgradeHeader => right.without("Upgrade"),
        Bend::ConnectionList => right.with_instead("Connection", "keep-alive, Upgrade"),
        Bend::Protocol(name) => right.with_instead(PROTOCOL, name),
        Bend::NoProtocol => right.without(PROTOCOL),
        Bend::TwoProtocols => right.with_instead(PROTOCOL, "one, two"),
        Bend::Extension => right.with(EXTENSIONS, "x-unasked"),
        Bend::Deflate => right.with(EXTENSIONS, "permessage-deflate"),
        Bend::Http10 => right.with_status_line("HTTP/1.0 101 Switching Protocols"),
        Bend::BigHead => right.with("X-Padding", &"x".repeat(20 * 1024)),
        Bend::Folded => {
            right.with_instead("Connection", "keep-alive,\r\n\tUpgrade").with("X-Policy", "a\r\n b")
        }
        Bend::SpaceBeforeColon => right.with("X-Spaced ", "a"),
        Bend::BareFeeds => {
            let head = right.to_bytes();
            connection.write(&head.into_iter().filter(|&byte| byte != b'\r').collect::<Vec<u8>>())?;
            return polite::echo(connection);
        }
        Bend::Interim { count } => {
            for answer in INTERIM.iter().cycle().take(*count) {
                connection.write(answer.as_bytes())?;
            }
            right
        }
        Bend::ManyHeaders => (0..400).fold(right, |answer, number| answer.with(&format!("X-{number}"), "x")),
        Bend::Garbage => {
            connection.write(b"\x00\x01 this is not HTTP at all\r\n\r\n")?;
            return Ok(Leave::Gently);
        }
    };
    connection.answer(&answer)?;
    polite::echo(connection)
}
