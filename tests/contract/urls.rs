//! URLs that platforms would read differently are rejected, without an effect on the peer.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{Error, PeerOptions, ReadyState, WebSocketPeer};

use crate::support::{assert_blocked_port_allowed, open, receive_text, until, url};

/// The bad ports of the Fetch Standard, without 0, which is not a valid port of a URL.
const BLOCKED_PORTS: [u16; 82] = [
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
    109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
    526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
    3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Each is rejected with `InvalidUrl`, and the peer does not change.
macro_rules! invalid {
    ($($name:ident: $($url:expr),+;)*) => {$(
        #[wasm_bindgen_test(unsupported = pollster::test)]
        async fn $name() {
            for url in [$($url),+] {
                let mut peer = WebSocketPeer::new();
                match peer.connect(url) {
                    Err(Error::InvalidUrl { reason }) => assert!(!reason.is_empty(), "{url}"),
                    other => panic!("{url}: {other:?}"),
                }
                assert_eq!((peer.poll(), peer.url(), peer.close_info()), (ReadyState::Closed, None, None));
            }
        }
    )*};
}

invalid! {
    an_empty_url_is_invalid: "";
    a_url_without_a_scheme_is_invalid: "localhost", "localhost:9081/echo", "127.0.0.1:9081", "//localhost/";
    a_url_of_another_scheme_is_invalid: "http://localhost/", "https://localhost/", "ftp://localhost/", "wsx://localhost/";
    a_url_with_too_few_slashes_is_invalid: "ws:localhost", "ws:/localhost";
    a_url_without_a_host_is_invalid: "ws://", "ws:///echo", "ws://:9081/", "ws://?query";
    a_url_with_credentials_is_invalid: "ws://user@localhost/", "ws://user:password@localhost/", "ws://@localhost/";
    a_url_with_a_fragment_is_invalid: "ws://localhost/#fragment", "ws://localhost#", "ws://localhost/?query#fragment";
    a_url_with_a_bad_port_is_invalid: "ws://localhost:0/", "ws://localhost:65536/", "ws://localhost:/", "ws://localhost:http/",
        "ws://localhost:-1/", "ws://localhost:+80/", "ws://localhost:80:81/";
    a_url_with_white_space_is_invalid: " ws://localhost/", "ws://localhost/ ", "ws://local host/", "ws://localhost/a b",
        "ws://localhost/\ta", "ws://localhost/?a b", "ws://localhost/\u{a0}";
    a_url_with_control_characters_is_invalid: "ws://localhost/\0", "ws://localhost/\r\nHost: elsewhere", "ws://localhost/\u{7f}";
    a_url_with_a_backslash_is_invalid: "ws:\\\\localhost", "ws://localhost\\echo", "ws://localhost/\\echo";
    a_url_with_characters_that_browsers_repair_is_invalid: "ws://localhost/\"", "ws://localhost/<", "ws://localhost/>",
        "ws://localhost/^", "ws://localhost/`", "ws://localhost/{", "ws://localhost/|", "ws://localhost/}";
    a_url_with_dot_segments_is_invalid: "ws://localhost/./echo", "ws://localhost/a/../echo", "ws://localhost/..", "ws://localhost/%2e%2E/";
    a_url_with_a_host_beyond_ascii_is_invalid: "ws://bücher.example/", "ws://例え.example/";
    a_url_with_a_bad_host_name_is_invalid: "ws://local%68ost/", "ws://a..b/", "ws://.example/", "ws://a*b/";
    a_url_with_a_number_that_is_not_an_address_is_invalid: "ws://256.0.0.1/", "ws://127.1/", "ws://2130706433/", "ws://0x7f.0.0.1/", "ws://1.2.3.4.5/";
    a_url_with_a_bad_ipv6_address_is_invalid: "ws://[::1/", "ws://[::g]/", "ws://::1/", "ws://[fe80::1%25eth0]/", "ws://[127.0.0.1]/";
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn ports_that_browsers_block_are_rejected() {
    for port in BLOCKED_PORTS {
        for url in [format!("ws://127.0.0.1:{port}/"), format!("wss://localhost:{port}?query")] {
            let mut peer = WebSocketPeer::new();
            assert_eq!(peer.connect(&url), Err(Error::BlockedPort { port }), "{url}");
            assert_eq!((peer.poll(), peer.url(), peer.close_info()), (ReadyState::Closed, None, None));
        }
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_blocked_port_can_be_allowed_where_the_platform_connects_to_it() {
    for port in BLOCKED_PORTS {
        let mut peer = WebSocketPeer::with_options(PeerOptions::default().allow_blocked_ports(true));
        let result = peer.connect(&format!("ws://127.0.0.1:{port}/"));
        assert_blocked_port_allowed(&peer, result);
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn allowing_blocked_ports_does_not_affect_other_ports() {
    let mut peer = WebSocketPeer::with_options(PeerOptions::default().allow_blocked_ports(true));
    peer.connect(&url("/echo")).unwrap();
    until(&mut peer, "open", |peer| peer.state() == ReadyState::Open).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_case_of_the_scheme_is_ignored() {
    let given = url("/echo").replace("ws://", "Ws://");
    let mut peer = WebSocketPeer::new();
    peer.connect(&given).unwrap();
    until(&mut peer, "open", |peer| peer.state() == ReadyState::Open).await;
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_url_without_a_path_is_valid() {
    // The scripted server has no script at this path.
    let mut peer = WebSocketPeer::new();
    assert_eq!(peer.connect(&url("")), Ok(()));
    assert_eq!(peer.state(), ReadyState::Connecting);
    peer.abort();
    assert_eq!(peer.connect(&url("?query")), Ok(()));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn names_under_localhost_mean_this_machine() {
    for name in ["localhost", "game.localhost", "Two.Labels.LocalHost"] {
        let mut peer = WebSocketPeer::new();
        peer.connect(&url("/echo").replace("127.0.0.1", name)).unwrap();
        until(&mut peer, "open", |peer| peer.state() == ReadyState::Open).await;
        peer.send_text(name).unwrap();
        assert_eq!(receive_text(&mut peer).await, name);
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn an_invalid_url_does_not_affect_an_open_connection() {
    let mut peer = open("/echo").await;
    assert!(peer.connect("nonsense").is_err());
    assert_eq!(peer.state(), ReadyState::Open);
    peer.send_text("still here").unwrap();
    assert_eq!(receive_text(&mut peer).await, "still here");
}
