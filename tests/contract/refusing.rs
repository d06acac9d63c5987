//! Connections that never open, and the reported cause.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{ReadyState, WebSocketPeer};

use crate::support::{
    Failure, address_of, assert_never_opened, closed, dial, may_accept_unusual_responses, open, receive_text,
    until,
};

/// A connection to each path fails with this cause.
macro_rules! failures {
    ($($name:ident: $path:literal, $failure:expr;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            let mut peer = dial($path).await;
            let mut was_open = false;
            until(&mut peer, "fail to open", |peer| {
                was_open |= peer.state() == ReadyState::Open;
                peer.state() == ReadyState::Closed
            })
            .await;
            assert!(!was_open);
            assert_never_opened(peer.close_info().unwrap(), $failure);
        }
    )*};
}

failures! {
    status_400_refuses: "/reject/400", Failure::Status(400);
    status_401_refuses: "/reject/401", Failure::Status(401);
    status_403_refuses: "/reject/403", Failure::Status(403);
    status_404_refuses: "/reject/404", Failure::Status(404);
    status_500_refuses: "/reject/500", Failure::Status(500);
    status_503_refuses: "/reject/503", Failure::Status(503);
    status_200_refuses: "/reject/200", Failure::Status(200);
    a_wrong_accept_key_fails_the_handshake: "/wrong-accept", Failure::Handshake;
    a_missing_accept_key_fails_the_handshake: "/no-accept", Failure::Handshake;
    a_response_without_upgrade_fails_the_handshake: "/no-upgrade-header", Failure::Handshake;
    an_extension_that_was_not_offered_fails_the_handshake: "/extension", Failure::Handshake;
    garbage_fails_the_handshake: "/garbage", Failure::Handshake;
    an_end_of_tcp_before_a_response_fails_the_handshake: "/cut-before", Failure::Handshake;
    a_reset_before_a_response_fails_the_handshake: "/reset-before", Failure::Handshake;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_port_without_a_listener_refuses() {
    let port = receive_text(&mut open("/refused").await).await;
    let mut peer = WebSocketPeer::new();
    peer.connect(&address_of(&port)).unwrap();
    assert_eq!(peer.state(), ReadyState::Connecting);
    assert_never_opened(&closed(&mut peer).await, Failure::Refused);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_name_without_an_address_is_reported() {
    let mut peer = WebSocketPeer::new();
    peer.connect("ws://no-such-host.invalid/").unwrap();
    assert_eq!(peer.state(), ReadyState::Connecting);
    assert_never_opened(&closed(&mut peer).await, Failure::DnsFailed);
}

/// Strict clients reject such a response. On every platform the connection either opens or fails.
macro_rules! unusual_responses {
    ($($name:ident: $path:literal, $failure:expr;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            let mut peer = dial($path).await;
            until(&mut peer, "decide", |peer| peer.state() != ReadyState::Connecting).await;
            if peer.state() == ReadyState::Open {
                assert!(may_accept_unusual_responses());
            } else {
                assert_never_opened(peer.close_info().unwrap(), $failure);
            }
        }
    )*};
}

unusual_responses! {
    a_response_in_http_1_0_opens_or_fails: "/http10", Failure::Handshake;
    a_response_with_a_head_that_is_too_long_opens_or_fails: "/big-head", Failure::Handshake;
    interim_responses_of_more_than_16_kib_open_or_fail: "/interim/500", Failure::Handshake;
    a_redirect_opens_or_fails: "/reject/301", Failure::Status(301);
    a_response_with_compression_opens_or_fails: "/deflate", Failure::Handshake;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_failed_connection_leaves_no_packet_and_no_protocol() {
    let mut peer = dial("/reject/403").await;
    closed(&mut peer).await;
    assert_eq!((peer.recv(), peer.protocol(), peer.buffered()), (None, None, 0));
}
