//! Open connections that fail: lost ones, and protocol errors (RFC 6455, sections 5 and 7).

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::CloseCause;

use crate::support::{
    assert_ended_at_once, assert_protocol_error, assert_protocol_error_was_sent, begin, closed, dial, ending,
    expect_lenient_protocol_error, open, unique_key,
};

/// The open connection ends without a close frame.
macro_rules! losses {
    ($($name:ident: $path:literal;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            let mut peer = begin($path).await;
            let info = closed(&mut peer).await;
            assert_eq!(ending(&info), (None, "", &CloseCause::ConnectionLost));
            assert!(!info.was_clean());
            assert_eq!(peer.recv(), None);
        }
    )*};
}

losses! {
    an_end_of_tcp_loses_the_connection: "/cut";
    an_end_of_tcp_within_a_frame_loses_the_connection: "/cut-mid-frame";
    a_half_closed_connection_is_lost: "/half-close";
    a_reset_loses_the_connection: "/reset";
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_connection_that_ends_as_soon_as_it_is_open_ends_without_a_code() {
    let mut peer = dial("/cut").await;
    assert_ended_at_once(&closed(&mut peer).await);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_loss_while_closing_is_not_clean() {
    let mut peer = open("/raw/8100").await;
    peer.close();
    // The server ends TCP instead of answering the close.
    let info = closed(&mut peer).await;
    assert_eq!(ending(&info), (None, "", &CloseCause::ConnectionLost));
}

/// The server sends these bytes after the handshake, and must receive this close code.
macro_rules! protocol_errors {
    ($($name:ident: $hex:expr, $code:literal;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            let mut peer = begin(&format!("/raw/{}", $hex)).await;
            let info = closed(&mut peer).await;
            assert_protocol_error(&info, $code);
            assert_eq!(peer.recv(), None);
        }
    )*};
}

protocol_errors! {
    the_first_reserved_bit_is_a_protocol_error: "c1026869", 1002;
    the_second_reserved_bit_is_a_protocol_error: "a1026869", 1002;
    the_third_reserved_bit_is_a_protocol_error: "91026869", 1002;
    a_reserved_data_opcode_is_a_protocol_error: "830161", 1002;
    a_reserved_control_opcode_is_a_protocol_error: "8b00", 1002;
    a_fragmented_ping_is_a_protocol_error: "0900", 1002;
    a_ping_of_126_bytes_is_a_protocol_error: "897e007e".to_owned() + &"00".repeat(126), 1002;
    a_length_of_5_in_2_bytes_is_a_protocol_error: "827e00050102030405", 1002;
    a_length_of_300_in_8_bytes_is_a_protocol_error: "827f000000000000012c".to_owned() + &"01".repeat(300), 1002;
    a_length_over_63_bits_is_a_protocol_error: "827f8000000000000000", 1002;
    a_continuation_of_nothing_is_a_protocol_error: "800161", 1002;
    a_message_inside_a_fragmented_message_is_a_protocol_error: "010161810162", 1002;
    text_that_is_not_utf_8_is_a_protocol_error: "8102c328", 1007;
    text_that_ends_inside_a_character_is_a_protocol_error: "8101c3", 1007;
    a_surrogate_in_text_is_a_protocol_error: "8103eda080", 1007;
    fragmented_text_that_is_not_utf_8_is_a_protocol_error: "0101c3800128", 1007;
    close_code_999_is_a_protocol_error: "880203e7", 1002;
    close_code_1004_is_a_protocol_error: "880203ec", 1002;
    close_code_1006_is_a_protocol_error: "880203ee", 1002;
    close_code_1015_is_a_protocol_error: "880203f7", 1002;
    close_code_2999_is_a_protocol_error: "88020bb7", 1002;
    close_code_5000_is_a_protocol_error: "88021388", 1002;
    a_close_reason_that_is_not_utf_8_is_a_protocol_error: "880403e8c328", 1007;
}

/// Protocol errors that some browsers do not detect.
macro_rules! lenient_errors {
    ($($name:ident: $hex:literal;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            let mut peer = begin(concat!("/raw/", $hex)).await;
            expect_lenient_protocol_error(&mut peer).await;
        }
    )*};
}

lenient_errors! {
    a_masked_frame_from_the_server_is_a_protocol_error_where_it_is_detected: "8182000000006869";
    a_close_with_half_a_code_is_a_protocol_error_where_it_is_detected: "880103";
    close_code_1005_is_a_protocol_error_where_it_is_detected: "880203ed";
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_protocol_error_closes_with_1002() {
    let key = unique_key();
    let mut peer = begin(&format!("/raw/c1026869?key={key}")).await;
    closed(&mut peer).await;
    assert_protocol_error_was_sent(&key, 1002).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn text_that_is_not_utf_8_closes_with_1007() {
    let key = unique_key();
    let mut peer = begin(&format!("/raw/8102c328?key={key}")).await;
    closed(&mut peer).await;
    assert_protocol_error_was_sent(&key, 1007).await;
}
