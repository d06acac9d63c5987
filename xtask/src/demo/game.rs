//! The host of the game on a thread of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Result;
use game::{Host, HostEvent, HostOptions, TableEvent, lines};
use websocket_peer::Error;
use websocket_peer::multiplayer::SessionError;

use super::server_thread::{ServerThread, is_stopping};
use crate::ports::bind_near;

/// The longest sleep of the thread.
const STEP: Duration = Duration::from_secs(1);

/// How long a shutdown waits for the players to close.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// A running host, which does not play. Dropping this ends the game.
pub struct GameHost {
    addr: SocketAddr,
    _thread: ServerThread,
}

impl GameHost {
    /// Starts on this port, or on the next free one.
    pub fn start(port: u16) -> Result<Self> {
        let mut host =
            bind_near("game host", port, |addr| Host::bind(addr, HostOptions::default()).map_err(io_error))?;
        let addr = host.local_addr()?;
        let thread = ServerThread::start("game host", host.waker(), move |stop| serve(host, stop))?;
        Ok(Self { addr, _thread: thread })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

fn io_error(error: SessionError) -> io::Error {
    let kind = match error {
        SessionError::Peer(Error::Io { kind, .. }) => kind,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

fn serve(mut host: Host, stop: &AtomicBool) {
    while !is_stopping(stop) {
        if let Err(error) = host.frame(STEP) {
            eprintln!("game: the host cannot go on: {error}");
            break;
        }
        while let Some(event) = host.next_event() {
            show(&event, &host);
        }
    }
    host.shutdown(SHUTDOWN_TIMEOUT);
}

/// Prints who comes and goes, and what is wrong. The rolls of a game would only hide that.
fn show(event: &HostEvent, host: &Host) {
    match event {
        HostEvent::Table(TableEvent::TurnChanged(_) | TableEvent::Logged(_)) => {}
        HostEvent::Table(event) => {
            if let Some(line) = lines::line(event, host.table()) {
                println!("game: {line}");
            }
        }
        HostEvent::Warning(text) => eprintln!("game: {text}"),
    }
}
