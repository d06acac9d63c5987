//! The contract's helpers for native programs. The scripted server runs in this process.

#[path = "../common/network.rs"]
mod network;

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use testkit::Server;
use websocket_peer::{
    CloseCause, CloseInfo, Error, PeerOptions, ReadyState, Timeout, TlsOptions, TlsRoots, WebSocketPeer,
};

use super::{
    A_WHILE, Failure, PATIENCE, assert_protocol_error, closed, ending, opened, pause, seen, wait_until,
};

/// Returns the server for all tests of the process.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start().expect("the scripted server starts"))
}

/// Starts the server.
pub async fn require_server() {
    server();
}

/// Returns the server's address.
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

/// Returns a secure URL, and options that trust its certificate.
pub fn secure(path: &str) -> (String, PeerOptions) {
    let pem = server().ca_pem().as_bytes().to_vec();
    let tls = TlsOptions::default().roots(TlsRoots::Custom { pem });
    (secure_url(path), PeerOptions::default().tls(tls))
}

/// Returns the URL of a port of the server's machine.
pub fn address_of(port: &str) -> String {
    format!("ws://127.0.0.1:{port}/")
}

pub fn unique_key() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("native-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Returns the time since the first call.
pub fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

pub async fn tick() {
    thread::sleep(Duration::from_millis(1));
}

/// Returns `true` if the cause is that of the failure. Natively each failure has its own cause.
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

/// Returns the code and the cause that are reported for a protocol error.
pub fn protocol_error(code: u16) -> (Option<u16>, CloseCause) {
    (Some(code), CloseCause::Protocol)
}

/// Waits for a protocol error that some browsers do not detect.
pub async fn expect_lenient_protocol_error(peer: &mut WebSocketPeer) {
    assert_protocol_error(&closed(peer).await, 1002);
}

/// Checks the end of a connection that was cut right after the handshake.
#[track_caller]
pub fn assert_ended_at_once(info: &CloseInfo) {
    assert_eq!((info.code, &info.cause), (None, &CloseCause::ConnectionLost));
}

/// The close frame after a message that is too big, as the server records it.
pub const TOO_BIG_CLOSE_FRAME: &str = "close 1009";

/// Checks the state after a flood that was not read at first: TCP slowed the sender down, and nothing was lost.
#[track_caller]
pub fn assert_flood_was_bounded(peer: &WebSocketPeer, received: usize, inbox: usize, backlog: usize) {
    assert!(received > inbox + backlog);
    assert_eq!(peer.state(), ReadyState::Open, "{:?}", peer.close_info());
}

/// Waits until the header of a huge message is rejected.
pub async fn expect_huge_header_rejected(peer: &mut WebSocketPeer) {
    let info = closed(peer).await;
    assert_eq!((info.code, info.cause), (Some(1009), CloseCause::MessageTooBig));
}

/// Checks that the server received a close frame with this code.
pub async fn assert_protocol_error_was_sent(key: &str, code: u16) {
    seen(key, Some(&format!("close {code}"))).await;
}

/// Checks that all packets arrived that the other end sent before it answered the close.
#[track_caller]
pub fn assert_received_while_closing(numbers: &[usize], sent: usize) {
    assert!(numbers.iter().copied().eq(0..sent), "{numbers:?}");
}

/// Waits until the heartbeat detects a silent server.
pub async fn expect_heartbeat_timeout(peer: &mut WebSocketPeer) {
    let info = closed(peer).await;
    assert_eq!((info.code, info.cause), (None, CloseCause::TimedOut(Timeout::Heartbeat)));
}

/// Exchanges packets until a round trip is measured, and checks it.
pub async fn measure_round_trip(peer: &mut WebSocketPeer, exchange: impl AsyncFn(&mut WebSocketPeer)) {
    let start = now();
    while peer.stats().rtt.is_none() {
        assert!(now() - start < PATIENCE, "no round trip was measured");
        exchange(peer).await;
    }
    let (rtt, variation) = (peer.stats().rtt.unwrap(), peer.stats().rtt_variation.unwrap());
    assert!(rtt <= now() - start && variation <= rtt, "{rtt:?}, {variation:?}");
}

/// Returns the events of a page that send the probe. Native programs have none.
pub fn wake_events() -> [&'static str; 0] {
    []
}

pub fn dispatch(event: &str) {
    panic!("native programs do not receive `{event}`");
}

/// Returns `true` if a dropped peer may send a close frame.
pub fn may_send_close_on_drop() -> bool {
    false
}

/// Checks the end after a close with a code that was registered after RFC 6455: code and reason are reported and
/// echoed.
pub async fn assert_closed_with_later_code(info: &CloseInfo, code: u16, reason: &str, key: &str) {
    assert_eq!(ending(info), (Some(code), reason, &CloseCause::Remote));
    assert_eq!(seen(key, None).await.only("close "), format!("close {code} {reason}"));
}

/// Checks that a connection attempt was cancelled: the server sees the end of each connection that it has accepted.
pub async fn assert_attempt_was_cancelled(key: &str) {
    let seen = seen(key, None).await;
    assert_eq!(seen.all("eof").len() + seen.all("reset").len(), seen.all("path ").len());
}

/// Returns `true` if interim responses before the upgrade may fail the handshake.
pub fn may_reject_interim_responses() -> bool {
    false
}

/// Returns `true` if responses that strict clients reject may be accepted.
pub fn may_accept_unusual_responses() -> bool {
    false
}

#[track_caller]
pub fn assert_address_is_known(peer: &WebSocketPeer) {
    assert_eq!(peer.peer_addr(), Ok(addr()));
}

/// Checks that header fields are sent unchanged.
pub async fn assert_headers_arrive(options: PeerOptions, expected: (&str, &str)) {
    let key = unique_key();
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(&url(&format!("/echo?key={key}"))).unwrap();
    opened(&mut peer).await;
    assert_eq!(seen(&key, Some("request ")).await.header(expected.0), Some(expected.1));
}

/// Checks that custom roots are accepted.
pub fn assert_own_roots(options: PeerOptions) {
    let mut peer = WebSocketPeer::with_options(options);
    assert_eq!(peer.connect(&secure_url("/echo")), Ok(()));
    assert_eq!(peer.state(), ReadyState::Connecting);
}

/// Checks that a port that browsers block was connected to.
#[track_caller]
pub fn assert_blocked_port_allowed(peer: &WebSocketPeer, result: Result<(), Error>) {
    assert_eq!((result, peer.state()), (Ok(()), ReadyState::Connecting));
}

/// Counts the calls of a peer's hook.
pub struct Wakes {
    count: Arc<AtomicUsize>,
    /// The number of calls that may be counted late, because they were under way at a poll or `reset`.
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

    /// Waits for this number of calls without polling, and checks that no more follow.
    pub async fn expect(&self, count: usize) {
        wait_until(|| self.count() >= count).await;
        pause(A_WHILE).await;
        assert!((count..=count + self.late.get()).contains(&self.count()), "{} calls", self.count());
    }

    /// Starts to count from zero.
    pub fn reset(&self) {
        self.count.store(0, Ordering::SeqCst);
        self.late.set(1);
    }

    /// Polls after each call until there are no more calls, because natively the connection has work of its own.
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

    /// Checks that the library drops the hook, after a call that is under way.
    pub async fn assert_hook_dropped(&self) {
        wait_until(|| Arc::strong_count(&self.count) == 1).await;
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}
