//! Admission of clients: the server's own policy, and [`Admission`], the decision of the program's hook.

mod policy;

use std::{any::Any, fmt};

use bytes::Bytes;

pub(crate) use self::policy::{check as check_policy, check_host, choose_protocol};
use crate::{
    error::Error,
    options::{PeerOptions, RateLimits, check_headers},
    request::Request,
};

/// The decision about a [`Request`]: to accept it, with settings for the new peer, to reject it with an HTTP status, or
/// to [respond](Self::respond) over HTTP. The hook of [`on_request`](crate::WebSocketServer::on_request) returns it.
///
/// ```
/// use websocket_peer::{Admission, Request};
///
/// fn admit(request: &Request) -> Admission {
///     // Pages send a ticket as a sub-protocol: `new WebSocket(url, ["game.v1", ticket])`.
///     match request.protocols().find_map(|offered| offered.strip_prefix("ticket.")) {
///         Some(ticket) => Admission::accept().protocol("game.v1").user_data(ticket.to_owned()),
///         None => Admission::reject(401).header("WWW-Authenticate", "Ticket"),
///     }
/// }
/// # let _ = admit;
/// ```
///
/// If it is invalid (a protocol that the client did not offer, a header field that would inject another, invalid
/// options, a response with a status below 200), the client is answered with status 500, and an error is logged. The
/// same happens if the hook panics.
///
/// Platform: natively only, as servers are.
#[must_use = "it takes effect when the hook returns it"]
pub struct Admission {
    verdict: Verdict,
    terms: Terms,
    headers: Vec<(String, String)>,
}

/// The longest body of a response, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// What the program decided.
enum Verdict {
    Accept,
    Refuse(u16),
    Respond(Response),
}

/// What the server does with a request.
pub(crate) enum AdmissionDecision {
    Accept(Terms),
    Reject(Rejection),
    Respond(Response),
    /// Answer a plain request as a server without a hook does.
    Decline,
}

/// A response over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    /// From 200 to 599.
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

/// Settings of one accepted peer. `None`: as for every other peer.
#[derive(Default)]
pub(crate) struct Terms {
    pub(crate) protocol: Option<String>,
    pub(crate) user_data: Option<Box<dyn Any + Send + Sync>>,
    pub(crate) connection: Option<Box<PeerOptions>>,
    pub(crate) rate_limits: Option<RateLimits>,
}

/// The response to a rejected client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// From 400 to 599.
    pub(crate) status: u16,
    /// The response's body. Untrusted clients read it, so it must not reveal internals.
    pub(crate) reason: &'static str,
}

impl Admission {
    /// Accepts the client. A request that is not an [upgrade](Request::is_upgrade) cannot be accepted: it is answered
    /// with status 426, as without a hook.
    pub fn accept() -> Self {
        Self { verdict: Verdict::Accept, terms: Terms::default(), headers: Vec::new() }
    }

    /// Refuses the client with this HTTP status, from 400 to 599, and ends its connection. Any other status counts as
    /// 403. To send another one, or a body, use [`respond`](Self::respond).
    ///
    /// Platform: browsers do not report the status to pages.
    pub fn reject(status: u16) -> Self {
        let status = if (400..=599).contains(&status) { status } else { 403 };
        Self { verdict: Verdict::Refuse(status), ..Self::accept() }
    }

    /// Answers the request over HTTP, with this status and body, and ends the connection. For health checks, metrics
    /// and redirects. [`header`](Self::header) adds fields. The default `Content-Type` is `text/plain; charset=utf-8`.
    /// A response to a HEAD request has the same head, and no body.
    ///
    /// ```
    /// use websocket_peer::{Admission, Request};
    ///
    /// fn admit(request: &Request) -> Admission {
    ///     match (request.path(), request.is_upgrade()) {
    ///         ("/health", false) => Admission::respond(200, "ok\n"),
    ///         ("/version", false) => {
    ///             Admission::respond(200, r#"{"version":7}"#).header("Content-Type", "application/json")
    ///         }
    ///         ("/game", true) => Admission::accept(),
    ///         _ => Admission::reject(404),
    ///     }
    /// }
    /// # let _ = admit;
    /// ```
    ///
    /// The status must be from 200 to 599. The body must be at most 64 KiB, and empty with 204, 205 and 304. Otherwise
    /// the client is answered with status 500. While memory is scarce
    /// ([`max_buffered_bytes`](crate::ServerOptions::max_buffered_bytes)), status 503 replaces responses with a body of
    /// more than 1 KiB.
    ///
    /// A client that asked for a WebSocket reports this status with [`CloseCause::Refused`](crate::CloseCause::Refused).
    pub fn respond(status: u16, body: impl Into<Bytes>) -> Self {
        Self { verdict: Verdict::Respond(Response { status, body: body.into() }), ..Self::accept() }
    }

    /// Chooses the sub-protocol, one of those that the client [offers](Request::protocols). By default it is the first
    /// of the client's that is in [`PeerOptions::protocols`]. If there is none, the client is rejected with status 400,
    /// unless [`PeerOptions::require_protocol`] is `false`.
    pub fn protocol(mut self, protocol: impl Into<String>) -> Self {
        self.terms.protocol = Some(protocol.into());
        self
    }

    /// Attaches data of the program. [`PeerInfo::user_data`](crate::PeerInfo::user_data) returns it. It is
    /// dropped with the peer.
    pub fn user_data(mut self, data: impl Any + Send + Sync) -> Self {
        self.terms.user_data = Some(Box::new(data));
        self
    }

    /// Sets the options of this peer only. TLS and [`connect_timeout`](PeerOptions::connect_timeout) have no effect
    /// here, as they apply before the request.
    ///
    /// If its [`max_message_size`](PeerOptions::max_message_size) is larger than that of the other peers, the memory
    /// for it comes from the common pool of
    /// [`ServerOptions::max_buffered_bytes`](crate::ServerOptions::max_buffered_bytes). If there is not enough, the
    /// client is rejected with status 503.
    pub fn connection(mut self, options: PeerOptions) -> Self {
        self.terms.connection = Some(Box::new(options));
        self
    }

    /// Sets the rate limits of this peer only.
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.terms.rate_limits = Some(limits);
        self
    }

    /// Adds a header field to the response, whether it accepts or rejects.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Checks what the program chose.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Error> {
        check_headers(&self.headers)?;
        if let Verdict::Respond(response) = &self.verdict {
            response.check()?;
        }
        if let Some(chosen) = &self.terms.protocol {
            if !request.protocols().any(|offered| offered == chosen) {
                let reason = "the hook chose one that the client does not offer";
                return Err(Error::InvalidOption { option: "protocol", reason });
            }
        }
        self.terms.connection.as_deref().map_or(Ok(()), PeerOptions::check)?;
        self.terms.rate_limits.as_ref().map_or(Ok(()), RateLimits::check)
    }

    /// Returns what to do, and the header fields of the response. `options` are those of every peer.
    pub(crate) fn decide(
        mut self,
        request: &Request,
        options: &PeerOptions,
    ) -> (AdmissionDecision, Vec<(String, String)>) {
        let reason = "the server does not accept this connection";
        let decision = match self.verdict {
            Verdict::Accept if !request.is_upgrade() => AdmissionDecision::Decline,
            Verdict::Accept if self.terms.protocol.is_some() => AdmissionDecision::Accept(self.terms),
            Verdict::Accept => {
                let options = self.terms.connection.as_deref().unwrap_or(options);
                match choose_protocol(options, request) {
                    Ok(protocol) => {
                        self.terms.protocol = protocol;
                        AdmissionDecision::Accept(self.terms)
                    }
                    Err(rejection) => AdmissionDecision::Reject(rejection),
                }
            }
            Verdict::Refuse(status) => AdmissionDecision::Reject(Rejection { status, reason }),
            Verdict::Respond(response) => AdmissionDecision::Respond(response),
        };
        (decision, self.headers)
    }
}

impl Response {
    /// Checks status and body. Source of the statuses without a body: RFC 9110, 15.3.5, 15.3.6 and 15.4.5.
    fn check(&self) -> Result<(), Error> {
        let invalid = |option, reason| Err(Error::InvalidOption { option, reason });
        match self.status {
            200..=599 if self.body.len() > MAX_BODY => invalid("body", "it has over 65,536 bytes"),
            204 | 205 | 304 if !self.body.is_empty() => {
                invalid("body", "it must be empty with status 204, 205 or 304")
            }
            200..=599 => Ok(()),
            _ => invalid("status", "it is not from 200 to 599"),
        }
    }
}

impl fmt::Debug for Admission {
    /// Shows no header field and no user data, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Refuse(status) => write!(f, "Admission::reject({status})"),
            Verdict::Respond(Response { status, body }) => {
                write!(f, "Admission::respond({status}, {} bytes)", body.len())
            }
            Verdict::Accept => {
                let mut shown = f.debug_struct("Admission::accept");
                shown.field("protocol", &self.terms.protocol);
                shown.field("rate_limits", &self.terms.rate_limits).finish_non_exhaustive()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn request() -> Request {
        let fields = [("Sec-WebSocket-Protocol", &b"game.v1, chat"[..])];
        Request::new(([192, 0, 2, 1], 5000).into(), false, "h", "/", fields)
    }

    fn error(admission: &Admission) -> Option<&'static str> {
        match admission.check(&request()) {
            Err(Error::InvalidOption { option, .. }) => Some(option),
            other => panic!("{admission:?}: {other:?}"),
        }
    }

    #[test]
    fn an_accepted_client_gets_the_settings_of_the_hook() {
        let admission = Admission::accept()
            .protocol("chat")
            .user_data(7_u32)
            .connection(PeerOptions::for_server().max_message_size(9))
            .rate_limits(RateLimits::default().max_fragments(1))
            .header("X-A", "1");
        assert_eq!(admission.check(&request()), Ok(()));
        let (decision, headers) = admission.decide(&request(), &PeerOptions::for_server());
        let AdmissionDecision::Accept(terms) = decision else { panic!("it is not accepted") };
        assert_eq!(terms.protocol.as_deref(), Some("chat"));
        assert_eq!(terms.user_data.and_then(|data| data.downcast().ok()), Some(Box::new(7_u32)));
        assert_eq!(terms.connection.map(|options| options.max_message_size), Some(9));
        assert_eq!(terms.rate_limits.map(|limits| limits.max_fragments), Some(1));
        assert_eq!(headers, [("X-A".into(), "1".into())]);
    }

    #[test]
    fn a_refusal_with_another_status_than_400_to_599_is_a_403() {
        for (status, sent) in
            [(400, 400), (401, 401), (599, 599), (0, 403), (101, 403), (200, 403), (302, 403), (600, 403)]
        {
            let (decision, _) = Admission::reject(status).decide(&request(), &PeerOptions::for_server());
            let AdmissionDecision::Reject(rejection) = decision else { panic!("{status} is not rejected") };
            assert_eq!(rejection.status, sent);
        }
    }

    #[test]
    fn a_response_has_a_status_and_a_body_that_http_allows() {
        for status in [200, 204, 205, 301, 304, 404, 503, 599] {
            assert_eq!(Admission::respond(status, "").check(&request()), Ok(()), "{status}");
        }
        for status in [0, 100, 101, 103, 199, 600, u16::MAX] {
            assert_eq!(error(&Admission::respond(status, "")), Some("status"), "{status}");
        }
        for status in [204, 205, 304] {
            assert_eq!(error(&Admission::respond(status, "x")), Some("body"), "{status}");
        }
        assert_eq!(Admission::respond(200, vec![0; MAX_BODY]).check(&request()), Ok(()));
        assert_eq!(error(&Admission::respond(200, vec![0; MAX_BODY + 1])), Some("body"));
        assert_eq!(error(&Admission::respond(200, "").header("Content-Length", "0")), Some("headers"));
    }

    #[test]
    fn a_client_that_offers_none_of_the_listed_protocols_is_rejected() {
        let decided = |admission: Admission, options: PeerOptions| {
            let (decision, _) = admission.decide(&request(), &options);
            match decision {
                AdmissionDecision::Accept(terms) => Ok(terms.protocol),
                AdmissionDecision::Reject(rejection) => Err(rejection.status),
                AdmissionDecision::Respond(_) | AdmissionDecision::Decline => {
                    panic!("it is neither accepted nor rejected")
                }
            }
        };
        let named = |names: &[&str]| PeerOptions::for_server().protocols(names.iter().copied());
        let accept = Admission::accept;
        assert_eq!(decided(accept(), named(&["x", "chat", "game.v1"])), Ok(Some("game.v1".into())));
        assert_eq!(decided(accept(), named(&["Chat"])), Err(400));
        assert_eq!(decided(accept(), named(&["Chat"]).require_protocol(false)), Ok(None));
        assert_eq!(decided(accept(), named(&[])), Ok(None));
        // The hook's choice, and the hook's options, take precedence over those of every peer.
        assert_eq!(decided(accept().protocol("chat"), named(&["x"])), Ok(Some("chat".into())));
        assert_eq!(decided(accept().connection(named(&[])), named(&["x"])), Ok(None));
        assert_eq!(decided(accept().connection(named(&["x"])), named(&[])), Err(400));
        assert_eq!(decided(Admission::reject(401), named(&["x"])), Err(401));
    }

    #[test]
    fn invalid_choices_of_the_hook_are_detected() {
        assert_eq!(error(&Admission::accept().protocol("Chat")), Some("protocol"));
        assert_eq!(error(&Admission::accept().protocol("")), Some("protocol"));
        assert_eq!(error(&Admission::accept().header("X", "a\r\nSet-Cookie: b")), Some("headers"));
        assert_eq!(error(&Admission::reject(403).header("Content-Length", "9")), Some("headers"));
        assert_eq!(
            error(&Admission::accept().connection(PeerOptions::default().max_message_size(0))),
            Some("max_message_size")
        );
        let limits = RateLimits::default().max_message_time(Duration::MAX);
        assert_eq!(error(&Admission::accept().rate_limits(limits)), Some("rate_limits.max_message_time"));
    }

    #[test]
    fn debug_shows_no_secrets() {
        let admission =
            Admission::accept().user_data("s3cret").header("Set-Cookie", "s3cret").protocol("chat");
        let shown = format!("{admission:?}");
        assert!(shown.contains("chat") && !shown.contains("s3cret"), "{shown}");
        assert_eq!(format!("{:?}", Admission::reject(401).header("X", "s3cret")), "Admission::reject(401)");
        assert_eq!(format!("{:?}", Admission::respond(200, "s3cret")), "Admission::respond(200, 6 bytes)");
    }
}
