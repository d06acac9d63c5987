//! Options: they are accepted or rejected without a panic, and with accepted ones both ends work together.

mod changes;

use std::{sync::Arc, time::Duration};

use arbitrary::{Arbitrary, Result, Unstructured};

use self::changes::{headers, text};
use super::{
    super::{
        frames::{Encoder, FrameDecoder, FrameError, Item, MessageLimits},
        guard::{Guard, GuardLimits},
        handshake::{
            ClientUpgrade, RequestOutcome, ResponseOutcome, ServerUpgrade, accept_response, http_response,
            reject_response,
        },
        heartbeat::{Heartbeat, HeartbeatTimes},
        tls,
    },
    reply,
};
use crate::{
    admission::{Admission, AdmissionDecision, check_policy},
    close::CloseCause,
    error::Error,
    options::{PeerOptions, ServerOptions, TlsRoots},
    packet::PacketKind,
    rate::Arrival,
    request::Request,
    url::Url,
};

/// The limits of the other end for a head: the bytes of an answer, and the number of fields.
const MAX_ANSWER: usize = 16 * 1024;
const MAX_FIELDS: usize = 64;

/// The number of fields that every request of ours has.
const OUR_FIELDS: usize = 5;

/// The options of a server and its client, and the answer of the server's hook.
struct Case {
    options: ServerOptions,
    admission: Admission,
    /// The header fields that the hook adds.
    added: Vec<(String, String)>,
}

impl Arbitrary<'_> for Case {
    fn arbitrary(input: &mut Unstructured<'_>) -> Result<Self> {
        let mut admission = match input.arbitrary()? {
            true => Admission::accept(),
            false => match input.arbitrary()? {
                status @ 200..=399 => Admission::respond(status, "elsewhere"),
                status => Admission::reject(status),
            },
        };
        if input.arbitrary()? {
            admission = admission.protocol(text(input)?);
        }
        let added = headers(input)?;
        for (name, value) in &added {
            admission = admission.header(name, value);
        }
        let mut options = ServerOptions::default();
        while !input.is_empty() {
            changes::server(&mut options, input)?;
        }
        Ok(Self { options, admission, added })
    }
}

pub(super) fn run(data: &[u8]) {
    let Ok(case) = Unstructured::new(data).arbitrary::<Case>() else { return };
    let Case { options, admission, added } = case;
    if let Err(error) = options.check() {
        assert!(matches!(error, Error::InvalidOption { .. }) && !error.to_string().is_empty(), "{error:?}");
        return;
    }
    assert_eq!(options.connection.check(), Ok(()), "a server accepts options that its connections do not");
    check_frames(&options);
    check_limits(&options);
    check_certificates(&options);
    check_handshake(&options, admission, &added);
}

/// Checks that a message up to the limit is read, and a longer one is not.
fn check_frames(options: &ServerOptions) {
    let limits = MessageLimits {
        message: options.connection.max_message_size,
        fragments: options.rate_limits.max_fragments,
    };
    for len in [0, 1, 1000] {
        let mut wire = Vec::new();
        Encoder::CLIENT.encode(PacketKind::Binary, &vec![7; len], &mut wire);
        let read = FrameDecoder::new(true, limits).next(&mut &wire[..]);
        if len <= limits.message {
            assert!(
                matches!(&read, Ok(Some(Item::Packet(packet))) if packet.len() == len),
                "{len}: {read:?}"
            );
        } else {
            assert_eq!(read, Err(FrameError::TooBig), "{len}");
        }
    }
}

/// Checks that arithmetic on all limits and times works.
fn check_limits(options: &ServerOptions) {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    let limits = Arc::new(GuardLimits::new(options.rate_limits, options.slow_reader_timeout));
    let mut guard = Guard::new(Some(Arc::clone(&limits)));
    let times = Arc::new(HeartbeatTimes::new(&options.connection));
    let first_delay = times.first_delay(options.rate_limits.max_fragments);
    assert!(first_delay <= options.connection.heartbeat_interval);
    let mut heartbeat = Heartbeat::start(times, Duration::ZERO, first_delay);
    for at in [Duration::ZERO, Duration::from_millis(1), YEAR] {
        let arrival = Arrival::at(at);
        let is_over = guard.count_bytes(usize::MAX, arrival).is_err();
        assert_eq!(
            is_over,
            options.rate_limits.max_bytes_per_second > 0,
            "the largest number of bytes at once"
        );
        assert_eq!(guard.count_packet(arrival), Ok(()), "one packet");
        assert_eq!(guard.count_control_frame(arrival), Ok(()), "one control frame");
        guard.message_incomplete(at);
        guard.queue_full(at);
        assert!(
            guard.due().is_none_or(|due| due > at) && guard.expired(at).is_none(),
            "a deadline passes at once"
        );
        assert!(heartbeat.due().is_none_or(|due| due > Duration::ZERO));
        heartbeat.poll(at);
        guard = Guard::new(Some(Arc::clone(&limits)));
    }
}

/// Checks that an invalid certificate is an error.
fn check_certificates(options: &ServerOptions) {
    let tls = &options.connection.tls;
    let server = tls::Server::new(tls.certificate.as_ref()).err();
    // Loading the authorities of the platform takes long and does not depend on options.
    let is_custom = matches!(tls.roots, TlsRoots::Custom { .. });
    let client = is_custom.then(|| tls::Client::new(&url(true), tls).err()).flatten();
    for error in [server, client].into_iter().flatten() {
        assert!(matches!(error, Error::InvalidOption { .. } | Error::Unsupported { .. }), "{error:?}");
    }
}

fn url(secure: bool) -> Url<'static> {
    let text = if secure { "wss://h.example:9080/game?x" } else { "ws://h.example:9080/game?x" };
    Url::parse(text).expect("a URL")
}

/// Checks the request of a client with these options at a server with these options.
fn check_handshake(options: &ServerOptions, admission: Admission, added: &[(String, String)]) {
    let client = ClientUpgrade::new(&url(false), &options.connection);
    let sent = client.request();
    let peer = &options.connection;
    let fields = OUR_FIELDS + usize::from(!peer.protocols.is_empty()) + peer.headers.len();
    let origins = peer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("origin")).count();
    let expected = if sent.len() > options.max_request_size || fields > MAX_FIELDS {
        Some(431)
    } else {
        (origins > 1).then_some(400)
    };
    let shown = sent.escape_ascii();
    let outcome =
        ServerUpgrade::new(options.max_request_size).receive(&sent, ([192, 0, 2, 1], 5000).into(), false);
    let request = match outcome {
        RequestOutcome::Upgrade { request, rest } => {
            assert!(expected.is_none() && rest.is_empty(), "not {expected:?}: {shown}");
            request
        }
        RequestOutcome::Invalid(rejection) | RequestOutcome::Plain { rejection, .. } => {
            return assert_eq!(Some(rejection.status), expected, "{rejection:?}: {shown}");
        }
        RequestOutcome::Incomplete => panic!("an incomplete request: {shown}"),
    };
    assert_eq!((request.path(), request.query(), request.host()), ("/game", Some("x"), "h.example:9080"));
    assert!(request.protocols().eq(&peer.protocols), "other protocols than {:?}: {shown}", peer.protocols);
    for (name, value) in &peer.headers {
        let is_there = request.headers().any(|(field, got)| field == name && got == value.as_bytes());
        assert!(is_there, "{name}: {value} is missing in {shown}");
    }
    if let Err(rejection) = check_policy(options, &request) {
        assert!([403, 404, 421].contains(&rejection.status), "{rejection:?}");
    }
    if admission.check(&request).is_ok() {
        check_answer(&request, admission, added, peer, client);
    }
}

/// Checks that the server answers as its hook decides, and that the client accepts the answer.
fn check_answer(
    request: &Request,
    admission: Admission,
    added: &[(String, String)],
    peer: &PeerOptions,
    mut client: ClientUpgrade,
) {
    let (decision, headers) = admission.decide(request, peer);
    assert_eq!(headers, added);
    let (status, protocol, sent) = match decision {
        AdmissionDecision::Accept(terms) => {
            let sent = accept_response(request, terms.protocol.as_deref(), &headers);
            (101, terms.protocol, sent)
        }
        AdmissionDecision::Reject(rejection) => {
            (rejection.status, None, reject_response(&rejection, &headers, false))
        }
        AdmissionDecision::Respond(response) => {
            (response.status, None, http_response(&response, &headers, false))
        }
        AdmissionDecision::Decline => panic!("the request asks for a WebSocket"),
    };
    reply::check(&sent, status, false, added);
    let head_len = sent.windows(4).position(|end| end == b"\r\n\r\n").map_or(sent.len(), |at| at + 4);
    if head_len > MAX_ANSWER || added.len() + 8 > MAX_FIELDS {
        return;
    }
    match client.receive(&sent) {
        ResponseOutcome::Open { protocol: chosen, rest } => {
            assert!(status == 101 && rest.is_empty(), "{}", sent.escape_ascii());
            assert_eq!(chosen, protocol);
        }
        ResponseOutcome::Failed(cause) => {
            let expected = CloseCause::Refused { status: Some(status) };
            assert!(status != 101 && cause == expected, "{cause:?}: {}", sent.escape_ascii());
        }
        ResponseOutcome::Incomplete => panic!("an incomplete answer: {}", sent.escape_ascii()),
    }
}
