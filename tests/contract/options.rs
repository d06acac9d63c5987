//! `PeerOptions`: checked by `connect`, with the same result on every platform, and applied to the next connection.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error, Liveness, Packet, PeerOptions, ReadyState, TlsCertificate, TlsOptions, TlsRoots, WebSocketPeer,
};

use crate::support::{
    assert_headers_arrive, assert_own_roots, closed, connect, open, open_with, opened, receive, url,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn header(name: &str, value: &str) -> PeerOptions {
    PeerOptions::default().header(name, value)
}

/// Each is rejected with an `InvalidOption` that names the option, and the peer does not change.
macro_rules! invalid {
    ($($name:ident: $option:literal, $($options:expr),+;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            for options in [$($options),+] {
                let mut peer = WebSocketPeer::with_options(options);
                match peer.connect(&url("/echo")) {
                    Err(Error::InvalidOption { option, reason, .. }) => {
                        assert_eq!(option, $option);
                        assert!(!reason.is_empty());
                    }
                    other => panic!("{:?}: {other:?}", peer.options()),
                }
                assert_eq!((peer.poll(), peer.url(), peer.close_info()), (ReadyState::Closed, None, None));
            }
        }
    )*};
}

invalid! {
    a_message_size_of_zero_is_invalid: "max_message_size", PeerOptions::default().max_message_size(0);
    a_message_size_over_two_gigabytes_is_invalid: "max_message_size",
        PeerOptions::default().max_message_size(1 << 31), PeerOptions::default().max_message_size(usize::MAX);
    an_inbox_of_no_bytes_is_invalid: "inbound_buffer_size", PeerOptions::default().inbound_buffer_size(0);
    an_inbox_smaller_than_a_message_is_invalid: "inbound_buffer_size",
        PeerOptions::default().max_message_size(1001).inbound_buffer_size(1000);
    a_send_queue_of_no_bytes_is_invalid: "outbound_buffer_size", PeerOptions::default().outbound_buffer_size(0);
    queues_of_no_packets_are_invalid: "max_queued_packets", PeerOptions::default().max_queued_packets(0);
    a_backlog_smaller_than_a_message_is_invalid: "backlog_buffer_size", PeerOptions::default().backlog_buffer_size(1 << 19);
    a_backlog_of_no_bytes_is_invalid: "backlog_buffer_size", PeerOptions::default().backlog_buffer_size(0);
    a_backlog_of_no_packets_is_invalid: "max_backlog_packets", PeerOptions::default().max_backlog_packets(0);
    a_bad_connect_timeout_is_invalid: "connect_timeout",
        PeerOptions::default().connect_timeout(Duration::ZERO), PeerOptions::default().connect_timeout(DAY * 2);
    a_bad_close_timeout_is_invalid: "close_timeout",
        PeerOptions::default().close_timeout(Duration::ZERO), PeerOptions::default().close_timeout(Duration::MAX);
    a_bad_heartbeat_interval_is_invalid: "heartbeat_interval", PeerOptions::default().heartbeat_interval(DAY * 2);
    a_bad_heartbeat_timeout_is_invalid: "heartbeat_timeout",
        PeerOptions::default().heartbeat_timeout(Duration::ZERO), PeerOptions::default().heartbeat_timeout(DAY * 2);
    a_probe_larger_than_the_send_queue_is_invalid: "liveness",
        PeerOptions::default().outbound_buffer_size(4).liveness(Liveness::new(Packet::text("12345")));
    a_bad_liveness_time_is_invalid: "liveness",
        PeerOptions::default().liveness(Liveness::new(Packet::text("?")).silence(Duration::ZERO)),
        PeerOptions::default().liveness(Liveness::new(Packet::text("?")).timeout(Duration::ZERO)),
        PeerOptions::default().liveness(Liveness::new(Packet::text("?")).timeout(DAY * 2));
    an_empty_protocol_is_invalid: "protocols", PeerOptions::default().protocols([""]), PeerOptions::default().protocols(["chat", ""]);
    a_protocol_that_is_not_a_token_is_invalid: "protocols",
        PeerOptions::default().protocols(["two words"]), PeerOptions::default().protocols(["a,b"]),
        PeerOptions::default().protocols(["naïve"]), PeerOptions::default().protocols(["a\r\nb"]);
    a_protocol_listed_twice_is_invalid: "protocols", PeerOptions::default().protocols(["chat", "game", "chat"]);
    a_header_with_a_bad_name_is_invalid: "headers", header("", "x"), header("two words", "x"), header("a:", "x"), header("a\r\n", "x");
    a_header_with_a_bad_value_is_invalid: "headers", header("a", ""), header("a", "x\r\nInjected: y"), header("a", "x\0"), header("a", " x"), header("a", "é");
    a_reserved_header_is_invalid: "headers",
        header("Host", "x"), header("upgrade", "x"), header("Connection", "x"), header("Sec-WebSocket-Key", "x"), header("Sec-WebSocket-Protocol", "x");
    roots_without_certificates_are_invalid: "tls.roots",
        PeerOptions::default().tls(TlsOptions::default().roots(TlsRoots::Custom { pem: b"nonsense".to_vec() }));
    an_empty_server_name_is_invalid: "tls.server_name", PeerOptions::default().tls(TlsOptions::default().server_name(""));
    a_certificate_without_a_key_is_invalid: "tls.certificate",
        PeerOptions::default().tls(TlsOptions::default().certificate(TlsCertificate::from_pem(Vec::new(), Vec::new())));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn header_fields_arrive_where_the_platform_supports_them() {
    assert_headers_arrive(header("X-Ticket", "row 12"), ("X-Ticket", "row 12")).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn custom_roots_are_used_where_the_platform_supports_them() {
    let (_, trusting) = crate::support::secure("/echo");
    let pem = match trusting.tls.roots {
        TlsRoots::Custom { pem } => pem,
        _ => b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".to_vec(),
    };
    assert_own_roots(PeerOptions::default().tls(TlsOptions::default().roots(TlsRoots::Custom { pem })));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn new_options_do_not_affect_the_current_connection() {
    let mut peer = open_with(PeerOptions::default().max_message_size(10), "/echo").await;
    peer.set_options(PeerOptions::default());
    peer.send(&[0; 11]).unwrap();
    assert_eq!(closed(&mut peer).await.code, Some(1009));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn new_options_apply_to_the_next_connection() {
    let mut peer = open("/close/1000").await;
    closed(&mut peer).await;
    peer.set_options(PeerOptions::default().protocols(["later"]));
    assert_eq!(peer.options().protocols, ["later"]);
    connect(&mut peer, "/echo").await;
    opened(&mut peer).await;
    assert_eq!(peer.protocol(), Some("later"));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn an_invalid_option_is_reported_and_can_be_corrected() {
    let mut peer = WebSocketPeer::with_options(PeerOptions::default().max_queued_packets(0));
    assert!(peer.connect(&url("/burst/1")).is_err());
    peer.set_options(PeerOptions::default().max_queued_packets(1));
    connect(&mut peer, "/burst/1").await;
    assert_eq!(receive(&mut peer).await.as_text(), Some("0"));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_smallest_limits_work() {
    let options = PeerOptions::default()
        .max_message_size(1)
        .inbound_buffer_size(1)
        .outbound_buffer_size(1)
        .max_queued_packets(1)
        .backlog_buffer_size(1)
        .max_backlog_packets(1);
    let mut peer = open_with(options, "/echo").await;
    for byte in 0..3 {
        peer.send(&[byte]).unwrap();
        assert_eq!(receive(&mut peer).await.as_bytes(), [byte]);
    }
}
