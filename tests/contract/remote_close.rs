//! The other end closes.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{CloseCause, ReadyState};

use crate::support::{
    A_WHILE, assert_closed_with_later_code, begin, closed, dial, ending, open, pause, seen, unique_key,
};

/// Codes of each class that may be received (RFC 6455, 7.4).
macro_rules! codes {
    ($($name:ident: $code:literal;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            let mut peer = dial(concat!("/close/", $code, "/because%20", $code)).await;
            let info = closed(&mut peer).await;
            assert_eq!(ending(&info), (Some($code), concat!("because ", $code), &CloseCause::Remote));
            assert!(info.was_clean());
        }
    )*};
}

codes! {
    a_normal_close_is_reported_with_its_reason: 1000;
    going_away_is_reported_with_its_reason: 1001;
    a_protocol_error_is_reported_with_its_reason: 1002;
    unsupported_data_is_reported_with_its_reason: 1003;
    inconsistent_data_is_reported_with_its_reason: 1007;
    a_violated_policy_is_reported_with_its_reason: 1008;
    a_message_too_big_for_the_server_is_reported_with_its_reason: 1009;
    a_missing_extension_is_reported_with_its_reason: 1010;
    an_internal_error_is_reported_with_its_reason: 1011;
    a_registered_code_is_reported_with_its_reason: 3000;
    the_last_registered_code_is_reported_with_its_reason: 3999;
    a_private_code_is_reported_with_its_reason: 4000;
    the_last_private_code_is_reported_with_its_reason: 4999;
}

/// Codes that were registered after RFC 6455 (IANA). Not every browser knows them.
macro_rules! later_codes {
    ($($name:ident: $code:literal;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            let key = unique_key();
            let mut peer = begin(&format!("/close/{}/because?key={key}", $code)).await;
            let info = closed(&mut peer).await;
            assert_closed_with_later_code(&info, $code, "because", &key).await;
        }
    )*};
}

later_codes! {
    service_restart_is_reported_where_the_code_is_known: 1012;
    try_again_later_is_reported_where_the_code_is_known: 1013;
    bad_gateway_is_reported_where_the_code_is_known: 1014;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_close_frame_without_a_code_is_clean_and_has_none() {
    let mut peer = dial("/close/empty").await;
    let info = closed(&mut peer).await;
    assert_eq!(ending(&info), (None, "", &CloseCause::Remote));
    assert!(info.was_clean());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_code_without_a_reason_has_an_empty_one() {
    let mut peer = dial("/close/4001").await;
    assert_eq!(ending(&closed(&mut peer).await), (Some(4001), "", &CloseCause::Remote));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_longest_reason_arrives_whole() {
    // 40 * 3 + 3 bytes: 123, the maximum.
    let reason = "€".repeat(40) + "end";
    let mut peer = dial(&format!("/close/1000/{reason}")).await;
    assert_eq!(ending(&closed(&mut peer).await), (Some(1000), reason.as_str(), &CloseCause::Remote));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_servers_close_code_is_echoed() {
    let key = unique_key();
    let mut peer = dial(&format!("/close/4002/bye?key={key}")).await;
    closed(&mut peer).await;
    let seen = seen(&key, None).await;
    assert!(seen.only("close ").starts_with("close 4002"), "{}", seen.only("close "));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_remote_close_is_reported_by_poll_and_not_before() {
    let mut peer = begin("/close/1000").await;
    pause(A_WHILE).await;
    assert_eq!((peer.state(), peer.close_info()), (ReadyState::Open, None));
    assert_eq!(closed(&mut peer).await.code, Some(1000));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_close_info_is_kept() {
    let mut peer = dial("/close/4003/remember").await;
    let first = closed(&mut peer).await;
    peer.poll();
    peer.close();
    peer.abort();
    pause(A_WHILE).await;
    peer.poll();
    assert_eq!(peer.close_info(), Some(&first));
    assert_eq!(peer.state(), ReadyState::Closed);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn closing_at_the_same_time_as_the_other_end_is_clean() {
    let mut peer = open("/send-then-close/1/4004/first").await;
    // The server's close is in transit, or received and not polled yet.
    pause(A_WHILE).await;
    peer.close();
    let info = closed(&mut peer).await;
    assert!(info.was_clean(), "{info:?}");
}
