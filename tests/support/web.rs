//! The contract's helpers for browsers. The scripted server is another process, and browsers hide many details.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use websocket_peer::{CloseCause, CloseInfo, Error, PeerOptions, ReadyState, WebSocketPeer};

// How the tests call JavaScript: by wasm-bindgen, or as the package `testkit/miniquad` does.
#[cfg(not(feature = "miniquad"))]
#[path = "bindgen.rs"]
mod calls;
#[cfg(feature = "miniquad")]
#[path = "miniquad.rs"]
mod calls;

pub use calls::{dispatch, tick};

use super::{A_WHILE, Failure, closed, ending, open, pause, poll_for, seen, wait_until};

/// The server's address, unless the tests were compiled with another one.
const SERVER: &str = match option_env!("WEBSOCKET_PEER_TEST_SERVER") {
    Some(url) => url,
    None => "ws://127.0.0.1:9081",
};
const SECURE_SERVER: &str = match option_env!("WEBSOCKET_PEER_TEST_SERVER_SECURE") {
    Some(url) => url,
    None => "wss://localhost:9082",
};

/// Checks that the server runs. Without it, tests of refused connections would pass.
pub async fn require_server() {
    thread_local!(static SEEN: Cell<bool> = const { Cell::new(false) });
    if SEEN.get() {
        return;
    }
    let mut peer = WebSocketPeer::new();
    peer.connect(&url("/close/1000")).expect("the server's address is right");
    let info = closed(&mut peer).await;
    assert!(
        info.cause == CloseCause::Remote,
        "no scripted server at {SERVER} ({info}): start it with `cargo run -p testkit` and leave it running"
    );
    SEEN.set(true);
}

pub fn url(path: &str) -> String {
    format!("{SERVER}{path}")
}

/// Returns a secure URL. The browser decides whether it trusts the certificate.
pub fn secure(path: &str) -> (String, PeerOptions) {
    (format!("{SECURE_SERVER}{path}"), PeerOptions::default())
}

/// Returns the URL of a port of the server's machine.
pub fn address_of(port: &str) -> String {
    let (host, _) = SERVER.rsplit_once(':').expect("the server's address has a port");
    format!("{host}:{port}/")
}

/// Returns a random key, because the server outlives many runs and may serve several pages.
pub fn unique_key() -> String {
    let random = (calls::random() * f64::from(u32::MAX)) as u32;
    format!("web-{:x}-{random:x}", now().as_millis())
}

/// Returns the time since 1970.
pub fn now() -> Duration {
    Duration::from_secs_f64(calls::calendar() / 1000.0)
}

/// Returns `true` if the cause may be that of the failure. Browsers report one cause for all.
pub fn matches_failure(cause: &CloseCause, _failure: Failure) -> bool {
    matches!(cause, CloseCause::Refused { status: None, .. })
}

/// Returns the code and the cause that are reported for a protocol error.
pub fn protocol_error(_code: u16) -> (Option<u16>, CloseCause) {
    (None, CloseCause::ConnectionLost)
}

/// Waits for a protocol error that some browsers do not detect.
pub async fn expect_lenient_protocol_error(peer: &mut WebSocketPeer) {
    poll_for(peer, A_WHILE).await;
    if let Some(info) = peer.close_info() {
        assert_eq!(info.code, None);
        assert!(matches!(info.cause, CloseCause::ConnectionLost | CloseCause::Remote), "{info:?}");
    }
}

/// Checks the end of a connection that was cut right after the handshake. Some browsers do not report that it was open.
#[track_caller]
pub fn assert_ended_at_once(info: &CloseInfo) {
    assert_eq!(info.code, None);
    assert!(
        matches!(info.cause, CloseCause::ConnectionLost | CloseCause::Refused { status: None, .. }),
        "{info:?}"
    );
}

/// The close frame after a message that is too big, as the server records it. Pages cannot send 1009.
pub const TOO_BIG_CLOSE_FRAME: &str = "close 4009";

/// Checks the state after a flood that was not read at first: the backlog overflowed, and all packets before that
/// arrived.
#[track_caller]
pub fn assert_flood_was_bounded(peer: &WebSocketPeer, received: usize, inbox: usize, backlog: usize) {
    // The backlog may fill up in one turn of the event loop, before a poll has filled the inbox.
    assert!((backlog..=inbox + backlog).contains(&received), "{received}");
    let info = peer.close_info().expect("the connection has ended");
    assert_eq!((info.code, &info.cause), (Some(4008), &CloseCause::InboxOverflow));
}

/// Checks that the header of a huge message has no effect on the page. Browsers wait for the message, or reject it.
pub async fn expect_huge_header_rejected(peer: &mut WebSocketPeer) {
    poll_for(peer, Duration::from_millis(100)).await;
    assert!(matches!(peer.state(), ReadyState::Open | ReadyState::Closed));
    assert_eq!(peer.available(), 0);
}

/// Checks the server's view of a protocol error. Some browsers send 1002 for every error, some the right code, and some
/// only end TCP.
pub async fn assert_protocol_error_was_sent(key: &str, _code: u16) {
    let seen = seen(key, None).await;
    assert!(
        seen.all("close ").iter().all(|close| close.starts_with("close 100")),
        "{:?}",
        seen.all("close ")
    );
    assert_eq!(seen.all("eof").len() + seen.all("reset").len(), 1);
}

/// Checks that the packets are the first of those that were sent: a browser drops those that arrive after the close.
#[track_caller]
pub fn assert_received_while_closing(numbers: &[usize], sent: usize) {
    assert!(numbers.len() <= sent && numbers.iter().copied().eq(0..numbers.len()), "{numbers:?}");
}

/// Checks that the connection to a silent server stays open, because pages cannot send pings.
pub async fn expect_heartbeat_timeout(peer: &mut WebSocketPeer) {
    poll_for(peer, Duration::from_millis(400)).await;
    assert_eq!(peer.state(), ReadyState::Open, "{:?}", peer.close_info());
}

/// Checks that no round trip is measured, because browsers do not report pongs.
pub async fn measure_round_trip(peer: &mut WebSocketPeer, exchange: impl AsyncFn(&mut WebSocketPeer)) {
    let start = now();
    while now() - start < 4 * A_WHILE {
        exchange(peer).await;
    }
    assert_eq!((peer.stats().rtt, peer.stats().rtt_variation), (None, None));
}

/// Returns the events with which a browser reports changes of the network or the page, to a page or a worker.
pub fn wake_events() -> Vec<&'static str> {
    if calls::is_page() {
        vec!["online", "offline", "pageshow", "visibilitychange"]
    } else {
        vec!["online", "offline"]
    }
}

/// Returns `true` if a dropped peer may send a close frame. Pages cannot end TCP without one.
pub fn may_send_close_on_drop() -> bool {
    true
}

/// Checks the end after a close with a code that was registered after RFC 6455. Browsers that know the code report and
/// echo it; to others it is a protocol error.
pub async fn assert_closed_with_later_code(info: &CloseInfo, code: u16, reason: &str, key: &str) {
    let seen = seen(key, None).await;
    match seen.only("close ") {
        "close 1002" => assert_eq!(ending(info), (None, "", &CloseCause::ConnectionLost)),
        answer => {
            assert_eq!(answer, format!("close {code} {reason}"));
            assert_eq!(ending(info), (Some(code), reason, &CloseCause::Remote));
        }
    }
}

/// Checks that a connection attempt was cancelled. Not every browser ends TCP at once, but each makes one connection to
/// a server at a time, so a cancelled attempt does not block the next.
pub async fn assert_attempt_was_cancelled(_key: &str) {
    open("/echo").await;
}

/// Returns `true` if interim responses may fail the handshake. They do in Chrome; Firefox and WebKit skip them.
pub fn may_reject_interim_responses() -> bool {
    true
}

/// Returns `true` if responses that strict clients reject may be accepted. Browsers differ, for instance in the maximum
/// length and the versions of HTTP.
pub fn may_accept_unusual_responses() -> bool {
    true
}

#[track_caller]
pub fn assert_address_is_known(peer: &WebSocketPeer) {
    assert!(matches!(peer.peer_addr(), Err(Error::Unsupported { .. })));
}

/// Checks that header fields are unsupported.
pub async fn assert_headers_arrive(options: PeerOptions, _expected: (&str, &str)) {
    let mut peer = WebSocketPeer::with_options(options);
    assert!(matches!(peer.connect(&url("/echo")), Err(Error::Unsupported { .. })));
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closed, None));
}

/// Checks that custom roots are unsupported.
pub fn assert_own_roots(options: PeerOptions) {
    let mut peer = WebSocketPeer::with_options(options);
    let (url, _) = secure("/echo");
    assert!(matches!(peer.connect(&url), Err(Error::Unsupported { .. })));
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closed, None));
}

/// Checks that blocked ports are unsupported.
#[track_caller]
pub fn assert_blocked_port_allowed(peer: &WebSocketPeer, result: Result<(), Error>) {
    assert!(matches!(result, Err(Error::Unsupported { .. })), "{result:?}");
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closed, None));
}

/// Counts the calls of a peer's hook.
pub struct Wakes(Arc<AtomicUsize>);

impl Wakes {
    pub fn of(peer: &mut WebSocketPeer) -> Self {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let set = peer.on_wake(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(set, Ok(()));
        let wakes = Self(count);
        assert_eq!(wakes.count(), 0, "the hook was called within `on_wake`");
        wakes
    }

    /// Waits for this number of calls without polling, and checks that no more follow.
    pub async fn expect(&self, count: usize) {
        wait_until(|| self.count() >= count).await;
        pause(A_WHILE).await;
        assert_eq!(self.count(), count);
    }

    /// Starts to count from zero.
    pub fn reset(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// Checks that there are no more calls: the browser does the connection's own work.
    pub async fn settle(&self, peer: &mut WebSocketPeer) {
        let called = self.count();
        pause(A_WHILE).await;
        assert_eq!(self.count(), called);
        peer.poll();
    }

    pub async fn assert_hook_dropped(&self) {
        assert_eq!(Arc::strong_count(&self.0), 1, "the hook is still there");
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
