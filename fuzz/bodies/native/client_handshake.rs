//! The answer to a client's request: the verdict on it does not depend on how it is split, and only the right one opens.

use arbitrary::{Arbitrary, Result, Unstructured};
use tungstenite::handshake::derive_accept_key;

use super::{
    super::handshake::{ClientUpgrade, RequestOutcome, ResponseOutcome, ServerUpgrade},
    pieces::Cuts,
};
use crate::{
    options::{MAX_REQUEST_SIZE, PeerOptions},
    url::{Host, Url},
};

/// What stands in an input where the accept key belongs, which no input can know.
const ACCEPT: &str = "{accept}";

/// An answer, to a client that offers sub-protocols or none.
struct Case<'a> {
    cuts: Cuts,
    offers: bool,
    answer: &'a [u8],
}

impl<'a> Arbitrary<'a> for Case<'a> {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let (cuts, offers) = input.arbitrary()?;
        Ok(Self { cuts, offers, answer: input.bytes(input.len())? })
    }
}

pub(super) fn run(data: &[u8]) {
    let Ok(case) = Unstructured::new(data).arbitrary::<Case<'_>>() else { return };
    let verdict = case.verdict(Cuts::NONE);
    assert_eq!(case.verdict(case.cuts), verdict, "the verdict depends on {:?}", case.cuts);
    if let ResponseOutcome::Open { protocol, rest } = verdict {
        assert_eq!(
            protocol.is_some(),
            case.offers,
            "a sub-protocol that was not offered, or none of those that were"
        );
        assert!(case.answer.ends_with(&rest), "what follows the head is lost");
        let head = &case.answer[..case.answer.len() - rest.len()];
        assert!(find(head, ACCEPT.as_bytes()).is_some(), "anybody's answer opens");
        let mut status_lines = status_lines(head);
        let last = status_lines.pop().unwrap_or_default();
        assert!(last.starts_with(b"HTTP/1.1 101"), "whatever the status, it opens");
        for line in status_lines {
            let is_interim = line.starts_with(b"HTTP/1.1 1") || line.starts_with(b"HTTP/1.0 1");
            assert!(is_interim && !line[9..].starts_with(b"101"), "skipped: {}", line.escape_ascii());
        }
    }
}

impl Case<'_> {
    /// What becomes of the answer if it comes in these pieces.
    fn verdict(&self, cuts: Cuts) -> ResponseOutcome {
        let mut upgrade = self.upgrade();
        let answer = self.answer_to(&upgrade.request());
        let mut come = 0;
        for piece in cuts.of(&answer) {
            come += piece.len();
            match upgrade.receive(piece) {
                ResponseOutcome::Incomplete => {}
                ResponseOutcome::Open { protocol, rest } => {
                    return ResponseOutcome::Open { protocol, rest: [&rest, &answer[come..]].concat() };
                }
                refused => return refused,
            }
        }
        ResponseOutcome::Incomplete
    }

    fn upgrade(&self) -> ClientUpgrade {
        let url = Url { secure: false, host: Host::Name("h".into()), port: 80, target: "/".into() };
        let protocols: &[&str] = if self.offers { &["chat", "game.v1"] } else { &[] };
        ClientUpgrade::new(&url, &PeerOptions::default().protocols(protocols.iter().copied()))
    }

    /// The answer with the accept key for this request in its place.
    fn answer_to(&self, request: &[u8]) -> Vec<u8> {
        let asked =
            ServerUpgrade::new(MAX_REQUEST_SIZE).receive(request, ([192, 0, 2, 1], 5000).into(), false);
        let RequestOutcome::Upgrade { request, .. } = asked else {
            panic!("our server refuses our client: {asked:?}")
        };
        let accept = derive_accept_key(request.header("sec-websocket-key").unwrap_or_default());
        // Only the first: if that is not in the head that opens, none opens, and what follows the head is compared.
        match find(self.answer, ACCEPT.as_bytes()) {
            Some(at) => [&self.answer[..at], accept.as_bytes(), &self.answer[at + ACCEPT.len()..]].concat(),
            None => self.answer.to_vec(),
        }
    }
}

/// The first lines of all heads, which end with an empty line each. Empty lines before a head are passed over.
fn status_lines(heads: &[u8]) -> Vec<&[u8]> {
    let lines = heads.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut was_empty = true;
    let mut found = Vec::new();
    for line in lines {
        if was_empty && !line.is_empty() {
            found.push(line);
        }
        was_empty = line.is_empty();
    }
    found
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
