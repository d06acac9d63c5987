//! The upgrade from a byte stream to a WebSocket: moves the bytes of a [`handshake`](super::handshake).

use std::io::{self, Read, Write};

use super::{
    handshake::{ClientUpgrade, ServerUpgrade, Verdict},
    stream::Stream,
    tls,
};
use crate::close::{CloseCause, TlsFailure};

/// A handshake under way. The caller has the deadline.
#[derive(Debug)]
pub(super) struct Opening {
    stream: Stream,
    role: Side,
    /// What is still to be sent.
    outgoing: Vec<u8>,
    /// What to do when it is sent.
    decided: Option<Decided>,
}

#[derive(Debug)]
enum Side {
    Client(ClientUpgrade),
    Server(ServerUpgrade),
}

/// What the handshake agreed on.
#[derive(Debug)]
pub(super) struct Upgrade {
    pub(super) protocol: Option<String>,
    /// What the client asked for; a server's to know.
    pub(super) url: Option<String>,
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
    Pending,
    Open(Upgrade),
    Failed(CloseCause),
}

impl Opening {
    pub(super) fn client(stream: Stream, upgrade: ClientUpgrade) -> Self {
        let outgoing = upgrade.request();
        Self { stream, role: Side::Client(upgrade), outgoing, decided: None }
    }

    pub(super) fn server(stream: Stream, upgrade: ServerUpgrade) -> Self {
        Self { stream, role: Side::Server(upgrade), outgoing: Vec::new(), decided: None }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    /// The stream, and what was still to be sent on it.
    pub(super) fn into_parts(self) -> (Stream, Vec<u8>) {
        (self.stream, self.outgoing)
    }

    pub(super) fn poll(&mut self) -> Opened {
        if let Err(error) = self.send() {
            if error.kind() != io::ErrorKind::WouldBlock {
                return Opened::Failed(self.broken(&error));
            }
        }
        if self.decided.is_none() {
            match self.receive() {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Opened::Failed(self.broken(&error)),
            }
        }
        match self.decided.take() {
            None => Opened::Pending,
            Some(Decided::Refused(cause)) => Opened::Failed(cause),
            Some(Decided::Open(upgrade)) => match self.send() {
                Ok(()) => Opened::Open(upgrade),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.decided = Some(Decided::Open(upgrade));
                    Opened::Pending
                }
                Err(error) => Opened::Failed(self.broken(&error)),
            },
        }
    }

    fn send(&mut self) -> io::Result<()> {
        while !self.outgoing.is_empty() {
            let sent = self.stream.write(&self.outgoing)?;
            self.outgoing.drain(..sent);
        }
        self.stream.flush()
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        while self.decided.is_none() {
            let read = match self.stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => &buffer[..read],
            };
            let verdict = match &mut self.role {
                Side::Client(upgrade) => upgrade.receive(read),
                Side::Server(upgrade) => upgrade.receive(read, self.stream.is_secure()),
            };
            match verdict {
                Verdict::More => {}
                Verdict::Open { answer, protocol, url, rest } => {
                    self.outgoing = answer;
                    self.decided = Some(Decided::Open(Upgrade { protocol, url, rest }));
                }
                Verdict::Refused { answer, cause } => {
                    self.outgoing = answer;
                    self.decided = Some(Decided::Refused(cause));
                }
            }
        }
        Ok(())
    }

    fn broken(&self, error: &io::Error) -> CloseCause {
        if let Some(failure) = tls::failure(error) {
            return CloseCause::Tls { failure };
        }
        match &self.stream {
            Stream::Tls(session) if session.is_handshaking() => {
                let failure = TlsFailure::Other("the connection ended within the TLS handshake".into());
                CloseCause::Tls { failure }
            }
            _ => CloseCause::Handshake { why: "the connection ended within it" },
        }
    }
}
