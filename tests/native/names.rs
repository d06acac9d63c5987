//! Host names and ports: loopback without a look-up, and ports that browsers block.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use websocket_peer::{PeerOptions, WebSocketPeer};

use crate::common::raw::admit;

#[test]
fn loopback_names_connect_to_both_address_families() {
    let listeners = [
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port"),
        TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).expect("IPv6 on the loopback interface"),
    ];
    for listener in listeners {
        let port = listener.local_addr().expect("an address").port();
        for name in ["localhost", "localhost.", "game.localhost", "a.b.localhost."] {
            let mut peer = WebSocketPeer::new();
            peer.connect(&format!("ws://{name}:{port}/")).unwrap();
            let accepted = admit(&listener, &mut peer);
            assert!(accepted.peer_addr().expect("a connection").ip().is_loopback(), "{name}");
        }
    }
}

#[test]
fn a_port_that_browsers_block_can_be_allowed() {
    // None of them needs a privilege. Other programs may listen on some.
    let ports = [6667, 10080, 6000, 5061, 4045, 3659, 2049, 6566];
    let listener = ports.into_iter().find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok());
    let listener = listener.expect("one of the ports is free");
    let port = listener.local_addr().expect("an address").port();
    let mut peer = WebSocketPeer::with_options(PeerOptions::default().allow_blocked_ports(true));
    peer.connect(&format!("ws://127.0.0.1:{port}/")).unwrap();
    admit(&listener, &mut peer);
}
