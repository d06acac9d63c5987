//! The contract's terms for native programs: the scripted server is in this process, and much can be known.

#[path = "../common/network.rs"]
mod network;

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use testkit::Server;
use websocket_peer::{
    CloseCause, CloseInfo, Error, PeerOptions, ReadyState, Timeout, TlsOptions, TlsRoots, WebSocketPeer,
};

use super::{A_WHILE, Failure, PATIENCE, assert_protocol_error, closed, ending, opened, pause, seen};

/// One server for all tests of the process.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start().expect("the scripted server starts"))
}

/// The server is always there.
pub async fn require_server() {
    server();
}

/// Where the server is reached.
fn addr() -> SocketAddr {
    static ADDR: OnceLock<SocketAddr> = OnceLock::new();
    *ADDR.get_or_init(|| network::route(server().addr()))
}

fn secure_url(path: &str) -> String {
    static ADDR: OnceLock<SocketAddr> = OnceLock::new();
    let port = ADDR.get_or_init(|| network::route(server().secure_addr())).port();
    format!("wss://localhost:{port}{path}")
}

pub fn url(path: &str) -> String {
    format!("ws://{}{path}", addr())
}

/// The secure address, and options that trust its certificate.
pub fn secure(path: &str) -> (String, PeerOptions) {
    let pem = server().ca_pem().as_bytes().to_vec();
    let tls = TlsOptions::default().roots(TlsRoots::Custom { pem });
    (secure_url(path), PeerOptions::default().tls(tls))
}

/// The address of a port of the server's machine.
pub fn address_of(port: &str) -> String {
    format!("ws://127.0.0.1:{port}/")
}

pub fn unique_key() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("native-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The time since the first call.
pub fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

pub async fn tick() {
    thread::sleep(Duration::from_millis(1));
}

/// Natively every failure to open has its own cause.
pub fn matches_failure(cause: &CloseCause, failure: Failure) -> bool {
    match failure {
        Failure::Refused => matches!(cause, CloseCause::Refused { status: None, .. }),
        Failure::Status(code) => {
            matches!(cause, CloseCause::Refused { status: Some(status), .. } if *status == code)
        }
        Failure::Handshake => matches!(cause, CloseCause::HandshakeFailed { .. }),
        Failure::DnsFailed => *cause == CloseCause::DnsFailed,
    }
}

/// A breach of the protocol is known for what it is.
pub fn protocol_error(code: u16) -> (Option<u16>, CloseCause) {
    (Some(code), CloseCause::Protocol)
}

/// It is noticed and told to the other end, too, where browsers are careless.
pub async fn expect_lenient_protocol_error(peer: &mut WebSocketPeer) {
    assert_protocol_error(&closed(peer).await, 1002);
}

/// How a connection ended that was cut right after the handshake.
#[track_caller]
pub fn assert_ended_at_once(info: &CloseInfo) {
    assert_eq!((info.code, &info.cause), (None, &CloseCause::ConnectionLost));
}

/// What the other end is told after a message that is too big.
pub const TOO_BIG_CLOSE_FRAME: &str = "close 1009";

/// After a flood that was not read at first: TCP slowed the sender down, nothing is lost, and it goes on.
#[track_caller]
pub fn assert_flood_was_bounded(peer: &WebSocketPeer, received: usize, inbox: usize, backlog: usize) {
    assert!(received > inbox + backlog);
    assert_eq!(peer.state(), ReadyState::Open, "{:?}", peer.close_info());
}

/// The header alone is enough to refuse what it announces.
pub async fn expect_huge_header_rejected(peer: &mut WebSocketPeer) {
    let info = closed(peer).await;
    assert_eq!((info.code, info.cause), (Some(1009), CloseCause::MessageTooBig));
}

/// The other end is told with a close frame that it broke the protocol.
pub async fn assert_protocol_error_was_sent(key: &str, code: u16) {
    seen(key, Some(&format!("close {code}"))).await;
}

/// What the other end still sent after this end asked to close arrives.
#[track_caller]
pub fn assert_received_while_closing(numbers: &[usize], sent: usize) {
    assert!(numbers.iter().copied().eq(0..sent), "{numbers:?}");
}

/// The heartbeat notices.
pub async fn expect_heartbeat_timeout(peer: &mut WebSocketPeer) {
    let info = closed(peer).await;
    assert_eq!((info.code, info.cause), (None, CloseCause::TimedOut(Timeout::Heartbeat)));
}

/// Exchanges packets until a round trip is measured.
pub async fn measure_round_trip(peer: &mut WebSocketPeer, exchange: impl AsyncFn(&mut WebSocketPeer)) {
    let start = now();
    while peer.stats().rtt.is_none() {
        assert!(now() - start < PATIENCE, "no round trip was measured");
        exchange(peer).await;
    }
    let (rtt, variation) = (peer.stats().rtt.unwrap(), peer.stats().rtt_variation.unwrap());
    assert!(rtt <= now() - start && variation <= rtt, "{rtt:?}, {variation:?}");
}

/// A native program has no page to which anything could happen.
pub fn wake_events() -> [&'static str; 0] {
    []
}

pub fn dispatch(event: &str) {
    panic!("{event} happens to pages");
}

/// A dropped peer's connection ends without a close frame.
pub fn may_send_close_on_drop() -> bool {
    false
}

/// The other end closed with a code that was registered after the standard, and a reason. Both are told, and sent back.
pub async fn assert_closed_with_later_code(info: &CloseInfo, code: u16, reason: &str, key: &str) {
    assert_eq!(ending(info), (Some(code), reason, &CloseCause::Remote));
    assert_eq!(seen(key, None).await.only("close "), format!("close {code} {reason}"));
}

/// A connection that was being made is given up: the server sees its end, if it ever saw its beginning.
pub async fn assert_attempt_was_cancelled(key: &str) {
    let seen = seen(key, None).await;
    assert_eq!(seen.all("eof").len() + seen.all("reset").len(), seen.all("path ").len());
}

/// Interim answers before the upgrade are skipped.
pub fn may_reject_interim_responses() -> bool {
    false
}

/// An answer that no careful client takes is not taken.
pub fn may_accept_unusual_responses() -> bool {
    false
}

#[track_caller]
pub fn assert_address_is_known(peer: &WebSocketPeer) {
    assert_eq!(peer.peer_addr(), Ok(addr()));
}

/// Header fields are sent as they were given.
pub async fn assert_headers_arrive(options: PeerOptions, expected: (&str, &str)) {
    let key = unique_key();
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(&url(&format!("/echo?key={key}"))).unwrap();
    opened(&mut peer).await;
    assert_eq!(seen(&key, Some("request ")).await.header(expected.0), Some(expected.1));
}

/// Whom to trust can be chosen.
pub fn assert_own_roots(options: PeerOptions) {
    let mut peer = WebSocketPeer::with_options(options);
    assert_eq!(peer.connect(&secure_url("/echo")), Ok(()));
    assert_eq!(peer.state(), ReadyState::Connecting);
}

/// A port that browsers block is connected to like any other.
#[track_caller]
pub fn assert_blocked_port_allowed(peer: &WebSocketPeer, answer: Result<(), Error>) {
    assert_eq!((answer, peer.state()), (Ok(()), ReadyState::Connecting));
}

/// How often a peer's hook was called, by its thread.
pub struct Wakes {
    count: Arc<AtomicUsize>,
    /// A call that a poll or `forget` found under way is counted after it.
    late: Cell<usize>,
}

impl Wakes {
    pub fn of(peer: &mut WebSocketPeer) -> Self {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let set = peer.on_wake(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(set, Ok(()));
        Self { count, late: Cell::new(0) }
    }

    /// Waits, and polls nobody, until it was called so often. Then it is not called any more.
    pub async fn expect(&self, count: usize) {
        wait(|| self.count() >= count).await;
        pause(A_WHILE).await;
        assert!((count..=count + self.late.get()).contains(&self.count()), "{} calls", self.count());
    }

    /// Counts from here.
    pub fn reset(&self) {
        self.count.store(0, Ordering::SeqCst);
        self.late.set(1);
    }

    /// Polls whenever it was called, until it is not called any more: the connection has work of its own to do.
    pub async fn settle(&self, peer: &mut WebSocketPeer) {
        let deadline = now() + PATIENCE;
        let mut called = usize::MAX;
        while called != self.count() {
            assert!(now() < deadline, "the hook is called without end");
            called = self.count();
            peer.poll();
            pause(A_WHILE).await;
        }
    }

    /// The library lets go of the hook, once a call that is under way is over.
    pub async fn assert_hook_dropped(&self) {
        wait(|| Arc::strong_count(&self.count) == 1).await;
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

/// Moves a peer on by `step` until `done`: whenever it is woken, and then only.
pub async fn drive(
    peer: &Arc<Mutex<WebSocketPeer>>,
    step: impl Fn(&Mutex<WebSocketPeer>) + Send + 'static,
    done: impl Fn() -> bool,
) {
    let woken = Arc::downgrade(peer);
    let hook = move || {
        if let Some(peer) = woken.upgrade() {
            step(&peer);
        }
    };
    assert_eq!(peer.lock().unwrap().on_wake(hook), Ok(()));
    wait(done).await;
}

async fn wait(done: impl Fn() -> bool) {
    let deadline = now() + PATIENCE;
    while !done() {
        assert!(now() < deadline, "waited {PATIENCE:?} in vain to be woken");
        tick().await;
    }
}
