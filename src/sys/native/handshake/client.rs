//! The client's side: the request, and what is an answer to it.

use tungstenite::handshake::{client::generate_key, derive_accept_key};

use super::head::{Fields, Gathered, HeadBuffer, MAX_FIELDS};
use crate::{close::CloseCause, options::Options, url::Url};

/// An answer may be this long. Servers add cookies and policies by the kilobyte.
const MAX_HEAD: usize = 16 * 1024;

/// A request that was sent, or will be.
#[derive(Debug)]
pub(in super::super) struct ClientUpgrade {
    target: String,
    authority: String,
    key: String,
    protocols: Vec<String>,
    headers: Vec<(String, String)>,
    answer: HeadBuffer,
}

/// What came of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Verdict {
    /// They are not the whole head.
    More,
    /// The connection is open; `rest` are the bytes behind the head.
    Open { protocol: Option<String>, rest: Vec<u8> },
    /// It will never be.
    Refused(CloseCause),
}

impl ClientUpgrade {
    pub(in super::super) fn new(url: &Url, options: &Options) -> Self {
        Self {
            target: url.target.clone(),
            authority: url.authority(),
            key: generate_key(),
            protocols: options.protocols.clone(),
            headers: options.headers.clone(),
            answer: HeadBuffer::new(MAX_HEAD),
        }
    }

    /// The request, with fields and order as Godot sends them.
    pub(in super::super) fn request(&self) -> Vec<u8> {
        let mut head = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n",
            self.target, self.authority, self.key
        );
        if !self.protocols.is_empty() {
            head += &format!("Sec-WebSocket-Protocol: {}\r\n", self.protocols.join(","));
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        head.into_bytes()
    }

    /// Takes what the server sent.
    pub(in super::super) fn receive(&mut self, bytes: &[u8]) -> Verdict {
        let (head, rest) = match self.answer.push(bytes) {
            Gathered::Part => return Verdict::More,
            Gathered::TooLarge => return refused("the answer's head is over 16 KiB"),
            Gathered::Whole { head, rest } => (head, rest),
        };
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut answer = httparse::Response::new(&mut fields);
        match answer.parse(&head) {
            Ok(httparse::Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => return refused("the answer has over 64 header fields"),
            _ => return refused("the answer is not HTTP"),
        }
        match (answer.version, answer.code) {
            (_, Some(code)) if code != 101 => {
                return Verdict::Refused(CloseCause::Refused { status: Some(code) });
            }
            (Some(1), Some(_)) => {}
            _ => return refused("the answer is not HTTP/1.1"),
        }
        match self.check(Fields(answer.headers)) {
            Ok(protocol) => Verdict::Open { protocol, rest },
            Err(why) => refused(why),
        }
    }

    /// RFC 6455, 4.1: what the client must see in a 101.
    fn check(&self, fields: Fields<'_>) -> Result<Option<String>, &'static str> {
        if !fields.has_token("upgrade", "websocket") {
            return Err("the answer does not upgrade to websocket");
        }
        if !fields.has_token("connection", "upgrade") {
            return Err("the answer does not upgrade the connection");
        }
        let accept = derive_accept_key(self.key.as_bytes());
        if fields.only("sec-websocket-accept") != Ok(Some(accept.as_bytes())) {
            return Err("the answer is to another request: its accept key is wrong");
        }
        if fields.list("sec-websocket-extensions").next().is_some() {
            return Err("the answer names an extension that was not offered");
        }
        let chosen =
            fields.only("sec-websocket-protocol").map_err(|()| "the answer names several sub-protocols")?;
        match chosen {
            None if self.protocols.is_empty() => Ok(None),
            // Browsers and Godot fail here as well.
            None => Err("the answer chooses none of the sub-protocols that were offered"),
            Some(chosen) => self
                .protocols
                .iter()
                .find(|offered| offered.as_bytes() == chosen)
                .map(|offered| Some(offered.clone()))
                .ok_or("the answer names a sub-protocol that was not offered"),
        }
    }
}

fn refused(why: &'static str) -> Verdict {
    Verdict::Refused(CloseCause::Handshake { why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upgrade(url: &str, options: Options) -> ClientUpgrade {
        ClientUpgrade::new(&Url::parse(url).expect("a URL"), &options)
    }

    fn answer(upgrade: &mut ClientUpgrade, fields: &str) -> Verdict {
        let accept = derive_accept_key(upgrade.key.as_bytes());
        let head = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n\r\n").replace("{A}", &accept);
        upgrade.receive(head.as_bytes())
    }

    const GOOD: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {A}";

    #[test]
    fn the_request_is_godots() {
        let options = Options::default().protocols(["p1", "p2"]).header("X-A", "1").header("Y", "2");
        let upgrade = upgrade("ws://127.0.0.1:47161/a/b?x=1", options);
        let expected = format!(
            "GET /a/b?x=1 HTTP/1.1\r\nHost: 127.0.0.1:47161\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: p1,p2\r\n\
             X-A: 1\r\nY: 2\r\n\r\n",
            upgrade.key
        );
        assert_eq!(String::from_utf8(upgrade.request()), Ok(expected));
        assert_eq!(upgrade.key.len(), 24);
    }

    #[test]
    fn an_answer_as_the_rfc_wants_it_opens_and_keeps_what_follows() {
        for fields in
            [GOOD, "upgrade: WebSocket\r\nCONNECTION: keep-alive, Upgrade\r\nSec-WebSocket-Accept:   {A}  "]
        {
            let mut upgrade = upgrade("ws://h/", Options::default());
            let verdict = answer(&mut upgrade, &format!("{fields}\r\nX: y"));
            assert!(matches!(verdict, Verdict::Open { protocol: None, .. }), "{verdict:?}");
        }
    }

    #[test]
    fn whatever_breaks_the_rules_is_refused() {
        for (protocols, fields) in [
            (vec![], "Connection: Upgrade\r\nSec-WebSocket-Accept: {A}"),
            (vec![], "Upgrade: websocket\r\nSec-WebSocket-Accept: {A}"),
            (vec![], "Upgrade: websocket\r\nConnection: Upgrade"),
            (vec![], "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x{A}"),
            (vec![], &format!("{GOOD}\r\nSec-WebSocket-Accept: {{A}}")),
            (vec![], &format!("{GOOD}\r\nSec-WebSocket-Extensions: permessage-deflate")),
            (vec![], &format!("{GOOD}\r\nSec-WebSocket-Protocol: a")),
            (vec![], &format!("{GOOD}\r\nSec-WebSocket-Protocol:")),
            (vec!["a", "b"], GOOD),
            (vec!["a", "b"], &format!("{GOOD}\r\nSec-WebSocket-Protocol: A")),
            (vec!["a", "b"], &format!("{GOOD}\r\nSec-WebSocket-Protocol: a, b")),
            (vec!["a", "b"], &format!("{GOOD}\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b")),
        ] {
            let mut upgrade = upgrade("ws://h/", Options::default().protocols(protocols));
            let verdict = answer(&mut upgrade, fields);
            let is_refused = matches!(verdict, Verdict::Refused(CloseCause::Handshake { .. }));
            assert!(is_refused, "{fields}: {verdict:?}");
        }
    }

    #[test]
    fn another_status_is_told_and_a_redirect_is_not_followed() {
        for status in [200, 301, 400, 401, 403, 404, 500] {
            let mut upgrade = upgrade("ws://h/", Options::default());
            let head = format!("HTTP/1.1 {status} X\r\nLocation: ws://elsewhere/\r\n\r\n");
            let cause = CloseCause::Refused { status: Some(status) };
            assert_eq!(upgrade.receive(head.as_bytes()), Verdict::Refused(cause));
        }
    }

    #[test]
    fn what_is_no_http_is_refused_within_its_limit() {
        for garbage in
            ["\r\n\r\n", "SSH-2.0\r\n\r\n", "HTTP/2 101\r\n\r\n", "HTTP/1.0 101 X\r\n\r\n", "\0\r\n\r\n"]
        {
            let mut upgrade = upgrade("ws://h/", Options::default());
            let verdict = upgrade.receive(garbage.as_bytes());
            assert!(matches!(verdict, Verdict::Refused(_)), "{garbage:?}: {verdict:?}");
        }
        let mut upgrade = upgrade("ws://h/", Options::default());
        assert!(matches!(upgrade.receive(&vec![b'x'; MAX_HEAD]), Verdict::Refused(_)));
    }
}
