//! `on_wake`: when the hook is called, and what it may do.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{PeerOptions, ReadyState, WebSocketPeer};

use crate::support::{
    A_WHILE, Wakes, address_of, closed, connect, dial, dial_with, drive, ended, numbers, open, opened, pause,
    receive_all, receive_text, url,
};

fn shared(peer: WebSocketPeer) -> Arc<Mutex<WebSocketPeer>> {
    Arc::new(Mutex::new(peer))
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_opening_wakes_once_without_changing_the_peer() {
    let mut peer = dial("/echo").await;
    let wakes = Wakes::of(&mut peer);
    wakes.expect(1).await;
    assert_eq!(peer.state(), ReadyState::Connecting);
    opened(&mut peer).await;
    wakes.settle(&mut peer).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_wake_once_before_the_next_poll_without_changing_the_peer() {
    let mut peer = open("/echo").await;
    let wakes = Wakes::of(&mut peer);
    for _ in 0..3 {
        wakes.reset();
        for text in ["0", "1", "2"] {
            peer.send_text(text).unwrap();
        }
        wakes.expect(1).await;
        assert_eq!((peer.available(), peer.recv()), (0, None));
        assert_eq!(numbers(&receive_all(&mut peer, 3).await), [0, 1, 2]);
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_end_wakes_once_without_changing_the_peer() {
    let mut peer = open("/echo").await;
    let wakes = Wakes::of(&mut peer);
    peer.close();
    wakes.expect(1).await;
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closing, None));
    assert!(closed(&mut peer).await.was_clean());
    wakes.settle(&mut peer).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_failed_connection_attempt_wakes() {
    let port = receive_text(&mut open("/refused").await).await;
    let mut peer = WebSocketPeer::new();
    let wakes = Wakes::of(&mut peer);
    peer.connect(&address_of(&port)).unwrap();
    wakes.expect(1).await;
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Connecting, None));
    closed(&mut peer).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_hook_that_is_set_late_is_called_for_pending_packets() {
    let mut peer = open("/echo").await;
    peer.send_text("waiting").unwrap();
    pause(A_WHILE).await;
    let wakes = Wakes::of(&mut peer);
    wakes.expect(1).await;
    assert_eq!(receive_text(&mut peer).await, "waiting");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_new_hook_is_not_called_without_pending_work() {
    let mut peer = open("/echo").await;
    Wakes::of(&mut peer).expect(0).await;
    peer.send_text("hello").unwrap();
    assert_eq!(receive_text(&mut peer).await, "hello");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_hook_stays_for_later_connections() {
    let mut peer = ended().await;
    let wakes = Wakes::of(&mut peer);
    for _ in 0..2 {
        wakes.reset();
        connect(&mut peer, "/echo").await;
        wakes.expect(1).await;
        opened(&mut peer).await;
        peer.abort();
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_new_hook_replaces_the_old_one() {
    let mut peer = open("/echo").await;
    let old = Wakes::of(&mut peer);
    let new = Wakes::of(&mut peer);
    old.assert_hook_dropped().await;
    peer.send_text("hello").unwrap();
    new.expect(1).await;
    old.expect(0).await;
    assert_eq!(receive_text(&mut peer).await, "hello");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_peer_that_is_dropped_does_not_call_its_hook() {
    let mut peer = open("/flood/8192").await;
    let wakes = Wakes::of(&mut peer);
    pause(A_WHILE).await;
    drop(peer);
    wakes.assert_hook_dropped().await;
    wakes.reset();
    wakes.expect(0).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_connection_that_was_aborted_does_not_wake() {
    let mut peer = open("/echo").await;
    let wakes = Wakes::of(&mut peer);
    peer.send_text("hello").unwrap();
    peer.abort();
    wakes.reset();
    wakes.expect(0).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_hook_may_poll_and_answer_at_once() {
    let peer = shared(dial("/echo").await);
    let received = Arc::new(AtomicUsize::new(0));
    let answer = {
        let received = Arc::clone(&received);
        move |peer: &Mutex<WebSocketPeer>| {
            let mut peer = peer.lock().unwrap();
            // One poll a call: the connection may open at any of them.
            let was_connecting = peer.state() == ReadyState::Connecting;
            if peer.poll() == ReadyState::Open && was_connecting {
                peer.send_text("0").unwrap();
            }
            while let Some(packet) = peer.recv() {
                assert_eq!(numbers(&[packet]), [received.load(Ordering::SeqCst)]);
                received.fetch_add(1, Ordering::SeqCst);
                peer.send_text(&received.load(Ordering::SeqCst).to_string()).unwrap();
            }
        }
    };
    drive(&peer, answer, || received.load(Ordering::SeqCst) >= 20).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_hook_may_drop_the_peer() {
    let peer = shared(dial("/burst/3").await);
    let dropped = Arc::new(AtomicBool::new(false));
    let drop_it = {
        let dropped = Arc::clone(&dropped);
        move |peer: &Mutex<WebSocketPeer>| {
            dropped.store(true, Ordering::SeqCst);
            drop(std::mem::take(&mut *peer.lock().unwrap()));
        }
    };
    drive(&peer, drop_it, || dropped.load(Ordering::SeqCst)).await;
    pause(A_WHILE).await;
    let mut other = std::mem::take(&mut *peer.lock().unwrap());
    connect(&mut other, "/echo").await;
    opened(&mut other).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_hook_may_connect_again() {
    let peer = shared(dial("/close/1000").await);
    let ends = Arc::new(AtomicUsize::new(0));
    let reconnect = {
        let ends = Arc::clone(&ends);
        move |peer: &Mutex<WebSocketPeer>| {
            let mut peer = peer.lock().unwrap();
            if ends.load(Ordering::SeqCst) < 3 && peer.poll() == ReadyState::Closed {
                ends.fetch_add(1, Ordering::SeqCst);
                peer.connect(&url("/close/1000")).unwrap();
            }
        }
    };
    drive(&peer, reconnect, || ends.load(Ordering::SeqCst) == 3).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_hook_may_set_another_hook() {
    let peer = shared(open("/echo").await);
    peer.lock().unwrap().send_text("hello").unwrap();
    let wakes = Arc::new(Mutex::new(None));
    let replace = {
        let wakes = Arc::clone(&wakes);
        move |peer: &Mutex<WebSocketPeer>| {
            let mut peer = peer.lock().unwrap();
            peer.poll();
            if peer.recv().is_some() {
                *wakes.lock().unwrap() = Some(Wakes::of(&mut peer));
            }
        }
    };
    drive(&peer, replace, || wakes.lock().unwrap().is_some()).await;
    let (mut peer, wakes) =
        (std::mem::take(&mut *peer.lock().unwrap()), wakes.lock().unwrap().take().unwrap());
    peer.send_text("again").unwrap();
    wakes.expect(1).await;
    assert_eq!(receive_text(&mut peer).await, "again");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_that_a_full_inbox_left_behind_wake_again() {
    let peer = shared(dial_with(PeerOptions::default().max_queued_packets(2), "/burst/21").await);
    let received = Arc::new(Mutex::new(Vec::new()));
    let read = {
        let received = Arc::clone(&received);
        move |peer: &Mutex<WebSocketPeer>| {
            let mut peer = peer.lock().unwrap();
            peer.poll();
            received.lock().unwrap().extend(std::iter::from_fn(|| peer.recv()));
        }
    };
    // All packets have arrived before the first poll.
    pause(A_WHILE).await;
    drive(&peer, read, || received.lock().unwrap().len() == 21).await;
    assert!(numbers(&received.lock().unwrap()).into_iter().eq(0..21));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn an_unread_inbox_wakes_at_most_once_for_each_packet() {
    let peer = shared(dial_with(PeerOptions::default().max_queued_packets(1), "/burst/3").await);
    let calls = Arc::new(AtomicUsize::new(0));
    let poll = {
        let calls = Arc::clone(&calls);
        move |peer: &Mutex<WebSocketPeer>| {
            calls.fetch_add(1, Ordering::SeqCst);
            peer.lock().unwrap().poll();
        }
    };
    drive(&peer, poll, || peer.lock().unwrap().available() == 1).await;
    calls.store(0, Ordering::SeqCst);
    pause(A_WHILE).await;
    assert!(calls.load(Ordering::SeqCst) <= 3, "{} calls for 3 packets", calls.load(Ordering::SeqCst));
    let mut peer = std::mem::take(&mut *peer.lock().unwrap());
    assert_eq!(numbers(&receive_all(&mut peer, 3).await), [0, 1, 2]);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn an_end_that_arrived_with_the_opening_wakes_again() {
    let peer = shared(dial("/close/1000").await);
    // Both have arrived before the first poll.
    pause(A_WHILE).await;
    let poll = |peer: &Mutex<WebSocketPeer>| {
        peer.lock().unwrap().poll();
    };
    drive(&peer, poll, || peer.lock().unwrap().state() == ReadyState::Closed).await;
}
