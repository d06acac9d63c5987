//! The server's side: what is a request, and what to answer.

use tungstenite::handshake::derive_accept_key;

use super::{
    Verdict,
    head::{Fields, Gathered, HeadBuffer, MAX_FIELDS},
};
use crate::{close::CloseCause, options::Options};

/// A request may be this long.
const MAX_HEAD: usize = 8 * 1024;

/// A request that is awaited.
#[derive(Debug)]
pub(in super::super) struct ServerUpgrade {
    protocols: Vec<String>,
    headers: Vec<(String, String)>,
    request: HeadBuffer,
}

/// Why a request is refused, and what its sender is told.
struct Refusal {
    status: &'static str,
    /// Further fields of the answer.
    fields: &'static str,
    why: &'static str,
}

impl Refusal {
    const fn bad_request(why: &'static str) -> Self {
        Self { status: "400 Bad Request", fields: "", why }
    }
}

/// What a good request says.
struct Request {
    accept: String,
    protocol: Option<String>,
    url: String,
}

impl ServerUpgrade {
    pub(in super::super) fn new(options: &Options) -> Self {
        Self {
            protocols: options.protocols.clone(),
            headers: options.headers.clone(),
            request: HeadBuffer::new(MAX_HEAD),
        }
    }

    /// Takes what the client sent.
    pub(in super::super) fn receive(&mut self, bytes: &[u8], secure: bool) -> Verdict {
        if self.request.is_empty() && !begins_a_request(bytes) {
            return Refusal::bad_request(
                "the request is not HTTP; a secure one may have come to a plain server",
            )
            .into_verdict();
        }
        let (head, rest) = match self.request.push(bytes) {
            Gathered::Part => return Verdict::More,
            Gathered::TooLarge => return too_large("the request's head is over 8 KiB").into_verdict(),
            Gathered::Whole { head, rest } => (head, rest),
        };
        match self.read(&head, secure) {
            Ok(request) => Verdict::Open {
                answer: self.answer(&request),
                protocol: request.protocol,
                url: Some(request.url),
                rest,
            },
            Err(refusal) => refusal.into_verdict(),
        }
    }

    /// RFC 6455, 4.2.1: what the server must see.
    fn read(&self, head: &[u8], secure: bool) -> Result<Request, Refusal> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        match request.parse(head) {
            Ok(httparse::Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => {
                return Err(too_large("the request has over 64 header fields"));
            }
            _ => return Err(Refusal::bad_request("the request is not HTTP")),
        }
        let (Some(method), Some(target), Some(1)) = (request.method, request.path, request.version) else {
            return Err(Refusal::bad_request("the request is not HTTP/1.1"));
        };
        if method != "GET" {
            let (status, fields) = ("405 Method Not Allowed", "Allow: GET\r\n");
            return Err(Refusal { status, fields, why: "the request's method is not GET" });
        }
        let fields = Fields(request.headers);
        let host = match fields.only("host") {
            Ok(Some(host)) if host.is_ascii() => String::from_utf8_lossy(host),
            _ => return Err(Refusal::bad_request("the request has no Host, or several")),
        };
        if !fields.has_token("upgrade", "websocket") || !fields.has_token("connection", "upgrade") {
            let (status, fields) =
                ("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
            return Err(Refusal { status, fields, why: "the request does not upgrade to websocket" });
        }
        if fields.only("sec-websocket-version") != Ok(Some(b"13")) {
            let (status, fields) =
                ("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
            return Err(Refusal { status, fields, why: "the request's WebSocket version is not 13" });
        }
        let key = match fields.only("sec-websocket-key") {
            Ok(Some(key)) if is_key(key) => key,
            _ => return Err(Refusal::bad_request("the request's key is not 16 bytes in base64")),
        };
        // As Godot does: the first that the client lists and this end knows. Where there is none the connection opens
        // without; a client that insists closes it.
        let protocol = fields
            .list("sec-websocket-protocol")
            .find_map(|offered| self.protocols.iter().find(|known| known.as_bytes() == offered))
            .cloned();
        let scheme = if secure { "wss" } else { "ws" };
        let url = format!("{scheme}://{host}{target}");
        Ok(Request { accept: derive_accept_key(key), protocol, url })
    }

    /// The answer, with fields and order as Godot sends them: its client takes nothing else for a `Connection`.
    fn answer(&self, request: &Request) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            request.accept
        );
        if let Some(protocol) = &request.protocol {
            head += &format!("Sec-WebSocket-Protocol: {protocol}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        head.into_bytes()
    }
}

impl Refusal {
    fn into_verdict(self) -> Verdict {
        let Self { status, fields, why } = self;
        let body = format!("{why}\n");
        let answer = format!(
            "HTTP/1.1 {status}\r\n{fields}Connection: close\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Verdict::Refused { answer: answer.into_bytes(), cause: CloseCause::Handshake { why } }
    }
}

fn too_large(why: &'static str) -> Refusal {
    Refusal { status: "431 Request Header Fields Too Large", fields: "", why }
}

/// Whether these can be the first bytes of a method. Of those of a TLS handshake the first cannot, and no empty line need
/// ever follow them.
fn begins_a_request(bytes: &[u8]) -> bool {
    bytes.first().is_none_or(u8::is_ascii_alphabetic)
}

/// 16 bytes in base64: 22 digits, and two signs of padding.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key[..22].iter().all(is_digit) && &key[22..] == b"=="
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Host: h.example:99\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13";

    fn ask(options: Options, head: &str) -> Verdict {
        ServerUpgrade::new(&options).receive(format!("{head}\r\n\r\n").as_bytes(), false)
    }

    #[test]
    fn the_answer_is_godots() {
        let options = Options::default().protocols(["b", "a"]).header("X-A", "1");
        let verdict =
            ask(options, &format!("GET /chat?x=1 HTTP/1.1\r\n{GOOD}\r\nSec-WebSocket-Protocol: x, a, b"));
        let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: a\r\n\
                      X-A: 1\r\n\r\n";
        let expected = Verdict::Open {
            answer: answer.into(),
            protocol: Some("a".into()),
            url: Some("ws://h.example:99/chat?x=1".into()),
            rest: Vec::new(),
        };
        assert_eq!(verdict, expected);
    }

    #[test]
    fn a_bad_request_is_told_what_is_wrong() {
        let without = |name: &str| {
            let lines: Vec<&str> = GOOD.split("\r\n").filter(|line| !line.starts_with(name)).collect();
            format!("GET / HTTP/1.1\r\n{}", lines.join("\r\n"))
        };
        for (head, status) in [
            (format!("POST / HTTP/1.1\r\n{GOOD}"), "405"),
            (format!("GET / HTTP/1.0\r\n{GOOD}"), "400"),
            (format!("GET /\r\n{GOOD}"), "400"),
            ("hello".into(), "400"),
            (without("Host"), "400"),
            (without("Upgrade"), "426"),
            (without("Connection"), "426"),
            (without("Sec-WebSocket-Key"), "400"),
            (without("Sec-WebSocket-Version"), "426"),
            (format!("{}\r\nSec-WebSocket-Version: 8", without("Sec-WebSocket-Version")), "426"),
            (format!("{}\r\nSec-WebSocket-Key: short", without("Sec-WebSocket-Key")), "400"),
            (format!("GET / HTTP/1.1\r\n{GOOD}\r\nHost: two"), "400"),
            (format!("GET / HTTP/1.1\r\n{GOOD}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), "400"),
            (format!("GET / HTTP/1.1\r\n{GOOD}{}", "\r\nA: b".repeat(64)), "431"),
            (format!("GET /{} HTTP/1.1\r\n{GOOD}", "x".repeat(MAX_HEAD)), "431"),
        ] {
            let Verdict::Refused { answer, .. } = ask(Options::default(), &head) else {
                panic!("taken: {head}")
            };
            let answer = String::from_utf8(answer).expect("text");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}\n→ {answer}");
            assert!(status != "426" || answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{answer}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_in_a_field_harm_nobody() {
        let mut request = format!("GET / HTTP/1.1\r\n{GOOD}\r\nSec-WebSocket-Protocol: ").into_bytes();
        request.extend_from_slice(b"\xff\xfe\r\nX: \x80\r\n\r\nrest");
        let verdict = ServerUpgrade::new(&Options::default().protocols(["a"])).receive(&request, true);
        let Verdict::Open { protocol: None, url: Some(url), rest, .. } = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!((url.as_str(), &rest[..]), ("wss://h.example:99/", &b"rest"[..]));
    }
}
