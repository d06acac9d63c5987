//! A peer connects again after every kind of end, without traces of the old connection.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{PeerOptions, ReadyState, Stats, WebSocketPeer};

use crate::support::{
    A_WHILE, address_of, begin, closed, closing, connect, dial, dial_with, ended, open, open_with, pause,
    poll_for, receive_text, until,
};

/// Connects `peer` again, and checks that it behaves as a new one.
async fn assert_connects_again(mut peer: WebSocketPeer) {
    // After a cancelled attempt, Firefox may delay the next one to that server for ten seconds.
    peer.set_options(peer.options().clone().connect_timeout(Duration::from_secs(25)));
    connect(&mut peer, "/echo").await;
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Connecting, None));
    assert_eq!((peer.available(), peer.recv(), peer.buffered()), (0, None, 0));
    assert_eq!((peer.protocol(), peer.stats()), (None, Stats::default()));
    until(&mut peer, "open again", |peer| peer.state() != ReadyState::Connecting).await;
    peer.send_text("again").unwrap();
    assert_eq!(receive_text(&mut peer).await, "again");
    poll_for(&mut peer, A_WHILE).await;
    assert_eq!((peer.state(), peer.available()), (ReadyState::Open, 0));
    peer.close();
    assert!(closed(&mut peer).await.was_clean());
}

/// Each peer ends, and then connects again.
macro_rules! after {
    ($($name:ident: $peer:expr;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            let mut peer: WebSocketPeer = $peer;
            until(&mut peer, "be closed", |peer| peer.state() == ReadyState::Closed).await;
            assert_connects_again(peer).await;
        }
    )*};
}

after! {
    a_peer_connects_again_after_a_remote_close: dial("/send-then-close/5/4000/bye").await;
    a_peer_connects_again_after_a_local_close: {
        let mut peer = open("/burst/5").await;
        peer.close();
        peer
    };
    a_peer_connects_again_after_an_abort_while_open: {
        let mut peer = open("/burst/5").await;
        peer.abort();
        peer
    };
    a_peer_connects_again_after_an_abort_while_connecting: {
        let mut peer = dial("/burst/5").await;
        peer.abort();
        peer
    };
    a_peer_connects_again_after_a_close_while_connecting: {
        let mut peer = dial("/stall-before").await;
        peer.poll();
        peer.close();
        peer
    };
    a_peer_connects_again_after_a_refused_upgrade: dial("/reject/403").await;
    a_peer_connects_again_after_a_wrong_handshake: dial("/wrong-accept").await;
    a_peer_connects_again_after_a_refused_connection: {
        let port = receive_text(&mut open("/refused").await).await;
        let mut peer = WebSocketPeer::new();
        peer.connect(&address_of(&port)).unwrap();
        peer
    };
    a_peer_connects_again_after_a_lost_connection: begin("/send-then-cut/5").await;
    a_peer_connects_again_after_a_cut_frame: begin("/cut-mid-frame").await;
    a_peer_connects_again_after_a_reset: begin("/reset").await;
    a_peer_connects_again_after_a_protocol_error: begin("/raw/81026f6bc1026869").await;
    a_peer_connects_again_after_a_message_that_was_too_big: {
        let mut peer = dial_with(PeerOptions::default().max_message_size(100), "/huge/101").await;
        closed(&mut peer).await;
        peer
    };
    a_peer_connects_again_after_it_could_not_open_in_time: {
        let mut peer = dial_with(PeerOptions::default().connect_timeout(Duration::from_millis(100)), "/stall-before").await;
        closed(&mut peer).await;
        peer.set_options(PeerOptions::default());
        peer
    };
    a_peer_connects_again_after_a_close_that_was_not_answered: {
        let mut peer = open_with(PeerOptions::default().close_timeout(Duration::from_millis(100)), "/silent").await;
        peer.close();
        peer
    };
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_peer_connects_again_while_it_is_still_closing() {
    assert_connects_again(closing().await).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn late_packets_of_the_old_connection_are_dropped() {
    let mut peer = open("/late-close/100").await;
    for _ in 0..100 {
        peer.send_text("old").unwrap();
    }
    peer.close();
    // The echoes and the answer to the close are still in transit.
    connect(&mut peer, "/echo").await;
    until(&mut peer, "open again", |peer| peer.state() == ReadyState::Open).await;
    pause(Duration::from_millis(200)).await;
    peer.send_text("new").unwrap();
    assert_eq!(receive_text(&mut peer).await, "new");
    assert_eq!((peer.recv(), peer.state()), (None, ReadyState::Open));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn unread_packets_of_the_old_connection_are_discarded() {
    let mut peer = open("/send-then-close/5/1000").await;
    closed(&mut peer).await;
    assert_eq!(peer.available(), 5);
    connect(&mut peer, "/echo").await;
    assert_eq!((peer.available(), peer.recv()), (0, None));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_failed_connect_call_keeps_the_last_close_info_and_packets() {
    let mut peer = open("/send-then-close/2/4001/kept").await;
    let info = closed(&mut peer).await;
    assert!(peer.connect("nonsense").is_err());
    assert_eq!((peer.close_info(), peer.available()), (Some(&info), 2));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_failed_connect_call_while_closing_does_not_stop_the_close() {
    let mut peer = open("/late-close/50").await;
    peer.close();
    assert!(peer.connect("nonsense").is_err());
    assert_eq!(peer.state(), ReadyState::Closing);
    assert!(closed(&mut peer).await.was_clean());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_peer_connects_many_times_in_a_row() {
    let mut peer = ended().await;
    for round in 0..20 {
        connect(&mut peer, "/burst/1").await;
        assert_eq!(receive_text(&mut peer).await, "0", "round {round}");
        peer.abort();
    }
}
