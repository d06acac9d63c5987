//! A client's request: the outcome does not depend on how it is split, the request is the same after it is written
//! again, and each request gets a valid answer.

use std::net::SocketAddr;

use arbitrary::{Arbitrary, Result, Unstructured};

use super::{
    super::handshake::{RequestOutcome, ServerUpgrade, accept_response, http_response, reject_response},
    pieces::Cuts,
    reply,
};
use crate::{
    admission::{Rejection, Response, check_host, check_policy, choose_protocol},
    options::{MAX_REQUEST_SIZE, OriginPolicy, PeerOptions, ServerOptions},
    request::Request,
};

/// A request, and the server that receives it.
struct Case<'a> {
    cuts: Cuts,
    is_secure: bool,
    max_size: usize,
    request: &'a [u8],
}

impl<'a> Arbitrary<'a> for Case<'a> {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let (cuts, is_secure, is_small) = input.arbitrary()?;
        let max_size = if is_small { 256 } else { MAX_REQUEST_SIZE };
        Ok(Self { cuts, is_secure, max_size, request: input.bytes(input.len())? })
    }
}

/// The comparable parts of [`RequestOutcome`].
#[derive(Debug, PartialEq)]
enum ComparableOutcome {
    Incomplete,
    Upgrade { url: String, fields: Fields, rest: Vec<u8> },
    Plain { url: String, fields: Fields, rejection: Rejection },
    Invalid(Rejection),
}

type Fields = Vec<(String, Vec<u8>)>;

pub(super) fn run(data: &[u8]) {
    let Ok(case) = Unstructured::new(data).arbitrary::<Case<'_>>() else { return };
    let (outcome, whole) = receive(case.request, &case, Cuts::NONE);
    let (_, split) = receive(case.request, &case, case.cuts);
    assert_eq!(split, whole, "the outcome depends on {:?}", case.cuts);
    match outcome {
        RequestOutcome::Incomplete => {
            assert!(case.request.len() < case.max_size, "it waits for more bytes than the limit allows")
        }
        RequestOutcome::Upgrade { request, rest } => {
            assert!(case.request.ends_with(&rest), "bytes behind the head are lost");
            let head = &case.request[..case.request.len() - rest.len()];
            let lines = head.iter().filter(|&&byte| byte == b'\n').count();
            assert_eq!(lines, request.headers().count() + 2, "a line is skipped: {}", head.escape_ascii());
            assert_round_trip(&request, &case);
            assert_answered(&request, case.request.len());
        }
        RequestOutcome::Plain { request, rejection } => {
            assert!(!request.is_upgrade() && request.path().starts_with('/'), "{request:?}");
            let is_head = request.method() == "HEAD";
            reply::check(&reject_response(&rejection, &[], is_head), rejection.status, is_head, &[]);
            let _ = check_host(&ServerOptions::default().hosts(["h.example"]), &request);
            for (status, body) in [(200, "ok"), (204, ""), (302, ""), (503, "no")] {
                let response = Response { status, body: body.into() };
                reply::check(&http_response(&response, &[], is_head), status, is_head, &[]);
            }
        }
        RequestOutcome::Invalid(rejection) => {
            reply::check(&reject_response(&rejection, &[], false), rejection.status, false, &[])
        }
    }
}

/// The outcome of these bytes if they arrive in these pieces.
fn receive(bytes: &[u8], case: &Case<'_>, cuts: Cuts) -> (RequestOutcome, ComparableOutcome) {
    let from = SocketAddr::from(([192, 0, 2, 1], 5000));
    let mut upgrade = ServerUpgrade::new(case.max_size);
    let mut received = 0;
    for piece in cuts.of(bytes) {
        received += piece.len();
        match upgrade.receive(piece, from, case.is_secure) {
            RequestOutcome::Incomplete => {}
            RequestOutcome::Upgrade { request, rest } => {
                let rest = [&rest, &bytes[received..]].concat();
                let outcome = ComparableOutcome::Upgrade {
                    url: request.url(),
                    fields: fields(&request),
                    rest: rest.clone(),
                };
                return (RequestOutcome::Upgrade { request, rest }, outcome);
            }
            RequestOutcome::Plain { request, rejection } => {
                let outcome =
                    ComparableOutcome::Plain { url: request.url(), fields: fields(&request), rejection };
                return (RequestOutcome::Plain { request, rejection }, outcome);
            }
            RequestOutcome::Invalid(rejection) => {
                return (RequestOutcome::Invalid(rejection), ComparableOutcome::Invalid(rejection));
            }
        }
    }
    (RequestOutcome::Incomplete, ComparableOutcome::Incomplete)
}

fn fields(request: &Request) -> Fields {
    request.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
}

/// Checks that a request is the same after it is written again, so that two parsers cannot see different requests.
fn assert_round_trip(request: &Request, case: &Case<'_>) {
    let target = match request.query() {
        Some(query) => format!("{}?{query}", request.path()),
        None => request.path().to_owned(),
    };
    let mut head = format!("GET {target} HTTP/1.1\r\n").into_bytes();
    for (name, value) in request.headers() {
        head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    let roomy = Case { max_size: 2 * case.max_size, ..*case };
    let (outcome, _) = receive(&head, &roomy, Cuts::NONE);
    let shown = head.escape_ascii();
    let RequestOutcome::Upgrade { request: again, rest } = outcome else { panic!("{outcome:?}: {shown}") };
    assert!(rest.is_empty(), "two requests: {shown}");
    assert_eq!((again.path(), again.query()), (request.path(), request.query()), "{shown}");
    assert_eq!(fields(&again), fields(request), "{shown}");
}

/// Checks the memory of a request, and the answers to it.
fn assert_answered(request: &Request, received: usize) {
    assert!(request.path().starts_with('/'), "{}", request.path());
    assert!(
        request.memory_usage() <= 2 * received,
        "{} bytes are held for {received}",
        request.memory_usage()
    );
    assert!(!format!("{request:?}").is_empty());
    let served = ServerOptions::default().paths(["/", "/game"]).allow_missing_origin(false);
    let listed = OriginPolicy::List(vec!["https://h.example".into()]);
    for options in [ServerOptions::default(), served.clone(), served.origins(listed)] {
        if let Err(rejection) = check_policy(&options, request) {
            reply::check(&reject_response(&rejection, &[], false), rejection.status, false, &[]);
        }
    }
    let headers = [("X-Game".to_owned(), "1".to_owned())];
    match choose_protocol(&PeerOptions::for_server().protocols(["chat", "game.v1"]), request) {
        Ok(protocol) => {
            reply::check(&accept_response(request, protocol.as_deref(), &headers), 101, false, &headers)
        }
        Err(rejection) => {
            reply::check(&reject_response(&rejection, &[], false), rejection.status, false, &[])
        }
    }
}
