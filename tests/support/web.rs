//! The contract's terms for browsers: the scripted server is another process, and much is hidden.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use js_sys::{Date, Function, Math, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use websocket_peer::{CloseCause, CloseInfo, Error, PeerOptions, ReadyState, WebSocketPeer};

use super::{A_WHILE, Failure, PATIENCE, closed, ending, open, pause, poll_for, seen};

/// Where the server is, unless the tests were compiled with another address.
const SERVER: &str = match option_env!("WEBSOCKET_PEER_TEST_SERVER") {
    Some(url) => url,
    None => "ws://127.0.0.1:9081",
};
const SECURE_SERVER: &str = match option_env!("WEBSOCKET_PEER_TEST_SERVER_SECURE") {
    Some(url) => url,
    None => "wss://localhost:9082",
};

/// Fails with advice when the server does not run: else every test of a refused connection would pass.
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

/// The secure address. Whom to trust is the browser's business.
pub fn secure(path: &str) -> (String, PeerOptions) {
    (format!("{SECURE_SERVER}{path}"), PeerOptions::default())
}

/// The address of a port of the server's machine.
pub fn address_of(port: &str) -> String {
    let (host, _) = SERVER.rsplit_once(':').expect("the server's address has a port");
    format!("{host}:{port}/")
}

/// The server outlives many runs and may serve several pages.
pub fn unique_key() -> String {
    format!("web-{:x}-{:x}", Date::now() as u64, (Math::random() * f64::from(u32::MAX)) as u32)
}

/// The time since 1970.
pub fn now() -> Duration {
    Duration::from_secs_f64(Date::now() / 1000.0)
}

/// Lets the event loop turn. `setTimeout` is looked up in the global scope: a worker has no window.
pub async fn tick() {
    let global = js_sys::global();
    let set_timeout: Function = Reflect::get(&global, &"setTimeout".into())
        .and_then(JsCast::dyn_into)
        .expect("every scope with an event loop has setTimeout");
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout.call2(&global, &resolve, &JsValue::from(1)).expect("a timer can be set");
    });
    JsFuture::from(promise).await.expect("a timer fires");
}

/// A browser hides why a connection did not open.
pub fn matches_failure(cause: &CloseCause, _failure: Failure) -> bool {
    matches!(cause, CloseCause::Refused { status: None, .. })
}

/// A browser tells the other end what it did, but not the page.
pub fn protocol_error(_code: u16) -> (Option<u16>, CloseCause) {
    (None, CloseCause::ConnectionLost)
}

/// Some browsers let it pass, and a page cannot know.
pub async fn expect_lenient_protocol_error(peer: &mut WebSocketPeer) {
    poll_for(peer, A_WHILE).await;
    if let Some(info) = peer.close_info() {
        assert_eq!(info.code, None);
        assert!(matches!(info.cause, CloseCause::ConnectionLost | CloseCause::Remote), "{info:?}");
    }
}

/// How a connection ended that was cut right after the handshake: some browsers do not tell a page that it was open.
#[track_caller]
pub fn assert_ended_at_once(info: &CloseInfo) {
    assert_eq!(info.code, None);
    assert!(
        matches!(info.cause, CloseCause::ConnectionLost | CloseCause::Refused { status: None, .. }),
        "{info:?}"
    );
}

/// What the other end is told after a message that is too big: pages cannot send 1009.
pub const TOO_BIG_CLOSE_FRAME: &str = "close 4009";

/// After a flood that was not read at first: a browser cannot slow a sender down, so it ended at the hard limit, and
/// what came before that arrived.
#[track_caller]
pub fn assert_flood_was_bounded(peer: &WebSocketPeer, received: usize, inbox: usize, backlog: usize) {
    // The backlog may fill up in one turn of the event loop, before a poll has filled the inbox.
    assert!((backlog..=inbox + backlog).contains(&received), "{received}");
    let info = peer.close_info().expect("the flood is over");
    assert_eq!((info.code, &info.cause), (Some(4008), &CloseCause::InboxOverflow));
}

/// Browsers wait for what a header announces, or refuse it; either way nothing happens to the page.
pub async fn expect_huge_header_rejected(peer: &mut WebSocketPeer) {
    poll_for(peer, Duration::from_millis(100)).await;
    assert!(matches!(peer.state(), ReadyState::Open | ReadyState::Closed));
    assert_eq!(peer.available(), 0);
}

/// Some browsers tell the other end that it broke the protocol, with 1002 whatever it was or with the right code; some
/// just end TCP.
pub async fn assert_protocol_error_was_sent(key: &str, _code: u16) {
    let seen = seen(key, None).await;
    assert!(
        seen.all("close ").iter().all(|close| close.starts_with("close 100")),
        "{:?}",
        seen.all("close ")
    );
    assert_eq!(seen.all("eof").len() + seen.all("reset").len(), 1);
}

/// A browser drops what arrives once the page has asked to close.
#[track_caller]
pub fn assert_received_while_closing(numbers: &[usize], sent: usize) {
    assert!(numbers.len() <= sent && numbers.iter().copied().eq(0..numbers.len()), "{numbers:?}");
}

/// No page can send a ping: the connection stays open.
pub async fn expect_heartbeat_timeout(peer: &mut WebSocketPeer) {
    poll_for(peer, Duration::from_millis(400)).await;
    assert_eq!(peer.state(), ReadyState::Open, "{:?}", peer.close_info());
}

/// A page sees no pongs, so none is measured.
pub async fn measure_round_trip(peer: &mut WebSocketPeer, exchange: impl AsyncFn(&mut WebSocketPeer)) {
    let start = now();
    while now() - start < 4 * A_WHILE {
        exchange(peer).await;
    }
    assert_eq!((peer.stats().rtt, peer.stats().rtt_variation), (None, None));
}

/// What a browser tells a page, or a worker, when the network or the page comes back.
pub fn wake_events() -> Vec<&'static str> {
    let is_page = Reflect::has(&js_sys::global(), &"document".into()).expect("the scope is an object");
    if is_page {
        vec!["online", "offline", "pageshow", "visibilitychange"]
    } else {
        vec!["online", "offline"]
    }
}

/// Lets it tell so.
pub fn dispatch(event: &str) {
    let scope = js_sys::global();
    let target = match event {
        "visibilitychange" => Reflect::get(&scope, &"document".into()).expect("a page has a document"),
        _ => scope.into(),
    };
    let event = web_sys::Event::new(event).expect("a name makes an event");
    let dispatch: Function = Reflect::get(&target, &"dispatchEvent".into())
        .and_then(JsCast::dyn_into)
        .expect("events can be dispatched to it");
    dispatch.call1(&target, &event).expect("an event is dispatched");
}

/// A page cannot end TCP: what it lets go of is closed with a frame.
pub fn may_send_close_on_drop() -> bool {
    true
}

/// The other end closed with a code that was registered after the standard, and a reason. A browser that knows the code tells it
/// and sends it back; one that does not takes it for a breach.
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

/// A connection that was being made is given up. Not every browser ends TCP at once then, but each makes one connection
/// to a server at a time: so the way is free for the next.
pub async fn assert_attempt_was_cancelled(_key: &str) {
    open("/echo").await;
}

/// Chrome takes an interim answer for the one that counts; Firefox and WebKit skip it.
pub fn may_reject_interim_responses() -> bool {
    true
}

/// Each browser has its own idea of what an answer may look like: how long it may be, which version of HTTP.
pub fn may_accept_unusual_responses() -> bool {
    true
}

#[track_caller]
pub fn assert_address_is_known(peer: &WebSocketPeer) {
    assert!(matches!(peer.peer_addr(), Err(Error::Unsupported { .. })));
}

/// A page cannot add header fields, and is told so.
pub async fn assert_headers_arrive(options: PeerOptions, _expected: (&str, &str)) {
    let mut peer = WebSocketPeer::with_options(options);
    assert!(matches!(peer.connect(&url("/echo")), Err(Error::Unsupported { .. })));
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closed, None));
}

/// A page cannot choose whom to trust, and is told so.
pub fn assert_own_roots(options: PeerOptions) {
    let mut peer = WebSocketPeer::with_options(options);
    let (url, _) = secure("/echo");
    assert!(matches!(peer.connect(&url), Err(Error::Unsupported { .. })));
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closed, None));
}

/// A browser cannot be told to connect to a port that it blocks.
#[track_caller]
pub fn assert_blocked_port_allowed(peer: &WebSocketPeer, answer: Result<(), Error>) {
    assert!(matches!(answer, Err(Error::Unsupported { .. })), "{answer:?}");
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closed, None));
}

/// How often a peer's hook was called.
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
        assert_eq!(wakes.count(), 0, "called within a call");
        wakes
    }

    /// Waits, and polls nobody, until it was called so often. Then it is not called any more.
    pub async fn expect(&self, count: usize) {
        wait(|| self.count() >= count).await;
        pause(A_WHILE).await;
        assert_eq!(self.count(), count);
    }

    /// Counts from here.
    pub fn reset(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// It is not called any more: the browser does the connection's own work.
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
