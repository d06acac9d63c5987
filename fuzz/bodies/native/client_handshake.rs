//! The answer to a client's request: the outcome does not depend on how it is split, and only a correct answer opens.

use arbitrary::{Arbitrary, Result, Unstructured};
use tungstenite::handshake::derive_accept_key;

use super::{
    super::handshake::{ClientUpgrade, RequestOutcome, ResponseOutcome, ServerUpgrade},
    pieces::Cuts,
};
use crate::{
    options::{MAX_REQUEST_SIZE, PeerOptions},
    url::Url,
};

/// The placeholder of the accept key in an input, which cannot know it.
const ACCEPT: &str = "{accept}";

/// An answer to a client.
struct Case<'a> {
    cuts: Cuts,
    offers_protocols: bool,
    answer: &'a [u8],
}

impl<'a> Arbitrary<'a> for Case<'a> {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let (cuts, offers_protocols) = input.arbitrary()?;
        Ok(Self { cuts, offers_protocols, answer: input.bytes(input.len())? })
    }
}

pub(super) fn run(data: &[u8]) {
    let Ok(case) = Unstructured::new(data).arbitrary::<Case<'_>>() else { return };
    let outcome = case.outcome(Cuts::NONE);
    assert_eq!(case.outcome(case.cuts), outcome, "the outcome depends on {:?}", case.cuts);
    if let ResponseOutcome::Open { protocol, rest } = outcome {
        assert_eq!(
            protocol.is_some(),
            case.offers_protocols,
            "a sub-protocol that was not offered, or none although some were"
        );
        assert!(case.answer.ends_with(&rest), "bytes behind the head are lost");
        let head = &case.answer[..case.answer.len() - rest.len()];
        assert!(find(head, ACCEPT.as_bytes()).is_some(), "an answer without the accept key opens");
        let mut status_lines = status_lines(head);
        let last = status_lines.pop().unwrap_or_default();
        assert!(last.starts_with(b"HTTP/1.1 101"), "a status other than 101 opens");
        for line in status_lines {
            let is_interim = line.starts_with(b"HTTP/1.1 1") || line.starts_with(b"HTTP/1.0 1");
            assert!(
                is_interim && !line[9..].starts_with(b"101"),
                "not an interim response: {}",
                line.escape_ascii()
            );
        }
    }
}

impl Case<'_> {
    /// The outcome if the answer arrives in these pieces.
    fn outcome(&self, cuts: Cuts) -> ResponseOutcome {
        let mut upgrade = self.upgrade();
        let answer = self.answer_to(&upgrade.request());
        let mut received = 0;
        for piece in cuts.of(&answer) {
            received += piece.len();
            match upgrade.receive(piece) {
                ResponseOutcome::Incomplete => {}
                ResponseOutcome::Open { protocol, rest } => {
                    return ResponseOutcome::Open { protocol, rest: [&rest, &answer[received..]].concat() };
                }
                refused => return refused,
            }
        }
        ResponseOutcome::Incomplete
    }

    fn upgrade(&self) -> ClientUpgrade {
        let url = Url::parse("ws://h/").expect("a URL");
        let protocols: &[&str] = if self.offers_protocols { &["chat", "game.v1"] } else { &[] };
        ClientUpgrade::new(&url, &PeerOptions::default().protocols(protocols.iter().copied()))
    }

    /// The answer with the accept key for this request.
    fn answer_to(&self, request: &[u8]) -> Vec<u8> {
        let outcome =
            ServerUpgrade::new(MAX_REQUEST_SIZE).receive(request, ([192, 0, 2, 1], 5000).into(), false);
        let RequestOutcome::Upgrade { request, .. } = outcome else {
            panic!("our server rejects our client: {outcome:?}")
        };
        let accept = derive_accept_key(request.header("sec-websocket-key").unwrap_or_default());
        // Only the first placeholder is replaced: one behind the head must stay as it is.
        match find(self.answer, ACCEPT.as_bytes()) {
            Some(at) => [&self.answer[..at], accept.as_bytes(), &self.answer[at + ACCEPT.len()..]].concat(),
            None => self.answer.to_vec(),
        }
    }
}

/// The first lines of all heads, each of which ends with an empty line. Empty lines before a head are skipped.
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
