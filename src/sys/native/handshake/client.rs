//! The client's side: the request, and what is an answer to it.

use tungstenite::handshake::{client::generate_key, derive_accept_key};

use super::head::{Fields, Gathered, HeadBuffer, LineEnds};
use crate::{close::CloseCause, options::PeerOptions, url::Url};

/// The heads of an answer, with those of the interim ones before it, may be this long. Servers add cookies and policies by the
/// kilobyte. Nothing else limits how many fields there are.
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
pub(in super::super) enum ResponseOutcome {
    /// They are not the whole head.
    Incomplete,
    /// The connection is open; `rest` are the bytes behind the head.
    Open { protocol: Option<String>, rest: Vec<u8> },
    /// It will never be.
    Failed(CloseCause),
}

/// A head that does not refuse.
enum Answer {
    /// 100 to 199, but for 101.
    Interim,
    Upgrade {
        protocol: Option<String>,
    },
}

impl ClientUpgrade {
    pub(in super::super) fn new(url: &Url, options: &PeerOptions) -> Self {
        Self {
            target: url.target.clone(),
            authority: url.authority(),
            key: generate_key(),
            protocols: options.protocols.clone(),
            headers: options.headers.clone(),
            answer: HeadBuffer::new(MAX_HEAD, LineEnds::Lenient),
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
    pub(in super::super) fn receive(&mut self, bytes: &[u8]) -> ResponseOutcome {
        let mut gathered = self.answer.push(bytes);
        loop {
            let (head, rest) = match gathered {
                Gathered::Part => return ResponseOutcome::Incomplete,
                Gathered::Whole { head, rest } => (head, rest),
                Gathered::TooLarge => return refused("the answer's head is over 16 KiB"),
                // It may end a line here.
                Gathered::BareLineFeed => return refused("the answer is not HTTP"),
            };
            match self.read(&head) {
                Ok(Answer::Interim) => gathered = self.answer.push(&rest),
                Ok(Answer::Upgrade { protocol }) => return ResponseOutcome::Open { protocol, rest },
                Err(cause) => return ResponseOutcome::Failed(cause),
            }
        }
    }

    fn read(&self, head: &[u8]) -> Result<Answer, CloseCause> {
        // Each field takes a line.
        let lines = head.iter().filter(|&&byte| byte == b'\n').count();
        let mut fields = vec![httparse::EMPTY_HEADER; lines];
        let mut answer = httparse::Response::new(&mut fields);
        // A client accepts folded fields, and a space before a colon (RFC 9112, 5.1 and 5.2).
        let parsed = httparse::ParserConfig::default()
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .parse_response(&mut answer, head);
        match parsed {
            Ok(httparse::Status::Complete(end)) if end == head.len() => {}
            _ => return Err(broken("the answer is not HTTP")),
        }
        match (answer.version, answer.code) {
            (Some(1), Some(101)) => {}
            (_, Some(101)) => return Err(broken("the answer is not HTTP/1.1")),
            // RFC 9110, 15.2: the answer that counts is still to come.
            (_, Some(100..200)) => return Ok(Answer::Interim),
            (_, status) => return Err(CloseCause::Refused { status }),
        }
        let protocol = self.check(Fields(answer.headers)).map_err(broken)?;
        Ok(Answer::Upgrade { protocol })
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

fn refused(why: &'static str) -> ResponseOutcome {
    ResponseOutcome::Failed(broken(why))
}

fn broken(reason: &'static str) -> CloseCause {
    CloseCause::HandshakeFailed { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upgrade(url: &str, options: PeerOptions) -> ClientUpgrade {
        ClientUpgrade::new(&Url::parse(url).expect("a URL"), &options)
    }

    fn answer(upgrade: &mut ClientUpgrade, fields: &str) -> ResponseOutcome {
        let accept = derive_accept_key(upgrade.key.as_bytes());
        let head = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n\r\n").replace("{A}", &accept);
        upgrade.receive(head.as_bytes())
    }

    const GOOD: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {A}";

    #[test]
    fn the_request_is_godots() {
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
    fn an_answer_as_the_rfc_wants_it_opens_and_keeps_what_follows() {
        for fields in
            [GOOD, "upgrade: WebSocket\r\nCONNECTION: keep-alive, Upgrade\r\nSec-WebSocket-Accept:   {A}  "]
        {
            let mut upgrade = upgrade("ws://h/", PeerOptions::default());
            let verdict = answer(&mut upgrade, &format!("{fields}\r\nX: y"));
            assert!(matches!(verdict, ResponseOutcome::Open { protocol: None, .. }), "{verdict:?}");
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
            let mut upgrade = upgrade("ws://h/", PeerOptions::default().protocols(protocols));
            let verdict = answer(&mut upgrade, fields);
            let is_refused = matches!(verdict, ResponseOutcome::Failed(CloseCause::HandshakeFailed { .. }));
            assert!(is_refused, "{fields}: {verdict:?}");
        }
    }

    #[test]
    fn another_status_is_told_and_a_redirect_is_not_followed() {
        for status in [200, 301, 400, 401, 403, 404, 500] {
            let mut upgrade = upgrade("ws://h/", PeerOptions::default());
            let head = format!("HTTP/1.1 {status} X\r\nLocation: ws://elsewhere/\r\n\r\n");
            let cause = CloseCause::Refused { status: Some(status) };
            assert_eq!(upgrade.receive(head.as_bytes()), ResponseOutcome::Failed(cause));
        }
    }

    #[test]
    fn only_the_size_limits_how_many_fields_there_are() {
        let mut few = upgrade("ws://h/", PeerOptions::default());
        let many = "\r\na:".repeat((MAX_HEAD - 200) / 4);
        assert!(matches!(answer(&mut few, &format!("{GOOD}{many}")), ResponseOutcome::Open { .. }));
        let mut many = upgrade("ws://h/", PeerOptions::default());
        let over = "\r\na:".repeat(MAX_HEAD / 4);
        assert_eq!(answer(&mut many, &format!("{GOOD}{over}")), refused("the answer's head is over 16 KiB"));
    }

    #[test]
    fn what_servers_must_not_write_and_clients_must_read_is_read() {
        for fields in [
            format!("{GOOD}\r\nX: a\r\n b\r\n\tc\r\nY:\r\n d"),
            format!("{GOOD}\r\nX : a\r\nY\t : b"),
            "Upgrade:\r\n websocket\r\nConnection : keep-alive,\r\n Upgrade\r\nSec-WebSocket-Accept:\r\n\t{A}".into(),
            GOOD.replace("\r\n", "\n"),
            GOOD.replacen("\r\n", "\n", 1),
        ] {
            let mut upgrade = upgrade("ws://h/", PeerOptions::default());
            let verdict = answer(&mut upgrade, &fields);
            assert!(matches!(verdict, ResponseOutcome::Open { protocol: None, .. }), "{fields:?}: {verdict:?}");
        }
        // A fold is a space, and within a word none may be.
        let mut upgrade = upgrade("ws://h/", PeerOptions::default());
        let verdict = answer(&mut upgrade, &GOOD.replace("websocket", "web\r\n socket"));
        assert_eq!(verdict, refused("the answer does not upgrade to websocket"));
    }

    #[test]
    fn bare_line_feeds_end_the_head_and_what_follows_is_kept() {
        let mut upgrade = upgrade("ws://h/", PeerOptions::default());
        let accept = derive_accept_key(upgrade.key.as_bytes());
        let head = format!("HTTP/1.1 101 X\n{}\n\nrest", GOOD.replace("{A}", &accept).replace('\r', ""));
        let verdict = upgrade.receive(head.as_bytes());
        assert_eq!(verdict, ResponseOutcome::Open { protocol: None, rest: b"rest".to_vec() });
    }

    #[test]
    fn interim_answers_are_skipped_and_count_towards_the_size() {
        let accept = |upgrade: &ClientUpgrade| derive_accept_key(upgrade.key.as_bytes());
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 199\n\n";
        for split in 0..interim.len() {
            let mut upgrade = upgrade("ws://h/", PeerOptions::default());
            let (first, second) = interim.split_at(split);
            assert_eq!(upgrade.receive(first.as_bytes()), ResponseOutcome::Incomplete, "split at {split}");
            let good = GOOD.replace("{A}", &accept(&upgrade));
            let verdict = upgrade.receive(format!("{second}HTTP/1.1 101 X\r\n{good}\r\n\r\nrest").as_bytes());
            assert_eq!(
                verdict,
                ResponseOutcome::Open { protocol: None, rest: b"rest".to_vec() },
                "split at {split}"
            );
        }
        let mut endless = upgrade("ws://h/", PeerOptions::default());
        let mut come = 0;
        while endless.receive(interim.as_bytes()) == ResponseOutcome::Incomplete {
            come += interim.len();
        }
        assert!((MAX_HEAD - interim.len()..MAX_HEAD).contains(&come), "{come}");
        let mut refusing = upgrade("ws://h/", PeerOptions::default());
        let cause = CloseCause::Refused { status: Some(403) };
        let verdict = refusing.receive(format!("{interim}HTTP/1.1 403 X\r\n\r\n").as_bytes());
        assert_eq!(verdict, ResponseOutcome::Failed(cause));
    }

    #[test]
    fn what_is_no_http_is_refused_within_its_limit() {
        for garbage in
            ["\r\n\r\n", "SSH-2.0\r\n\r\n", "HTTP/2 101\r\n\r\n", "HTTP/1.0 101 X\r\n\r\n", "\0\r\n\r\n"]
        {
            let mut upgrade = upgrade("ws://h/", PeerOptions::default());
            let verdict = upgrade.receive(garbage.as_bytes());
            assert!(matches!(verdict, ResponseOutcome::Failed(_)), "{garbage:?}: {verdict:?}");
        }
        let mut upgrade = upgrade("ws://h/", PeerOptions::default());
        assert!(matches!(upgrade.receive(&vec![b'x'; MAX_HEAD]), ResponseOutcome::Failed(_)));
    }
}
