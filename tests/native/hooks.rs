//! A hook that replaces another one while its thread sleeps.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{PeerOptions, WebSocketPeer};

use crate::common::{
    PATIENCE,
    raw::{TEXT, accepted, client_frame},
};

/// Longer than any test waits: nothing is due by itself before.
const LONG: Duration = PATIENCE.saturating_mul(2);
const ROUNDS: u64 = 300;

fn idle() -> PeerOptions {
    PeerOptions::for_server().heartbeat_interval(LONG)
}

/// Sets hooks, one after the other.
fn set_hooks(peer: &mut WebSocketPeer) {
    for _ in 0..3 {
        peer.on_wake(|| {}).unwrap();
    }
}

/// Lets the threads come a little further, in each round to another point.
fn dawdle(round: u64) {
    let end = Instant::now() + Duration::from_micros(round * 37 % 200);
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

#[test]
fn a_new_hook_is_called_for_what_came_while_it_was_set() {
    let (mut peer, mut raw) = accepted(idle());
    for round in 0..ROUNDS {
        peer.on_wake(|| {}).unwrap();
        peer.poll();
        dawdle(round);
        raw.send(client_frame(TEXT, "news"));
        let (called, calls) = mpsc::channel();
        peer.on_wake(move || {
            // The last round's may come late.
            let _ = called.send(());
        })
        .unwrap();
        let woken = calls.recv_timeout(PATIENCE);
        assert_eq!(
            woken,
            Ok(()),
            "round {round}: a poll finds {} packets",
            (peer.poll(), peer.available()).1
        );
        // More wake-ups may be needed until it is there.
        let start = Instant::now();
        while (peer.poll(), peer.recv()).1.is_none() {
            assert_eq!(calls.recv_timeout(PATIENCE), Ok(()), "round {round}");
            assert!(start.elapsed() < PATIENCE);
        }
    }
}

#[test]
fn new_hooks_do_not_hold_up_a_drop() {
    let start = Instant::now();
    for round in 0..ROUNDS {
        let (mut peer, _raw) = accepted(idle());
        peer.on_wake(|| {}).unwrap();
        thread::sleep(Duration::from_millis(1));
        set_hooks(&mut peer);
        dawdle(round);
        // One that is held up is held up until the connection's next deadline.
        drop(peer);
        assert!(start.elapsed() < PATIENCE, "round {round}");
    }
}

#[test]
fn new_hooks_do_not_hold_up_a_wait() {
    let (mut peer, _raw) = accepted(idle());
    let start = Instant::now();
    for round in 0..ROUNDS {
        set_hooks(&mut peer);
        dawdle(round);
        peer.wait(Duration::from_millis(1));
        assert!(start.elapsed() < PATIENCE, "round {round}");
    }
}

#[test]
fn new_hooks_leave_no_threads_behind() {
    let (mut peer, mut raw) = accepted(idle());
    let owned = Arc::new(AtomicUsize::new(0));
    for _ in 0..ROUNDS {
        let owned = Arc::clone(&owned);
        peer.on_wake(move || {
            owned.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
    }
    assert_eq!(Arc::strong_count(&owned), 2, "only the last hook is kept");
    raw.send(client_frame(TEXT, "news"));
    let start = Instant::now();
    while owned.load(Ordering::SeqCst) == 0 {
        assert!(start.elapsed() < PATIENCE, "the last hook is not called");
        thread::yield_now();
    }
    drop(peer);
    while Arc::strong_count(&owned) > 1 {
        assert!(start.elapsed() < PATIENCE, "a hook is kept");
        thread::yield_now();
    }
}
