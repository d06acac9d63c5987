//! A connection in one of its stages, each in a file of its own: [`dial`](super::dial) (DNS and TCP),
//! [`opening`](super::opening) (TLS and HTTP upgrade), [`open`](super::open) (frames), [`linger`](super::linger) (the
//! last bytes after the close was reported).

mod accepted;
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
    close::{CloseCause, CloseInfo, Timeout},
    error::Error,
    link::Link,
    options::PeerOptions,
    packet::Outgoing,
    shared_bytes::SharedBytes,
    state::ReadyState,
    sys::{
        Connection,
        server::{PeerSettings, ServerConnection},
    },
    upgraded::{Handover, Role},
    url::Url,
};

/// A connection of a client or of a server. Its owner provides the time.
#[derive(Debug)]
pub(crate) struct TcpConnection {
    stage: ConnectionStage,
    settings: ConnectionSettings,
    /// `true` if the system reported that the other end sends no more.
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

/// A TCP connection that is being made, and the settings of the next stages.
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
        let dial = Dial::start(&url.host(), url.port);
        let stage = ConnectionStage::Dialing(Box::new(Dialing { dial, tls, upgrade }));
        Ok(Self { stage, settings: ConnectionSettings::new(options, false, now), ends: false })
    }

    /// Waits for a request on an accepted stream. The head of the request may have `max_request` bytes.
    pub(super) fn accepted(stream: Stream, max_request: usize, options: &PeerOptions, now: Duration) -> Self {
        if options.nodelay {
            // If the client is gone already, the first poll reports that.
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

    /// Sets the rate limits that a server imposes.
    pub(super) fn with_limits(mut self, settings: PeerSettings<'_>) -> Self {
        self.settings.limits = Some(Box::new((settings.rate_limits, settings.slow_reader_timeout)));
        self
    }

    /// Sets the account that counts bytes which several connections send.
    pub(super) fn with_shared_bytes(mut self, shared_bytes: &SharedBytes) -> Self {
        self.settings.shared_bytes = Some(shared_bytes.clone());
        self
    }

    /// Does all work that is possible now. Returns `true` if there is more to do at once.
    pub(super) fn advance(&mut self, context: &mut PollContext<'_>, link: &mut Link) -> bool {
        let mut stage = std::mem::replace(&mut self.stage, ConnectionStage::Over);
        loop {
            match stage.step(context, &self.settings, link) {
                Step::Next(next) => stage = next,
                Step::Same(same, more) => {
                    self.stage = same;
                    // The next stage has to know that the other end sends no more.
                    self.set_ready(false, false, self.ends);
                    return more;
                }
            }
        }
    }

    /// Accepts the request. The connection opens with the next poll.
    pub(super) fn accept_request(&mut self, protocol: Option<String>, headers: &[(String, String)]) {
        if let Some(opening) = self.opening_mut() {
            opening.admit(protocol, headers);
        }
    }

    pub(super) fn opening_mut(&mut self) -> Option<&mut Opening> {
        match &mut self.stage {
            ConnectionStage::Opening(opening) => Some(opening),
            _ => None,
        }
    }

    /// Returns the open connection.
    pub(super) fn open(&self) -> Option<&OpenConnection> {
        match &self.stage {
            ConnectionStage::Open(open) => Some(open),
            _ => None,
        }
    }

    /// Returns the open connection.
    #[inline]
    pub(super) fn open_mut(&mut self) -> Option<&mut OpenConnection> {
        match &mut self.stage {
            ConnectionStage::Open(open) => Some(open),
            _ => None,
        }
    }

    pub(super) fn peer_addr(&self) -> Option<io::Result<SocketAddr>> {
        self.tcp().map(TcpStream::peer_addr)
    }

    pub(super) fn set_nodelay(&self, on: bool) -> Option<io::Result<()>> {
        self.tcp().map(|tcp| tcp.set_nodelay(on))
    }

    /// Returns the socket in the stages in which the program may access it.
    fn tcp(&self) -> Option<&TcpStream> {
        match &self.stage {
            ConnectionStage::Dialing(_) | ConnectionStage::Lingering(_) | ConnectionStage::Over => None,
            ConnectionStage::Opening(opening) => Some(opening.stream().tcp()),
            ConnectionStage::Open(open) => Some(open.stream().tcp()),
        }
    }

    /// Returns the socket, to be registered for events.
    pub(super) fn tcp_mut(&mut self) -> Option<&mut TcpStream> {
        match &mut self.stage {
            ConnectionStage::Dialing(_) | ConnectionStage::Lingering(_) | ConnectionStage::Over => None,
            ConnectionStage::Opening(opening) => Some(opening.stream_mut().tcp_mut()),
            ConnectionStage::Open(open) => Some(open.stream_mut().tcp_mut()),
        }
    }
}

impl Connection for TcpConnection {
    #[inline]
    fn send(&mut self, packet: Outgoing<'_>, gather: bool, link: &mut Link) -> Result<(), Error> {
        let open = self.open_mut().ok_or(Error::NotOpen { state: link.state() })?;
        open.send(packet, gather, link);
        Ok(())
    }

    fn flush(&mut self, link: &mut Link) {
        if let Some(open) = self.open_mut() {
            open.flush(link);
        }
    }

    fn lingers(&self) -> bool {
        matches!(self.stage, ConnectionStage::Lingering(_))
    }
}

/// The result of a step.
enum Step {
    /// The stage continues. `true` if it can do more at once.
    Same(ConnectionStage, bool),
    /// The next stage has begun, and may be able to do something at once.
    Next(ConnectionStage),
}

impl ConnectionStage {
    /// Returns the stage that follows an open connection.
    fn after(open: OpenConnection, linger_until: Duration) -> Self {
        open.into_linger(linger_until).map_or(Self::Over, |linger| Self::Lingering(Box::new(linger)))
    }

    fn step(self, context: &mut PollContext<'_>, settings: &ConnectionSettings, link: &mut Link) -> Step {
        let timed_out = context.now >= settings.connect_due;
        let linger_until = context.now + settings.close_timeout;
        match self {
            Self::Dialing(mut dialing) => match dialing.dial.poll(context.now) {
                DialOutcome::Connected(tcp) => dialing.connected(tcp, settings, link),
                DialOutcome::Failed(cause) => end(cause, link),
                DialOutcome::Pending if timed_out => end(TIMED_OUT, link),
                DialOutcome::Pending => Step::Same(Self::Dialing(dialing), false),
            },
            Self::Opening(mut opening) => match opening.poll(context) {
                OpeningOutcome::Open(Upgrade { protocol, rest }) => {
                    link.set_open(protocol);
                    let limits = settings.limits.as_deref().map(|(limits, time)| (limits, *time));
                    let stream = opening.into_stream();
                    let shared_bytes = settings.shared_bytes.clone();
                    let open =
                        OpenConnection::new(stream, rest, &settings.open, limits, shared_bytes, context.now);
                    // Bytes that came after the handshake wait for the next poll: they may end the connection, and
                    // the program must see it open before.
                    Step::Same(Self::Open(Box::new(open)), true)
                }
                OpeningOutcome::Failed(cause) => {
                    link.set_closed(CloseInfo::new(cause));
                    link.rejection_status = opening.rejection_status();
                    if opening.is_rejected_before_tls() {
                        return Step::Same(Self::Over, false);
                    }
                    let linger = Linger::after_rejection(*opening, linger_until);
                    Step::Next(Self::Lingering(Box::new(linger)))
                }
                OpeningOutcome::Pending if timed_out => end(TIMED_OUT, link),
                OpeningOutcome::Pending => Step::Same(Self::Opening(opening), false),
            },
            Self::Open(mut open) => {
                let more = open.poll(context, link);
                if link.state() != ReadyState::Closed {
                    return Step::Same(Self::Open(open), more);
                }
                Step::Next(Self::after(*open, linger_until))
            }
            Self::Lingering(mut linger) => match linger.poll(context) {
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
            // A failure means that the socket is broken, which the next read reports.
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
