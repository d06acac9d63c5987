//! `wait` sleeps until a poll has something to do, and misses nothing. Hooks with a thread.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{CloseCause, Liveness, Packet, PeerOptions, ReadyState, Timeout, WebSocketPeer};

use crate::common::{
    A_WHILE, PATIENCE, opened,
    raw::{KERNEL, PING, TEXT, accepted, client_frame, connected, listener, server_frame},
    server, until,
};

/// Far longer than any event here takes, and longer than tests wait.
const LONG: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(200);

/// Calls `wait` until `done` returns `true`.
#[track_caller]
fn wait_until(peer: &mut WebSocketPeer, what: &str, mut done: impl FnMut(&mut WebSocketPeer) -> bool) {
    let start = Instant::now();
    // A wait that misses its event fails here.
    let waker = peer.waker();
    let (over, is_over) = mpsc::channel::<()>();
    let guard = thread::spawn(move || {
        if is_over.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            waker.wake();
        }
    });
    while !done(peer) {
        peer.wait(LONG);
        assert!(start.elapsed() < PATIENCE, "{what}: overslept, {peer:?}");
    }
    drop(over);
    guard.join().unwrap();
}

#[test]
fn an_idle_wait_sleeps_to_its_end() {
    let (mut peer, _raw) = accepted(PeerOptions::for_server());
    let start = Instant::now();
    let mut waits = 0;
    while start.elapsed() < 5 * SOON {
        assert_eq!(peer.wait(SOON), ReadyState::Open);
        waits += 1;
    }
    // It may return early, but must not spin.
    assert!(waits <= 10, "{waits} waits in {:?}", start.elapsed());
}

#[test]
fn a_wait_without_a_connection_sleeps_too() {
    let mut peer = WebSocketPeer::new();
    let start = Instant::now();
    assert_eq!(peer.wait(SOON), ReadyState::Closed);
    assert!(start.elapsed() >= SOON);
}

#[test]
fn a_wait_alone_drives_a_connection_from_its_beginning_to_its_end() {
    let by_address = server().url("/echo");
    let by_name = by_address.replace("127.0.0.1", "localhost");
    for url in [by_address, by_name] {
        let mut peer = WebSocketPeer::new();
        peer.connect(&url).unwrap();
        wait_until(&mut peer, "it opens", |peer| peer.state() == ReadyState::Open);
        for _ in 0..3 {
            peer.send_text("hello").unwrap();
            wait_until(&mut peer, "the echo comes", |peer| peer.recv().is_some());
        }
        peer.close();
        wait_until(&mut peer, "it ends", |peer| peer.state() == ReadyState::Closed);
        assert!(peer.close_info().unwrap().was_clean());
    }
}

#[test]
fn a_wait_ends_when_no_connection_can_be_made() {
    let (bound, port) = listener();
    drop(bound);
    for (url, cause) in [
        (format!("ws://127.0.0.1:{port}/"), "the connection was refused"),
        ("ws://unknown.invalid/".to_owned(), "the host name has no address"),
    ] {
        let mut peer = WebSocketPeer::new();
        peer.connect(&url).unwrap();
        wait_until(&mut peer, "it ends", |peer| peer.state() == ReadyState::Closed);
        assert_eq!(peer.close_info().unwrap().cause.to_string(), cause);
    }
}

#[test]
fn arriving_packets_end_a_wait() {
    let (mut peer, mut raw) = connected(PeerOptions::default());
    let sender = thread::spawn(move || {
        for number in 0..20_u8 {
            thread::sleep(Duration::from_millis(u64::from(number % 3) * 5));
            raw.send(server_frame(TEXT, number.to_string()));
        }
        raw
    });
    let mut received = Vec::new();
    wait_until(&mut peer, "all come", |peer| {
        received.extend(std::iter::from_fn(|| peer.recv()));
        received.len() == 20
    });
    assert!(
        received.iter().map(Packet::as_text).eq((0..20)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .iter()
            .map(|n| Some(n.as_str())))
    );
    sender.join().unwrap();
}

#[test]
fn a_wait_does_not_sleep_while_packets_wait_for_the_program() {
    let (mut peer, mut raw) = connected(PeerOptions::default().max_queued_packets(2));
    raw.send(server_frame(TEXT, "x").repeat(7));
    until("the inbox is full", || (peer.poll(), peer.available()).1 == 2);
    let start = Instant::now();
    for _ in 0..100 {
        peer.wait(LONG);
    }
    assert!(start.elapsed() < PATIENCE);
    // Nor when only packets are left that did not fit into the inbox.
    let mut received = 0;
    wait_until(&mut peer, "all come", |peer| {
        received += std::iter::from_fn(|| peer.recv()).count();
        received == 7
    });
}

#[test]
fn a_wait_sends_gathered_and_queued_packets() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server().outbound_buffer_size(64 * KERNEL));
    raw.send(client_frame(TEXT, "question"));
    until("it arrives", || (peer.poll(), peer.available()).1 == 1);
    // It is gathered, because a packet waits and `recv` does not return `None`.
    peer.send_text("answer").unwrap();
    assert!(peer.recv().is_some());
    let large = vec![7; 32 * KERNEL];
    peer.send(&large).unwrap();
    assert!(peer.buffered() > 0);
    let reader = thread::spawn(move || {
        thread::sleep(A_WHILE);
        let mut frames = Vec::new();
        until("both arrive", || {
            frames.extend(raw.frame());
            frames.len() == 2
        });
        (frames, raw)
    });
    wait_until(&mut peer, "everything is sent", |peer| peer.buffered() == 0);
    let (frames, _raw) = reader.join().unwrap();
    assert_eq!((frames[0].payload.as_slice(), frames[1].payload.len()), (&b"answer"[..], large.len()));
}

#[test]
fn deadlines_end_a_wait() {
    let short = PeerOptions::default()
        .connect_timeout(SOON)
        .close_timeout(SOON)
        .heartbeat_interval(SOON)
        .heartbeat_timeout(SOON);
    let timed_out = |what| CloseCause::TimedOut(what);

    let mut peer = WebSocketPeer::with_options(short.clone());
    peer.connect(&server().url("/stall-before")).unwrap();
    wait_until(&mut peer, "the attempt is given up", |peer| peer.state() == ReadyState::Closed);
    assert_eq!(peer.close_info().unwrap().cause, timed_out(Timeout::Connect));

    let (mut peer, _raw) = accepted(short.clone().heartbeat_interval(LONG).connect_timeout(PATIENCE));
    peer.close();
    wait_until(&mut peer, "the close is given up", |peer| peer.state() == ReadyState::Closed);
    assert_eq!(peer.close_info().unwrap().cause, timed_out(Timeout::Close));

    let liveness = Liveness::new(Packet::text("?")).silence(SOON).timeout(SOON);
    let asking = PeerOptions::default().heartbeat_interval(Duration::ZERO).liveness(liveness);
    let (mut peer, _raw) = connected(asking);
    wait_until(&mut peer, "the silence times out", |peer| peer.state() == ReadyState::Closed);
    assert_eq!(peer.close_info().unwrap().cause, timed_out(Timeout::Liveness));

    let (mut peer, mut raw) = accepted(short.connect_timeout(PATIENCE));
    wait_until(&mut peer, "the silence times out", |peer| peer.state() == ReadyState::Closed);
    assert_eq!(peer.close_info().unwrap().cause, timed_out(Timeout::Heartbeat));
    until("the ping is there", || raw.frame().is_some_and(|frame| frame.first == PING));
}

#[test]
fn a_change_by_the_programs_own_call_is_returned_at_once() {
    let mut peer = WebSocketPeer::new();
    peer.connect(&server().url("/stall-before")).unwrap();
    peer.close();
    let start = Instant::now();
    assert_eq!(peer.wait(LONG), ReadyState::Closed);
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn a_waker_ends_the_current_wait_or_else_the_next() {
    let (mut peer, _raw) = accepted(PeerOptions::for_server().heartbeat_interval(LONG));
    let waker = peer.waker();
    waker.wake_by_ref();
    let start = Instant::now();
    peer.wait(LONG);
    let other = thread::spawn(move || {
        thread::sleep(SOON);
        waker.wake();
    });
    peer.wait(LONG);
    assert!(start.elapsed() >= SOON, "one wake ends one wait");
    other.join().unwrap();
    // The waker outlives connections and the peer.
    let waker = peer.waker();
    peer.abort();
    waker.wake_by_ref();
    peer.wait(LONG);
    peer.wait(LONG.min(SOON));
    drop(peer);
    waker.wake();
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn a_wait_returns_instead_of_a_hook_call() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    peer.on_wake(move || {
        counted.fetch_add(1, Ordering::SeqCst);
    })
    .unwrap();
    for _ in 0..5 {
        let sender = thread::spawn(move || {
            thread::sleep(A_WHILE);
            raw.send(client_frame(TEXT, "hello"));
            raw
        });
        wait_until(&mut peer, "it arrives", |peer| peer.recv().is_some());
        raw = sender.join().unwrap();
    }
}

#[test]
fn deadlines_call_the_hook() {
    let options = PeerOptions::for_server().heartbeat_interval(SOON).heartbeat_timeout(SOON);
    let (peer, _raw) = accepted(options);
    let peer = Arc::new(Mutex::new(peer));
    let woken = Arc::downgrade(&peer);
    let hook = move || {
        if let Some(peer) = woken.upgrade() {
            peer.lock().unwrap().poll();
        }
    };
    peer.lock().unwrap().on_wake(hook).unwrap();
    until("the silence times out", || peer.lock().unwrap().state() == ReadyState::Closed);
    let cause = peer.lock().unwrap().close_info().unwrap().cause.clone();
    assert_eq!(cause, CloseCause::TimedOut(Timeout::Heartbeat));
}

#[test]
fn a_hook_is_called_when_the_socket_is_writable() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server().outbound_buffer_size(64 * KERNEL));
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    peer.on_wake(move || {
        counted.fetch_add(1, Ordering::SeqCst);
    })
    .unwrap();
    peer.send(&vec![7; 32 * KERNEL]).unwrap();
    assert!(peer.buffered() > 0);
    until("everything is sent", || {
        raw.look();
        if calls.swap(0, Ordering::SeqCst) > 0 {
            peer.poll();
        }
        peer.buffered() == 0
    });
}

#[test]
fn a_hook_that_panics_is_called_again() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    peer.on_wake(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        panic!("the program's mistake, which this test makes");
    })
    .unwrap();
    for round in 1..=3 {
        raw.send(client_frame(TEXT, "hello"));
        until("the hook is called", || calls.load(Ordering::SeqCst) >= round);
        until("it is received", || (peer.poll(), peer.recv()).1.is_some());
    }
}

#[test]
fn a_hook_that_does_not_return_blocks_nothing_else() {
    let (mut peer, mut raw) = accepted(PeerOptions::for_server());
    let (release, held) = mpsc::channel::<()>();
    let (entered, calls) = mpsc::channel();
    let (entered, held) = (Mutex::new(entered), Mutex::new(held));
    peer.on_wake(move || {
        entered.lock().unwrap().send(()).unwrap();
        // Until the test ends.
        assert!(held.lock().unwrap().recv().is_err());
    })
    .unwrap();
    raw.send(client_frame(TEXT, "one"));
    calls.recv_timeout(PATIENCE).unwrap();
    until("it is received", || (peer.poll(), peer.recv()).1.is_some());
    raw.send(client_frame(TEXT, "two"));
    wait_until(&mut peer, "it arrives", |peer| peer.recv().is_some());
    // Another hook has its own thread.
    let (called, calls) = mpsc::channel();
    peer.on_wake(move || called.send(()).unwrap()).unwrap();
    raw.send(client_frame(TEXT, "three"));
    calls.recv_timeout(PATIENCE).unwrap();
    peer.abort();
    peer.connect(&server().url("/echo")).unwrap();
    opened(&mut peer);
    drop(peer);
    drop(release);
}
