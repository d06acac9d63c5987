//! A client of a multiplayer session. Its server is a mirror: it sends an id, perhaps announces another client, and
//! then returns every packet. So each call of this client comes back as a call, and the other client seems to answer by
//! relay.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error, PeerOptions, ReadyState, ServerOptions,
    multiplayer::{
        ConnectionStatus, Event, MultiplayerOptions, PeerId, SceneMultiplayer, SessionError, Target,
    },
    variant::{Array, Dictionary, Variant, Vector2},
};

use crate::support::{join, next_event};

/// The mirror's first packet: the id 1365002060.
const ID: &str = "/packets/4c475c51";
const OWN: i32 = 1_365_002_060;
/// The same, and the announcement of another client, 47600204.
const WITH_BOB: &str = "/packets/4c475c51/07014c52d602";
const BOB: i32 = 47_600_204;

websocket_peer::rpc! {
    #[derive(Debug, Clone, PartialEq)]
    enum Echo {
        Anything { first: Variant, second: Variant } = "anything" [any_peer];
        Nothing = "nothing" [any_peer];
        Bytes { bytes: Vec<u8> } = "bytes" [any_peer];
        Local { text: String } = "local" [any_peer, call_local];
    }
}

fn peer_id(id: i32) -> PeerId {
    PeerId::new(id).expect("it is an id")
}

/// A client that the mirror has admitted, and Bob with it if he is in the path.
async fn joined(path: &str) -> SceneMultiplayer {
    let mut peer = join(MultiplayerOptions::default(), path).await;
    assert_eq!(next_event(&mut peer).await, Event::Connected { id: peer_id(OWN) });
    assert_eq!(next_event(&mut peer).await, Event::PeerConnected(PeerId::SERVER));
    if path == WITH_BOB {
        assert_eq!(next_event(&mut peer).await, Event::PeerConnected(peer_id(BOB)));
    }
    peer
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_client_gets_an_id_and_knows_the_others() {
    let mut peer = join(MultiplayerOptions::default(), WITH_BOB).await;
    assert_eq!(peer.status(), ConnectionStatus::Connecting);
    assert_eq!(
        peer.session().send_bytes(Target::All, b"x"),
        Err(Error::NotOpen { state: ReadyState::Connecting }.into())
    );
    for expected in [
        Event::Connected { id: peer_id(OWN) },
        Event::PeerConnected(PeerId::SERVER),
        Event::PeerConnected(peer_id(BOB)),
    ] {
        assert_eq!(next_event(&mut peer).await, expected);
    }
    assert_eq!(peer.peers().collect::<Vec<_>>(), [PeerId::SERVER, peer_id(BOB)]);
    assert_eq!((peer.id(), peer.status()), (Some(peer_id(OWN)), ConnectionStatus::Connected));
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn calls_keep_their_arguments_by_path_and_by_id() {
    let mut peer = joined(WITH_BOB).await;
    let node = peer.session().register_node::<Echo>("Game/Echo").unwrap();
    let table: Dictionary = [(Variant::from("k"), Variant::from(true))].into_iter().collect();
    let calls = [
        Echo::Anything { first: 1.into(), second: "two".into() },
        Echo::Nothing,
        Echo::Bytes { bytes: vec![1, 2, 255] },
        Echo::Bytes { bytes: vec![] },
        Echo::Anything { first: Variant::Nil, second: i64::MIN.into() },
        Echo::Anything { first: Vector2::new(1.5, -0.0).into(), second: table.into() },
        Echo::Anything { first: 0.1.into(), second: Array::from(vec![1.into(), "x".into()]).into() },
    ];
    for to in [PeerId::SERVER, peer_id(BOB)] {
        for call in &calls {
            peer.session().call(node, to, call.clone()).unwrap();
            let Event::Call(answer) = next_event(&mut peer).await else { panic!("no call") };
            assert_eq!(answer.from, to);
            assert_eq!(node.read(answer), Some(Ok(call.clone())));
        }
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_local_call_is_reported_here_too() {
    let mut peer = joined(ID).await;
    let node = peer.session().register_node::<Echo>("Echo").unwrap();
    let call = Echo::Local { text: "here".to_owned() };
    peer.session().call(node, Target::All, call.clone()).unwrap();
    for from in [peer_id(OWN), PeerId::SERVER] {
        let Event::Call(event) = next_event(&mut peer).await else { panic!("no call") };
        assert_eq!(event.from, from);
        assert_eq!(node.read(event), Some(Ok(call.clone())));
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn bytes_arrive_unchanged() {
    let mut peer = joined(WITH_BOB).await;
    let many: Vec<u8> = (0..=255).cycle().take(60_000).collect();
    for to in [PeerId::SERVER, peer_id(BOB)] {
        for bytes in [&b"\0"[..], b"hello", &many] {
            peer.session().send_bytes(to, bytes).unwrap();
            let Event::Packet { from, data } = next_event(&mut peer).await else { panic!("no packet") };
            assert_eq!((from, data.as_bytes()), (to, bytes));
        }
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn malformed_packets_are_rejected_and_the_session_continues() {
    // An empty packet, a call without a node, an announcement of id 0, a truncated relay.
    let mut peer =
        join(MultiplayerOptions::default(), &format!("{ID}/03/80/070100000000/0703010000/ff")).await;
    for _ in 0..2 {
        next_event(&mut peer).await;
    }
    for _ in 0..5 {
        let rejected = next_event(&mut peer).await;
        assert!(matches!(rejected, Event::PacketRejected { from: PeerId::SERVER, .. }), "{rejected:?}");
    }
    peer.session().send_bytes(PeerId::SERVER, b"still here").unwrap();
    assert!(matches!(next_event(&mut peer).await, Event::Packet { .. }));
    assert_eq!(peer.session().stats().rejected_packets, 5);
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_server_that_sends_no_id_ends_the_attempt() {
    let client = PeerOptions::default().connect_timeout(Duration::from_secs(1));
    for path in ["/echo", "/packets/01000000", "/packets/020000"] {
        let mut peer = join(MultiplayerOptions::default().client(client.clone()), path).await;
        let event = next_event(&mut peer).await;
        assert!(matches!(event, Event::ConnectionFailed { .. }), "{path}: {event:?}");
        assert!(peer.is_closed());
    }
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn a_client_that_leaves_gets_only_the_event_disconnected() {
    let mut peer = joined("/packets/4c475c51").await;
    peer.session().send_bytes(PeerId::SERVER, b"last").unwrap();
    assert!(matches!(next_event(&mut peer).await, Event::Packet { .. }));
    peer.close();
    assert_eq!(peer.peers().len(), 0);
    peer.session().send_bytes(Target::All, b"bye").unwrap();
    let Event::Disconnected { info } = next_event(&mut peer).await else { panic!("not disconnected") };
    assert!(info.was_clean(), "{info:?}");
    assert_eq!(peer.close_info(), Some(&info));
    assert!(peer.is_closed());
    assert_eq!(
        peer.session().send_bytes(Target::All, b"x"),
        Err(Error::NotOpen { state: ReadyState::Closed }.into())
    );
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn invalid_calls_are_errors_and_nothing_is_sent() {
    let mut peer = joined(ID).await;
    let node = peer.session().register_node::<Echo>("Echo").unwrap();
    let own = peer_id(OWN);
    let mut session = peer.session();
    assert_eq!(session.call(node, own, Echo::Nothing), Err(SessionError::NotCallLocal));
    assert_eq!(session.call(node, peer_id(99), Echo::Nothing), Err(Error::UnknownPeer.into()));
    assert_eq!(
        session.call_method(node.key(), Target::All, "other", vec![]),
        Err(SessionError::UnknownMethod)
    );
    assert!(matches!(
        session.call_method(node.key(), Target::All, "bytes", vec![1.into()]),
        Err(SessionError::InvalidArguments { .. })
    ));
    assert!(matches!(session.register_node::<Echo>("Echo"), Err(SessionError::InvalidNode { .. })));
    assert!(matches!(
        session.send_bytes(Target::All, &[1; 70_000]),
        Err(SessionError::Peer(Error::PacketTooBig { .. }))
    ));
    session.send_bytes(Target::SERVER, b"next").unwrap();
    drop(session);
    let Event::Packet { data, .. } = next_event(&mut peer).await else { panic!("another packet") };
    assert_eq!(data.as_bytes(), b"next");
}

#[wasm_bindgen_test(unsupported = pollster::test)]
async fn hosting_in_a_browser_is_unsupported() {
    let hosted =
        SceneMultiplayer::bind("127.0.0.1:0", MultiplayerOptions::default().server(ServerOptions::default()));
    match hosted {
        Ok(host) => assert!(host.is_server()),
        Err(error) => assert!(matches!(error, Error::Unsupported { .. }), "{error:?}"),
    }
}
