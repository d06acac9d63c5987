//! The memory of a server for each connection, by counting all allocations of this process.

#![cfg(not(target_family = "wasm"))]

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use peak_alloc::PeakAlloc;
use websocket_peer::{ServerEvent, ServerOptions, WebSocketServer};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The connections that are measured. Two descriptors each must suffice for the usual limit of 1024.
const MEASURED: usize = 256;
/// The connections before, so that what the server allocates once does not count.
const BEFORE: usize = 128;
/// The largest memory of an open connection, in bytes. What the allocator adds makes it a little more than 1 KiB of resident
/// memory.
const LIMIT: usize = 992;
/// The memory of a connection that has exchanged a message may differ by this, because maps and queues grow in steps.
const TOLERANCE: usize = 24;

/// The payload of a large message, in bytes. A server accepts none that is larger.
const LARGE: usize = 64 * 1024;

const PATIENCE: Duration = Duration::from_secs(60);
/// The server frees memory that it keeps for reuse within this time.
const QUIET: Duration = Duration::from_millis(400);
/// It keeps the memory at least for this time after it was used.
const KEPT: Duration = Duration::from_millis(100);

/// A server and its clients, which hold no memory of the heap.
struct Connections {
    server: WebSocketServer,
    addr: SocketAddr,
    clients: Vec<TcpStream>,
    opened: usize,
    echoed: usize,
}

impl Connections {
    fn new() -> Self {
        // All clients come from one address.
        let options = ServerOptions::default().max_connections_per_address_per_second(0);
        let server = WebSocketServer::bind("127.0.0.1:0", options).expect("a free port");
        let addr = server.local_addr().expect("it listens");
        Self { server, addr, clients: Vec::with_capacity(BEFORE + MEASURED), opened: 0, echoed: 0 }
    }

    /// Polls, and sends every packet back.
    fn poll(&mut self) {
        self.server.poll();
        while let Some(event) = self.server.next_event() {
            match event {
                ServerEvent::Opened(_) => self.opened += 1,
                ServerEvent::Packet(from, packet) => {
                    self.server.send_packet(from, packet).expect("room in the queue");
                    self.echoed += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[track_caller]
    fn poll_until(&mut self, done: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            self.poll();
            assert!(start.elapsed() < PATIENCE, "{} opened, {} echoed", self.opened, self.echoed);
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn open(&mut self, number: usize) {
        for _ in 0..number {
            let mut client = TcpStream::connect(self.addr).expect("it listens");
            client.set_read_timeout(Some(PATIENCE)).expect("a valid time");
            let request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:65535\r\nUpgrade: websocket\r\n\
                            Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
            client.write_all(request).expect("the kernel takes it");
            let opened = self.opened + 1;
            self.poll_until(|all| all.opened == opened);
            let mut response = [0; 129];
            client.read_exact(&mut response).expect("the response");
            assert!(response.starts_with(b"HTTP/1.1 101 ") && response.ends_with(b"\r\n\r\n"));
            self.clients.push(client);
        }
    }

    /// Exchanges this number of messages of 64 or 512 bytes with each client, at once.
    fn echo(&mut self, messages: usize, len: usize) {
        // Masked with a key of zeros, which changes nothing.
        let frame = match len {
            64 => [&[0x82, 0x80 | 64, 0, 0, 0, 0][..], &[7; 64]].concat(),
            _ => [&[0x82, 0x80 | 126, 2, 0, 0, 0, 0, 0][..], &[7; 512]].concat(),
        };
        for index in 0..self.clients.len() {
            for _ in 0..messages {
                self.clients[index].write_all(&frame).expect("the kernel takes it");
            }
            let echoed = self.echoed + messages;
            self.poll_until(|all| all.echoed == echoed);
            // Without the key.
            let mut echo = vec![0; frame.len() - 4];
            for _ in 0..messages {
                self.clients[index].read_exact(&mut echo).expect("the echo");
                assert_eq!(echo[1], frame[1] & 0x7f);
            }
        }
    }

    /// Exchanges a large message with the first client.
    fn echo_large(&mut self) {
        let header = [&[0x82, 0x80 | 127][..], &(LARGE as u64).to_be_bytes(), &[0; 4]].concat();
        let frame = [header, vec![0; LARGE]].concat();
        let mut echo = vec![0; 10 + LARGE];
        let (mut sent, mut received) = (0, 0);
        let start = Instant::now();
        self.clients[0].set_nonblocking(true).expect("a socket");
        while received < echo.len() {
            sent += moved(self.clients[0].write(&frame[sent..]));
            self.poll();
            received += moved(self.clients[0].read(&mut echo[received..]));
            assert!(start.elapsed() < PATIENCE, "{sent} bytes sent, {received} received");
        }
        self.clients[0].set_nonblocking(false).expect("a socket");
        self.poll();
    }

    /// Exchanges a ping and a pong with each client.
    fn ping(&mut self) {
        let received = self.server.stats().bytes_received;
        let mut pong = [0; 6];
        for index in 0..self.clients.len() {
            let ping = [0x89, 0x84, 0, 0, 0, 0, 1, 2, 3, 4];
            self.clients[index].write_all(&ping).expect("the kernel takes it");
            self.clients[index].set_nonblocking(true).expect("a socket");
            self.poll_until(|all| all.clients[index].peek(&mut [0; 6]).is_ok_and(|len| len == 6));
            self.clients[index].set_nonblocking(false).expect("a socket");
            self.clients[index].read_exact(&mut pong).expect("the pong");
            assert_eq!(pong, [0x8a, 4, 1, 2, 3, 4]);
        }
        assert_eq!(self.server.stats().bytes_received, received, "no packet");
    }

    /// Polls until the server keeps nothing for reuse.
    fn be_quiet(&mut self) {
        let start = Instant::now();
        self.poll_until(|_| start.elapsed() > QUIET);
    }
}

#[test]
fn a_connection_holds_less_than_a_kibibyte_before_and_after_it_was_active() {
    let mut all = Connections::new();
    all.open(BEFORE);
    all.be_quiet();
    let before = HEAP.current_usage();
    all.open(MEASURED);
    all.be_quiet();
    let each = (HEAP.current_usage() - before) / MEASURED;
    println!("{each} bytes after the handshake");
    assert!(each <= LIMIT, "{each} bytes");
    all.ping();
    let after = (HEAP.current_usage() - before) / MEASURED;
    println!("{after} bytes right after a ping");
    assert!(after <= each + TOLERANCE, "{after} bytes, {each} before");
    for (messages, len) in [(1, 64), (16, 64), (16, 512)] {
        all.echo(messages, len);
        all.be_quiet();
        let after = (HEAP.current_usage() - before) / MEASURED;
        println!("{after} bytes after {messages} messages of {len} bytes");
        assert!(after <= each + TOLERANCE, "{after} bytes, {each} before");
    }
    let before = HEAP.current_usage();
    let (start, mut in_time) = (Instant::now(), 0);
    while in_time < 3 {
        let exchange = Instant::now();
        all.echo_large();
        let kept = HEAP.current_usage().saturating_sub(before);
        println!("{kept} bytes right after a large message");
        if exchange.elapsed() < KEPT {
            assert!((LARGE..2 * LARGE).contains(&kept), "{kept} bytes are kept for the next large message");
            in_time += 1;
        }
        assert!(start.elapsed() < PATIENCE, "each exchange took longer than the memory is kept");
    }
    all.be_quiet();
    let kept = HEAP.current_usage().saturating_sub(before);
    assert!(kept <= MEASURED * TOLERANCE, "{kept} bytes are kept after that");
}

/// Returns how many bytes a socket took or gave.
fn moved(result: io::Result<usize>) -> usize {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
        result => result.expect("it is open"),
    }
}
