//! Calls: their targets, their forms, and the right to make them.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error, Packet, ReadyState,
    multiplayer::{
        ArgumentError, Call, CallError, Event, Method, Methods, Node, Output, PacketError, Parameter, PeerId,
        Rpc, Session, SessionError, SessionOptions, Target, TransferMode,
    },
    rpc,
    variant::{Object, Variant},
};

use crate::world::{A, B, C, SERVER, World, events, id, outputs, rejections};

const NOW: Duration = Duration::ZERO;

rpc! {
    /// The calls of a room.
    #[derive(Debug, Clone, PartialEq)]
    enum Room {
        Say { text: String } = "say" [any_peer, call_local];
        Ask { text: String, times: Option<i64> } = "ask" [any_peer];
        Open = "open" [authority];
        Shut = "shut" [disabled];
    }
}

/// A server and three clients that have all declared the room, in the order server, A, B, C.
fn rooms() -> (World, [Node<Room>; 4]) {
    let mut world = World::of(&[A, B, C]);
    let rooms = [SERVER, A, B, C].map(|peer| world.at(peer).register_node::<Room>("Room").unwrap());
    (world, rooms)
}

fn say(text: &str) -> Room {
    Room::Say { text: text.to_owned() }
}

/// Takes the events at an end, which must all be calls.
#[track_caller]
fn called(world: &mut World, at: PeerId, room: Node<Room>) -> Vec<(PeerId, Room)> {
    let typed = |event| match event {
        Event::Call(call) => (call.from, room.read(call).unwrap().unwrap()),
        other => panic!("{other:?} is not a call"),
    };
    world.events(at).into_iter().map(typed).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn calls_reach_exactly_their_targets() {
    for (from, to, expected) in [
        (SERVER, Target::All, &[SERVER, A, B, C][..]),
        (SERVER, Target::Peer(SERVER), &[SERVER]),
        (SERVER, Target::Peer(B), &[B]),
        (SERVER, Target::AllExcept(B), &[SERVER, A, C]),
        (SERVER, Target::AllExcept(SERVER), &[A, B, C]),
        (A, Target::All, &[SERVER, A, B, C]),
        (A, Target::SERVER, &[SERVER]),
        (A, Target::Peer(A), &[A]),
        (A, Target::Peer(B), &[B]),
        (A, Target::AllExcept(B), &[SERVER, A, C]),
        (A, Target::AllExcept(SERVER), &[A, B, C]),
        (A, Target::AllExcept(A), &[SERVER, B, C]),
    ] {
        let (mut world, rooms) = rooms();
        let ends = [SERVER, A, B, C];
        let room_of = |peer| rooms[ends.iter().position(|end| *end == peer).unwrap()];
        // The first names the path, later ones its number.
        for _ in 0..3 {
            world.at(from).call(room_of(from), to, say("hello")).unwrap();
            world.settle();
            for peer in ends {
                let calls = called(&mut world, peer, room_of(peer));
                let expected = if expected.contains(&peer) { vec![(from, say("hello"))] } else { vec![] };
                assert_eq!(calls, expected, "{from:?} {to:?} at {peer:?}");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_peer_that_has_not_confirmed_a_path_gets_it_with_each_call() {
    let mut server = Session::server(SessionOptions::default());
    for peer in [A, B, C] {
        server.peer_joined(peer, NOW);
    }
    outputs(&mut server);
    events(&mut server);
    let room = server.register_node::<Room>("Room").unwrap();
    server.call(room, Target::All, Room::Open).unwrap();
    let announcement = [&[1][..], Room::methods().md5().as_bytes(), &[0, 1, 0, 0, 0], b"Room\0"].concat();
    let by_path = [&[0xa0, 6, 0, 0, 0x80, 1][..], b"Room\0"].concat();
    assert_eq!(
        outputs(&mut server),
        [(vec![2, 3, 4], announcement.clone()), (vec![2, 3, 4], by_path.clone())]
    );

    // B has confirmed it, so there are two forms, each sent once.
    server.receive(B, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
    server.call(room, Target::All, Room::Open).unwrap();
    let by_number = vec![0x80, 1, 1];
    assert_eq!(outputs(&mut server), [(vec![2, 4], by_path.clone()), (vec![3], by_number.clone())]);

    // A new client gets the announcement first.
    for peer in [A, C] {
        server.receive(peer, Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
    }
    server.peer_joined(id(5), NOW);
    outputs(&mut server);
    events(&mut server);
    server.call(room, Target::All, Room::Open).unwrap();
    assert_eq!(
        outputs(&mut server),
        [(vec![5], announcement), (vec![5], by_path), (vec![2, 3, 4], by_number.clone())]
    );
    server.receive(id(5), Packet::binary([2, 1, 1, 0, 0, 0]), NOW);
    server.call(room, Target::All, Room::Open).unwrap();
    assert_eq!(outputs(&mut server), [(vec![2, 3, 4, 5], by_number)]);
    assert_eq!(server.stats().calls_sent, 4);
}

#[wasm_bindgen_test(unsupported = test)]
fn optional_arguments_can_be_left_out() {
    let (mut world, [_, room, ..]) = rooms();
    for times in [None, Some(3)] {
        let ask = Room::Ask { text: "?".to_owned(), times };
        world.at(A).call(room, SERVER, ask.clone()).unwrap();
        world.settle();
        let Some(Event::Call(call)) = world.server.next_event() else { panic!("no call") };
        assert_eq!(call.arguments.len(), if times.is_some() { 2 } else { 1 });
        assert_eq!(Room::from_call(&call.method, call.arguments), Ok(ask));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn only_authorized_peers_can_call() {
    let (mut world, rooms) = rooms();
    let not_allowed = |method: &'static str| PacketError::NotAllowed { method: method.into() };
    world.at(A).call(rooms[1], Target::AllExcept(C), Room::Open).unwrap();
    world.settle();
    for peer in [SERVER, B] {
        assert_eq!(world.rejections(peer), [(A, not_allowed("open"))]);
    }
    for (end, room) in [(SERVER, rooms[0]), (B, rooms[2])] {
        world.at(end).set_authority(room, A).unwrap();
    }
    world.at(A).call(rooms[1], Target::AllExcept(C), Room::Open).unwrap();
    world.at(SERVER).call(rooms[0], B, Room::Open).unwrap();
    world.at(SERVER).call(rooms[0], C, Room::Shut).unwrap();
    world.settle();
    assert_eq!(called(&mut world, SERVER, rooms[0]), [(A, Room::Open)]);
    let mut seen = world.events(B);
    seen.sort_by_key(|event| matches!(event, Event::PacketRejected { .. }));
    assert!(matches!(&seen[0], Event::Call(Call { from: A, method, .. }) if method == "open"));
    assert_eq!(seen[1], Event::PacketRejected { from: SERVER, error: not_allowed("open") });
    assert_eq!(world.rejections(C), [(SERVER, not_allowed("shut"))]);
}

/// A server whose client A has announced the number 7 for `Room`.
fn server_with_announced_room() -> (Session, Node<Room>) {
    let mut server = Session::server(SessionOptions::default());
    let room = server.register_node::<Room>("Room").unwrap();
    server.peer_joined(A, NOW);
    let announcement = [&[1][..], Room::methods().md5().as_bytes(), &[0, 7, 0, 0, 0], b"Room\0"].concat();
    server.receive(A, Packet::binary(announcement), NOW);
    outputs(&mut server);
    events(&mut server);
    (server, room)
}

#[wasm_bindgen_test(unsupported = test)]
fn invalid_calls_never_reach_the_program() {
    let (mut server, room) = server_with_announced_room();
    let ask = |error| PacketError::InvalidCall { method: "ask".into(), error };
    let count = |found| ask(CallError::ArgumentCount { min: 1, max: 2, found });
    let cases: [(&[u8], PacketError); 6] = [
        // Unknown numbers of a node and of a method.
        (&[0x80, 8, 0], PacketError::UnknownNode { id: 8 }),
        (&[0x80, 7, 9], PacketError::UnknownMethod { id: 9 }),
        (&[0xc0, 7, 0, 0x80], PacketError::UnknownMethod { id: 0x8000 }),
        // An unknown path.
        (&[0xa0, 6, 0, 0, 0x80, 0, b'X', 0], PacketError::UnknownPath),
        // Too few arguments, and too many.
        (&[0x80, 7, 0], count(0)),
        (&[0, 7, 0, 3, 1, 1, 1], count(3)),
    ];
    for (packet, expected) in cases {
        server.receive(A, Packet::binary(packet), NOW);
        assert_eq!(rejections(&mut server), [(A, expected)], "{packet:02x?}");
    }
    // A bool instead of a text, and an incomplete argument.
    server.receive(A, Packet::binary([0, 7, 0, 1, 1]), NOW);
    server.receive(A, Packet::binary([0, 7, 0, 1, 4]), NOW);
    let seen = rejections(&mut server);
    assert!(
        matches!(
            &seen[..],
            [
                (A, PacketError::InvalidCall { error: CallError::Argument { index: 0, .. }, .. }),
                (A, PacketError::InvalidArgument { error: ArgumentError { index: 0, .. }, .. }),
            ]
        ),
        "{seen:?}"
    );
    assert!(seen.iter().all(|(_, what)| what.to_string().starts_with("`ask`: ")));
    assert_eq!((server.stats().rejected_packets, server.stats().calls_received), (8, 0));
    assert_eq!(outputs(&mut server), []);

    // Valid calls of the node still arrive.
    server.receive(A, Packet::binary([0, 7, 1, 1, 4, 0, 0, 0, 1, 0, 0, 0, b'!', 0, 0, 0]), NOW);
    assert!(matches!(
        server.next_event(),
        Some(Event::PacketRejected { error: PacketError::NotAllowed { .. }, .. })
    ));
    server.receive(A, Packet::binary([0, 7, 2, 1, 4, 0, 0, 0, 1, 0, 0, 0, b'!', 0, 0, 0]), NOW);
    let Some(Event::Call(call)) = server.next_event() else { panic!("no call") };
    assert_eq!(room.read(call), Some(Ok(say("!"))));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_node_reads_only_its_own_calls() {
    let mut server = Session::server(SessionOptions::default());
    let [one, other] = ["One", "Other"].map(|path| server.register_node::<Room>(path).unwrap());
    server.call(one, SERVER, say("!")).unwrap();
    let Some(Event::Call(call)) = server.next_event() else { panic!("no call") };
    assert_eq!((call.from, call.node), (SERVER, one.key()));
    assert_eq!(other.read(call.clone()), None);
    assert_eq!(one.read(call), Some(Ok(say("!"))));
    assert_ne!(one, other);
}

#[wasm_bindgen_test(unsupported = test)]
fn impossible_calls_are_errors_without_effect() {
    let mut client = Session::client(SessionOptions::default());
    let room = client.register_node::<Room>("Room").unwrap();
    let connecting = Error::NotOpen { state: ReadyState::Connecting }.into();
    assert_eq!(client.call(room, SERVER, say("")), Err(connecting));

    let (mut world, [_, room, ..]) = rooms();
    let session = world.at(A);
    let text = |len: usize| vec![Variant::from("x".repeat(len))];
    assert_eq!(session.call(room, id(99), say("")), Err(Error::UnknownPeer.into()));
    assert_eq!(session.call(room, A, Room::Open), Err(SessionError::NotCallLocal));
    assert_eq!(session.call_method(room, SERVER, "sing", vec![]), Err(SessionError::UnknownMethod));
    let wrong = session.call_method(room, SERVER, "say", vec![]);
    assert!(matches!(wrong, Err(SessionError::InvalidArguments { .. })), "{wrong:?}");
    let wrong = session.call_method(room, SERVER, "say", vec![Variant::Nil]);
    assert!(matches!(wrong, Err(SessionError::InvalidArguments { .. })), "{wrong:?}");
    let too_big = session.call_method(room, B, "say", text(65_600));
    assert!(
        matches!(too_big, Err(SessionError::Peer(Error::PacketTooBig { max: 65_535, .. }))),
        "{too_big:?}"
    );
    // Bytes: 6 for the relay, 1 first byte, 4 node, 1 method, 1 count, 8 for the text, 5 path.
    let longest = (65_535 - 26) / 4 * 4;
    assert!(session.call_method(room, B, "say", text(longest + 1)).is_err());
    assert_eq!((outputs(session), events(session)), (vec![], vec![]));
    session.call_method(room, B, "say", text(longest)).unwrap();
    assert_eq!(outputs(session).len(), 2);

    session.unregister_node(room);
    assert_eq!(session.call(room, SERVER, say("")), Err(SessionError::UnknownNode));
    assert_eq!(session.set_authority(room, A), Err(SessionError::UnknownNode));
    assert_eq!(
        world.server.call(room, A, say("")),
        Err(SessionError::UnknownNode),
        "the node is of another session"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_call_carries_at_most_255_arguments() {
    let methods = Methods::new().with(Method::new("take").any_peer().variadic());
    let mut world = World::of(&[A]);
    let nodes = world.declare("Node", &methods);
    let take = |world: &mut World, count| {
        world.at(A).call_method(nodes[&A], SERVER, "take", vec![Variant::Int(1); count])
    };
    take(&mut world, 255).unwrap();
    assert!(matches!(take(&mut world, 256), Err(SessionError::InvalidArguments { .. })));
    world.settle();
    assert!(matches!(&world.events(SERVER)[..], [Event::Call(call)] if call.arguments.len() == 255));
}

#[wasm_bindgen_test(unsupported = test)]
fn whole_objects_are_accepted_only_if_they_are_allowed() {
    let methods = Methods::new().with(Method::new("take").any_peer().parameter(Parameter::any("thing")));
    let object = Object::Full { class: "Node".to_owned(), properties: vec![] };
    for allowed in [true, false] {
        let mut world = World::with(SessionOptions::default().allow_objects(allowed));
        world.join_with(A, SessionOptions::default().allow_objects(true));
        world.settle();
        world.forget_events();
        let nodes = world.declare("Node", &methods);
        let thing = Variant::Object(Some(Box::new(object.clone())));
        world.at(A).call_method(nodes[&A], SERVER, "take", vec![thing]).unwrap();
        world.settle();
        let seen = world.events(SERVER);
        match &seen[..] {
            [Event::Call(_)] => assert!(allowed),
            [Event::PacketRejected { from: A, error: PacketError::InvalidArgument { .. } }] => {
                assert!(!allowed)
            }
            _ => panic!("{seen:?}"),
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_call_is_sent_as_its_method_is_declared() {
    let mut server = Session::server(SessionOptions::default());
    server.peer_joined(A, NOW);
    let fast = Method::new("move").channel(3).transfer(TransferMode::UnreliableOrdered);
    let node = server.register_node_with("Game", Methods::new().with(fast).with(Method::new("say"))).unwrap();
    outputs(&mut server);
    events(&mut server);
    server.call_method(node, A, "move", vec![]).unwrap();
    server.call_method(node, A, "say", vec![]).unwrap();
    let (path, say) = ((0, TransferMode::Reliable), (0, TransferMode::Reliable));
    for expected in [path, (3, TransferMode::UnreliableOrdered), say] {
        let Some(Output::Send { channel, transfer, .. }) = server.next_output() else { panic!("no packet") };
        assert_eq!((channel, transfer), expected);
    }
}
