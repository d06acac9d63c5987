//! The listeners and the threads: an accept loop for plain and one for TLS connections, and a thread for each
//! connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::ServerConfig;
use socket2::{Domain, Socket, Type};

use crate::certs::{Authority, Identity};
use crate::events::Events;
use crate::scripts;
use crate::stream::Stream;

/// The server. When it is dropped, it stops and all its threads end.
pub struct Server {
    plain: Listener,
    secure: Listener,
    ca_pem: String,
    context: Arc<Context>,
}

/// What all connections share.
pub(crate) struct Context {
    pub(crate) events: Events,
    pub(crate) stop: Arc<AtomicBool>,
    /// Bound, but not listening: connections to its port are refused while the server lives.
    refusing: Socket,
}

impl Context {
    pub(crate) fn refusing_port(&self) -> io::Result<u16> {
        let addr = self.refusing.local_addr()?.as_socket();
        addr.map(|addr| addr.port()).ok_or_else(|| io::Error::other("a TCP socket without a port"))
    }
}

impl Server {
    /// Starts on free loopback ports, with a certificate for `localhost`, `127.0.0.1` and `::1` from a new authority.
    pub fn start() -> io::Result<Self> {
        Self::start_on(any_port(), any_port())
    }

    /// Starts on these addresses.
    pub fn start_on(addr: SocketAddr, secure_addr: SocketAddr) -> io::Result<Self> {
        let authority = Authority::new("testkit authority")?;
        let identity = authority.issue(&["localhost", "127.0.0.1", "::1"])?;
        Self::start_with(addr, secure_addr, authority.pem(), &identity)
    }

    /// Starts on free loopback ports with another certificate: an expired one, one for another name, …
    pub fn start_as(authority: &Authority, identity: &Identity) -> io::Result<Self> {
        Self::start_with(any_port(), any_port(), authority.pem(), identity)
    }

    fn start_with(
        addr: SocketAddr,
        secure_addr: SocketAddr,
        ca_pem: &str,
        identity: &Identity,
    ) -> io::Result<Self> {
        let context = Arc::new(Context {
            events: Events::default(),
            stop: Arc::default(),
            refusing: refusing_socket()?,
        });
        Ok(Self {
            plain: Listener::start(addr, None, &context)?,
            secure: Listener::start(secure_addr, Some(identity.server_config()?), &context)?,
            ca_pem: ca_pem.to_owned(),
            context,
        })
    }

    /// Returns the URL of `path` without TLS: `ws://127.0.0.1:PORT/…`.
    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.addr())
    }

    /// Returns the URL of `path` with TLS: `wss://localhost:PORT/…`.
    pub fn secure_url(&self, path: &str) -> String {
        format!("wss://localhost:{}{path}", self.secure_addr().port())
    }

    /// The address for plain connections.
    pub fn addr(&self) -> SocketAddr {
        self.plain.addr
    }

    /// The address for TLS connections.
    pub fn secure_addr(&self) -> SocketAddr {
        self.secure.addr
    }

    /// The certificate of the authority that signed the server's certificate, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The events of connections with a key.
    pub fn events(&self) -> &Events {
        &self.context.events
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.context.stop.store(true, Ordering::Relaxed);
        self.plain.join();
        self.secure.join();
    }
}

struct Listener {
    addr: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    fn start(addr: SocketAddr, tls: Option<Arc<ServerConfig>>, context: &Arc<Context>) -> io::Result<Self> {
        let listener = TcpListener::bind(addr)?;
        let addr = listener.local_addr()?;
        let context = Arc::clone(context);
        let thread = thread::Builder::new()
            .name(format!("testkit accept {addr}"))
            .spawn(move || accept_loop(&listener, tls, &context))?;
        let thread = Some(thread);
        Ok(Self { addr, thread })
    }

    /// Waits for the accept loop, which waits for its connections; all of them stop because of the flag.
    fn join(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        // The loop blocks in `accept`: one last connection makes it read the flag. If that fails, the thread is leaked.
        if TcpStream::connect_timeout(&self.addr, Duration::from_secs(1)).is_ok() && thread.join().is_err() {
            eprintln!("testkit: the accept loop of {} panicked", self.addr);
        }
    }
}

fn accept_loop(listener: &TcpListener, tls: Option<Arc<ServerConfig>>, context: &Arc<Context>) {
    let mut connections: Vec<JoinHandle<()>> = Vec::new();
    for tcp in listener.incoming() {
        if context.stop.load(Ordering::Relaxed) {
            break;
        }
        connections.retain(|connection| !connection.is_finished());
        match tcp.and_then(|tcp| serve(tcp, tls.clone(), context)) {
            Ok(connection) => connections.push(connection),
            Err(error) => eprintln!("testkit: a connection could not be served: {error}"),
        }
    }
    for connection in connections {
        if connection.join().is_err() {
            eprintln!("testkit: a script panicked");
        }
    }
}

fn serve(
    tcp: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    context: &Arc<Context>,
) -> io::Result<JoinHandle<()>> {
    let stream = Stream::new(tcp, tls)?;
    let context = Arc::clone(context);
    thread::Builder::new()
        .name("testkit connection".to_owned())
        .spawn(move || scripts::serve(stream, &context))
}

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn refusing_socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&any_port().into())?;
    Ok(socket)
}
