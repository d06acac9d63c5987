//! Programs without a frame loop: `wait`, its waker, and the hook.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use websocket_peer::{
    CloseCode, ServerEvent,
    multiplayer::{Event, MultiplayerOptions, SceneMultiplayer, SessionOptions, Target},
};

use crate::{
    common::{PATIENCE, eventually, until},
    scripted_server::{ID, Scripted, admitted},
    test_session::session,
};

/// Far longer than any wait here.
const LONG: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(200);

/// A host in its own thread, which echoes all bytes.
struct Host {
    url: String,
    is_stopped: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
    waker: std::task::Waker,
}

impl Host {
    fn start(options: MultiplayerOptions) -> Self {
        let mut peer = SceneMultiplayer::bind("127.0.0.1:0", options).unwrap();
        let (url, waker) = (format!("ws://{}", peer.local_addr().unwrap()), peer.waker());
        let is_stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_stopped);
        let thread = thread::spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                peer.wait(LONG);
                while let Some(event) = peer.next_event() {
                    if let Event::Packet { from, data, .. } = event {
                        peer.session().send_bytes(Target::Peer(from), &data).unwrap();
                    }
                }
            }
        });
        Self { url, is_stopped, thread: Some(thread), waker }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        self.waker.wake_by_ref();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Waits for this event.
#[track_caller]
fn wait_for(client: &mut SceneMultiplayer, what: &str, is_expected: impl Fn(&Event) -> bool) {
    let start = Instant::now();
    loop {
        while let Some(event) = client.next_event() {
            if is_expected(&event) {
                return;
            }
        }
        client.wait(PATIENCE);
        assert!(start.elapsed() < PATIENCE, "{what}: overslept");
    }
}

#[test]
fn a_waiting_client_sleeps_and_misses_nothing() {
    let host = Host::start(MultiplayerOptions::default());
    let mut client = SceneMultiplayer::connect(&host.url, MultiplayerOptions::default()).unwrap();
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
    // It may return early, but must not spin.
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

    let mut client = SceneMultiplayer::connect(&host.url, session(options.clone())).unwrap();
    wait_for(&mut client, "it gives up", failed);

    let client = SceneMultiplayer::connect(&host.url, session(options)).unwrap();
    let client = Arc::new(Mutex::new(client));
    let has_failed = Arc::new(AtomicBool::new(false));
    let (woken, events) = (Arc::downgrade(&client), Arc::clone(&has_failed));
    let hook = move || {
        let Some(client) = woken.upgrade() else { return };
        let mut client = client.lock().unwrap();
        client.poll();
        while let Some(event) = client.next_event() {
            events.fetch_or(failed(&event), Ordering::SeqCst);
        }
    };
    client.lock().unwrap().on_wake(hook).unwrap();
    until("it gives up", || has_failed.load(Ordering::SeqCst));
}

#[test]
fn a_program_that_reads_one_event_after_each_wait_does_not_sleep_before_the_last() {
    for server_closes in [false, true] {
        let Scripted { mut server, connection, peer: mut client } = admitted(MultiplayerOptions::default());
        if server_closes {
            server.send(connection, &[3, 1]).unwrap();
            server.close_with(connection, CloseCode::NORMAL, "").unwrap();
            server.flush();
        } else {
            drop(server);
        }
        let start = Instant::now();
        loop {
            client.wait(PATIENCE);
            if let Some(Event::Disconnected { .. }) = client.next_event() {
                break;
            }
        }
        assert!(start.elapsed() < PATIENCE, "overslept");
    }
}

#[test]
fn a_hook_is_not_called_for_a_deadline_while_an_event_waits_to_be_read() {
    let options = SessionOptions::default().authenticate(true).auth_timeout(SOON);
    let mut scripted = Scripted::start(session(options));
    // It is authenticating. The program does not read that.
    scripted.burst(&[ID.to_vec()], |_, event| matches!(event, Event::Connected { .. }).then_some(()));
    let client = Arc::new(Mutex::new(scripted.peer));
    let calls = Arc::new(AtomicUsize::new(0));
    let (woken, counted) = (Arc::downgrade(&client), Arc::clone(&calls));
    let hook = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        if let Some(client) = woken.upgrade() {
            client.lock().unwrap().poll();
        }
    };
    client.lock().unwrap().on_wake(hook).unwrap();
    thread::sleep(3 * SOON);
    let calls = calls.load(Ordering::SeqCst);
    assert!(calls < 20, "{calls} calls");
    let mut client = client.lock().unwrap();
    assert!(matches!(client.next_event(), Some(Event::Authenticating(_))));
    wait_for(&mut client, "it gives up", |event| matches!(event, Event::AuthFailed { .. }));
}

#[test]
fn the_drain_timeout_starts_when_the_program_leaves() {
    let drain_timeout = Duration::from_secs(3);
    let options = SessionOptions::default().drain_timeout(drain_timeout);
    let Scripted { mut server, connection, peer: mut client } = admitted(session(options));
    // With a hook, all of the idle time counts.
    client.on_wake(|| {}).unwrap();
    client.poll();
    thread::sleep(drain_timeout + SOON);
    client.close();
    client.poll();
    // It requests a confirmation, and waits for it.
    let request = eventually("the request for confirmation", || {
        server.poll();
        match server.next_event()? {
            ServerEvent::Packet(_, request) => Some(request),
            other => panic!("{other:?}"),
        }
    });
    let start = Instant::now();
    while start.elapsed() < SOON {
        client.poll();
        server.poll();
        assert_eq!(server.next_event().map(|event| format!("{event:?}")), None);
    }
    let answer = [&[2, 1], &request[34..38]].concat();
    server.send(connection, &answer).unwrap();
    until("it closes", || {
        client.poll();
        server.poll();
        while server.next_event().is_some() {}
        client.is_closed()
    });
}
