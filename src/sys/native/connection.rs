//! A connection in one of its stages, each in a file of its own: [`dial`](super::dial) (DNS and TCP),
//! [`opening`](super::opening) (TLS and HTTP upgrade), [`open`](super::open) (frames), [`linger`](super::linger) (the
//! last bytes after the close was reported).

mod accepted;
mod waiting;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

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
    sys::{Connection, server::ServerConnection},
    upgraded::Handover,
    url::Url,
};

/// A connection of a client or of a server. Its owner provides the time.
#[derive(Debug)]
pub(crate) struct TcpConnection {
    stage: ConnectionStage,
    settings: Arc<ConnectionSettings>,
    /// Counts the bytes that wait in several send queues of a server.
    shared_bytes: Option<SharedBytes>,
    /// Its number among the connections of a server.
    number: u32,
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
    /// The deadline for opening.
    due: Duration,
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
        let stage = ConnectionStage::Dialing(Box::new(Dialing {
            due: now + options.connect_timeout,
            dial,
            tls,
            upgrade,
        }));
        let settings = Arc::new(ConnectionSettings::new(options, false));
        Ok(Self::new(stage, settings))
    }

    /// Waits for a request on an accepted stream, until `due`. The head of the request may have `max_request` bytes.
    pub(super) fn accepted(
        stream: Stream,
        max_request: usize,
        settings: Arc<ConnectionSettings>,
        due: Duration,
    ) -> Self {
        if settings.nodelay {
            // If the client is gone already, the first poll reports that.
            let _ = stream.tcp().set_nodelay(true);
        }
        let opening = Opening::server(stream, ServerUpgrade::new(max_request), due);
        Self::new(ConnectionStage::Opening(Box::new(opening)), settings)
    }

    /// Takes over a stream whose handshake was made elsewhere.
    pub(super) fn upgraded(
        handover: Handover,
        settings: Arc<ConnectionSettings>,
        due: Duration,
    ) -> Result<Self, Error> {
        let Handover { stream, read: rest, protocol } = handover;
        stream.set_nonblocking(true)?;
        let tcp = mio::net::TcpStream::from_std(stream);
        if settings.nodelay {
            let _ = tcp.set_nodelay(true);
        }
        let opening = Opening::upgraded(Stream::Plain(tcp), Upgrade { protocol, rest }, due);
        Ok(Self::new(ConnectionStage::Opening(Box::new(opening)), settings))
    }

    fn new(stage: ConnectionStage, settings: Arc<ConnectionSettings>) -> Self {
        Self { stage, settings, shared_bytes: None, number: 0, ends: false }
    }

    /// Makes it a connection of a server, with its number there and the account that counts bytes which several
    /// connections send.
    pub(super) fn of_server(self, number: u32, shared_bytes: &SharedBytes) -> Self {
        Self { number, shared_bytes: Some(shared_bytes.clone()), ..self }
    }

    /// Does all work that is possible now. Returns `true` if there is more to do at once.
    pub(super) fn advance(&mut self, context: &mut PollContext<'_>, link: &mut Link) -> bool {
        let mut stage = std::mem::replace(&mut self.stage, ConnectionStage::Over);
        loop {
            match self.step(stage, context, link) {
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

    /// Does a step of a stage, which the caller has taken out.
    fn step(&self, stage: ConnectionStage, context: &mut PollContext<'_>, link: &mut Link) -> Step {
        let now = context.now;
        let linger_until = now + self.settings.close_timeout;
        match stage {
            ConnectionStage::Dialing(mut dialing) => match dialing.dial.poll(context.now) {
                DialOutcome::Connected(tcp) => dialing.connected(tcp, &self.settings, link),
                DialOutcome::Failed(cause) => end(cause, link),
                DialOutcome::Pending if now >= dialing.due => end(TIMED_OUT, link),
                DialOutcome::Pending => Step::Same(ConnectionStage::Dialing(dialing), false),
            },
            ConnectionStage::Opening(mut opening) => match opening.poll(context) {
                OpeningOutcome::Open(Upgrade { protocol, rest }) => {
                    link.set_open(protocol);
                    let (stream, shared_bytes) = (opening.into_stream(), self.shared_bytes.clone());
                    let settings = &self.settings;
                    let open =
                        OpenConnection::new(stream, rest, settings, shared_bytes, self.number, context.now);
                    // Bytes that came after the handshake wait for the next poll: they may end the connection, and
                    // the program must see it open before.
                    Step::Same(ConnectionStage::Open(Box::new(open)), true)
                }
                OpeningOutcome::Failed(cause) => {
                    link.set_closed(CloseInfo::new(cause));
                    link.set_rejection_status(opening.rejection_status());
                    if opening.is_rejected_before_tls() {
                        return Step::Same(ConnectionStage::Over, false);
                    }
                    let linger = Linger::after_rejection(*opening, linger_until);
                    Step::Next(ConnectionStage::Lingering(Box::new(linger)))
                }
                OpeningOutcome::Pending if now >= opening.due => end(TIMED_OUT, link),
                OpeningOutcome::Pending => Step::Same(ConnectionStage::Opening(opening), false),
            },
            ConnectionStage::Open(mut open) => {
                let more = open.poll(context, link);
                if link.state() != ReadyState::Closed {
                    return Step::Same(ConnectionStage::Open(open), more);
                }
                Step::Next(ConnectionStage::after(*open, linger_until))
            }
            ConnectionStage::Lingering(mut linger) => match linger.poll(context) {
                LingerStatus::Pending => Step::Same(ConnectionStage::Lingering(linger), false),
                LingerStatus::More => Step::Same(ConnectionStage::Lingering(linger), true),
                LingerStatus::Done => Step::Same(ConnectionStage::Over, false),
            },
            ConnectionStage::Over => Step::Same(ConnectionStage::Over, false),
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
}

impl Dialing {
    fn connected(self, tcp: TcpStream, settings: &ConnectionSettings, link: &mut Link) -> Step {
        if settings.nodelay {
            // A failure means that the socket is broken, which the next read reports.
            let _ = tcp.set_nodelay(true);
        }
        match self.tls.secure(tcp) {
            Ok(stream) => Step::Next(ConnectionStage::Opening(Box::new(Opening::client(
                stream,
                self.upgrade,
                self.due,
            )))),
            Err(failure) => end(CloseCause::Tls(failure), link),
        }
    }
}

fn end(cause: CloseCause, link: &mut Link) -> Step {
    link.set_closed(CloseInfo::new(cause));
    Step::Same(ConnectionStage::Over, false)
}

const TIMED_OUT: CloseCause = CloseCause::TimedOut(Timeout::Connect);
