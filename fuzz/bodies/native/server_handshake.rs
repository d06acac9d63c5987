//! A client's request: what is read in it does not depend on how it is split, nor on who writes it down again; and there is
//! a proper answer to each.

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

/// A request, and the server that it comes to.
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

/// What can be compared of [`RequestOutcome`].
#[derive(Debug, PartialEq)]
enum Outcome {
    More,
    For { url: String, fields: Fields, rest: Vec<u8> },
    Plain { url: String, fields: Fields, rejection: Rejection },
    Nothing(Rejection),
}

type Fields = Vec<(String, Vec<u8>)>;

pub(super) fn run(data: &[u8]) {
    let Ok(case) = Unstructured::new(data).arbitrary::<Case<'_>>() else { return };
    let (asked, whole) = ask(case.request, &case, Cuts::NONE);
    let (_, split) = ask(case.request, &case, case.cuts);
    assert_eq!(split, whole, "what is read depends on {:?}", case.cuts);
    match asked {
        RequestOutcome::Incomplete => {
            assert!(case.request.len() < case.max_size, "it waits for more than the limit allows")
        }
        RequestOutcome::Upgrade { request, rest } => {
            assert!(case.request.ends_with(&rest), "what follows the head is lost");
            let head = &case.request[..case.request.len() - rest.len()];
            let lines = head.iter().filter(|&&byte| byte == b'\n').count();
            assert_eq!(
                lines,
                request.headers().count() + 2,
                "a line that nobody read: {}",
                head.escape_ascii()
            );
            reads_the_same_again(&request, &case);
            is_answered(&request, case.request.len());
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

/// What is read in these bytes if they come in these pieces.
fn ask(bytes: &[u8], case: &Case<'_>, cuts: Cuts) -> (RequestOutcome, Outcome) {
    let from = SocketAddr::from(([192, 0, 2, 1], 5000));
    let mut upgrade = ServerUpgrade::new(case.max_size);
    let mut come = 0;
    for piece in cuts.of(bytes) {
        come += piece.len();
        match upgrade.receive(piece, from, case.is_secure) {
            RequestOutcome::Incomplete => {}
            RequestOutcome::Upgrade { request, rest } => {
                let rest = [&rest, &bytes[come..]].concat();
                let outcome =
                    Outcome::For { url: request.url(), fields: fields(&request), rest: rest.clone() };
                return (RequestOutcome::Upgrade { request, rest }, outcome);
            }
            RequestOutcome::Plain { request, rejection } => {
                let outcome = Outcome::Plain { url: request.url(), fields: fields(&request), rejection };
                return (RequestOutcome::Plain { request, rejection }, outcome);
            }
            RequestOutcome::Invalid(rejection) => {
                return (RequestOutcome::Invalid(rejection), Outcome::Nothing(rejection));
            }
        }
    }
    (RequestOutcome::Incomplete, Outcome::More)
}

fn fields(request: &Request) -> Fields {
    request.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
}

/// A request in which two readers could see different things would not.
fn reads_the_same_again(request: &Request, case: &Case<'_>) {
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
    let (asked, _) = ask(&head, &roomy, Cuts::NONE);
    let shown = head.escape_ascii();
    let RequestOutcome::Upgrade { request: again, rest } = asked else { panic!("{asked:?}: {shown}") };
    assert!(rest.is_empty(), "two requests in one: {shown}");
    assert_eq!((again.path(), again.query()), (request.path(), request.query()), "{shown}");
    assert_eq!(fields(&again), fields(request), "{shown}");
}

/// Whatever stands in a request, the answers are proper ones, and it takes no more memory than it may.
fn is_answered(request: &Request, come: usize) {
    assert!(request.path().starts_with('/'), "{}", request.path());
    assert!(request.memory_usage() <= 2 * come, "{} bytes are held for {come}", request.memory_usage());
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
