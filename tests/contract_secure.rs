//! The part of the contract that needs `wss:`. A separate target, because a browser must be configured to accept the
//! scripted server's certificate, and not every browser can be.

mod support;

use support::receive_text;
use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{CloseCause, CloseCode, WebSocketPeer};

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

async fn open_secure(path: &str) -> WebSocketPeer {
    let (url, options) = support::secure(path);
    let mut peer = WebSocketPeer::with_options(options);
    peer.connect(&url).unwrap();
    support::opened(&mut peer).await;
    peer
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_secure_connection_echoes_and_closes_like_a_plain_one() {
    let mut peer = open_secure("/echo").await;
    peer.send_text("over TLS").unwrap();
    assert_eq!(receive_text(&mut peer).await, "over TLS");
    peer.close_with(CloseCode::new(4001).unwrap(), "bye").unwrap();
    let info = support::closed(&mut peer).await;
    assert_eq!((info.code, info.reason.as_str(), info.cause), (Some(4001), "bye", CloseCause::Local));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_large_message_crosses_many_tls_records() {
    let mut peer = open_secure("/echo").await;
    let large: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    peer.send(&large).unwrap();
    assert_eq!(support::receive(&mut peer).await.as_bytes(), large);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_secure_connection_that_is_cut_is_lost() {
    let mut peer = open_secure("/cut?wait=message").await;
    peer.send_text("begin").unwrap();
    let info = support::closed(&mut peer).await;
    assert_eq!((info.code, info.cause), (None, CloseCause::ConnectionLost));
}
