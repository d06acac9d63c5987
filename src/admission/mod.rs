//! Who is let in: the answer that a server's hook gives to a request, and what is asked before it.

mod policy;

use std::{any::Any, fmt};

pub(crate) use self::policy::{check as check_policy, choose_protocol};
use crate::{
    error::Error,
    options::{Options, PeerLimits, check_headers},
    request::Request,
};

/// The answer to a [`Request`]: to accept it, with what is to hold for the new peer, or to refuse it with an HTTP
/// status. The hook of [`on_request`](crate::WebSocketServer::on_request) gives it.
///
/// ```
/// use websocket_peer::{Admission, Request};
///
/// fn admit(request: &Request) -> Admission {
///     // A browser can send a ticket only like this: `new WebSocket(url, ["game.v1", ticket])`.
///     match request.protocols().find_map(|offered| offered.strip_prefix("ticket.")) {
///         Some(ticket) => Admission::accept().protocol("game.v1").identity(ticket.to_owned()),
///         None => Admission::refuse(401).header("WWW-Authenticate", "Ticket"),
///     }
/// }
/// # let _ = admit;
/// ```
///
/// What makes no sense (a protocol that the client did not offer, a header field that would forge another, invalid
/// options) is a mistake in the hook: the client is answered 500, and the log tells why.
///
/// Platform: a browser accepts no connections, so no program needs one there.
#[must_use = "it says nothing until the hook gives it back"]
pub struct Admission {
    refused: Option<u16>,
    terms: Terms,
    headers: Vec<(String, String)>,
}

/// What is to hold for a peer that is let in; what is `None` is as for every other peer.
#[derive(Default)]
pub(crate) struct Terms {
    pub(crate) protocol: Option<String>,
    pub(crate) identity: Option<Box<dyn Any + Send + Sync>>,
    pub(crate) options: Option<Box<Options>>,
    pub(crate) limits: Option<PeerLimits>,
}

/// What a client that is not let in is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// From 400 to 599.
    pub(crate) status: u16,
    /// In words, for the client to read: nothing that only this end should know.
    pub(crate) why: &'static str,
}

impl Admission {
    /// The client is let in.
    pub fn accept() -> Self {
        Self { refused: None, terms: Terms::default(), headers: Vec::new() }
    }

    /// The client is answered with this HTTP status, and its connection ends. A status that is no refusal, one
    /// outside of 400 to 599, counts as 403.
    ///
    /// Platform: a page that a browser shows never learns the status.
    pub fn refuse(status: u16) -> Self {
        let status = if (400..=599).contains(&status) { status } else { 403 };
        Self { refused: Some(status), ..Self::accept() }
    }

    /// Chooses the sub-protocol, which must be one of those that the client [offers](Request::protocols). Without it
    /// the first of the client's is chosen that [`Options::protocols`] has, too; a client that offers none of those is answered
    /// 400, unless [`Options::require_protocol`] is off.
    pub fn protocol(mut self, protocol: impl Into<String>) -> Self {
        self.terms.protocol = Some(protocol.into());
        self
    }

    /// Attaches what the program knows the client by; [`PeerInfo::identity`](crate::PeerInfo::identity) gives it
    /// back. It lives as long as the peer.
    pub fn identity(mut self, identity: impl Any + Send + Sync) -> Self {
        self.terms.identity = Some(Box::new(identity));
        self
    }

    /// Sets the options of this peer alone. What concerns the time before a request is too late here: TLS and
    /// [`connect_timeout`](Options::connect_timeout).
    ///
    /// A larger [`max_message_size`](Options::max_message_size) than that of all peers takes the memory for it from what is
    /// common ([`ServerOptions::max_memory`](crate::ServerOptions::max_memory)); if there is not as much, the client is answered
    /// 503.
    pub fn options(mut self, options: Options) -> Self {
        self.terms.options = Some(Box::new(options));
        self
    }

    /// Sets the limits of this peer alone.
    pub fn limits(mut self, limits: PeerLimits) -> Self {
        self.terms.limits = Some(limits);
        self
    }

    /// Adds a header field to the answer, be it yes or no.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Whether the hook made no mistake.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Error> {
        check_headers(&self.headers)?;
        if let Some(chosen) = &self.terms.protocol {
            if !request.protocols().any(|offered| offered == chosen) {
                let why = "the hook chose one that the client does not offer";
                return Err(Error::InvalidOption { option: "protocol", why });
            }
        }
        self.terms.options.as_deref().map_or(Ok(()), Options::check)?;
        self.terms.limits.as_ref().map_or(Ok(()), PeerLimits::check)
    }

    /// The decision, and the header fields that the answer is to carry in either case. `options` are those of every peer.
    pub(crate) fn decide(
        mut self,
        request: &Request,
        options: &Options,
    ) -> (Result<Terms, Refusal>, Vec<(String, String)>) {
        let decision = match self.refused {
            None if self.terms.protocol.is_some() => Ok(self.terms),
            None => {
                let options = self.terms.options.as_deref().unwrap_or(options);
                choose_protocol(options, request).map(|protocol| {
                    self.terms.protocol = protocol;
                    self.terms
                })
            }
            Some(status) => Err(Refusal { status, why: "the server does not accept this connection" }),
        };
        (decision, self.headers)
    }
}

impl fmt::Debug for Admission {
    /// Shows no header field's value, and nothing of the identity.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refused {
            Some(status) => write!(f, "Admission::refuse({status})"),
            None => {
                let mut shown = f.debug_struct("Admission::accept");
                shown.field("protocol", &self.terms.protocol);
                shown.field("limits", &self.terms.limits).finish_non_exhaustive()
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
            other => panic!("{admission:?} was answered with {other:?}"),
        }
    }

    #[test]
    fn what_was_said_is_what_holds() {
        let admission = Admission::accept()
            .protocol("chat")
            .identity(7_u32)
            .options(Options::for_server().max_message_size(9))
            .limits(PeerLimits::default().max_fragments(1))
            .header("X-A", "1");
        assert_eq!(admission.check(&request()), Ok(()));
        let (decision, headers) = admission.decide(&request(), &Options::for_server());
        let terms = decision.unwrap_or_else(|refusal| panic!("{refusal:?}"));
        assert_eq!(terms.protocol.as_deref(), Some("chat"));
        assert_eq!(terms.identity.and_then(|identity| identity.downcast().ok()), Some(Box::new(7_u32)));
        assert_eq!(terms.options.map(|options| options.max_message_size), Some(9));
        assert_eq!(terms.limits.map(|limits| limits.max_fragments), Some(1));
        assert_eq!(headers, [("X-A".into(), "1".into())]);
    }

    #[test]
    fn a_status_that_is_no_refusal_is_a_403() {
        for (asked, told) in
            [(400, 400), (401, 401), (599, 599), (0, 403), (101, 403), (200, 403), (302, 403), (600, 403)]
        {
            let (decision, _) = Admission::refuse(asked).decide(&request(), &Options::for_server());
            assert_eq!(decision.err().map(|refusal| refusal.status), Some(told));
        }
    }

    #[test]
    fn a_client_that_offers_none_of_the_named_protocols_is_refused() {
        let decided = |admission: Admission, options: Options| {
            let (decision, _) = admission.decide(&request(), &options);
            decision.map(|terms| terms.protocol).map_err(|refusal| refusal.status)
        };
        let named = |names: &[&str]| Options::for_server().protocols(names.iter().copied());
        let accept = Admission::accept;
        assert_eq!(decided(accept(), named(&["x", "chat", "game.v1"])), Ok(Some("game.v1".into())));
        assert_eq!(decided(accept(), named(&["Chat"])), Err(400));
        assert_eq!(decided(accept(), named(&["Chat"]).require_protocol(false)), Ok(None));
        assert_eq!(decided(accept(), named(&[])), Ok(None));
        // The hook's choice, and the hook's options, count before those of every peer.
        assert_eq!(decided(accept().protocol("chat"), named(&["x"])), Ok(Some("chat".into())));
        assert_eq!(decided(accept().options(named(&[])), named(&["x"])), Ok(None));
        assert_eq!(decided(accept().options(named(&["x"])), named(&[])), Err(400));
        assert_eq!(decided(Admission::refuse(401), named(&["x"])), Err(401));
    }

    #[test]
    fn mistakes_of_the_hook_are_seen() {
        assert_eq!(error(&Admission::accept().protocol("Chat")), Some("protocol"));
        assert_eq!(error(&Admission::accept().protocol("")), Some("protocol"));
        assert_eq!(error(&Admission::accept().header("X", "a\r\nSet-Cookie: b")), Some("headers"));
        assert_eq!(error(&Admission::refuse(403).header("Content-Length", "9")), Some("headers"));
        assert_eq!(
            error(&Admission::accept().options(Options::default().max_message_size(0))),
            Some("max_message_size")
        );
        let limits = PeerLimits::default().max_message_time(Duration::MAX);
        assert_eq!(error(&Admission::accept().limits(limits)), Some("limits.max_message_time"));
    }

    #[test]
    fn debug_keeps_secrets() {
        let admission =
            Admission::accept().identity("s3cret").header("Set-Cookie", "s3cret").protocol("chat");
        let shown = format!("{admission:?}");
        assert!(shown.contains("chat") && !shown.contains("s3cret"), "{shown}");
        assert_eq!(format!("{:?}", Admission::refuse(401).header("X", "s3cret")), "Admission::refuse(401)");
    }
}
