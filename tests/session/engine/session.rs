//! Admission, calls, relayed packets, bytes, and nodes that are added and removed.

use std::time::Duration;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Error,
    multiplayer::{
        CallError, Event, Method, Methods, NodeKey, PacketError, Parameter, PeerId, Session, SessionError,
        SessionOptions, Target,
    },
    variant::{Array, Dictionary, StringName, Variant, Vector2},
};

use super::script::{Step, read};
use crate::world::{SERVER, events, id};

const A: PeerId = id(1_365_002_060);
const B: PeerId = id(47_600_204);
const NOW: Duration = Duration::ZERO;

fn steps() -> Vec<Step> {
    read(include_str!("session.txt"))
}

/// Returns the methods of the engines' node `Game`: those of its script, and one of the node itself.
fn game() -> Methods {
    script_of_game()
        .with(Method::new("native_cfg").any_peer().node_level().parameter(Parameter::any("argument")))
}

/// Returns the methods of the script, which the child `Kid` has as well.
pub fn script_of_game() -> Methods {
    let any = |name: &'static str, count| {
        let method = Method::new(name).any_peer();
        (0..count).fold(method, |method, _| method.parameter(Parameter::any("argument")))
    };
    Methods::new()
        .with(any("Zed", 1))
        .with(any("_under", 1))
        .with(any("any_args", 3))
        .with(any("any_local", 1).call_local())
        .with(any("auth_only", 1).authority())
        .with(any("bytes", 1))
        .with(any("noargs", 0))
}

/// What an end sends.
enum Sent {
    Call(&'static str, Vec<Variant>),
    Bytes(&'static [u8]),
}

/// Returns for each step the sender, the recipients, and what is sent.
fn script() -> Vec<(&'static str, PeerId, Target, Sent)> {
    use Sent::{Bytes, Call};
    let except = Target::AllExcept;
    let array = Array::from(vec![Variant::Int(1)]);
    let dictionary = Dictionary::from_iter([(Variant::from("k"), Variant::Bool(true))]);
    let mixed = vec![Variant::Nil, array.into(), dictionary.into()];
    let empty = Variant::PackedByteArray(vec![]);
    let some = Variant::PackedByteArray(vec![1, 2, 0xff]);
    let [server, to_a, to_b] = [SERVER, A, B].map(Target::Peer);
    let numbers = vec![Variant::Int(300), Variant::Int(-70_000), Variant::Int(5_000_000_000)];
    let bools = vec![true.into(), false.into(), Variant::Int(-129)];
    let int = |number| vec![Variant::Int(number)];
    vec![
        (
            "S: Game.rpc(\"auth_only\", 7) broadcast first time",
            SERVER,
            Target::All,
            Call("auth_only", int(7)),
        ),
        ("S: Game.rpc(\"auth_only\", 7) second time", SERVER, Target::All, Call("auth_only", int(7))),
        (
            "A: rpc_id(1,\"any_args\", 1, \"two\", 3.5)",
            A,
            server,
            Call("any_args", vec![Variant::Int(1), "two".into(), 3.5.into()]),
        ),
        ("A: rpc_id(1,\"any_args\", null, [1], {\"k\":true}) cached", A, server, Call("any_args", mixed)),
        (
            "A: rpc_id(B,\"any_args\", 300, -70000, 5000000000) relayed first",
            A,
            to_b,
            Call("any_args", numbers),
        ),
        ("A: rpc_id(B,\"any_args\", true, false, -129) relayed cached", A, to_b, Call("any_args", bools)),
        (
            "A: rpc(\"any_local\", \"hi\") broadcast call_local",
            A,
            Target::All,
            Call("any_local", vec!["hi".into()]),
        ),
        ("A: rpc_id(1,\"noargs\")", A, server, Call("noargs", vec![])),
        ("A: rpc_id(1,\"bytes\", PackedByteArray 01 02 ff)", A, server, Call("bytes", vec![some])),
        ("A: rpc_id(1,\"bytes\", empty PackedByteArray)", A, server, Call("bytes", vec![empty])),
        ("A: rpc_id(1,\"Zed\", Vector2(1,2))", A, server, Call("Zed", vec![Vector2::new(1.0, 2.0).into()])),
        ("A: rpc_id(1,\"_under\", &\"sn\")", A, server, Call("_under", vec![StringName::from("sn").into()])),
        ("A: rpc_id(1,\"native_cfg\", 5) Node.rpc_config", A, server, Call("native_cfg", int(5))),
        ("A: rpc_id(-B,\"any_local\", 1) exclude B", A, except(B), Call("any_local", int(1))),
        ("A: rpc_id(-1,\"any_local\", 2) exclude server", A, except(SERVER), Call("any_local", int(2))),
        ("S: rpc_id(A,\"any_local\", 3)", SERVER, to_a, Call("any_local", int(3))),
        ("S: rpc_id(-A,\"any_local\", 4)", SERVER, except(A), Call("any_local", int(4))),
        (
            "A: rpc_id(1,\"auth_only\",1) -> rejected at server (authority is 1)",
            A,
            server,
            Call("auth_only", int(1)),
        ),
        ("A: send_bytes(0)", A, Target::All, Bytes(&[0xaa, 0xbb])),
        ("A: send_bytes(1)", A, server, Bytes(&[0xaa])),
        ("A: send_bytes(B)", A, to_b, Bytes(&[0xaa])),
        ("A: send_bytes(-B)", A, except(B), Bytes(&[0xaa])),
        ("A: send_bytes(-1)", A, except(SERVER), Bytes(&[0xaa])),
        ("A: send_bytes(A self)", A, to_a, Bytes(&[0xaa])),
        ("S: send_bytes(0)", SERVER, Target::All, Bytes(&[0xcc])),
        ("S: send_bytes(-A)", SERVER, except(A), Bytes(&[0xcc])),
    ]
}

/// Sends what this end sent in a step.
fn act(step: &Step, own: PeerId, session: &mut Session, game: NodeKey) {
    for (name, by, to, sent) in script() {
        if name == step.name && by == own {
            match sent {
                Sent::Call(method, arguments) => session.call_method(game, to, method, arguments).unwrap(),
                Sent::Bytes(bytes) => session.send_bytes(to, bytes).unwrap(),
            }
        }
    }
}

/// Returns what an end receives from the others, in order. Its own calls are left out.
fn received(own: PeerId) -> Vec<(PeerId, Sent)> {
    let is_received = |by: PeerId, to: Target, sent: &Sent| match (sent, to) {
        // Only the authority may call this method. An engine's empty array arrives as no argument.
        (Sent::Call("auth_only", _), _) if by != SERVER => false,
        (Sent::Call(_, arguments), _) if *arguments == [Variant::PackedByteArray(vec![])] => false,
        // The server relays bytes to oneself.
        (Sent::Bytes(_), Target::Peer(peer)) => peer == own,
        (Sent::Call(..), Target::Peer(peer)) => peer == own && by != own,
        (_, Target::All) => by != own,
        (_, Target::AllExcept(peer)) => peer != own && by != own,
        (_, target) => panic!("no script has {target:?}"),
    };
    let received = script().into_iter().filter(|(_, by, to, sent)| is_received(*by, *to, sent));
    received.map(|(_, by, _, sent)| (by, sent)).collect()
}

/// Compares the calls and bytes that an end received with those sent. Returns the other events.
#[track_caller]
fn check_received(own: PeerId, events: Vec<Event>) -> Vec<Event> {
    let is_of_others = |event: &Event| match event {
        Event::Call(call) => call.from != own,
        _ => true,
    };
    let is_sent = |event: &Event| matches!(event, Event::Call(_) | Event::Packet { .. });
    let (sent, others): (Vec<Event>, Vec<Event>) = events.into_iter().filter(is_of_others).partition(is_sent);
    let expected = received(own);
    assert_eq!(sent.len(), expected.len(), "{sent:?}");
    for (event, expected) in sent.into_iter().zip(expected) {
        match (event, expected) {
            (Event::Call(call), (by, Sent::Call(method, arguments))) => {
                assert_eq!((call.from, &*call.method, call.arguments), (by, method, arguments));
            }
            (Event::Packet { from, data }, (by, Sent::Bytes(bytes))) => {
                assert_eq!((from, data.as_bytes()), (by, bytes));
            }
            (event, _) => panic!("unexpected {event:?}"),
        }
    }
    others
}

#[wasm_bindgen_test(unsupported = test)]
fn a_server_sends_what_the_engines_server_sent() {
    let mut server = Session::server(SessionOptions::default());
    let game = server.register_node_with("Game", game()).unwrap();
    let mut received = Vec::new();
    let mut of_kid = Vec::new();
    let steps = steps();
    let (last, steps) = steps.split_last().unwrap();
    for step in steps {
        match step.name {
            "A connects" => server.peer_joined(A, NOW),
            "B connects" => server.peer_joined(B, NOW),
            "S+A: kid exists both, A rpc again" => {
                server.register_node_with("Game/Kid", script_of_game()).unwrap();
            }
            "S: send_bytes(99)" => {
                assert_eq!(server.send_bytes(id(99), &[1]), Err(Error::UnknownPeer.into()))
            }
            _ => {}
        }
        act(step, SERVER, &mut server, game);
        step.play_server(&mut server, [('A', A), ('B', B)], NOW);
        let list = if step.name.contains("kid") || step.name.contains("child") {
            &mut of_kid
        } else {
            &mut received
        };
        list.extend(events(&mut server));
    }

    let rejection = |event| match event {
        Event::PacketRejected { from: A, error } => Some(error),
        _ => None,
    };
    let wrong_count = |method: &'static str, expected, found| PacketError::InvalidCall {
        method: method.into(),
        error: CallError::ArgumentCount { min: expected, max: expected, found },
    };
    let others = check_received(SERVER, received);
    let found: Vec<PacketError> = others.into_iter().filter_map(rejection).collect();
    assert_eq!(
        found,
        [
            wrong_count("bytes", 1, 0),
            PacketError::NotAllowed { method: "auth_only".into() },
            wrong_count("any_args", 3, 1),
            PacketError::UnknownPeer,
        ]
    );
    // The announcement and the call by path arrive before the node is registered; then two calls.
    let of_kid: Vec<Option<PacketError>> = of_kid.into_iter().map(rejection).collect();
    assert_eq!(of_kid, [Some(PacketError::UnknownPath), Some(PacketError::UnknownPath), None, None]);

    // We differ from an engine here, which closes at once: we first wait until the peer has read everything.
    server.disconnect_peer(A).unwrap();
    assert!(server.next_output().is_some());
    server.advance(Duration::from_secs(1));
    last.play_server(&mut server, [('A', A), ('B', B)], NOW);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_sends_what_the_engines_client_sent() {
    let mut client = Session::client(SessionOptions::default());
    let game = client.register_node_with("Game", game()).unwrap();
    let mut kid_node = None;
    let mut received = Vec::new();
    for step in steps() {
        let play =
            |client: &mut Session, kid: NodeKey| client.call_method(kid, SERVER, "noargs", vec![]).unwrap();
        match step.name {
            "A: rpc \"not_rpc\" -> local error" => {
                assert_eq!(
                    client.call_method(game, SERVER, "not_rpc", vec![]),
                    Err(SessionError::UnknownMethod)
                );
            }
            "A: rpc_id(self) any_args -> local error" => {
                let arguments = vec![Variant::Nil; 3];
                assert_eq!(
                    client.call_method(game, A, "any_args", arguments),
                    Err(SessionError::NotCallLocal)
                );
            }
            "A: rpc_id(unknown peer)" => {
                assert_eq!(
                    client.call_method(game, id(99), "noargs", vec![]),
                    Err(Error::UnknownPeer.into())
                );
            }
            "A: wrong arg count" => {
                let error = client.call_method(game, SERVER, "any_args", vec![Variant::Int(1)]);
                assert!(matches!(error, Err(SessionError::InvalidArguments { .. })));
            }
            "A: send_bytes(empty)" => {
                assert!(matches!(client.send_bytes(SERVER, &[]), Err(SessionError::InvalidArguments { .. })));
            }
            "A: send_bytes(99 unknown)" => {
                assert_eq!(client.send_bytes(id(99), &[1]), Err(Error::UnknownPeer.into()));
            }
            "A: rpc on child node (new path) + root node" => {
                let node = client.register_node_with("Game/Kid", script_of_game()).unwrap();
                kid_node = Some(node);
                play(&mut client, node);
            }
            "A: kid rpc after server has node" => play(&mut client, kid_node.unwrap()),
            "A: remove kid & re-add, rpc" => {
                client.unregister_node(kid_node.unwrap());
                let node = client.register_node_with("Game/Kid", script_of_game()).unwrap();
                play(&mut client, node);
            }
            _ => {}
        }
        act(&step, A, &mut client, game);
        step.play_client(&mut client, 'A', NOW);
        received.extend(events(&mut client));
    }
    let others = check_received(A, received);
    assert!(
        matches!(
            others[..],
            [
                Event::Connected { id: A },
                Event::PeerConnected(SERVER),
                Event::PeerConnected(B),
                Event::PeerDisconnected(B, _),
                Event::PeerDisconnected(SERVER, _),
                Event::Disconnected { .. },
            ]
        ),
        "{others:?}"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_that_only_listens_sends_what_the_engines_client_sent() {
    let mut client = Session::client(SessionOptions::default());
    client.register_node_with("Game", game()).unwrap();
    let mut received = Vec::new();
    for step in steps() {
        step.play_client(&mut client, 'B', NOW);
        received.extend(events(&mut client));
    }
    let others = check_received(B, received);
    assert_eq!(others, [Event::Connected { id: B }, Event::PeerConnected(SERVER), Event::PeerConnected(A)]);
}
