//! Clients of a session without frames: `wait`, its waker, and the hook.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use websocket_peer::multiplayer::{Event, MultiplayerOptions, MultiplayerPeer, SessionOptions, Target};

use crate::{
    common::{PATIENCE, until},
    party::session,
};

/// Far longer than anything that is waited for here.
const LONG: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(200);

/// A host in a thread of its own, which sends back what it is sent, and waits for nothing else.
struct Host {
    url: String,
    is_over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
    waker: std::task::Waker,
}

impl Host {
    fn start(options: MultiplayerOptions) -> Self {
        let mut peer = MultiplayerPeer::create_server("127.0.0.1:0", options).unwrap();
        let (url, waker) = (format!("ws://{}", peer.local_addr().unwrap()), peer.waker());
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            while !over.load(Ordering::SeqCst) {
                peer.wait(LONG);
                while let Some(event) = peer.next_event() {
                    if let Event::Packet { from, data, .. } = event {
                        peer.session().send_bytes(Target::Peer(from), &data).unwrap();
                    }
                }
            }
        });
        Self { url, is_over, thread: Some(thread), waker }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.waker.wake_by_ref();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Waits for this event.
#[track_caller]
fn wait_for(client: &mut MultiplayerPeer, what: &str, is_it: impl Fn(&Event) -> bool) {
    let start = Instant::now();
    loop {
        while let Some(event) = client.next_event() {
            if is_it(&event) {
                return;
            }
        }
        client.wait(PATIENCE);
        assert!(start.elapsed() < PATIENCE, "{what}: overslept");
    }
}

#[test]
fn a_client_that_waits_sleeps_and_misses_nothing() {
    let host = Host::start(MultiplayerOptions::default());
    let mut client = MultiplayerPeer::create_client(&host.url, MultiplayerOptions::default()).unwrap();
    wait_for(&mut client, "it joins", |event| matches!(event, Event::PeerConnected(_)));
    for _ in 0..3 {
        client.session().send_bytes(Target::SERVER, b"hello").unwrap();
        wait_for(&mut client, "the echo", |event| matches!(event, Event::Packet { .. }));
    }
    let start = Instant::now();
    let mut waits = 0;
    while start.elapsed() < 5 * SOON {
        client.wait(SOON);
        while client.next_event().is_some() {}
        waits += 1;
    }
    // It may return early, but it must not spin.
    assert!(waits <= 15, "{waits} waits in {:?}", start.elapsed());
    let waker = client.waker();
    let other = thread::spawn(move || {
        thread::sleep(SOON);
        waker.wake();
    });
    let start = Instant::now();
    client.wait(LONG);
    other.join().unwrap();
    assert!(start.elapsed() < PATIENCE);
    drop(host);
}

#[test]
fn the_sessions_deadlines_end_a_wait_and_call_the_hook() {
    let options = SessionOptions::default().authenticate(true).auth_timeout(SOON);
    let patient = SessionOptions::default().authenticate(true).auth_timeout(LONG);
    let host = Host::start(session(patient));
    let failed = |event: &Event| matches!(event, Event::AuthFailed { .. });

    let mut client = MultiplayerPeer::create_client(&host.url, session(options.clone())).unwrap();
    wait_for(&mut client, "it gives up", failed);

    let client = MultiplayerPeer::create_client(&host.url, session(options)).unwrap();
    let client = Arc::new(Mutex::new(client));
    let has_failed = Arc::new(AtomicBool::new(false));
    let (woken, told) = (Arc::downgrade(&client), Arc::clone(&has_failed));
    let hook = move || {
        let Some(client) = woken.upgrade() else { return };
        let mut client = client.lock().unwrap();
        client.poll();
        while let Some(event) = client.next_event() {
            told.fetch_or(failed(&event), Ordering::SeqCst);
        }
    };
    client.lock().unwrap().on_wake(hook).unwrap();
    until("it gives up", || has_failed.load(Ordering::SeqCst));
}
