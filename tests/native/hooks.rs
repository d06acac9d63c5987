//! A hook replaces another one while its thread sleeps.

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

/// Longer than any test waits, so that no deadline wakes a thread.
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

/// Lets the threads go on a little, in each round to another point.
fn pause(round: u64) {
    let end = Instant::now() + Duration::from_micros(round * 37 % 200);
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

#[test]
fn a_new_hook_is_called_for_bytes_that_arrived_while_it_was_set() {
    let (mut peer, mut raw) = accepted(idle());
    for round in 0..ROUNDS {
        peer.on_wake(|| {}).unwrap();
        peer.poll();
        pause(round);
        raw.send(client_frame(TEXT, "news"));
        let (called, calls) = mpsc::channel();
        peer.on_wake(move || {
            // The call of the last round may be late.
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
        // It may need several wake-ups to arrive.
        let start = Instant::now();
        while (peer.poll(), peer.recv()).1.is_none() {
            assert_eq!(calls.recv_timeout(PATIENCE), Ok(()), "round {round}");
            assert!(start.elapsed() < PATIENCE);
        }
    }
}

#[test]
fn new_hooks_do_not_delay_a_drop() {
    let start = Instant::now();
    for round in 0..ROUNDS {
        let (mut peer, _raw) = accepted(idle());
        peer.on_wake(|| {}).unwrap();
        thread::sleep(Duration::from_millis(1));
        set_hooks(&mut peer);
        pause(round);
        // A delayed drop would last until the connection's next deadline.
        drop(peer);
        assert!(start.elapsed() < PATIENCE, "round {round}");
    }
}

#[test]
fn new_hooks_do_not_delay_a_wait() {
    let (mut peer, _raw) = accepted(idle());
    let start = Instant::now();
    for round in 0..ROUNDS {
        set_hooks(&mut peer);
        pause(round);
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
