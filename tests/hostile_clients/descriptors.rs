//! Out of file descriptors: accepting pauses, open peers are served, and new clients are accepted when descriptors are
//! free again. A `wait` also works without a free descriptor. Linux reports how many are used; the code under test is
//! the same elsewhere.
//!
//! Other tests open sockets in the same process, so each of these runs in a process of its own: a shell lowers the
//! limit, and starts this program again for the one test.

use std::{
    env,
    fs::{self, File},
    process::Command,
    sync::Mutex,
    time::{Duration, Instant},
};

use log::{Level, LevelFilter, Log, Metadata, Record};
use websocket_peer::{Role, ServerOptions, UpgradedStream, WebSocketPeer};

use crate::{
    common::{
        PATIENCE,
        program::Program,
        raw::{REQUEST, Raw, TEXT, client_frame, tcp_pair},
    },
    host::{Host, unlimited},
};

const ALONE: &str = "WEBSOCKET_PEER_TEST_RUNS_ALONE";
const LIMIT: usize = 64;

#[test]
fn out_of_descriptors_accepting_pauses_and_recovers() {
    alone("out_of_descriptors_accepting_pauses_and_recovers", use_up_all);
}

#[test]
fn out_of_descriptors_a_wait_continues_and_is_logged_once() {
    alone("out_of_descriptors_a_wait_continues_and_is_logged_once", wait_without);
}

/// Runs the body of a test in a process of its own.
fn alone(test: &str, work: fn()) {
    if env::var_os(ALONE).is_some() {
        log::set_logger(&RECORDER).unwrap();
        log::set_max_level(LevelFilter::Warn);
        return work();
    }
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {LIMIT} && exec \"$0\" \"$@\"")]);
    command.arg(env::current_exe().unwrap());
    command.args(["--exact", &format!("behaviour::descriptors::{test}")]);
    command.args(["--nocapture", "--test-threads=1"]);
    command.env(ALONE, "1");
    let ended = Program::start(command).end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.out.iter().any(|line| line.contains("1 passed")), "{ended:#?}");
}

struct Recorder(Mutex<Vec<String>>);

static RECORDER: Recorder = Recorder(Mutex::new(Vec::new()));

impl Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if record.level() <= Level::Warn {
            self.0.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
        }
    }

    fn flush(&self) {}
}

fn warnings() -> Vec<String> {
    std::mem::take(&mut *RECORDER.0.lock().unwrap())
}

/// Takes all descriptors except `spare`.
fn take_all_but(spare: usize) -> Vec<File> {
    let mut files: Vec<File> = (0..LIMIT).map_while(|_| File::open("/dev/null").ok()).collect();
    files.truncate(files.len() - spare);
    files
}

fn wait_without() {
    for _ in 0..2 {
        let (connected, accepted) = tcp_pair();
        let mut peer = WebSocketPeer::new();
        peer.accept_upgraded(UpgradedStream::new(accepted), Role::Server).unwrap();
        let mut raw = Raw::new(connected);
        let files = take_all_but(0);
        let start = Instant::now();
        raw.send(client_frame(TEXT, "hello"));
        while peer.recv().is_none() {
            peer.wait(Duration::from_secs(3600));
            assert!(start.elapsed() < PATIENCE);
        }
        for _ in 0..10 {
            peer.wait(Duration::from_secs(3600));
        }
        let warned = warnings();
        assert!(
            matches!(&warned[..], [text] if text.contains("does not report when a socket is ready")),
            "{warned:#?}"
        );
        drop(files);
        peer.wait(Duration::from_millis(1));
        assert_eq!(warnings(), [""; 0]);
    }
}

fn use_up_all() {
    let mut host = Host::start(ServerOptions::default().rate_limits(unlimited()));
    // At its start it warns that it may need more descriptors.
    let warned = warnings();
    assert!(matches!(&warned[..], [text] if text.contains("may need 4880 descriptors")), "{warned:#?}");
    let few = ServerOptions::default().max_peers(10).max_pending_handshakes(10);
    drop(Host::start(few));
    assert_eq!(warnings(), [""; 0]);
    let (key, mut raw) = host.open_client();

    for round in 0..2 {
        // One for the client, and none for the server.
        let files = take_all_but(1);
        let mut new_client: Raw = host.connect_and_send(REQUEST);
        host.until_so("it is noticed", |_| !RECORDER.0.lock().unwrap().is_empty());
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(1) {
            raw.send(client_frame(TEXT, "still here"));
            host.packet(key);
            host.server.send_text(key, "welcome").unwrap();
            assert_eq!(host.frame(&mut raw).payload, b"welcome");
            assert_eq!(host.server.stats().accepted, 1 + round);
        }
        assert_eq!(new_client.look(), 0);
        let warned = warnings();
        assert_eq!(warned.len(), 1, "one warning for each shortage: {warned:#?}");
        // It does not try all the time.
        let start = Instant::now();
        let mut wakeups = 0;
        while start.elapsed() < Duration::from_millis(500) {
            host.server.wait(Duration::from_secs(20));
            wakeups += 1;
        }
        assert!(wakeups < 20, "{wakeups} times in {:?}", start.elapsed());

        drop(files);
        let head = host.until("the new client is served", |_| new_client.head());
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let served = host.opened();
        drop(new_client);
        host.closed(served);
        assert_eq!(warnings(), [""; 0]);
    }
    let used = fs::read_dir("/proc/self/fd").unwrap().count();
    assert!(used < LIMIT / 2, "{used} descriptors are left behind");
}
