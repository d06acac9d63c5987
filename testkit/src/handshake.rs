//! The HTTP part of the handshake: a parsed request, and an answer of which each part can be wrong.

use tungstenite::handshake::derive_accept_key;

/// The longest request head that is read, in bytes.
pub(crate) const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 256;

/// A client's request.
pub(crate) struct Request {
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    /// Removes the head at the start of `bytes` and parses it; `None` while it is incomplete.
    pub(crate) fn take(bytes: &mut Vec<u8>) -> Result<Option<Self>, String> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(bytes).map_err(|error| error.to_string())? {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial => return Ok(None),
        };
        let target = request.path.ok_or("a request without a target")?.to_owned();
        let headers = request
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_owned(), value)
            })
            .collect();
        bytes.drain(..length);
        Ok(Some(Self { target, headers }))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first offered subprotocol.
    pub(crate) fn first_protocol(&self) -> Option<&str> {
        let offered = self.header("Sec-WebSocket-Protocol")?;
        offered.split(',').map(str::trim).find(|name| !name.is_empty())
    }
}

/// An answer to the upgrade request: correct at first, then changed.
pub(crate) struct Answer {
    status_line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// A correct 101 that selects the first offered subprotocol.
    pub(crate) fn upgrade(request: &Request) -> Self {
        let key = request.header("Sec-WebSocket-Key").unwrap_or_default();
        let mut answer = Self {
            status_line: "HTTP/1.1 101 Switching Protocols".to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
        .with("Upgrade", "websocket")
        .with("Connection", "Upgrade")
        .with("Sec-WebSocket-Accept", &derive_accept_key(key.as_bytes()));
        if let Some(protocol) = request.first_protocol() {
            answer = answer.with("Sec-WebSocket-Protocol", protocol);
        }
        answer
    }

    /// A plain HTTP answer that rejects the request.
    pub(crate) fn rejection(status: u16) -> Self {
        let reason = match status {
            301 => "Moved Permanently",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            _ => "Unknown",
        };
        let body = format!("{status} {reason}\n");
        Self { status_line: format!("HTTP/1.1 {status} {reason}"), headers: Vec::new(), body: body.clone() }
            .with("Content-Type", "text/plain")
            .with("Content-Length", &body.len().to_string())
            .with("Connection", "close")
    }

    pub(crate) fn with_status_line(mut self, line: &str) -> Self {
        line.clone_into(&mut self.status_line);
        self
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(candidate, _)| candidate != name);
        self
    }

    pub(crate) fn with_instead(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.status_line);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        (head + "\r\n" + &self.body).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        let mut bytes =
            b"GET /echo?key=a HTTP/1.1\r\nhost: x\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Protocol: chat, game\r\n\r\nrest"
                .to_vec();
        let request = Request::take(&mut bytes).unwrap().unwrap();
        assert_eq!(bytes, b"rest");
        request
    }

    #[test]
    fn the_names_of_a_request_are_case_insensitive() {
        let request = request();
        assert_eq!(request.target, "/echo?key=a");
        assert_eq!(request.header("Host"), Some("x"));
        assert_eq!(request.first_protocol(), Some("chat"));
    }

    #[test]
    fn an_incomplete_request_is_not_removed() {
        let mut bytes = b"GET / HTTP/1.1\r\nhost: x\r\n".to_vec();
        assert!(Request::take(&mut bytes).unwrap().is_none());
        assert_eq!(bytes.len(), 25);
    }

    #[test]
    fn the_accept_key_is_that_of_the_example_in_the_standard() {
        let answer = String::from_utf8(Answer::upgrade(&request()).to_bytes()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 "));
        assert!(answer.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        assert!(answer.contains("\r\nSec-WebSocket-Protocol: chat\r\n"));
        assert!(answer.ends_with("\r\n\r\n"));
    }

    #[test]
    fn an_answer_can_be_changed() {
        let answer = Answer::upgrade(&request()).without("Upgrade").with_instead("Connection", "close");
        let answer = String::from_utf8(answer.to_bytes()).unwrap();
        assert!(!answer.contains("Upgrade"));
        assert!(answer.contains("\r\nConnection: close\r\n"));
    }
}
