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
    linger::Linger,
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
    Dialing(Box<(Dial, ClientUpgrade, tls::Client)>),
    Opening(Box<Opening>),
    Open(Box<Pump>),
    Lingering(Box<Linger>),
    Over,
}

/// The options that are needed after the start.
#[derive(Debug)]
struct Settings {
    is_server: bool,
    nodelay: bool,
    connect_timeout: Duration,
    close_timeout: Duration,
    pump: pump::Settings,
}

impl Settings {
    fn new(options: &Options, is_server: bool) -> Self {
        Self {
            is_server,
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

    /// Moves the present stage on; `Some` is the next stage.
    fn step(&mut self, now: Duration, link: &mut Link) -> Option<Stage> {
        let timed_out = now >= self.settings.connect_timeout;
        match &mut self.stage {
            Stage::Dialing(dialing) => match dialing.0.poll(now) {
                Dialed::Connected(tcp) => {
                    let Stage::Dialing(dialing) = std::mem::replace(&mut self.stage, Stage::Over) else {
                        return None;
                    };
                    let (_, upgrade, tls) = *dialing;
                    if self.settings.nodelay {
                        // A socket that cannot do it any more is found broken by the next read.
                        let _ = tcp.set_nodelay(true);
                    }
                    match tls.secure(tcp) {
                        Ok(stream) => Some(Stage::Opening(Box::new(Opening::client(stream, upgrade)))),
                        Err(failure) => Self::end(link, CloseCause::Tls { failure }),
                    }
                }
                Dialed::Failed(cause) => Self::end(link, cause),
                Dialed::Pending if timed_out => Self::end(link, TIMED_OUT),
                Dialed::Pending => None,
            },
            Stage::Opening(opening) => match opening.poll() {
                Opened::Pending if timed_out => Self::end(link, TIMED_OUT),
                Opened::Pending => None,
                Opened::Failed(cause) => {
                    link.closed(CloseInfo::new(cause));
                    let Stage::Opening(opening) = std::mem::replace(&mut self.stage, Stage::Over) else {
                        return None;
                    };
                    let until = now + self.settings.close_timeout;
                    Some(Stage::Lingering(Box::new(Linger::after_refusal(*opening, until))))
                }
                Opened::Open(Upgrade { protocol, url, rest }) => {
                    let Stage::Opening(opening) = std::mem::replace(&mut self.stage, Stage::Over) else {
                        return None;
                    };
                    link.opened(protocol, url);
                    Some(Stage::Open(Box::new(Pump::new(
                        opening.into_stream(),
                        rest,
                        &self.settings.pump,
                        now,
                    ))))
                }
            },
            Stage::Open(pump) => {
                pump.poll(now, link);
                if link.state() != ReadyState::Closed {
                    return None;
                }
                let Stage::Open(pump) = std::mem::replace(&mut self.stage, Stage::Over) else {
                    return None;
                };
                let until = now + self.settings.close_timeout;
                Some(pump.into_linger(until).map_or(Stage::Over, |linger| Stage::Lingering(Box::new(linger))))
            }
            Stage::Lingering(linger) => linger.poll(now).is_over().then_some(Stage::Over),
            Stage::Over => None,
        }
    }

    fn end(link: &mut Link, cause: CloseCause) -> Option<Stage> {
        link.closed(CloseInfo::new(cause));
        Some(Stage::Over)
    }

    fn tcp(&self) -> Option<&mio::net::TcpStream> {
        match &self.stage {
            Stage::Dialing(_) | Stage::Lingering(_) | Stage::Over => None,
            Stage::Opening(opening) => Some(opening.stream().tcp()),
            Stage::Open(pump) => Some(pump.stream().tcp()),
        }
    }
}

const TIMED_OUT: CloseCause = CloseCause::TimedOut { what: Deadline::Connect };

impl Transport for Socket {
    fn connect(url: &Url, options: &Options) -> Result<Self, Error> {
        let tls = tls::Client::new(url, &options.tls)?;
        let upgrade = ClientUpgrade::new(url, options);
        let dial = Dial::start(&url.host, url.port);
        Ok(Self::new(Stage::Dialing(Box::new((dial, upgrade, tls))), Settings::new(options, false)))
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

    fn is_server(&self) -> bool {
        self.settings.is_server
    }

    fn poll(&mut self, link: &mut Link) {
        let now = self.clock.advance(now());
        while let Some(next) = self.step(now, link) {
            self.stage = next;
        }
    }

    fn lingers(&self) -> bool {
        matches!(self.stage, Stage::Lingering(_))
    }

    fn send(&mut self, packet: Outgoing<'_>, link: &mut Link) -> Result<(), Error> {
        match &mut self.stage {
            Stage::Open(pump) => {
                pump.send(packet, link);
                Ok(())
            }
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
