//! The responses of a server.

use tungstenite::handshake::derive_accept_key;

use crate::{
    admission::{Rejection, Response},
    request::Request,
};

/// Returns the response that accepts an upgrade request. Fields and order are Godot's, whose client accepts no other
/// value of `Connection`.
pub(in super::super) fn accept_response<'a>(
    request: &Request,
    protocol: Option<&str>,
    headers: impl IntoIterator<Item = &'a (String, String)>,
) -> Vec<u8> {
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let mut head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n",
        derive_accept_key(key)
    );
    if let Some(protocol) = protocol {
        push(&mut head, "Sec-WebSocket-Protocol", protocol);
    }
    for (name, value) in headers {
        push(&mut head, name, value);
    }
    head += "\r\n";
    head.into_bytes()
}

/// Returns a response that rejects a request. The connection ends after it.
pub(in super::super) fn reject_response(
    rejection: &Rejection,
    headers: &[(String, String)],
    is_head: bool,
) -> Vec<u8> {
    let Rejection { status, reason } = rejection;
    write(*status, headers, "text/plain", format!("{reason}\n").as_bytes(), is_head)
}

/// Returns the program's response. The connection ends after it.
pub(in super::super) fn http_response(
    response: &Response,
    headers: &[(String, String)],
    is_head: bool,
) -> Vec<u8> {
    write(response.status, headers, "text/plain; charset=utf-8", &response.body, is_head)
}

/// Writes a response. To the method HEAD it has the length of the body, but no body (RFC 9110, 9.3.2).
fn write(status: u16, headers: &[(String, String)], kind: &str, body: &[u8], is_head: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason_phrase(status));
    for (name, value) in headers {
        push(&mut head, name, value);
    }
    let kind = (!body.is_empty()).then_some(("Content-Type", kind));
    for (name, value) in required_headers(status).iter().chain(&kind) {
        if !headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
            push(&mut head, name, value);
        }
    }
    head += "Connection: close\r\n";
    // RFC 9110, 8.6: 204 has no length, and the length of 304 is that of another response.
    if !matches!(status, 204 | 304) {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    head += "\r\n";
    let mut response = head.into_bytes();
    if !is_head {
        response.extend_from_slice(body);
    }
    response
}

fn push(head: &mut String, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        head.push_str(part);
    }
}

/// Returns the fields that a status requires: what the server accepts, or when to try again (RFC 9110, section 15;
/// RFC 6455, 4.4).
fn required_headers(status: u16) -> &'static [(&'static str, &'static str)] {
    match status {
        405 => &[("Allow", "GET")],
        426 => &[("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")],
        429 | 503 => &[("Retry-After", "1")],
        _ => &[],
    }
}

/// Returns the reason phrase of a status, for humans. Programs use the number.
fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        other if other < 300 => "Success",
        other if other < 400 => "Redirection",
        other if other < 500 => "Client Error",
        _ => "Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(status: u16, headers: &[(&str, &str)]) -> String {
        let headers: Vec<_> = headers.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        String::from_utf8(reject_response(&Rejection { status, reason: "not today" }, &headers, false))
            .expect("text")
    }

    #[test]
    fn the_accepting_response_is_the_one_of_godot() {
        let key = ("Sec-WebSocket-Key", &b"dGhlIHNhbXBsZSBub25jZQ=="[..]);
        let request = Request::new(([192, 0, 2, 1], 5000).into(), false, "h", "/", [key]);
        let opening = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        assert_eq!(accept_response(&request, None, []), format!("{opening}\r\n").into_bytes());
        let headers = [("X-A".to_owned(), "1".to_owned()), ("Y".to_owned(), "2".to_owned())];
        let expected = format!("{opening}Sec-WebSocket-Protocol: a\r\nX-A: 1\r\nY: 2\r\n\r\n");
        assert_eq!(accept_response(&request, Some("a"), &headers), expected.into_bytes());
    }

    #[test]
    fn a_rejection_has_its_reason_and_ends_the_connection() {
        assert_eq!(
            rejected(403, &[]),
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 10\r\n\r\n\
             not today\n"
        );
    }

    fn responded(status: u16, body: &'static str, headers: &[(&str, &str)], is_head: bool) -> String {
        let headers: Vec<_> = headers.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        let response = Response { status, body: body.into() };
        String::from_utf8(http_response(&response, &headers, is_head)).expect("text")
    }

    #[test]
    fn a_response_has_its_length_and_its_content_type() {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\
                    Content-Length: 3\r\n\r\n";
        assert_eq!(responded(200, "ok\n", &[], false), format!("{head}ok\n"));
        assert_eq!(responded(200, "ok\n", &[], true), head, "HEAD");
        assert_eq!(
            responded(200, "{}", &[("content-type", "application/json")], false),
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
        );
        assert_eq!(
            responded(302, "", &[("Location", "/x")], false),
            "HTTP/1.1 302 Found\r\nLocation: /x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(responded(204, "", &[], false), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        assert!(responded(299, "", &[], false).starts_with("HTTP/1.1 299 Success\r\n"));
        assert!(responded(399, "", &[], false).starts_with("HTTP/1.1 399 Redirection\r\n"));
    }

    #[test]
    fn every_status_has_its_reason_phrase_and_required_fields() {
        for (status, words, field) in [
            (400, "Bad Request", ""),
            (401, "Unauthorized", ""),
            (404, "Not Found", ""),
            (405, "Method Not Allowed", "\r\nAllow: GET\r\n"),
            (418, "Client Error", ""),
            (421, "Misdirected Request", ""),
            (429, "Too Many Requests", "\r\nRetry-After: 1\r\n"),
            (426, "Upgrade Required", "\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"),
            (431, "Request Header Fields Too Large", ""),
            (500, "Internal Server Error", ""),
            (503, "Service Unavailable", "\r\nRetry-After: 1\r\n"),
            (599, "Server Error", ""),
        ] {
            let answer = rejected(status, &[]);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} {words}\r\n")), "{answer}");
            assert!(answer.contains(field), "{answer}");
        }
    }

    #[test]
    fn given_fields_replace_the_required_ones() {
        let answer = rejected(503, &[("retry-after", "60"), ("X", "y")]);
        assert!(answer.contains("\r\nretry-after: 60\r\nX: y\r\n"), "{answer}");
        assert!(!answer.contains("Retry-After"), "{answer}");
    }
}
