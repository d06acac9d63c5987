//! Scripts that answer the upgrade in unusual or wrong ways.

use super::{Leave, Outcome, polite};
use crate::connection::Connection;
use crate::frame::{TEXT, server_frame};
use crate::handshake::{Answer, Request};
use crate::script::BadUpgrade;

pub(super) fn reject(connection: &mut Connection, status: u16) -> Outcome {
    let mut answer = Answer::rejection(status);
    if status == 301 {
        answer = answer.with("Location", "/echo");
    }
    connection.answer(&answer)?;
    Ok(Leave::Gracefully)
}

pub(super) fn with_head(connection: &mut Connection, request: &Request) -> Outcome {
    let mut bytes = Answer::upgrade(request).to_bytes();
    bytes.extend(server_frame(TEXT, "with the head"));
    connection.write(&bytes)?;
    polite::echo(connection)
}

/// Interim responses (RFC 9110, 15.2).
pub(super) const INTERIM: [&str; 2] =
    ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"];

/// A client that accepts the answer gets an echo.
pub(super) fn bad_upgrade(connection: &mut Connection, request: &Request, bad: &BadUpgrade) -> Outcome {
    const ACCEPT: &str = "Sec-WebSocket-Accept";
    const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
    const PROTOCOL: &str = "Sec-WebSocket-Protocol";

    let correct = Answer::upgrade(request);
    let answer = match bad {
        // The accept value of the example in RFC 6455.
        BadUpgrade::WrongAccept => correct.with_instead(ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        BadUpgrade::NoAccept => correct.without(ACCEPT),
        BadUpgrade::NoUpgradeHeader => correct.without("Upgrade"),
        BadUpgrade::ConnectionList => correct.with_instead("Connection", "keep-alive, Upgrade"),
        BadUpgrade::Protocol(name) => correct.with_instead(PROTOCOL, name),
        BadUpgrade::NoProtocol => correct.without(PROTOCOL),
        BadUpgrade::TwoProtocols => correct.with_instead(PROTOCOL, "one, two"),
        BadUpgrade::Extension => correct.with(EXTENSIONS, "x-unasked"),
        BadUpgrade::Deflate => correct.with(EXTENSIONS, "permessage-deflate"),
        BadUpgrade::Http10 => correct.with_status_line("HTTP/1.0 101 Switching Protocols"),
        BadUpgrade::BigHead => correct.with("X-Padding", &"x".repeat(20 * 1024)),
        BadUpgrade::Folded => {
            correct.with_instead("Connection", "keep-alive,\r\n\tUpgrade").with("X-Policy", "a\r\n b")
        }
        BadUpgrade::SpaceBeforeColon => correct.with("X-Spaced ", "a"),
        BadUpgrade::BareLineFeeds => {
            let head = correct.to_bytes();
            connection.write(&head.into_iter().filter(|&byte| byte != b'\r').collect::<Vec<u8>>())?;
            return polite::echo(connection);
        }
        BadUpgrade::Interim { count } => {
            for answer in INTERIM.iter().cycle().take(*count) {
                connection.write(answer.as_bytes())?;
            }
            correct
        }
        BadUpgrade::ManyHeaders => {
            (0..400).fold(correct, |answer, number| answer.with(&format!("X-{number}"), "x"))
        }
        BadUpgrade::Garbage => {
            connection.write(b"\x00\x01 this is not HTTP at all\r\n\r\n")?;
            return Ok(Leave::Gracefully);
        }
    };
    connection.answer(&answer)?;
    polite::echo(connection)
}
