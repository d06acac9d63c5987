//! The upgrade from a byte stream to a WebSocket: moves the bytes of a [`handshake`](super::handshake), or finds that it was made.

use std::io::{self, Read, Write};

use super::{
    frames::{CloseFrame, Encoder, Kind},
    handshake::{self, Asked, ClientUpgrade, ServerUpgrade, Verdict},
    notify::Wants,
    stream::Stream,
    tls,
    turn::Turn,
};
use crate::{
    admission::{Rejection, Response},
    close::{CloseCause, TlsFailure},
    request::Request,
};

/// A handshake under way. The caller has the deadline.
#[derive(Debug)]
pub(super) struct Opening {
    stream: Stream,
    side: Side,
    /// What is still to be sent.
    outgoing: Vec<u8>,
    /// What to do when it is sent.
    decided: Option<Decided>,
    /// `true` if it was refused before TLS could carry an answer.
    is_mute: bool,
}

#[derive(Debug)]
enum Side {
    Client(ClientUpgrade),
    Server(ServerUpgrade),
    /// A server that has its request; `rest` are the bytes behind it.
    Asked {
        request: Request,
        rest: Vec<u8>,
    },
    /// A server or client whose handshake was made elsewhere.
    Upgraded,
    /// One whose request asks for no WebSocket, and what is answered to it unless the program knows better.
    AskedPlain {
        request: Request,
        rejection: Rejection,
    },
}

/// What the handshake agreed on.
#[derive(Debug)]
pub(super) struct Upgrade {
    pub(super) protocol: Option<String>,
    /// What came behind the handshake: the first frames.
    pub(super) rest: Vec<u8>,
}

#[derive(Debug)]
enum Decided {
    Open(Upgrade),
    Refused(CloseCause),
}

/// How far it got.
pub(super) enum Opened {
    /// It waits: for the other end, or for the answer to a [request](Opening::request).
    Pending,
    Open(Upgrade),
    Failed(CloseCause),
}

impl Opening {
    pub(super) fn client(stream: Stream, upgrade: ClientUpgrade) -> Self {
        let outgoing = upgrade.request();
        Self { stream, side: Side::Client(upgrade), outgoing, decided: None, is_mute: false }
    }

    pub(super) fn server(stream: Stream, upgrade: ServerUpgrade) -> Self {
        Self { stream, side: Side::Server(upgrade), outgoing: Vec::new(), decided: None, is_mute: false }
    }

    /// A handshake that was made elsewhere.
    pub(super) fn upgraded(stream: Stream, upgrade: Upgrade) -> Self {
        let decided = Some(Decided::Open(upgrade));
        Self { stream, side: Side::Upgraded, outgoing: Vec::new(), decided, is_mute: false }
    }

    /// Returns the memory that is held for what has come behind the handshake.
    pub(super) fn held(&self) -> usize {
        match &self.decided {
            Some(Decided::Open(upgrade)) => upgrade.rest.capacity(),
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

    /// The stream, and what was still to be sent on it.
    pub(super) fn into_parts(self) -> (Stream, Vec<u8>) {
        (self.stream, self.outgoing)
    }

    /// Returns what has to happen before a poll can move it on.
    pub(super) fn wants(&self) -> Wants {
        Wants {
            now: match &self.decided {
                None => !self.stream.is_empty(),
                Some(Decided::Open(_)) => self.outgoing.is_empty(),
                Some(Decided::Refused(_)) => true,
            },
            read: self.decided.is_none(),
            write: !self.outgoing.is_empty() || self.stream.wants_write(),
            ..Wants::default()
        }
    }

    /// The request that waits for its answer.
    pub(super) fn request(&self) -> Option<&Request> {
        match &self.side {
            Side::Asked { request, .. } | Side::AskedPlain { request, .. } if self.decided.is_none() => {
                Some(request)
            }
            _ => None,
        }
    }

    /// Says yes to the request.
    pub(super) fn admit(&mut self, protocol: Option<String>, headers: &[(String, String)]) {
        if let Side::Asked { request, rest } = &mut self.side {
            self.outgoing = handshake::answer(request, protocol.as_deref(), headers);
            self.decided = Some(Decided::Open(Upgrade { protocol, rest: std::mem::take(rest) }));
        }
    }

    /// Turns a request away that asks for no WebSocket.
    pub(super) fn decline(&mut self) {
        if let Side::AskedPlain { rejection, .. } = &self.side {
            let rejection = *rejection;
            self.refuse(&rejection, &[]);
        }
    }

    /// Answers the request over HTTP.
    pub(super) fn respond(&mut self, response: &Response, headers: &[(String, String)]) {
        self.outgoing = handshake::respond(response, headers, self.asks_for_head());
        let reason = "the request was answered over HTTP";
        self.decided = Some(Decided::Refused(CloseCause::HandshakeFailed { reason }));
    }

    fn asks_for_head(&self) -> bool {
        matches!(&self.side, Side::AskedPlain { request, .. } if request.method() == "HEAD")
    }

    /// Returns `true` for one that was refused before TLS was established: nothing can be said to it, and nothing more is
    /// done for it.
    pub(super) fn is_mute(&self) -> bool {
        self.is_mute
    }

    /// Says no, whether there is a request or not.
    pub(super) fn refuse(&mut self, rejection: &Rejection, headers: &[(String, String)]) {
        self.is_mute = self.stream.is_handshaking();
        self.outgoing = match &self.side {
            // HTTP is over.
            Side::Upgraded => try_again_later(rejection.reason),
            _ => handshake::refuse(rejection, headers, self.asks_for_head()),
        };
        self.decided = Some(Decided::Refused(CloseCause::HandshakeFailed { reason: rejection.reason }));
    }

    pub(super) fn poll(&mut self, turn: &mut Turn<'_>) -> Opened {
        match self.advance(turn) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Opened::Failed(self.broken(&error)),
        }
        match &self.decided {
            Some(Decided::Open(_)) if !self.outgoing.is_empty() => Opened::Pending,
            _ => match self.decided.take() {
                None => Opened::Pending,
                Some(Decided::Open(upgrade)) => Opened::Open(upgrade),
                // What is left to send is left to whoever sends last words.
                Some(Decided::Refused(cause)) => Opened::Failed(cause),
            },
        }
    }

    fn advance(&mut self, turn: &mut Turn<'_>) -> io::Result<()> {
        if self.is_mute {
            return Ok(());
        }
        match self.send() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
        if self.decided.is_some() {
            return Ok(());
        }
        self.receive(turn)?;
        self.send()
    }

    fn send(&mut self) -> io::Result<()> {
        while !self.outgoing.is_empty() {
            let sent = self.stream.write(&self.outgoing)?;
            self.outgoing.drain(..sent);
        }
        self.stream.flush()
    }

    fn receive(&mut self, turn: &mut Turn<'_>) -> io::Result<()> {
        let mut buffer = [0; 4096];
        while self.decided.is_none() && matches!(self.side, Side::Client(_) | Side::Server(_)) {
            let read = self.stream.read(&mut buffer);
            turn.read += self.stream.take_received(read.as_ref().ok());
            let read = match read? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => &buffer[..read],
            };
            match &mut self.side {
                Side::Client(upgrade) => match upgrade.receive(read) {
                    Verdict::More => {}
                    Verdict::Open { protocol, rest } => {
                        self.decided = Some(Decided::Open(Upgrade { protocol, rest }));
                    }
                    Verdict::Refused(cause) => self.decided = Some(Decided::Refused(cause)),
                },
                Side::Server(upgrade) => {
                    let from = self.stream.tcp().peer_addr()?;
                    match upgrade.receive(read, from, self.stream.is_secure()) {
                        Asked::More => {}
                        Asked::For { request, rest } => self.side = Side::Asked { request, rest },
                        Asked::Plain { request, rejection } => {
                            self.side = Side::AskedPlain { request, rejection }
                        }
                        Asked::Nothing(rejection) => self.refuse(&rejection, &[]),
                    }
                }
                Side::Asked { .. } | Side::AskedPlain { .. } | Side::Upgraded => {}
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

/// A server's close frame with code 1013, of the IANA registry of close codes.
fn try_again_later(why: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    Encoder::SERVER.encode(Kind::Close, &CloseFrame::new(1013, why).payload(), &mut frame);
    frame
}
