//! An echo server: this crate's own, on a thread of its own.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use websocket_peer::{Admission, Error, Request, ServerEvent, ServerOptions, WebSocketServer};

/// How soon it sees that it is to end.
const STEP: Duration = Duration::from_millis(100);

/// How long it waits for its peers' goodbye.
const GOODBYE: Duration = Duration::from_millis(500);

/// Serves until it is dropped; then it says goodbye.
pub struct EchoServer {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl EchoServer {
    /// Serves at a listener, with these options and this hook.
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
            // If it has panicked, that was printed.
            let _ = thread.join();
        }
    }
}

fn serve(server: &mut WebSocketServer, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        echo(server);
    }
    server.shutdown(GOODBYE);
    while !server.is_shut_down() {
        echo(server);
    }
}

fn echo(server: &mut WebSocketServer) {
    server.wait(STEP);
    while let Some(event) = server.next_event() {
        let ServerEvent::Packet(from, packet) = event else { continue };
        match server.send_packet(from, &packet) {
            // It left right after it had sent.
            Ok(()) | Err(Error::NotOpen { .. }) => {}
            Err(error) => eprintln!("echo server: {from} misses a packet: {error}"),
        }
    }
}
