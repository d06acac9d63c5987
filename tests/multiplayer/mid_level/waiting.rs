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
    CloseCause, PeerOptions, ServerOptions, Timeout, WebSocketServer,
    multiplayer::{PeerEvent, PeerId, Target, WebSocketMultiplayerPeer},
};

use super::Group;
use crate::common::{PATIENCE, eventually, until};

/// Far longer than any wait here.
const LONG: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(200);

/// A server in its own thread, which echoes all packets.
struct Host {
    url: String,
    is_stopped: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
    waker: std::task::Waker,
}

impl Host {
    fn start() -> Self {
        let mut peer = WebSocketMultiplayerPeer::bind("127.0.0.1:0", ServerOptions::default()).unwrap();
        let (url, waker) = (format!("ws://{}", peer.local_addr().unwrap()), peer.waker());
        let is_stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_stopped);
        let thread = thread::spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                peer.wait(LONG);
                while let Some(event) = peer.next_event() {
                    if let PeerEvent::Packet(from, packet) = event {
                        peer.send_packet(from, packet).unwrap();
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

/// Waits for the next event.
#[track_caller]
fn wait_for(client: &mut WebSocketMultiplayerPeer) -> PeerEvent {
    let start = Instant::now();
    loop {
        if let Some(event) = client.next_event() {
            return event;
        }
        client.wait(PATIENCE);
        assert!(start.elapsed() < PATIENCE, "overslept");
    }
}

#[test]
fn a_waiting_client_and_a_waiting_server_sleep_and_miss_nothing() {
    let host = Host::start();
    let mut client = WebSocketMultiplayerPeer::connect(&host.url, PeerOptions::default()).unwrap();
    assert_eq!(wait_for(&mut client), PeerEvent::Connected(PeerId::SERVER));
    for number in 0..3 {
        client.send(Target::All, &[number]).unwrap();
        let PeerEvent::Packet(_, echo) = wait_for(&mut client) else { panic!("no echo") };
        assert_eq!(echo.as_bytes(), [number]);
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
}

#[test]
fn a_program_that_reads_one_event_after_each_wait_does_not_sleep_before_the_last() {
    let mut server = WebSocketMultiplayerPeer::bind("127.0.0.1:0", ServerOptions::default()).unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    let mut client = WebSocketMultiplayerPeer::connect(&url, PeerOptions::default()).unwrap();
    let id = eventually("it is connected", || {
        client.poll();
        server.poll();
        match server.next_event()? {
            PeerEvent::Connected(id) => Some(id),
            other => panic!("{other:?}"),
        }
    });
    server.send(id, b"one").unwrap();
    server.send(Target::All, b"two").unwrap();
    server.flush();
    drop(server);
    let start = Instant::now();
    let mut events = 0;
    while !client.is_closed() || events < 4 {
        client.wait(PATIENCE);
        events += usize::from(client.next_event().is_some());
        assert!(start.elapsed() < PATIENCE, "overslept after {events} events");
    }
    assert_eq!(client.next_event(), None);
}

/// Without a heartbeat, whose deadlines would wake the program, too.
fn short_connect_timeout() -> PeerOptions {
    PeerOptions::default().connect_timeout(Duration::from_secs(1)).heartbeat_interval(Duration::ZERO)
}

/// A server that never sends anything.
fn silent_server() -> (WebSocketServer, String) {
    let connection = PeerOptions::for_server().heartbeat_interval(Duration::ZERO);
    let server =
        WebSocketServer::bind("127.0.0.1:0", ServerOptions::default().connection(connection)).unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    (server, url)
}

#[test]
fn the_end_of_the_time_for_the_id_ends_a_wait() {
    let (mut server, url) = silent_server();
    let is_done = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&is_done);
    let other = thread::spawn(move || {
        while !done.load(Ordering::SeqCst) {
            server.wait(Duration::from_millis(10));
            while server.next_event().is_some() {}
        }
    });
    let options = short_connect_timeout();
    let mut client = WebSocketMultiplayerPeer::connect(&url, options).unwrap();
    let PeerEvent::ConnectionFailed(info) = wait_for(&mut client) else { panic!("it has an id") };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Connect));
    is_done.store(true, Ordering::SeqCst);
    other.join().unwrap();
}

#[test]
fn the_hook_is_called_for_events_and_at_the_end_of_the_time_for_the_id() {
    let (mut server, url) = silent_server();
    let options = short_connect_timeout();
    let client = WebSocketMultiplayerPeer::connect(&url, options).unwrap();
    let client = Arc::new(Mutex::new(client));
    let calls = Arc::new(AtomicUsize::new(0));
    let end = Arc::new(Mutex::new(None));
    let (woken, counted, ended) = (Arc::downgrade(&client), Arc::clone(&calls), Arc::clone(&end));
    let hook = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let Some(client) = woken.upgrade() else { return };
        let mut client = client.lock().unwrap();
        client.poll();
        if let Some(event) = client.next_event() {
            *ended.lock().unwrap() = Some(event);
        }
    };
    client.lock().unwrap().on_wake(hook).unwrap();
    until("it gives up", || {
        server.poll();
        while server.next_event().is_some() {}
        end.lock().unwrap().is_some()
    });
    let Some(PeerEvent::ConnectionFailed(info)) = end.lock().unwrap().take() else { panic!("it has an id") };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Connect));
    let calls = calls.load(Ordering::SeqCst);
    assert!(calls < 50, "{calls} calls");
}

/// Packets in the inbox would end each wait at once, and a full inbox would hold up the server's answer to the close.
#[test]
fn a_client_that_closes_with_unread_packets_sleeps_until_the_server_has_answered() {
    let mut group = Group::hosted(ServerOptions::default());
    let options =
        PeerOptions::default().inbound_buffer_size(64 * 1024).close_timeout(Duration::from_secs(30));
    group.join_with(options.max_message_size(16 * 1024));
    group.until("it is connected", |group| group.members[1].peer.peers().len() == 1);
    let mut client = group.members.remove(1).peer;
    for _ in 0..40 {
        group.host().send(Target::All, &[0; 16 * 1024]).unwrap();
    }
    // Many of them are in the client's inbox.
    for _ in 0..20 {
        group.step();
        client.poll();
        thread::sleep(Duration::from_millis(5));
    }
    client.close();
    let is_over = Arc::new(AtomicBool::new(false));
    let host = thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            while !is_over.load(Ordering::Relaxed) {
                group.host().wait(Duration::from_millis(10));
                group.step();
            }
        }
    });
    let mut waits = 0;
    while !client.is_closed() {
        client.wait(Duration::from_secs(1));
        waits += 1;
    }
    is_over.store(true, Ordering::Relaxed);
    host.join().unwrap();
    assert!(waits < 200, "it waited {waits} times");
    let Some(PeerEvent::Disconnected(PeerId::SERVER, info)) = client.next_event() else { panic!("no end") };
    assert!(info.was_clean(), "{info}");
}
