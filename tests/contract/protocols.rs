//! Sub-protocols: offered by this end, chosen by the server.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{PeerOptions, ReadyState};

use crate::support::{
    Failure, assert_never_opened, closed, dial, dial_with, may_accept_unusual_responses, open, open_with,
    seen, unique_key, until,
};

fn offering<const N: usize>(protocols: [&str; N]) -> PeerOptions {
    PeerOptions::default().protocols(protocols)
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn protocols_are_offered_in_order_and_the_first_is_chosen() {
    let key = unique_key();
    let peer = open_with(offering(["chat.v2", "chat.v1"]), &format!("/protocols?key={key}")).await;
    assert_eq!(peer.protocol(), Some("chat.v2"));
    let seen = seen(&key, Some("Sec-WebSocket-Protocol")).await;
    let offered: Vec<&str> =
        seen.header("Sec-WebSocket-Protocol").unwrap().split(',').map(str::trim).collect();
    assert_eq!(offered, ["chat.v2", "chat.v1"]);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_server_may_choose_any_offered_protocol() {
    let peer = open_with(offering(["one", "two", "three"]), "/protocol/two").await;
    assert_eq!(peer.protocol(), Some("two"));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn without_an_offer_there_is_no_protocol() {
    let key = unique_key();
    let peer = open(&format!("/echo?key={key}")).await;
    assert_eq!(peer.protocol(), None);
    assert_eq!(seen(&key, Some("path")).await.header("Sec-WebSocket-Protocol"), None);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn no_protocol_is_known_while_connecting() {
    let peer = dial_with(offering(["chat"]), "/stall-before").await;
    assert_eq!(peer.protocol(), None);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_protocol_stays_known_after_the_end() {
    let mut peer = open_with(offering(["chat"]), "/echo").await;
    peer.abort();
    assert_eq!(peer.protocol(), Some("chat"));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_protocol_that_was_not_offered_fails_the_handshake() {
    let mut peer = dial_with(offering(["chat"]), "/protocol/other").await;
    assert_never_opened(&closed(&mut peer).await, Failure::Handshake);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn protocols_are_compared_with_case() {
    let mut peer = dial_with(offering(["chat"]), "/protocol/CHAT").await;
    assert_never_opened(&closed(&mut peer).await, Failure::Handshake);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_protocol_without_any_offer_fails_the_handshake() {
    let mut peer = dial("/protocol/chat").await;
    until(&mut peer, "decide", |peer| peer.state() != ReadyState::Connecting).await;
    if peer.state() == ReadyState::Open {
        // A browser that accepts it must not report it.
        assert!(may_accept_unusual_responses());
        assert_eq!(peer.protocol(), None);
    } else {
        assert_never_opened(peer.close_info().unwrap(), Failure::Handshake);
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn two_chosen_protocols_fail_the_handshake() {
    let mut peer = dial_with(offering(["one", "two"]), "/two-protocols").await;
    assert_never_opened(&closed(&mut peer).await, Failure::Handshake);
}
