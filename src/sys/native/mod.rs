//! The native backend: non-blocking TCP, polled by the caller. No async runtime; one thread while a name is looked up.
//!
//! A connection goes through stages, each a file: [`dial`] (name and TCP), [`opening`] (TLS and HTTP upgrade),
//! [`pump`] (frames), [`linger`] (the last bytes after the close was told). Under them lie [`stream`] (plain or TLS) and
//! [`handshake`], which sees bytes only.

mod dial;
mod handshake;
mod heartbeat;
mod linger;
mod opening;
mod pump;
mod resolve;
mod stream;
mod tls;
mod wire;

use std::{
    net::{SocketAddr, TcpStream},
    sync::OnceLock,
    time::{Duration, Instant},
};

use self::{
    dial::{Dial, Dialed},
    handshake::{ClientUpgrade, ServerUpgrade},
    linger::{Linger, Lingering},
    opening::{Opened, Opening, Upgrade},
    pump::Pump,
};
use super::Transport;
use crate::{
    clock::PatientClock,
    close::{CloseCause, CloseCode, CloseInfo, Deadline},
    error::Error,
    link::Link,
    options::Options,
    packet::Outgoing,
    state::ReadyState,
    url::Url,
};

/// The time since the first call.
fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// A connection in one of its stages.
#[derive(Debug)]
pub(crate) struct Socket {
    stage: Stage,
    clock: PatientClock,
    settings: Settings,
}

#[derive(Debug)]
enum Stage {
    Dialing(Box<Dialing>),
    Opening(Box<Opening>),
    Open(Box<Pump>),
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

/// The options that are needed after the start.
#[derive(Debug)]
struct Settings {
    nodelay: bool,
    connect_timeout: Duration,
    close_timeout: Duration,
    pump: pump::Settings,
}

impl Settings {
    fn new(options: &Options, is_server: bool) -> Self {
        Self {
            nodelay: options.nodelay,
            connect_timeout: options.connect_timeout,
            close_timeout: options.close_timeout,
            pump: pump::Settings::new(options, is_server),
        }
    }
}

impl Socket {
    fn new(stage: Stage, settings: Settings) -> Self {
        Self { stage, clock: PatientClock::start(now()), settings }
    }

    fn tcp(&self) -> Option<&mio::net::TcpStream> {
        match &self.stage {
            Stage::Dialing(_) | Stage::Lingering(_) | Stage::Over => None,
            Stage::Opening(opening) => Some(opening.stream().tcp()),
            Stage::Open(pump) => Some(pump.stream().tcp()),
        }
    }
}

/// A stage after it was moved on.
enum Step {
    /// It needs more time.
    Same(Stage),
    /// Another one follows, which may have something to do at once.
    Next(Stage),
}

impl Stage {
    fn step(self, now: Duration, settings: &Settings, link: &mut Link) -> Step {
        let timed_out = now >= settings.connect_timeout;
        let linger_until = now + settings.close_timeout;
        match self {
            Self::Dialing(mut dialing) => match dialing.dial.poll(now) {
                Dialed::Connected(tcp) => dialing.connected(tcp, settings, link),
                Dialed::Failed(cause) => end(cause, link),
                Dialed::Pending if timed_out => end(TIMED_OUT, link),
                Dialed::Pending => Step::Same(Self::Dialing(dialing)),
            },
            Self::Opening(mut opening) => match opening.poll() {
                Opened::Open(Upgrade { protocol, url, rest }) => {
                    link.opened(protocol, url);
                    let pump = Pump::new(opening.into_stream(), rest, &settings.pump, now);
                    // What came behind the handshake can wait for a poll: it may be the end.
                    Step::Same(Self::Open(Box::new(pump)))
                }
                Opened::Failed(cause) => {
                    link.closed(CloseInfo::new(cause));
                    let linger = Linger::after_refusal(*opening, linger_until);
                    Step::Next(Self::Lingering(Box::new(linger)))
                }
                Opened::Pending if timed_out => end(TIMED_OUT, link),
                Opened::Pending => Step::Same(Self::Opening(opening)),
            },
            Self::Open(mut pump) => {
                pump.poll(now, link);
                if link.state() != ReadyState::Closed {
                    return Step::Same(Self::Open(pump));
                }
                let linger = pump.into_linger(linger_until);
                Step::Next(linger.map_or(Self::Over, |linger| Self::Lingering(Box::new(linger))))
            }
            Self::Lingering(mut linger) => match linger.poll(now) {
                Lingering::Goes => Step::Same(Self::Lingering(linger)),
                Lingering::Over => Step::Same(Self::Over),
            },
            Self::Over => Step::Same(Self::Over),
        }
    }
}

impl Dialing {
    fn connected(self, tcp: mio::net::TcpStream, settings: &Settings, link: &mut Link) -> Step {
        if settings.nodelay {
            // A socket that cannot do it any more is found broken by the next read.
            let _ = tcp.set_nodelay(true);
        }
        match self.tls.secure(tcp) {
            Ok(stream) => Step::Next(Stage::Opening(Box::new(Opening::client(stream, self.upgrade)))),
            Err(failure) => end(CloseCause::Tls { failure }, link),
        }
    }
}

fn end(cause: CloseCause, link: &mut Link) -> Step {
    link.closed(CloseInfo::new(cause));
    Step::Same(Stage::Over)
}

const TIMED_OUT: CloseCause = CloseCause::TimedOut { what: Deadline::Connect };

impl Transport for Socket {
    fn connect(url: &Url, options: &Options) -> Result<Self, Error> {
        let tls = tls::Client::new(url, &options.tls)?;
        let upgrade = ClientUpgrade::new(url, options);
        let dial = Dial::start(&url.host, url.port);
        Ok(Self::new(Stage::Dialing(Box::new(Dialing { dial, tls, upgrade })), Settings::new(options, false)))
    }

    fn accept(stream: TcpStream, options: &Options) -> Result<Self, Error> {
        let tls = tls::Server::new(&options.tls)?;
        stream.set_nonblocking(true)?;
        if options.nodelay {
            // A client that is gone already is no error of the caller's: the first poll tells.
            let _ = stream.set_nodelay(true);
        }
        let stream = tls.secure(mio::net::TcpStream::from_std(stream))?;
        let opening = Opening::server(stream, ServerUpgrade::new(options));
        Ok(Self::new(Stage::Opening(Box::new(opening)), Settings::new(options, true)))
    }

    fn poll(&mut self, link: &mut Link) {
        let now = self.clock.advance(now());
        let mut step = Step::Next(std::mem::replace(&mut self.stage, Stage::Over));
        while let Step::Next(stage) = step {
            step = stage.step(now, &self.settings, link);
        }
        if let Step::Same(stage) = step {
            self.stage = stage;
        }
    }

    fn lingers(&self) -> bool {
        matches!(self.stage, Stage::Lingering(_))
    }

    fn send(&mut self, packet: Outgoing<'_>, link: &mut Link) -> Result<(), Error> {
        match &mut self.stage {
            Stage::Open(pump) => pump.send(packet, link),
            _ => Err(Error::NotOpen { state: link.state() }),
        }
    }

    fn flush(&mut self, link: &mut Link) {
        if let Stage::Open(pump) = &mut self.stage {
            pump.flush_gathered(link);
        }
    }

    fn close(&mut self, code: CloseCode, reason: &str, link: &mut Link) {
        if let Stage::Open(pump) = &mut self.stage {
            let until = self.clock.advance(now()) + self.settings.close_timeout;
            pump.close(code, reason, until, link);
        }
    }

    fn peer_addr(&self, link: &Link) -> Result<SocketAddr, Error> {
        let tcp = self.tcp().ok_or(Error::NotOpen { state: link.state() })?;
        Ok(tcp.peer_addr()?)
    }

    fn set_nodelay(&mut self, on: bool, link: &Link) -> Result<(), Error> {
        let tcp = self.tcp().ok_or(Error::NotOpen { state: link.state() })?;
        Ok(tcp.set_nodelay(on)?)
    }
}
