//! Connections leave no descriptors and no threads behind. Only Linux reports them; other platforms run the same code.
//!
//! Other tests open sockets and look up names in this process, so each of these runs in its own process: this program,
//! started again for one test.

#![cfg(target_os = "linux")]

use std::{env, fs, process::Command};

use testkit::Server;
use websocket_peer::{CloseCause, PeerOptions, ReadyState, WebSocketPeer};

use crate::common::{PATIENCE, closed, opened, program::Program, raw::accepted, receive, until};

const ALONE: &str = "WEBSOCKET_PEER_TEST_RUNS_ALONE";

#[test]
fn two_hundred_connections_leave_nothing_behind() {
    alone("resources::two_hundred_connections_leave_nothing_behind", connect_again_and_again);
}

#[test]
fn peers_that_waited_and_woke_leave_nothing_behind() {
    alone("resources::peers_that_waited_and_woke_leave_nothing_behind", wait_and_wake_again_and_again);
}

fn alone(test: &str, body: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        return body();
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command.env(ALONE, "1");
    let ended = Program::start(command).end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.out.iter().any(|line| line.contains("1 passed")), "{ended:#?}");
}

fn connect_again_and_again() {
    let server = Server::start().unwrap();
    let by_name = |path: &str| server.url(path).replace("127.0.0.1", "localhost");
    let mut peer = WebSocketPeer::with_options(PeerOptions::default().close_timeout(PATIENCE));
    let mut before = None;
    for round in 0..200 {
        // The first rounds open what stays open: standard streams, the random source, files of the system's resolver.
        if round == 20 {
            before = Some(at_rest(&mut peer));
        }
        match round % 10 {
            0 => {
                peer.connect(&server.url("/echo")).unwrap();
                opened(&mut peer);
                peer.send_text("hello").unwrap();
                receive(&mut peer);
                peer.close();
                assert_eq!(closed(&mut peer).cause, CloseCause::Local);
            }
            1 => {
                peer.connect(&server.url("/close/1000")).unwrap();
                closed(&mut peer);
            }
            2 => {
                peer.connect(&by_name("/echo")).unwrap();
                opened(&mut peer);
                peer.abort();
            }
            3 => {
                peer.connect(&by_name("/echo")).unwrap();
                peer.abort();
            }
            4 => {
                peer.connect(&server.url("/stall-before")).unwrap();
                peer.poll();
                peer.close();
            }
            5 => {
                peer.connect(&server.url("/silent")).unwrap();
                opened(&mut peer);
                // Closing. The next round replaces it.
                peer.close();
            }
            6 => {
                peer.connect(&server.url("/reject/403")).unwrap();
                closed(&mut peer);
            }
            7 => {
                peer.connect(&server.url("/raw/c1026869")).unwrap();
                closed(&mut peer);
            }
            8 => {
                peer.connect("ws://unknown.invalid/").unwrap();
                assert_eq!(closed(&mut peer).cause, CloseCause::DnsFailed);
            }
            _ => {
                let (accepted, raw) = accepted(PeerOptions::for_server());
                drop((accepted, raw));
            }
        }
    }
    until("all descriptors are closed", || Some(at_rest(&mut peer)) <= before);
}

fn wait_and_wake_again_and_again() {
    let server = Server::start().unwrap();
    let mut unused = WebSocketPeer::new();
    let mut before = None;
    for round in 0..50 {
        if round == 5 {
            before = Some(at_rest(&mut unused));
        }
        let mut peer = WebSocketPeer::new();
        peer.connect(&server.url("/echo")).unwrap();
        if round % 2 == 0 {
            peer.on_wake(|| {}).unwrap();
            until("the thread begins", || wakers() == 1);
        }
        while peer.wait(PATIENCE) == ReadyState::Connecting {}
        if round % 3 == 0 {
            peer.close();
            while peer.wait(PATIENCE) != ReadyState::Closed {}
            // The thread ends with the connection, after its last bytes are read.
            until("its last bytes are read", || (peer.poll(), wakers()).1 == 0);
            peer.connect(&server.url("/echo")).unwrap();
            until("the thread begins", || wakers() == usize::from(round % 2 == 0));
        }
        drop(peer);
        until("the thread ends", || wakers() == 0);
    }
    until("all descriptors are closed", || Some(at_rest(&mut unused)) <= before);
}

/// Returns the number of threads that call hooks. These peers look up no names.
fn wakers() -> usize {
    threads().iter().filter(|name| name.starts_with("websocket-peer")).count()
}

/// Returns the number of descriptors after all threads and connections have ended. It may be one too high: a thread
/// gets its name a little later than its descriptor.
fn at_rest(peer: &mut WebSocketPeer) -> usize {
    if peer.state() != ReadyState::Closed {
        peer.abort();
    }
    until("the threads of the look-ups end", || {
        !threads().iter().any(|name| name.starts_with("websocket-peer"))
    });
    until("the server's connections end", || {
        peer.poll();
        !threads().iter().any(|name| name.starts_with("testkit connect"))
    });
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    // A thread may end while it is looked at.
    tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok()).collect()
}
