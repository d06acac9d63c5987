//! A connection in one of its stages, each a file: [`dial`](super::dial) (name and TCP), [`opening`](super::opening) (TLS
//! and HTTP upgrade), [`open`](super::open) (frames), [`linger`](super::linger) (the last bytes after the close was told).

mod waiting;

use std::{io, net::SocketAddr, time::Duration};

use mio::net::TcpStream;

use super::{
    dial::{Dial, DialOutcome},
    handshake::{ClientUpgrade, ServerUpgrade},
    linger::{Linger, LingerStatus},
    open::OpenConnection,
    opening::{Opening, OpeningOutcome, Upgrade},
    poll_context::PollContext,
    settings::ConnectionSettings,
    stream::Stream,
    tls,
};
use crate::{
    admission::{Rejection, Response, Terms},
    close::{CloseCause, CloseCode, CloseInfo, Limit, Timeout},
    error::Error,
    link::Link,
    options::{PeerOptions, ServerOptions},
    request::Request,
    shared_bytes::SharedBytes,
    state::ReadyState,
    sys::MemoryUsage,
    upgraded::{Handover, Role},
    url::Url,
};

/// A connection of either role, to be moved on by whoever has a clock.
#[derive(Debug)]
pub(crate) struct TcpConnection {
    stage: ConnectionStage,
    settings: ConnectionSettings,
    /// Whether it was told that the other end sends no more.
    ends: bool,
}

#[derive(Debug)]
enum ConnectionStage {
    Dialing(Box<Dialing>),
    Opening(Box<Opening>),
    Open(Box<OpenConnection>),
    Lingering(Box<Linger>),
    Over,
}

/// The way to a TCP connection, and what is done with it then.
#[derive(Debug)]
struct Dialing {
    dial: Dial,
    tls: tls::Client,
    upgrade: ClientUpgrade,
}

impl TcpConnection {
    /// Begins to connect.
    pub(super) fn dial(url: &Url, options: &PeerOptions, now: Duration) -> Result<Self, Error> {
        let tls = tls::Client::new(url, &options.tls)?;
        let upgrade = ClientUpgrade::new(url, options);
        let dial = Dial::start(&url.host, url.port);
        let stage = ConnectionStage::Dialing(Box::new(Dialing { dial, tls, upgrade }));
        Ok(Self { stage, settings: ConnectionSettings::new(options, false, now), ends: false })
    }

    /// Awaits a request on a stream that was accepted; its head may have `max_request` bytes.
    pub(super) fn accepted(stream: Stream, max_request: usize, options: &PeerOptions, now: Duration) -> Self {
        if options.nodelay {
            // A client that is gone already is no error of the caller's: the first poll tells.
            let _ = stream.tcp().set_nodelay(true);
        }
        let opening = Opening::server(stream, ServerUpgrade::new(max_request));
        let stage = ConnectionStage::Opening(Box::new(opening));
        Self { stage, settings: ConnectionSettings::new(options, true, now), ends: false }
    }

    /// Takes over a stream whose handshake was made elsewhere.
    pub(super) fn upgraded(
        handover: Handover,
        role: Role,
        options: &PeerOptions,
        now: Duration,
    ) -> Result<Self, Error> {
        let Handover { stream, read: rest, protocol } = handover;
        stream.set_nonblocking(true)?;
        let tcp = mio::net::TcpStream::from_std(stream);
        if options.nodelay {
            let _ = tcp.set_nodelay(true);
        }
        let opening = Opening::upgraded(Stream::Plain(tcp), Upgrade { protocol, rest });
        let stage = ConnectionStage::Opening(Box::new(opening));
        Ok(Self { stage, settings: ConnectionSettings::new(options, role == Role::Server, now), ends: false })
    }

    /// Holds it to what a server's strangers are held to.
    pub(super) fn with_limits(mut self, server: &ServerOptions) -> Self {
        self.settings.limits = Some(Box::new((server.rate_limits, server.slow_reader_timeout)));
        self
    }

    /// Counts the bytes that it shares with others in this account.
    pub(super) fn with_shared_bytes(mut self, shared_bytes: &SharedBytes) -> Self {
        self.settings.shared_bytes = Some(shared_bytes.clone());
        self
    }

    /// The system tells that the socket may hold bytes, or take some; or that the other end sends no more.
    pub(super) fn ready(&mut self, readable: bool, writable: bool, ends: bool) {
        self.ends |= ends;
        if let Some(open) = self.open_mut() {
            open.ready(readable, writable, ends);
        }
    }

    /// Moves on what can move. Whether there is more to do at once.
    pub(super) fn poll(&mut self, turn: &mut PollContext<'_>, link: &mut Link) -> bool {
        let mut stage = std::mem::replace(&mut self.stage, ConnectionStage::Over);
        loop {
            match stage.step(turn, &self.settings, link) {
                Step::Next(next) => stage = next,
                Step::Same(same, more) => {
                    self.stage = same;
                    // What was told to one stage holds for the next.
                    self.ready(false, false, self.ends);
                    return more;
                }
            }
        }
    }

    pub(super) fn request(&self) -> Option<&Request> {
        match &self.stage {
            ConnectionStage::Opening(opening) => opening.request(),
            _ => None,
        }
    }

    /// Says yes to the request; the connection opens with the next poll.
    pub(super) fn admit(&mut self, protocol: Option<String>, headers: &[(String, String)]) {
        if let ConnectionStage::Opening(opening) = &mut self.stage {
            opening.admit(protocol, headers);
        }
    }

    /// Says yes, as a server to a stranger.
    pub(super) fn admit_stranger(
        &mut self,
        terms: &Terms,
        headers: &[(String, String)],
        server: &ServerOptions,
    ) {
        let options = terms.options.as_deref().unwrap_or(&server.connection);
        let limits = terms.rate_limits.as_ref().unwrap_or(&server.rate_limits);
        let connect_due = self.settings.connect_due;
        self.settings = ConnectionSettings {
            connect_due,
            limits: Some(Box::new((*limits, server.slow_reader_timeout))),
            shared_bytes: self.settings.shared_bytes.take(),
            ..ConnectionSettings::new(options, true, Duration::ZERO)
        };
        if options.nodelay != server.connection.nodelay {
            // One that is gone already is found to be by the next poll.
            let _ = self.set_nodelay(options.nodelay);
        }
        self.admit(terms.protocol.clone(), &[&options.headers, headers].concat());
    }

    /// Says no; the connection ends with the next poll.
    pub(super) fn refuse(&mut self, rejection: &Rejection, headers: &[(String, String)]) {
        if let ConnectionStage::Opening(opening) = &mut self.stage {
            opening.reject(rejection, headers);
        }
    }

    /// Answers the request over HTTP; the connection ends with the next poll.
    pub(super) fn respond(&mut self, response: &Response, headers: &[(String, String)]) {
        if let ConnectionStage::Opening(opening) = &mut self.stage {
            opening.respond(response, headers);
        }
    }

    /// Turns a request away that asks for no WebSocket; the connection ends with the next poll.
    pub(super) fn decline(&mut self) {
        if let ConnectionStage::Opening(opening) = &mut self.stage {
            opening.reject_plain();
        }
    }

    /// The open connection.
    pub(super) fn open(&self) -> Option<&OpenConnection> {
        match &self.stage {
            ConnectionStage::Open(open) => Some(open),
            _ => None,
        }
    }

    /// The open connection.
    pub(super) fn open_mut(&mut self) -> Option<&mut OpenConnection> {
        match &mut self.stage {
            ConnectionStage::Open(open) => Some(open),
            _ => None,
        }
    }

    pub(super) fn flush(&mut self, link: &mut Link) {
        if let Some(open) = self.open_mut() {
            open.flush(link);
        }
    }

    pub(super) fn close(&mut self, code: CloseCode, reason: &str, now: Duration, link: &mut Link) {
        let due = now + self.settings.close_timeout;
        if let Some(open) = self.open_mut() {
            open.close(code, reason, due, link);
        }
    }

    /// Ends it because the peer went over a limit: what waits for the peer is dropped, but for the reason.
    pub(super) fn expel(&mut self, what: Limit, reason: &str, now: Duration, link: &mut Link) {
        match std::mem::replace(&mut self.stage, ConnectionStage::Over) {
            ConnectionStage::Open(mut open) => {
                open.expel(what, reason, link);
                self.stage = ConnectionStage::after(*open, now + self.settings.close_timeout);
            }
            stage => self.stage = stage,
        }
    }

    /// Ends it at once.
    pub(super) fn abort(&mut self) {
        self.stage = ConnectionStage::Over;
    }

    /// Returns the memory that it takes beside what the link accounts for.
    pub(super) fn held(&self) -> MemoryUsage {
        match &self.stage {
            ConnectionStage::Open(open) => {
                let outbound = &open.send_queue;
                MemoryUsage { inbound: open.held(), outbound: outbound.held(), shared: outbound.shared() }
            }
            ConnectionStage::Lingering(linger) => {
                MemoryUsage { inbound: 0, outbound: linger.held(), shared: linger.shared() }
            }
            ConnectionStage::Opening(opening) => {
                MemoryUsage { inbound: opening.held(), ..MemoryUsage::default() }
            }
            ConnectionStage::Dialing(_) | ConnectionStage::Over => MemoryUsage::default(),
        }
    }

    /// Returns `true` while TLS is not established, so that the next step may cost a private-key operation.
    pub(super) fn is_handshaking(&self) -> bool {
        match &self.stage {
            ConnectionStage::Opening(opening) => {
                opening.stream().is_handshaking() && !opening.is_rejected_before_tls()
            }
            ConnectionStage::Dialing(_)
            | ConnectionStage::Open(_)
            | ConnectionStage::Lingering(_)
            | ConnectionStage::Over => false,
        }
    }

    /// Whether there are last bytes to send or to read.
    pub(super) fn lingers(&self) -> bool {
        matches!(self.stage, ConnectionStage::Lingering(_))
    }

    /// When there will be something to do, if nothing happens before.
    pub(super) fn next_deadline(&self) -> Duration {
        match &self.stage {
            ConnectionStage::Dialing(_) | ConnectionStage::Opening(_) => self.settings.connect_due,
            ConnectionStage::Open(open) => open.next_deadline(),
            ConnectionStage::Lingering(linger) => linger.until(),
            ConnectionStage::Over => Duration::MAX,
        }
    }

    pub(super) fn peer_addr(&self) -> Option<io::Result<SocketAddr>> {
        self.tcp().map(TcpStream::peer_addr)
    }

    pub(super) fn set_nodelay(&self, on: bool) -> Option<io::Result<()>> {
        self.tcp().map(|tcp| tcp.set_nodelay(on))
    }

    /// The socket, while a game may ask for it.
    fn tcp(&self) -> Option<&TcpStream> {
        match &self.stage {
            ConnectionStage::Dialing(_) | ConnectionStage::Lingering(_) | ConnectionStage::Over => None,
            ConnectionStage::Opening(opening) => Some(opening.stream().tcp()),
            ConnectionStage::Open(open) => Some(open.stream().tcp()),
        }
    }

    /// The socket, for whoever wants to be told when it is ready.
    pub(super) fn tcp_mut(&mut self) -> Option<&mut TcpStream> {
        match &mut self.stage {
            ConnectionStage::Dialing(_) | ConnectionStage::Lingering(_) | ConnectionStage::Over => None,
            ConnectionStage::Opening(opening) => Some(opening.stream_mut().tcp_mut()),
            ConnectionStage::Open(open) => Some(open.stream_mut().tcp_mut()),
        }
    }
}

/// A stage after it was moved on.
enum Step {
    /// It needs more time, or another turn at once.
    Same(ConnectionStage, bool),
    /// Another one follows, which may have something to do at once.
    Next(ConnectionStage),
}

impl ConnectionStage {
    /// What follows an open connection.
    fn after(open: OpenConnection, linger_until: Duration) -> Self {
        open.into_linger(linger_until).map_or(Self::Over, |linger| Self::Lingering(Box::new(linger)))
    }

    fn step(self, turn: &mut PollContext<'_>, settings: &ConnectionSettings, link: &mut Link) -> Step {
        let timed_out = turn.now >= settings.connect_due;
        let linger_until = turn.now + settings.close_timeout;
        match self {
            Self::Dialing(mut dialing) => match dialing.dial.poll(turn.now) {
                DialOutcome::Connected(tcp) => dialing.connected(tcp, settings, link),
                DialOutcome::Failed(cause) => end(cause, link),
                DialOutcome::Pending if timed_out => end(TIMED_OUT, link),
                DialOutcome::Pending => Step::Same(Self::Dialing(dialing), false),
            },
            Self::Opening(mut opening) => match opening.poll(turn) {
                OpeningOutcome::Open(Upgrade { protocol, rest }) => {
                    link.set_open(protocol);
                    let limits = settings.limits.as_deref().map(|(limits, time)| (limits, *time));
                    let stream = opening.into_stream();
                    let shared_bytes = settings.shared_bytes.clone();
                    let open =
                        OpenConnection::new(stream, rest, &settings.open, limits, shared_bytes, turn.now);
                    // What came behind the handshake can wait for a turn: it may be the end.
                    Step::Same(Self::Open(Box::new(open)), true)
                }
                OpeningOutcome::Failed(cause) => {
                    link.set_closed(CloseInfo::new(cause));
                    if opening.is_rejected_before_tls() {
                        return Step::Same(Self::Over, false);
                    }
                    let linger = Linger::after_refusal(*opening, linger_until);
                    Step::Next(Self::Lingering(Box::new(linger)))
                }
                OpeningOutcome::Pending if timed_out => end(TIMED_OUT, link),
                OpeningOutcome::Pending => Step::Same(Self::Opening(opening), false),
            },
            Self::Open(mut open) => {
                let more = open.poll(turn, link);
                if link.state() != ReadyState::Closed {
                    return Step::Same(Self::Open(open), more);
                }
                Step::Next(Self::after(*open, linger_until))
            }
            Self::Lingering(mut linger) => match linger.poll(turn) {
                LingerStatus::Pending => Step::Same(Self::Lingering(linger), false),
                LingerStatus::More => Step::Same(Self::Lingering(linger), true),
                LingerStatus::Done => Step::Same(Self::Over, false),
            },
            Self::Over => Step::Same(Self::Over, false),
        }
    }
}

impl Dialing {
    fn connected(self, tcp: TcpStream, settings: &ConnectionSettings, link: &mut Link) -> Step {
        if settings.nodelay {
            // A socket that cannot do it any more is found broken by the next read.
            let _ = tcp.set_nodelay(true);
        }
        match self.tls.secure(tcp) {
            Ok(stream) => {
                Step::Next(ConnectionStage::Opening(Box::new(Opening::client(stream, self.upgrade))))
            }
            Err(failure) => end(CloseCause::Tls(failure), link),
        }
    }
}

fn end(cause: CloseCause, link: &mut Link) -> Step {
    link.set_closed(CloseInfo::new(cause));
    Step::Same(ConnectionStage::Over, false)
}

const TIMED_OUT: CloseCause = CloseCause::TimedOut(Timeout::Connect);
