//! An echo server of this crate on a thread of its own.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::Result;
use websocket_peer::{Admission, Error, Request, ServerEvent, ServerOptions, WebSocketServer};

use super::server_thread::{ServerThread, is_stopping};

/// The longest sleep of the thread.
const STEP: Duration = Duration::from_secs(1);

/// How long a shutdown waits for the peers to close.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// A running echo server. Dropping this closes its connections and stops it.
pub struct EchoServer {
    addr: SocketAddr,
    _thread: ServerThread,
}

impl EchoServer {
    /// Serves on a listener, with these options and this request hook.
    pub fn start(
        listener: TcpListener,
        options: ServerOptions,
        on_request: impl FnMut(&Request) -> Admission + Send + Sync + 'static,
    ) -> Result<Self> {
        let mut server = WebSocketServer::from_listener(listener, options)?;
        server.on_request(on_request);
        let addr = server.local_addr()?;
        let thread = ServerThread::start("echo server", server.waker(), move |stop| {
            while !is_stopping(stop) {
                echo(&mut server);
            }
            server.shutdown(SHUTDOWN_TIMEOUT);
            while !server.is_shut_down() {
                echo(&mut server);
            }
        })?;
        Ok(Self { addr, _thread: thread })
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.addr)
    }
}

fn echo(server: &mut WebSocketServer) {
    server.wait(STEP);
    while let Some(event) = server.next_event() {
        let ServerEvent::Packet(from, packet) = event else { continue };
        match server.send_packet(from, &packet) {
            // The peer has closed right after sending.
            Ok(()) | Err(Error::NotOpen { .. }) => {}
            Err(error) => eprintln!("echo server: cannot echo to {from}: {error}"),
        }
    }
}
