//! A TCP proxy that simulates a bad network: it delays, splits and joins bytes, and stalls, cuts or resets connections
//! at a given byte.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::{TcpListener, TcpStream};
//! use testkit::proxy::{DirectionPlan, Fault, Plan, Proxy};
//!
//! let server = TcpListener::bind("127.0.0.1:0")?;
//! let plan = Plan::default().to_server(DirectionPlan::default().after(3, Fault::Cut));
//! let proxy = Proxy::start(server.local_addr()?, plan)?;
//!
//! TcpStream::connect(proxy.addr())?.write_all(b"hello")?;
//! let mut received = String::new();
//! server.accept()?.0.read_to_string(&mut received)?;
//! assert_eq!(received, "hel");
//! # Ok::<(), std::io::Error>(())
//! ```

mod connection;
mod forwarder;
mod plan;
mod schedule;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use connection::{Connection, Direction};
use forwarder::Forwarder;
use socket2::{Domain, SockRef, Socket, Type};

pub use connection::{End, Passed, Transcript};
pub use plan::{DirectionPlan, Fault, Plan};

/// The timeout of a connection to the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The size of the kernel's buffers at the proxy, in bytes. The defaults differ by system, on Linux up to tens of
/// megabytes, and neither end can see what is in them.
const BUFFER: usize = 64 * 1024;

/// A proxy on a free loopback port. When it is dropped, it stops and all its threads end.
pub struct Proxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    target: SocketAddr,
    plan: Plan,
    stops: AtomicBool,
    connections: Mutex<Vec<Weak<Connection>>>,
    transcripts: Mutex<Vec<Arc<Mutex<Transcript>>>>,
}

impl Proxy {
    /// Starts to listen, and connects each client to `target`.
    pub fn start(target: SocketAddr, plan: Plan) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // Accepted streams inherit the sizes.
        limit_buffers(SockRef::from(&listener))?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target,
            plan,
            stops: AtomicBool::new(false),
            connections: Mutex::default(),
            transcripts: Mutex::default(),
        });
        let thread = thread::Builder::new().name(format!("proxy {addr}")).spawn({
            let shared = Arc::clone(&shared);
            move || accept_loop(&listener, &shared)
        })?;
        Ok(Self { addr, shared, thread: Some(thread) })
    }

    /// The address to connect to instead of the target.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops, and returns the transcripts of all connections in the order of their opening. Empty unless the plan is
    /// [`recorded`](Plan::recorded).
    pub fn into_transcripts(mut self) -> Vec<Transcript> {
        self.stop();
        lock(&self.shared.transcripts).iter().map(|transcript| lock(transcript).clone()).collect()
    }

    fn stop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.stops.store(true, Ordering::Relaxed);
        for connection in lock(&self.shared.connections).iter().filter_map(Weak::upgrade) {
            connection.close();
        }
        // The loop blocks in `accept`: one last connection makes it read the flag. If that fails, the thread is leaked.
        if TcpStream::connect_timeout(&self.addr, Duration::from_secs(1)).is_ok() && thread.join().is_err() {
            eprintln!("testkit: the proxy at {} panicked", self.addr);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop();
    }
}

fn accept_loop(listener: &TcpListener, shared: &Shared) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for (number, client) in listener.incoming().enumerate() {
        if shared.stops.load(Ordering::Relaxed) {
            break;
        }
        threads.retain(|thread| !thread.is_finished());
        match client.and_then(|client| forward(client, number as u64, shared)) {
            Ok(new) => threads.extend(new),
            Err(error) => eprintln!("testkit: the proxy could not forward a connection: {error}"),
        }
    }
    for thread in threads {
        if thread.join().is_err() {
            eprintln!("testkit: a thread of a proxy panicked");
        }
    }
}

fn connect(target: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(target), Type::STREAM, None)?;
    limit_buffers(SockRef::from(&socket))?;
    socket.connect_timeout(&target.into(), CONNECT_TIMEOUT)?;
    Ok(socket.into())
}

fn limit_buffers(socket: SockRef<'_>) -> io::Result<()> {
    socket.set_send_buffer_size(BUFFER)?;
    socket.set_recv_buffer_size(BUFFER)
}

fn forward(client: TcpStream, number: u64, shared: &Shared) -> io::Result<[JoinHandle<()>; 2]> {
    let server = match connect(shared.target) {
        Ok(server) => server,
        Err(error) => {
            SockRef::from(&client).set_linger(Some(Duration::ZERO))?;
            return Err(error);
        }
    };
    let transcript = shared.plan.is_recorded.then(Arc::<Mutex<Transcript>>::default);
    lock(&shared.transcripts).extend(transcript.clone());
    let connection = Arc::new(Connection::new(client, server, transcript)?);
    {
        let mut connections = lock(&shared.connections);
        connections.retain(|connection| connection.strong_count() > 0);
        connections.push(Arc::downgrade(&connection));
    }
    // The proxy may have been stopped before the connection was in the list.
    if shared.stops.load(Ordering::Relaxed) {
        connection.close();
    }
    let seed = shared.plan.seed.wrapping_add(number << 1);
    let to_server =
        Forwarder::new(Arc::clone(&connection), Direction::ToServer, &shared.plan.to_server, seed);
    let to_client = Forwarder::new(connection, Direction::ToClient, &shared.plan.to_client, seed | 1 << 63);
    Ok([spawn(to_server)?, spawn(to_client)?])
}

fn spawn(forwarder: Forwarder) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("proxy forwarder".to_owned()).spawn(move || forwarder.run())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
