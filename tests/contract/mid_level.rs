//! A client of the mid level. Its server sends an id, and then returns every packet.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    CloseCause, CloseCode, Error, Packet, PeerOptions, ReadyState, ServerOptions, Timeout,
    multiplayer::{ConnectionStatus, PeerEvent, PeerId, Target, WebSocketMultiplayerPeer},
    variant::{Array, Variant},
};

use crate::support::{join_mid_level, next_peer_event, wait_until};

const SERVER: PeerId = PeerId::SERVER;
/// The server's first packet: the id 1365002060.
const ID: &str = "/packets/4c475c51";
const OWN: i32 = 1_365_002_060;

/// A client that has read its id.
async fn joined(path: &str) -> WebSocketMultiplayerPeer {
    let mut peer = join_mid_level(PeerOptions::default(), path).await;
    assert_eq!(next_peer_event(&mut peer).await, PeerEvent::Connected(SERVER));
    peer
}

/// The next event, which is a packet.
async fn packet(peer: &mut WebSocketMultiplayerPeer) -> Packet {
    match next_peer_event(peer).await {
        PeerEvent::Packet(SERVER, packet) => packet,
        other => panic!("not a packet: {other:?}"),
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_client_has_its_id_when_it_has_read_connected() {
    let mut peer = join_mid_level(PeerOptions::default(), ID).await;
    assert_eq!((peer.status(), peer.id(), peer.peers().len()), (ConnectionStatus::Connecting, None, 0));
    assert_eq!(peer.send(Target::All, b"x"), Err(Error::NotOpen { state: ReadyState::Connecting }));
    assert_eq!(next_peer_event(&mut peer).await, PeerEvent::Connected(SERVER));
    assert_eq!((peer.status(), peer.id()), (ConnectionStatus::Connected, PeerId::new(OWN)));
    assert_eq!(peer.peers().collect::<Vec<_>>(), [SERVER]);
    assert!(!peer.is_server() && !peer.is_closed());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_to_every_target_go_to_the_server_unchanged() {
    let mut peer = joined(ID).await;
    let other = PeerId::new(7).unwrap();
    let many: Vec<u8> = (0..=255).cycle().take(60_000).collect();
    for to in [Target::All, Target::SERVER, Target::Peer(other), Target::AllExcept(SERVER)] {
        for bytes in [&b"\0"[..], b"hello", &many] {
            peer.send(to, bytes).unwrap();
            assert_eq!(packet(&mut peer).await.as_bytes(), bytes);
        }
        // An empty packet is not sent.
        peer.send(to, b"").unwrap();
        peer.send_packet(to, Packet::text("t\u{eb}xt")).unwrap();
        assert_eq!(packet(&mut peer).await.as_text(), Some("t\u{eb}xt"));
        let value = Variant::from(Array::from(vec![1.into(), "two".into(), Variant::Nil]));
        peer.send_variant(to, &value).unwrap();
        assert_eq!(packet(&mut peer).await.to_variant(), Ok(value));
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn packets_behind_the_id_are_read_in_order_also_empty_ones() {
    let mut peer = joined(&format!("{ID}/01//4c475c51")).await;
    for expected in [&b"\x01"[..], b"", b"\x4c\x47\x5c\x51"] {
        assert_eq!(packet(&mut peer).await.as_bytes(), expected);
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_server_that_sends_no_id_in_time_ends_the_attempt() {
    let options = PeerOptions::default().connect_timeout(Duration::from_secs(1));
    let mut peer = join_mid_level(options, "/echo").await;
    let PeerEvent::ConnectionFailed(info) = next_peer_event(&mut peer).await else { panic!("an id") };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Connect));
    assert_eq!((peer.status(), peer.close_info()), (ConnectionStatus::Disconnected, Some(&info)));
    assert!(peer.is_closed() && peer.next_event().is_none());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_first_packet_that_is_not_an_id_ends_the_attempt() {
    for path in ["/packets/01000000", "/packets/020000/02000000", "/packets/0200000000", "/burst/3"] {
        let mut peer = join_mid_level(PeerOptions::default(), path).await;
        let event = next_peer_event(&mut peer).await;
        let PeerEvent::ConnectionFailed(info) = &event else { panic!("{path}: {event:?}") };
        assert!(matches!(info.cause, CloseCause::HandshakeFailed { .. }), "{path}: {info:?}");
        assert_eq!((peer.id(), peer.next_event()), (None, None));
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_kick_is_the_last_event_and_its_reason_arrives() {
    // The id, a packet, and a close frame with 4001 and "bye".
    let mut peer = joined("/raw/82044c475c5182010788050fa1627965").await;
    assert_eq!(packet(&mut peer).await.as_bytes(), [7]);
    let PeerEvent::Disconnected(SERVER, info) = next_peer_event(&mut peer).await else { panic!("connected") };
    assert_eq!((info.code, &*info.reason, &info.cause), (Some(4001), "bye", &CloseCause::Remote));
    assert!(peer.is_closed());
    assert_eq!((peer.peers().len(), peer.close_info()), (0, Some(&info)));
    assert_eq!(peer.send(Target::All, b"x"), Err(Error::NotOpen { state: ReadyState::Closed }));
    assert_eq!(peer.next_event(), None);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_client_that_closes_gets_only_the_event_disconnected() {
    let mut peer = joined(&format!("{ID}/01/02")).await;
    peer.close();
    assert_eq!((peer.status(), peer.peers().len()), (ConnectionStatus::Disconnected, 0));
    assert_eq!(peer.send(Target::All, b"x"), Err(Error::NotOpen { state: ReadyState::Closing }));
    let PeerEvent::Disconnected(SERVER, info) = next_peer_event(&mut peer).await else { panic!("connected") };
    assert_eq!((info.code, &info.cause), (Some(1000), &CloseCause::Local));
    assert!(peer.is_closed() && peer.next_event().is_none());
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_client_can_disconnect_the_server_with_a_code_and_a_reason() {
    let mut peer = joined(ID).await;
    assert_eq!(peer.disconnect_peer(PeerId::new(7).unwrap()), Err(Error::UnknownPeer));
    let result = peer.disconnect_peer_with(SERVER, CloseCode::GOING_AWAY, "");
    assert_eq!(result, Err(Error::InvalidCloseCode { code: 1001 }));
    peer.disconnect_peer_with(SERVER, CloseCode::application::<4002>(), "bedtime").unwrap();
    let PeerEvent::Disconnected(SERVER, info) = next_peer_event(&mut peer).await else { panic!("connected") };
    assert_eq!((info.code, &*info.reason, &info.cause), (Some(4002), "bedtime", &CloseCause::Local));
    assert_eq!(peer.disconnect_peer(SERVER), Err(Error::UnknownPeer));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_packet_that_is_too_big_is_an_error_and_nothing_is_sent() {
    let options = PeerOptions::default().outbound_buffer_size(1000);
    let mut peer = join_mid_level(options, ID).await;
    next_peer_event(&mut peer).await;
    assert_eq!(peer.send(Target::All, &[0; 1001]), Err(Error::PacketTooBig { len: 1001, max: 1000 }));
    peer.send(Target::All, b"next").unwrap();
    assert_eq!(packet(&mut peer).await.as_bytes(), b"next");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_hook_is_called_for_every_event() {
    let peer = Arc::new(Mutex::new(join_mid_level(PeerOptions::default(), ID).await));
    let events = Arc::new(Mutex::new(Vec::new()));
    let (woken, seen) = (Arc::downgrade(&peer), Arc::clone(&events));
    let hook = move || {
        let Some(peer) = woken.upgrade() else { return };
        let mut peer = peer.lock().unwrap();
        peer.poll();
        while let Some(event) = peer.next_event() {
            // Each event leads to the next: an echo, and then the end.
            match &event {
                PeerEvent::Connected(_) => peer.send(Target::All, b"x").unwrap(),
                PeerEvent::Packet(..) => peer.disconnect_peer(SERVER).unwrap(),
                _ => {}
            }
            seen.lock().unwrap().push(event);
        }
    };
    assert_eq!(peer.lock().unwrap().on_wake(hook), Ok(()));
    wait_until(|| events.lock().unwrap().len() >= 3).await;
    let events = events.lock().unwrap();
    assert!(
        matches!(events[..], [PeerEvent::Connected(_), PeerEvent::Packet(..), PeerEvent::Disconnected(..)]),
        "{events:?}"
    );
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn the_hook_is_called_when_the_time_for_the_id_is_over() {
    // The deadlines of a heartbeat would call it, too.
    let options =
        PeerOptions::default().connect_timeout(Duration::from_secs(1)).heartbeat_interval(Duration::ZERO);
    let peer = Arc::new(Mutex::new(join_mid_level(options, "/echo").await));
    let failed = Arc::new(Mutex::new(None));
    let (woken, seen) = (Arc::downgrade(&peer), Arc::clone(&failed));
    let hook = move || {
        let Some(peer) = woken.upgrade() else { return };
        let mut peer = peer.lock().unwrap();
        peer.poll();
        if let Some(event) = peer.next_event() {
            *seen.lock().unwrap() = Some(event);
        }
    };
    assert_eq!(peer.lock().unwrap().on_wake(hook), Ok(()));
    wait_until(|| failed.lock().unwrap().is_some()).await;
    let Some(PeerEvent::ConnectionFailed(info)) = failed.lock().unwrap().take() else { panic!("an id") };
    assert_eq!(info.cause, CloseCause::TimedOut(Timeout::Connect));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_server_of_the_mid_level_in_a_browser_is_unsupported() {
    match WebSocketMultiplayerPeer::bind("127.0.0.1:0", ServerOptions::default()) {
        Ok(host) => assert_eq!((host.is_server(), host.id()), (true, Some(SERVER))),
        Err(error) => assert!(matches!(error, Error::Unsupported { .. }), "{error:?}"),
    }
}
