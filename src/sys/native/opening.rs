//! The upgrade of a byte stream to a WebSocket: TLS, then the HTTP [`handshake`](super::handshake).

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use tungstenite::protocol::{CloseFrame, frame::Frame};

use super::{
    frames::Encoder,
    handshake::{self, ClientUpgrade, RequestOutcome, ResponseOutcome, ServerUpgrade},
    notify::Wants,
    poll_context::PollContext,
    stream::Stream,
    tls,
};
use crate::{
    admission::{Rejection, Response},
    close::{CloseCause, CloseCode, TlsFailure},
    request::Request,
};

/// A handshake. The caller checks the deadline.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) due: Duration,
    stream: Stream,
    state: HandshakeState,
    /// Bytes to send.
    outgoing: Vec<u8>,
    /// The next step, once they are sent.
    decision: Option<HandshakeDecision>,
    /// `true` if it was rejected before TLS was established, so that no answer can be sent.
    is_rejected_before_tls: bool,
    /// The HTTP status with which the client was rejected.
    rejection_status: Option<u16>,
}

#[derive(Debug)]
enum HandshakeState {
    Client(ClientUpgrade),
    Server(ServerUpgrade),
    /// A server that has received an upgrade request. `rest` has the bytes after it.
    UpgradeRequested {
        request: Request,
        rest: Vec<u8>,
    },
    /// A server or client whose handshake was done elsewhere.
    Upgraded,
    /// A server that has received a request without upgrade. `rejection` is the answer, unless the program gives
    /// another.
    PlainRequested {
        request: Request,
        rejection: Rejection,
    },
}

/// The result of a handshake.
#[derive(Debug)]
pub(super) struct Upgrade {
    pub(super) protocol: Option<String>,
    /// The bytes after the handshake: the first frames.
    pub(super) rest: Vec<u8>,
}

#[derive(Debug)]
enum HandshakeDecision {
    Open(Upgrade),
    Failed(CloseCause),
}

/// The result of a poll.
pub(super) enum OpeningOutcome {
    /// The handshake waits for the other end, or for the answer to a [request](Opening::request).
    Pending,
    Open(Upgrade),
    Failed(CloseCause),
}

impl Opening {
    pub(super) fn client(stream: Stream, upgrade: ClientUpgrade, due: Duration) -> Self {
        let outgoing = upgrade.request();
        Self {
            due,
            stream,
            state: HandshakeState::Client(upgrade),
            outgoing,
            decision: None,
            is_rejected_before_tls: false,
            rejection_status: None,
        }
    }

    pub(super) fn server(stream: Stream, upgrade: ServerUpgrade, due: Duration) -> Self {
        Self {
            due,
            stream,
            state: HandshakeState::Server(upgrade),
            outgoing: Vec::new(),
            decision: None,
            is_rejected_before_tls: false,
            rejection_status: None,
        }
    }

    /// Returns an opening whose handshake was done elsewhere.
    pub(super) fn upgraded(stream: Stream, upgrade: Upgrade, due: Duration) -> Self {
        let decision = Some(HandshakeDecision::Open(upgrade));
        Self {
            due,
            stream,
            state: HandshakeState::Upgraded,
            outgoing: Vec::new(),
            decision,
            is_rejected_before_tls: false,
            rejection_status: None,
        }
    }

    /// Returns the memory of bytes after the handshake.
    pub(super) fn memory_usage(&self) -> usize {
        match &self.decision {
            Some(HandshakeDecision::Open(upgrade)) => upgrade.rest.capacity(),
            _ => 0,
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(super) fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    /// Returns the stream and the bytes that are still to be sent on it.
    pub(super) fn into_parts(self) -> (Stream, Vec<u8>) {
        (self.stream, self.outgoing)
    }

    /// Returns the events after which a poll can do something.
    pub(super) fn wants(&self) -> Wants {
        Wants {
            now: match &self.decision {
                None => !self.stream.is_empty(),
                Some(HandshakeDecision::Open(_)) => self.outgoing.is_empty(),
                Some(HandshakeDecision::Failed(_)) => true,
            },
            read: self.decision.is_none(),
            write: !self.outgoing.is_empty() || self.stream.wants_write(),
            ..Wants::default()
        }
    }

    /// Returns the request that waits for an answer.
    pub(super) fn request(&self) -> Option<&Request> {
        match &self.state {
            HandshakeState::UpgradeRequested { request, .. }
            | HandshakeState::PlainRequested { request, .. }
                if self.decision.is_none() =>
            {
                Some(request)
            }
            _ => None,
        }
    }

    /// Accepts the upgrade request.
    pub(super) fn admit(&mut self, protocol: Option<String>, headers: &[(String, String)]) {
        if let HandshakeState::UpgradeRequested { request, rest } = &mut self.state {
            self.outgoing = handshake::accept_response(request, protocol.as_deref(), headers);
            self.decision = Some(HandshakeDecision::Open(Upgrade { protocol, rest: std::mem::take(rest) }));
        }
    }

    /// Rejects a request without upgrade.
    pub(super) fn reject_plain(&mut self) {
        if let HandshakeState::PlainRequested { rejection, .. } = &self.state {
            let rejection = *rejection;
            self.reject(&rejection, &[]);
        }
    }

    /// Answers the request over HTTP.
    pub(super) fn respond(&mut self, response: &Response, headers: &[(String, String)]) {
        self.outgoing = handshake::http_response(response, headers, self.asks_for_head());
        let reason = "the request was answered over HTTP";
        self.decision = Some(HandshakeDecision::Failed(CloseCause::HandshakeFailed { reason }));
    }

    fn asks_for_head(&self) -> bool {
        matches!(&self.state, HandshakeState::PlainRequested { request, .. } if request.method() == "HEAD")
    }

    /// Returns `true` if the client was rejected before TLS was established. No answer is sent, and TLS does not
    /// continue.
    pub(super) fn is_rejected_before_tls(&self) -> bool {
        self.is_rejected_before_tls
    }

    /// Returns the HTTP status with which the client was rejected, even if it did not receive it.
    pub(super) fn rejection_status(&self) -> Option<u16> {
        self.rejection_status
    }

    /// Rejects the client, with or without a request.
    pub(super) fn reject(&mut self, rejection: &Rejection, headers: &[(String, String)]) {
        self.is_rejected_before_tls = self.stream.is_handshaking();
        self.outgoing = match &self.state {
            // The HTTP handshake is over. Only frames can be sent.
            HandshakeState::Upgraded => try_again_later(rejection.reason),
            _ => {
                self.rejection_status = Some(rejection.status);
                handshake::reject_response(rejection, headers, self.asks_for_head())
            }
        };
        self.decision =
            Some(HandshakeDecision::Failed(CloseCause::HandshakeFailed { reason: rejection.reason }));
    }

    pub(super) fn poll(&mut self, context: &mut PollContext<'_>) -> OpeningOutcome {
        match self.advance(context) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return OpeningOutcome::Failed(self.broken(&error)),
        }
        match &self.decision {
            Some(HandshakeDecision::Open(_)) if !self.outgoing.is_empty() => OpeningOutcome::Pending,
            _ => match self.decision.take() {
                None => OpeningOutcome::Pending,
                Some(HandshakeDecision::Open(upgrade)) => OpeningOutcome::Open(upgrade),
                // The lingering stage sends the rest.
                Some(HandshakeDecision::Failed(cause)) => OpeningOutcome::Failed(cause),
            },
        }
    }

    fn advance(&mut self, context: &mut PollContext<'_>) -> io::Result<()> {
        if self.is_rejected_before_tls {
            return Ok(());
        }
        match self.send() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
        if self.decision.is_some() {
            return Ok(());
        }
        self.receive(context)?;
        self.send()
    }

    fn send(&mut self) -> io::Result<()> {
        while !self.outgoing.is_empty() {
            let sent = self.stream.write(&self.outgoing)?;
            self.outgoing.drain(..sent);
        }
        self.stream.flush()
    }

    fn receive(&mut self, context: &mut PollContext<'_>) -> io::Result<()> {
        let mut buffer = [0; 4096];
        while self.decision.is_none()
            && matches!(self.state, HandshakeState::Client(_) | HandshakeState::Server(_))
        {
            let read = self.stream.read(&mut buffer);
            context.read += self.stream.take_received(read.as_ref().ok());
            let read = match read? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => &buffer[..read],
            };
            match &mut self.state {
                HandshakeState::Client(upgrade) => match upgrade.receive(read) {
                    ResponseOutcome::Incomplete => {}
                    ResponseOutcome::Open { protocol, rest } => {
                        self.decision = Some(HandshakeDecision::Open(Upgrade { protocol, rest }));
                    }
                    ResponseOutcome::Failed(cause) => self.decision = Some(HandshakeDecision::Failed(cause)),
                },
                HandshakeState::Server(upgrade) => {
                    let from = self.stream.tcp().peer_addr()?;
                    match upgrade.receive(read, from, self.stream.is_secure()) {
                        RequestOutcome::Incomplete => {}
                        RequestOutcome::Upgrade { request, rest } => {
                            self.state = HandshakeState::UpgradeRequested { request, rest }
                        }
                        RequestOutcome::Plain { request, rejection } => {
                            self.state = HandshakeState::PlainRequested { request, rejection }
                        }
                        RequestOutcome::Invalid(rejection) => self.reject(&rejection, &[]),
                    }
                }
                HandshakeState::UpgradeRequested { .. }
                | HandshakeState::PlainRequested { .. }
                | HandshakeState::Upgraded => {}
            }
        }
        Ok(())
    }

    fn broken(&self, error: &io::Error) -> CloseCause {
        if let Some(failure) = tls::failure(error) {
            return CloseCause::Tls(failure);
        }
        match &self.stream {
            Stream::Tls(session) if session.is_handshaking() => {
                let failure = TlsFailure::Other("the connection ended within the TLS handshake".into());
                CloseCause::Tls(failure)
            }
            _ => CloseCause::HandshakeFailed { reason: "the connection ended within it" },
        }
    }
}

/// Returns a server's close frame with code 1013.
fn try_again_later(reason: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frame = CloseFrame { code: CloseCode::TRY_AGAIN_LATER.get().into(), reason: reason.into() };
    Encoder::SERVER.encode_control(Frame::close(Some(frame)), &mut bytes);
    bytes
}
