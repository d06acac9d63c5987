//! `on_wake`: who is called, when, and what may be done then. Where nobody is woken, the same by polling.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{Options, ReadyState, WebSocketPeer};

use crate::support::{
    A_WHILE, Wakes, address_of, closed, connect, dial, dial_with, drive, numbers, open, opened, over, pause,
    receive_all, receive_text, url,
};

fn shared(peer: WebSocketPeer) -> Rc<RefCell<WebSocketPeer>> {
    Rc::new(RefCell::new(peer))
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_opening_wakes_once_and_changes_nothing() {
    let mut peer = dial("/echo").await;
    let wakes = Wakes::of(&mut peer);
    wakes.expect(1).await;
    assert_eq!(peer.state(), ReadyState::Connecting);
    opened(&mut peer).await;
    wakes.expect(1).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_wake_once_until_the_next_poll_and_change_nothing() {
    let mut peer = open("/echo").await;
    let wakes = Wakes::of(&mut peer);
    for _ in 0..3 {
        wakes.forget();
        for text in ["0", "1", "2"] {
            peer.send_text(text).unwrap();
        }
        wakes.expect(1).await;
        assert_eq!((peer.available(), peer.recv()), (0, None));
        assert_eq!(numbers(&receive_all(&mut peer, 3).await), [0, 1, 2]);
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_end_wakes_once_and_changes_nothing() {
    let mut peer = open("/echo").await;
    let wakes = Wakes::of(&mut peer);
    peer.close().unwrap();
    wakes.expect(1).await;
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Closing, None));
    assert!(closed(&mut peer).await.was_clean());
    wakes.expect(1).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_connection_that_cannot_be_made_wakes() {
    let port = receive_text(&mut open("/refused").await).await;
    let mut peer = WebSocketPeer::new();
    let wakes = Wakes::of(&mut peer);
    peer.connect(&address_of(&port)).unwrap();
    wakes.expect(1).await;
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Connecting, None));
    closed(&mut peer).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_hook_that_is_set_late_is_called_for_what_waits() {
    let mut peer = open("/echo").await;
    peer.send_text("waiting").unwrap();
    pause(A_WHILE).await;
    let wakes = Wakes::of(&mut peer);
    wakes.expect(1).await;
    assert_eq!(receive_text(&mut peer).await, "waiting");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn where_nothing_waits_a_new_hook_is_not_called() {
    let mut peer = open("/echo").await;
    Wakes::of(&mut peer).expect(0).await;
    peer.send_text("hello").unwrap();
    assert_eq!(receive_text(&mut peer).await, "hello");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_hook_stays_for_later_connections() {
    let mut peer = over().await;
    let wakes = Wakes::of(&mut peer);
    for _ in 0..2 {
        wakes.forget();
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
    old.assert_let_go();
    peer.send_text("hello").unwrap();
    new.expect(1).await;
    old.expect(0).await;
    assert_eq!(receive_text(&mut peer).await, "hello");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_peer_that_is_dropped_wakes_nobody() {
    let mut peer = open("/flood/8192").await;
    let wakes = Wakes::of(&mut peer);
    pause(A_WHILE).await;
    drop(peer);
    wakes.assert_let_go();
    wakes.forget();
    wakes.expect(0).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_connection_that_was_aborted_wakes_nobody() {
    let mut peer = open("/echo").await;
    let wakes = Wakes::of(&mut peer);
    peer.send_text("hello").unwrap();
    peer.abort();
    wakes.expect(0).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn who_is_woken_may_poll_and_answer_at_once() {
    let peer = shared(dial("/echo").await);
    let received = Rc::new(Cell::new(0));
    let answer = {
        let received = Rc::clone(&received);
        move |peer: &RefCell<WebSocketPeer>| {
            let mut peer = peer.borrow_mut();
            if peer.state() == ReadyState::Connecting && peer.poll() == ReadyState::Open {
                peer.send_text("0").unwrap();
            }
            peer.poll();
            while let Some(packet) = peer.recv() {
                assert_eq!(numbers(&[packet]), [received.get()]);
                received.set(received.get() + 1);
                peer.send_text(&received.get().to_string()).unwrap();
            }
        }
    };
    drive(&peer, answer, || received.get() >= 20).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn who_is_woken_may_drop_the_peer() {
    let peer = shared(dial("/burst/3").await);
    let dropped = Rc::new(Cell::new(false));
    let drop_it = {
        let dropped = Rc::clone(&dropped);
        move |peer: &RefCell<WebSocketPeer>| {
            dropped.set(true);
            drop(peer.take());
        }
    };
    drive(&peer, drop_it, || dropped.get()).await;
    pause(A_WHILE).await;
    let mut other = peer.take();
    connect(&mut other, "/echo").await;
    opened(&mut other).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn who_is_woken_may_connect_again() {
    let peer = shared(dial("/close/1000").await);
    let ends = Rc::new(Cell::new(0));
    let reconnect = {
        let ends = Rc::clone(&ends);
        move |peer: &RefCell<WebSocketPeer>| {
            let mut peer = peer.borrow_mut();
            if ends.get() < 3 && peer.poll() == ReadyState::Closed {
                ends.set(ends.get() + 1);
                peer.connect(&url("/close/1000")).unwrap();
            }
        }
    };
    drive(&peer, reconnect, || ends.get() == 3).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn who_is_woken_may_set_another_hook() {
    let peer = shared(open("/echo").await);
    peer.borrow_mut().send_text("hello").unwrap();
    let wakes = Rc::new(RefCell::new(None));
    let replace = {
        let wakes = Rc::clone(&wakes);
        move |peer: &RefCell<WebSocketPeer>| {
            let mut peer = peer.borrow_mut();
            peer.poll();
            if peer.recv().is_some() {
                wakes.replace(Some(Wakes::of(&mut peer)));
            }
        }
    };
    drive(&peer, replace, || wakes.borrow().is_some()).await;
    let (mut peer, wakes) = (peer.take(), wakes.take().unwrap());
    peer.send_text("again").unwrap();
    wakes.expect(1).await;
    assert_eq!(receive_text(&mut peer).await, "again");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn what_a_full_inbox_had_no_room_for_wakes_again() {
    let peer = shared(dial_with(Options::default().max_queued_packets(2), "/burst/21").await);
    let received = Rc::new(RefCell::new(Vec::new()));
    let read = {
        let received = Rc::clone(&received);
        move |peer: &RefCell<WebSocketPeer>| {
            let mut peer = peer.borrow_mut();
            peer.poll();
            received.borrow_mut().extend(std::iter::from_fn(|| peer.recv()));
        }
    };
    // All of it waits before anybody looks.
    pause(A_WHILE).await;
    drive(&peer, read, || received.borrow().len() == 21).await;
    assert!(numbers(&received.borrow()).into_iter().eq(0..21));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn an_inbox_that_nobody_reads_wakes_for_what_comes_and_no_more() {
    let peer = shared(dial_with(Options::default().max_queued_packets(1), "/burst/3").await);
    let calls = Rc::new(Cell::new(0));
    let poll = {
        let calls = Rc::clone(&calls);
        move |peer: &RefCell<WebSocketPeer>| {
            calls.set(calls.get() + 1);
            peer.borrow_mut().poll();
        }
    };
    drive(&peer, poll, || peer.borrow().available() == 1).await;
    calls.set(0);
    pause(A_WHILE).await;
    assert!(calls.get() <= 3, "{} calls for 3 packets", calls.get());
    assert_eq!(numbers(&receive_all(&mut peer.take(), 3).await), [0, 1, 2]);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn an_end_that_came_with_the_opening_wakes_again() {
    let peer = shared(dial("/close/1000").await);
    // Both wait before anybody looks.
    pause(A_WHILE).await;
    let poll = |peer: &RefCell<WebSocketPeer>| {
        peer.borrow_mut().poll();
    };
    drive(&peer, poll, || peer.borrow().state() == ReadyState::Closed).await;
}
