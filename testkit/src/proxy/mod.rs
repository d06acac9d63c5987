//! A TCP proxy for a network that is worse than the loopback interface: it delays, splits and joins what passes through it,
//! and stalls, cuts or resets connections at a given byte.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::{TcpListener, TcpStream};
//! use testkit::proxy::{Fault, Plan, Proxy, Way};
//!
//! let server = TcpListener::bind("127.0.0.1:0")?;
//! let plan = Plan::default().to_server(Way::default().after(3, Fault::Cut));
//! let proxy = Proxy::start(server.local_addr()?, plan)?;
//!
//! TcpStream::connect(proxy.addr())?.write_all(b"hello")?;
//! let mut heard = String::new();
//! server.accept()?.0.read_to_string(&mut heard)?;
//! assert_eq!(heard, "hel");
//! # Ok::<(), std::io::Error>(())
//! ```

mod connection;
mod line;
mod plan;
mod schedule;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use connection::{Connection, Direction};
use line::Line;
use socket2::{Domain, SockRef, Socket, Type};

pub use connection::{End, Passed, Transcript};
pub use plan::{Fault, Plan, Way};

/// How long the server may take to be reached.
const REACH: Duration = Duration::from_secs(30);

/// The size of the kernel's buffers at the proxy. By default each system chooses its own, Linux up to tens of megabytes, and
/// what lies there is invisible to both ends.
const BUFFER: usize = 64 * 1024;

/// A proxy on a free loopback port. It stops, and every thread of it ends, when it is dropped.
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
    /// Starts to listen, and passes on to `target` whatever connects.
    pub fn start(target: SocketAddr, plan: Plan) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // The streams that it accepts inherit the sizes.
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

    /// Where to connect instead of the target.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops, and gives what had passed through each connection by then, in the order in which they were made: nothing
    /// unless the plan is [`recorded`](Plan::recorded).
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
        // The loop sits in `accept`: one last connection lets it look at the flag. If even that fails, it is left behind.
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
    let mut lines: Vec<JoinHandle<()>> = Vec::new();
    for (number, client) in listener.incoming().enumerate() {
        if shared.stops.load(Ordering::Relaxed) {
            break;
        }
        lines.retain(|line| !line.is_finished());
        match client.and_then(|client| pass_on(client, number as u64, shared)) {
            Ok(new) => lines.extend(new),
            Err(error) => eprintln!("testkit: the proxy could not pass a connection on: {error}"),
        }
    }
    for line in lines {
        if line.join().is_err() {
            eprintln!("testkit: a line of a proxy panicked");
        }
    }
}

fn connect(target: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(target), Type::STREAM, None)?;
    limit_buffers(SockRef::from(&socket))?;
    socket.connect_timeout(&target.into(), REACH)?;
    Ok(socket.into())
}

fn limit_buffers(socket: SockRef<'_>) -> io::Result<()> {
    socket.set_send_buffer_size(BUFFER)?;
    socket.set_recv_buffer_size(BUFFER)
}

fn pass_on(client: TcpStream, number: u64, shared: &Shared) -> io::Result<[JoinHandle<()>; 2]> {
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
    // Whoever drops the proxy may have looked at the list a moment ago.
    if shared.stops.load(Ordering::Relaxed) {
        connection.close();
    }
    let seed = shared.plan.seed.wrapping_add(number << 1);
    let to_server = Line::new(Arc::clone(&connection), Direction::ToServer, &shared.plan.to_server, seed);
    let to_client = Line::new(connection, Direction::ToClient, &shared.plan.to_client, seed | 1 << 63);
    Ok([spawn(to_server)?, spawn(to_client)?])
}

fn spawn(line: Line) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("proxy line".to_owned()).spawn(move || line.run())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
