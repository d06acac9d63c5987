//! The proxy, between two plain sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use testkit::proxy::{DirectionPlan, End, Fault, Passed, Plan, Proxy};

const MS: Duration = Duration::from_millis(1);

/// A client and a server with a proxy between them.
struct Pair {
    proxy: Proxy,
    client: TcpStream,
    server: TcpStream,
}

impl Pair {
    fn new(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap(), plan.recorded()).unwrap();
        let client = TcpStream::connect(proxy.addr()).unwrap();
        let (server, _) = listener.accept().unwrap();
        for tcp in [&client, &server] {
            tcp.set_read_timeout(Some(LONG)).unwrap();
        }
        Self { proxy, client, server }
    }

    fn through(plan: DirectionPlan) -> Self {
        Self::new(Plan::both(plan))
    }
}

fn read(mut tcp: &TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    tcp.read_exact(&mut bytes).unwrap();
    bytes
}

/// Reads until TCP ends, and returns how it ended: `None` if it did not end within the time.
fn rest(mut tcp: &TcpStream, within: Duration) -> (Vec<u8>, Option<End>) {
    tcp.set_read_timeout(Some(within)).unwrap();
    let mut bytes = Vec::new();
    let end = match tcp.read_to_end(&mut bytes) {
        Ok(_) => Some(End::Eof),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Some(End::Reset),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        Err(error) => panic!("{error}"),
    };
    (bytes, end)
}

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(150);

/// More bytes than the proxy reads at once and a kernel buffers.
fn megabytes() -> Vec<u8> {
    (0..=250).collect::<Vec<u8>>().repeat(64 << 10)
}

#[test]
fn bytes_and_ends_are_forwarded_in_both_directions() {
    let mut pair = Pair::through(DirectionPlan::default());
    pair.client.write_all(b"ping").unwrap();
    assert_eq!(read(&pair.server, 4), b"ping");
    pair.server.write_all(b"pong").unwrap();
    assert_eq!(read(&pair.client, 4), b"pong");
    pair.client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(rest(&pair.server, LONG), (vec![], Some(End::Eof)));
    pair.server.write_all(b"later").unwrap();
    drop(pair.server);
    assert_eq!(rest(&pair.client, LONG), (b"later".to_vec(), Some(End::Eof)));
    let transcripts = pair.proxy.into_transcripts();
    let forwarded = |bytes: &[u8]| Passed { bytes: bytes.to_vec(), end: Some(End::Eof) };
    assert_eq!(transcripts.len(), 1);
    assert_eq!(transcripts[0].to_server, forwarded(b"ping"));
    assert_eq!(transcripts[0].to_client, forwarded(b"ponglater"));
}

#[test]
fn a_reset_is_forwarded_after_earlier_bytes() {
    let mut pair = Pair::through(DirectionPlan::default().delay(50 * MS, Duration::ZERO));
    pair.client.write_all(b"hello").unwrap();
    assert_eq!(read(&pair.server, 5), b"hello");
    pair.server.write_all(b"last words").unwrap();
    socket2::SockRef::from(&pair.server).set_linger(Some(Duration::ZERO)).unwrap();
    drop(pair.server);
    assert_eq!(read(&pair.client, 10), b"last words");
    assert_eq!(rest(&pair.client, LONG), (vec![], Some(End::Reset)));
}

#[test]
fn megabytes_arrive_unchanged_with_any_chunking() {
    for plan in [
        DirectionPlan::default(),
        DirectionPlan::default().split_first(100_000).delay(MS, MS),
        DirectionPlan::default().join(100_000, 20 * MS).delay(MS, MS),
    ] {
        let Pair { proxy: _proxy, mut client, server } = Pair::through(plan);
        let sender = std::thread::spawn(move || client.write_all(&megabytes()));
        assert!(rest(&server, LONG) == (megabytes(), Some(End::Eof)));
        sender.join().unwrap().unwrap();
    }
}

#[test]
fn split_bytes_arrive_separately() {
    let mut pair = Pair::through(DirectionPlan::default().split().delay(Duration::ZERO, 300 * MS));
    pair.client.write_all(&[7; 20]).unwrap();
    let mut reads = 0;
    let mut left = 20;
    while left > 0 {
        left -= pair.server.read(&mut [0; 20]).unwrap();
        reads += 1;
    }
    assert!(reads > 5, "{reads} reads");
}

#[test]
fn joined_bytes_arrive_together() {
    let mut pair = Pair::through(DirectionPlan::default().join(4, Duration::from_secs(1)));
    for byte in b"four" {
        pair.client.write_all(&[*byte]).unwrap();
        std::thread::sleep(10 * MS);
    }
    let mut bytes = [0; 8];
    assert_eq!(pair.server.read(&mut bytes).unwrap(), 4);
    // Fewer bytes wait for a second at most.
    let begin = Instant::now();
    pair.client.write_all(b"two").unwrap();
    assert_eq!(pair.server.read(&mut bytes).unwrap(), 3);
    assert!(begin.elapsed() >= Duration::from_millis(900), "{:?}", begin.elapsed());
}

#[test]
fn delayed_bytes_arrive_late() {
    let mut pair = Pair::new(Plan::default().to_client(DirectionPlan::default().delay(100 * MS, 50 * MS)));
    let begin = Instant::now();
    pair.client.write_all(b"ping").unwrap();
    assert_eq!(read(&pair.server, 4), b"ping");
    pair.server.write_all(b"pong").unwrap();
    assert_eq!(read(&pair.client, 4), b"pong");
    assert!(begin.elapsed() >= 100 * MS);
}

#[test]
fn a_pause_ends() {
    let mut pair = Pair::through(DirectionPlan::default().after(2, Fault::Pause(SHORT)));
    let begin = Instant::now();
    pair.client.write_all(b"ping").unwrap();
    assert_eq!(read(&pair.server, 2), b"pi");
    assert_eq!(read(&pair.server, 2), b"ng");
    assert!(begin.elapsed() >= SHORT);
}

#[test]
fn a_stall_blocks_one_direction_and_its_sender() {
    let mut pair = Pair::new(Plan::default().to_server(DirectionPlan::default().after(2, Fault::Stall)));
    pair.client.set_write_timeout(Some(SHORT)).unwrap();
    // Some kernels buffer tens of megabytes.
    assert!((0..100).any(|_| pair.client.write_all(&megabytes()).is_err()), "the sender is not blocked");
    assert_eq!(read(&pair.server, 2), [0, 1]);
    assert_eq!(rest(&pair.server, SHORT), (vec![], None));
    pair.server.write_all(b"pong").unwrap();
    assert_eq!(read(&pair.client, 4), b"pong");
}

#[test]
fn a_cut_ends_both_directions_in_order_after_exactly_that_many_bytes() {
    for count in [0, 1, 4, 5] {
        let mut pair =
            Pair::new(Plan::default().to_server(DirectionPlan::default().after(count, Fault::Cut)));
        pair.client.write_all(b"hello").unwrap();
        assert_eq!(rest(&pair.server, LONG), (b"hello"[..count as usize].to_vec(), Some(End::Eof)));
        assert_eq!(rest(&pair.client, LONG), (vec![], Some(End::Eof)));
        pair.client.write_all(&megabytes()).unwrap();
        pair.server.write_all(&megabytes()).unwrap();
    }
}

#[test]
fn a_half_close_ends_one_direction_only() {
    let mut pair = Pair::new(Plan::default().to_server(DirectionPlan::default().after(3, Fault::HalfClose)));
    pair.client.write_all(b"hello").unwrap();
    assert_eq!(rest(&pair.server, LONG), (b"hel".to_vec(), Some(End::Eof)));
    pair.client.write_all(&megabytes()).unwrap();
    pair.server.write_all(b"pong").unwrap();
    drop(pair.server);
    assert_eq!(rest(&pair.client, LONG), (b"pong".to_vec(), Some(End::Eof)));
}

#[test]
fn a_reset_resets_both_ends() {
    let mut pair = Pair::new(Plan::default().to_server(DirectionPlan::default().after(3, Fault::Reset)));
    pair.client.write_all(b"hello").unwrap();
    // On some systems a reset destroys unread bytes.
    let (received, end) = rest(&pair.server, LONG);
    assert!(b"hel".starts_with(&received));
    assert_eq!(end, Some(End::Reset));
    assert_eq!(rest(&pair.client, LONG), (vec![], Some(End::Reset)));
    let transcript = pair.proxy.into_transcripts().remove(0);
    assert_eq!(transcript.to_server, Passed { bytes: b"hel".to_vec(), end: Some(End::Reset) });
}

#[test]
fn a_client_is_reset_if_the_server_cannot_be_reached() {
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxy::start(addr, Plan::default()).unwrap();
    let client = TcpStream::connect(proxy.addr()).unwrap();
    assert_eq!(rest(&client, LONG), (vec![], Some(End::Reset)));
}

#[test]
fn faults_happen_in_the_order_of_their_positions() {
    let plan = DirectionPlan::default().after(4, Fault::Cut).after(2, Fault::Pause(SHORT)).split();
    let mut pair = Pair::new(Plan::default().to_server(plan));
    let begin = Instant::now();
    pair.client.write_all(b"hello").unwrap();
    assert_eq!(rest(&pair.server, LONG), (b"hell".to_vec(), Some(End::Eof)));
    assert!(begin.elapsed() >= SHORT);
}

#[test]
fn dropping_the_proxy_ends_its_connections() {
    let Pair { proxy, client, server } = Pair::through(DirectionPlan::default().after(0, Fault::Stall));
    drop(proxy);
    assert!(rest(&client, LONG).1.is_some());
    assert!(rest(&server, LONG).1.is_some());
}
