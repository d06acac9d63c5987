//! The client's side: the request, and the checks of the response.

use tungstenite::handshake::{client::generate_key, derive_accept_key};

use super::head::{Fields, HeadBuffer, HeadOutcome, LineEnds};
use crate::{close::CloseCause, options::PeerOptions, url::Url};

/// The largest head of a response, including interim responses before it, in bytes. Servers add kilobytes of cookies
/// and policies. The number of fields has no other limit.
const MAX_HEAD: usize = 16 * 1024;

/// The handshake of a client.
#[derive(Debug)]
pub(in super::super) struct ClientUpgrade {
    target: String,
    authority: String,
    key: String,
    protocols: Vec<String>,
    headers: Vec<(String, String)>,
    response: HeadBuffer,
}

/// The result of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum ResponseOutcome {
    /// The head is incomplete.
    Incomplete,
    /// The connection is open. `rest` has the bytes after the head.
    Open { protocol: Option<String>, rest: Vec<u8> },
    /// The handshake has failed.
    Failed(CloseCause),
}

/// A valid head of a response.
enum ResponseHead {
    /// Status 100 to 199, except 101.
    Interim,
    Upgrade {
        protocol: Option<String>,
    },
}

impl ClientUpgrade {
    pub(in super::super) fn new(url: &Url, options: &PeerOptions) -> Self {
        Self {
            target: url.target(),
            authority: url.authority(),
            key: generate_key(),
            protocols: options.protocols.clone(),
            headers: options.headers.clone(),
            response: HeadBuffer::new(MAX_HEAD, LineEnds::Lenient),
        }
    }

    /// Returns the request. Fields and order are Godot's.
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

    /// Handles bytes from the server.
    pub(in super::super) fn receive(&mut self, bytes: &[u8]) -> ResponseOutcome {
        let mut gathered = self.response.push(bytes);
        loop {
            let (head, rest) = match gathered {
                HeadOutcome::Incomplete => return ResponseOutcome::Incomplete,
                HeadOutcome::Complete { head, rest } => (head, rest),
                HeadOutcome::TooLarge => return failed("the answer's head is over 16 KiB"),
                // Clients accept it, so this cannot happen.
                HeadOutcome::BareLineFeed => return failed("the answer is not HTTP"),
            };
            match self.read(&head) {
                Ok(ResponseHead::Interim) => gathered = self.response.push(&rest),
                Ok(ResponseHead::Upgrade { protocol }) => return ResponseOutcome::Open { protocol, rest },
                Err(cause) => return ResponseOutcome::Failed(cause),
            }
        }
    }

    fn read(&self, head: &[u8]) -> Result<ResponseHead, CloseCause> {
        // There is at most one field a line.
        let lines = head.iter().filter(|&&byte| byte == b'\n').count();
        let mut fields = vec![httparse::EMPTY_HEADER; lines];
        let mut response = httparse::Response::new(&mut fields);
        // A client accepts folded fields, and a space before a colon (RFC 9112, 5.1 and 5.2).
        let parsed = httparse::ParserConfig::default()
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .parse_response(&mut response, head);
        match parsed {
            Ok(httparse::Status::Complete(end)) if end == head.len() => {}
            _ => return Err(handshake_failed("the answer is not HTTP")),
        }
        match (response.version, response.code) {
            (Some(1), Some(101)) => {}
            (_, Some(101)) => return Err(handshake_failed("the answer is not HTTP/1.1")),
            // RFC 9110, 15.2: the final response follows.
            (_, Some(100..200)) => return Ok(ResponseHead::Interim),
            (_, status) => return Err(CloseCause::Refused { status }),
        }
        let protocol = self.check(Fields(response.headers)).map_err(handshake_failed)?;
        Ok(ResponseHead::Upgrade { protocol })
    }

    /// Checks the fields of a response with status 101, and returns the sub-protocol (RFC 6455, 4.1).
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

fn failed(reason: &'static str) -> ResponseOutcome {
    ResponseOutcome::Failed(handshake_failed(reason))
}

fn handshake_failed(reason: &'static str) -> CloseCause {
    CloseCause::HandshakeFailed { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upgrade(url: &str, options: PeerOptions) -> ClientUpgrade {
        ClientUpgrade::new(&Url::parse(url).expect("a URL"), &options)
    }

    fn respond(upgrade: &mut ClientUpgrade, fields: &str) -> ResponseOutcome {
        let accept = derive_accept_key(upgrade.key.as_bytes());
        let head = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n\r\n").replace("{A}", &accept);
        upgrade.receive(head.as_bytes())
    }

    const GOOD: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {A}";

    #[test]
    fn the_request_is_the_one_of_godot() {
        let options = PeerOptions::default().protocols(["p1", "p2"]).header("X-A", "1").header("Y", "2");
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
    fn a_valid_response_opens_and_ignores_other_fields() {
        for fields in
            [GOOD, "upgrade: WebSocket\r\nCONNECTION: keep-alive, Upgrade\r\nSec-WebSocket-Accept:   {A}  "]
        {
            let mut upgrade = upgrade("ws://h/", PeerOptions::default());
            let outcome = respond(&mut upgrade, &format!("{fields}\r\nX: y"));
            assert!(matches!(outcome, ResponseOutcome::Open { protocol: None, .. }), "{outcome:?}");
        }
    }

    #[test]
    fn a_response_against_the_rfc_is_rejected() {
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
            let mut upgrade = upgrade("ws://h/", PeerOptions::default().protocols(protocols));
            let outcome = respond(&mut upgrade, fields);
            let is_rejected = matches!(outcome, ResponseOutcome::Failed(CloseCause::HandshakeFailed { .. }));
            assert!(is_rejected, "{fields}: {outcome:?}");
        }
    }

    #[test]
    fn another_status_is_reported_and_a_redirect_is_not_followed() {
        for status in [200, 301, 400, 401, 403, 404, 500] {
            let mut upgrade = upgrade("ws://h/", PeerOptions::default());
            let head = format!("HTTP/1.1 {status} X\r\nLocation: ws://elsewhere/\r\n\r\n");
            let cause = CloseCause::Refused { status: Some(status) };
            assert_eq!(upgrade.receive(head.as_bytes()), ResponseOutcome::Failed(cause));
        }
    }

    #[test]
    fn only_the_size_of_the_head_limits_the_number_of_fields() {
        let mut few = upgrade("ws://h/", PeerOptions::default());
        let many = "\r\na:".repeat((MAX_HEAD - 200) / 4);
        assert!(matches!(respond(&mut few, &format!("{GOOD}{many}")), ResponseOutcome::Open { .. }));
        let mut many = upgrade("ws://h/", PeerOptions::default());
        let over = "\r\na:".repeat(MAX_HEAD / 4);
        assert_eq!(respond(&mut many, &format!("{GOOD}{over}")), failed("the answer's head is over 16 KiB"));
    }

    #[test]
    fn obsolete_syntax_that_clients_must_read_is_accepted() {
        for fields in [
            format!("{GOOD}\r\nX: a\r\n b\r\n\tc\r\nY:\r\n d"),
            format!("{GOOD}\r\nX : a\r\nY\t : b"),
            "Upgrade:\r\n websocket\r\nConnection : keep-alive,\r\n Upgrade\r\nSec-WebSocket-Accept:\r\n\t{A}".into(),
            GOOD.replace("\r\n", "\n"),
            GOOD.replacen("\r\n", "\n", 1),
        ] {
            let mut upgrade = upgrade("ws://h/", PeerOptions::default());
            let outcome = respond(&mut upgrade, &fields);
            assert!(matches!(outcome, ResponseOutcome::Open { protocol: None, .. }), "{fields:?}: {outcome:?}");
        }
        // A fold counts as a space, so it may not stand within a token.
        let mut upgrade = upgrade("ws://h/", PeerOptions::default());
        let outcome = respond(&mut upgrade, &GOOD.replace("websocket", "web\r\n socket"));
        assert_eq!(outcome, failed("the answer does not upgrade to websocket"));
    }

    #[test]
    fn bare_line_feeds_end_the_head_and_the_bytes_behind_it_are_kept() {
        let mut upgrade = upgrade("ws://h/", PeerOptions::default());
        let accept = derive_accept_key(upgrade.key.as_bytes());
        let head = format!("HTTP/1.1 101 X\n{}\n\nrest", GOOD.replace("{A}", &accept).replace('\r', ""));
        let outcome = upgrade.receive(head.as_bytes());
        assert_eq!(outcome, ResponseOutcome::Open { protocol: None, rest: b"rest".to_vec() });
    }

    #[test]
    fn interim_responses_are_skipped_and_count_towards_the_size() {
        let accept = |upgrade: &ClientUpgrade| derive_accept_key(upgrade.key.as_bytes());
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 199\n\n";
        for split in 0..interim.len() {
            let mut upgrade = upgrade("ws://h/", PeerOptions::default());
            let (first, second) = interim.split_at(split);
            assert_eq!(upgrade.receive(first.as_bytes()), ResponseOutcome::Incomplete, "split at {split}");
            let good = GOOD.replace("{A}", &accept(&upgrade));
            let outcome = upgrade.receive(format!("{second}HTTP/1.1 101 X\r\n{good}\r\n\r\nrest").as_bytes());
            assert_eq!(
                outcome,
                ResponseOutcome::Open { protocol: None, rest: b"rest".to_vec() },
                "split at {split}"
            );
        }
        let mut endless = upgrade("ws://h/", PeerOptions::default());
        let mut received = 0;
        while endless.receive(interim.as_bytes()) == ResponseOutcome::Incomplete {
            received += interim.len();
        }
        assert!((MAX_HEAD - interim.len()..MAX_HEAD).contains(&received), "{received}");
        let mut refusing = upgrade("ws://h/", PeerOptions::default());
        let cause = CloseCause::Refused { status: Some(403) };
        let outcome = refusing.receive(format!("{interim}HTTP/1.1 403 X\r\n\r\n").as_bytes());
        assert_eq!(outcome, ResponseOutcome::Failed(cause));
    }

    #[test]
    fn bytes_that_are_not_http_are_rejected_within_the_limit() {
        for garbage in
            ["\r\n\r\n", "SSH-2.0\r\n\r\n", "HTTP/2 101\r\n\r\n", "HTTP/1.0 101 X\r\n\r\n", "\0\r\n\r\n"]
        {
            let mut upgrade = upgrade("ws://h/", PeerOptions::default());
            let outcome = upgrade.receive(garbage.as_bytes());
            assert!(matches!(outcome, ResponseOutcome::Failed(_)), "{garbage:?}: {outcome:?}");
        }
        let mut upgrade = upgrade("ws://h/", PeerOptions::default());
        assert!(matches!(upgrade.receive(&vec![b'x'; MAX_HEAD]), ResponseOutcome::Failed(_)));
    }
}
