//! Runs an echo server of this crate on a separate thread.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use websocket_peer::{Admission, Error, Request, ServerEvent, ServerOptions, WebSocketServer};

/// The interval at which the thread checks whether to stop.
const STEP: Duration = Duration::from_millis(100);

/// How long a shutdown waits for the peers to close.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// A running echo server. Dropping this closes its connections and stops it.
pub struct EchoServer {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
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
        let stop = Arc::<AtomicBool>::default();
        let thread = thread::Builder::new().name("echo server".into()).spawn({
            let stop = Arc::clone(&stop);
            move || serve(&mut server, &stop)
        })?;
        Ok(Self { addr, stop, thread: Some(thread) })
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.addr)
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed.
            let _ = thread.join();
        }
    }
}

fn serve(server: &mut WebSocketServer, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        echo(server);
    }
    server.shutdown(SHUTDOWN_TIMEOUT);
    while !server.is_shut_down() {
        echo(server);
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
