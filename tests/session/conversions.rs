//! Arguments and properties are converted to the declared types. `tests/variant/typed.rs` compares the conversions with
//! those of an engine.

use std::{cell::Cell, time::Duration};

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    Packet,
    multiplayer::{
        CallError, Event, Method, Methods, Node, NodeKey, PacketError, Parameter, Properties, Property, Rpc,
        Session, SessionError, SessionOptions, Spawn, Spawner, Target,
    },
    rpc,
    variant::{
        Color, NodePath, Objects, StringName, Variant, VariantType, Vector2, Vector2i, Vector3, Vector3i,
        WrongType,
    },
};

use crate::world::{A, SERVER, World, events, outputs};

const NOW: Duration = Duration::ZERO;

rpc! {
    /// A method for each kind of conversion.
    #[derive(Debug, Clone, PartialEq)]
    enum Board {
        Count { number: i64, name: Option<String> } = "count" [any_peer, call_local];
        Fit { small: u8, exact: f32 } = "fit" [any_peer];
        Go { to: Vector2, on: bool } = "go" [any_peer];
        List { numbers: Vec<i32>, values: Vec<Variant> } = "list" [any_peer];
        Look { at: NodePath, tint: Color } = "look" [any_peer];
    }
}

/// Returns a server with the board. Peer A has announced it as path id 7.
fn server() -> (Session, Node<Board>) {
    let mut server = Session::server(SessionOptions::default());
    server.peer_joined(A, NOW);
    let board = server.register_node::<Board>("Board").unwrap();
    let announcement = [&[1][..], Board::methods().md5().as_bytes(), &[0, 7, 0, 0, 0], b"Board\0"].concat();
    server.receive(A, Packet::binary(announcement), NOW);
    events(&mut server);
    outputs(&mut server);
    (server, board)
}

/// Returns a call as an engine sends it, with unconverted arguments.
fn sent(method: &str, arguments: &[Variant]) -> Packet {
    let (number, _) = Board::methods().find(method).map(|(number, method)| (number, method.clone())).unwrap();
    let mut bytes = vec![0, 7, number as u8, arguments.len() as u8];
    for argument in arguments {
        argument.encode_compressed(&mut bytes, Objects::ById).unwrap();
    }
    Packet::binary(bytes)
}

#[wasm_bindgen_test(unsupported = test)]
fn arguments_of_a_call_are_converted_to_the_declared_types() {
    let (mut server, board) = server();
    let packed: Variant = vec![1_u8, 2].into();
    let numbers = vec![Variant::from(1), 2.9.into(), "3".into()];
    for (method, arguments, converted, call) in [
        (
            "count",
            vec![Variant::from(3.9), StringName::from("Ann").into()],
            vec![Variant::from(3), "Ann".into()],
            Board::Count { number: 3, name: Some("Ann".into()) },
        ),
        (
            "count",
            vec![true.into(), Variant::Nil],
            vec![1.into(), Variant::Nil],
            Board::Count { number: 1, name: None },
        ),
        (
            "count",
            vec![f64::NAN.into()],
            vec![i64::MIN.into()],
            Board::Count { number: i64::MIN, name: None },
        ),
        (
            "fit",
            vec![255.5.into(), 1.into()],
            vec![255.into(), 1.0.into()],
            Board::Fit { small: 255, exact: 1.0 },
        ),
        (
            "go",
            vec![Vector2i::new(1, -2).into(), 0.into()],
            vec![Vector2::new(1.0, -2.0).into(), false.into()],
            Board::Go { to: Vector2::new(1.0, -2.0), on: false },
        ),
        (
            "list",
            vec![numbers.into(), packed],
            vec![vec![1, 2, 3].into(), vec![Variant::from(1), 2.into()].into()],
            Board::List { numbers: vec![1, 2, 3], values: vec![1.into(), 2.into()] },
        ),
        (
            "look",
            vec!["A/B".into(), "red".into()],
            vec![NodePath::from("A/B").into(), Color::new(1.0, 0.0, 0.0, 1.0).into()],
            Board::Look { at: "A/B".into(), tint: Color::new(1.0, 0.0, 0.0, 1.0) },
        ),
    ] {
        server.receive(A, sent(method, &arguments), NOW);
        let Some(Event::Call(received)) = server.next_event() else {
            panic!("no event for {method} {arguments:?}")
        };
        assert_eq!((&*received.method, &received.arguments), (method, &converted));
        assert_eq!(board.read(received), Some(Ok(call)));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn arguments_that_do_not_convert_are_rejected_with_their_index() {
    let (mut server, _) = server();
    let red = Variant::from("red");
    for (method, arguments, index, expected, found) in [
        ("count", vec!["3".into()], 0, "int", VariantType::String),
        ("count", vec![Variant::Nil], 0, "int", VariantType::Nil),
        ("count", vec![3.into(), 4.into()], 1, "String", VariantType::Int),
        ("fit", vec![256.5.into(), 1.into()], 0, "unsigned 8-bit int", VariantType::Float),
        ("go", vec![Vector3::default().into(), true.into()], 0, "Vector2", VariantType::Vector3),
        ("go", vec![Vector2i::default().into(), "true".into()], 1, "bool", VariantType::String),
        (
            "list",
            vec![vec![1_i64].into(), vec![1_i64].into()],
            0,
            "PackedInt32Array",
            VariantType::PackedInt64Array,
        ),
        ("look", vec![StringName::from("A").into(), red.clone()], 0, "NodePath", VariantType::StringName),
        ("look", vec!["A".into(), 1.0.into()], 1, "Color", VariantType::Float),
    ] {
        server.receive(A, sent(method, &arguments), NOW);
        let events = events(&mut server);
        let error = CallError::Argument { index, error: WrongType::new(expected, found) };
        let error = PacketError::InvalidCall { method: method.to_owned().into(), error };
        assert_eq!(events, [Event::PacketRejected { from: A, error }], "{method} {arguments:?}");
    }
}

/// For `name := ""` in GDScript: a missing argument is `None`, an explicit default value is `Some`.
#[wasm_bindgen_test(unsupported = test)]
fn the_default_of_an_optional_argument_can_arrive() {
    let (mut server, board) = server();
    for (name, expected) in [
        (vec![], None),
        (vec![Variant::Nil], None),
        (vec!["".into()], Some("")),
        (vec![StringName::from("").into()], Some("")),
    ] {
        server.receive(A, sent("count", &[vec![1.into()], name].concat()), NOW);
        let Some(Event::Call(call)) = server.next_event() else { panic!("no call") };
        let Some(Ok(Board::Count { name, .. })) = board.read(call) else { panic!("no count") };
        assert_eq!(name.as_deref(), expected);
        assert_eq!(name.unwrap_or_default(), "");
    }
}

/// With the untyped call that tools and pages use.
#[wasm_bindgen_test(unsupported = test)]
fn sent_and_local_calls_have_the_declared_types() {
    let mut world = World::of(&[A]);
    let [server, client] = [SERVER, A].map(|peer| world.at(peer).register_node::<Board>("Board").unwrap());
    world.at(A).call_method(client, Target::All, "count", vec![3.9.into()]).unwrap();
    world.settle();
    for (peer, board) in [(SERVER, server), (A, client)] {
        let [Event::Call(call)] = &world.events(peer)[..] else { panic!("no call at {peer}") };
        assert_eq!(call.arguments, [Variant::Int(3)]);
        assert_eq!(board.read(call.clone()), Some(Ok(Board::Count { number: 3, name: None })));
    }
    let wrong = world.at(A).call_method(client, SERVER, "count", vec!["3".into()]);
    let reason = "argument 0: expected int, found String".to_owned();
    assert_eq!(wrong, Err(SessionError::InvalidArguments { reason }));
}

#[wasm_bindgen_test(unsupported = test)]
fn parameters_are_declared_by_godots_types_too() {
    let take = Method::new("take")
        .any_peer()
        .parameter(Parameter::typed("who", VariantType::Object))
        .parameter(Parameter::typed("then", VariantType::Callable));
    let mut world = World::of(&[A]);
    let nodes = world.declare("Node", &Methods::new().with(take));
    let mut take =
        |who: Variant| world.at(A).call_method(nodes[&A], SERVER, "take", vec![who, Variant::Callable]);
    assert_eq!(take(Variant::Nil), Ok(()));
    assert!(take(7.into()).is_err());
}

#[wasm_bindgen_test(unsupported = test)]
fn properties_are_converted_to_the_declared_types() {
    let marker = || {
        Properties::new()
            .with(Property::of::<Vector2>("position"))
            .with(Property::typed("health", VariantType::Int))
    };
    let mut world = World::of(&[A]);
    // The server's properties are untyped, so it sends the values as they are.
    let loose = Properties::new().with(Property::any("position")).with(Property::any("health"));
    let spawners: [NodeKey; 2] = [(SERVER, loose), (A, marker())].map(|(peer, scene)| {
        world.at(peer).register_spawner("Spawner", Spawner::new().scene(scene)).unwrap()
    });
    let spawn = Spawn::scene(0).with("position", Vector2i::new(1, 2)).with("health", 2.9);
    world.server.spawn(spawners[0], spawn).unwrap();
    world.settle();
    let [Event::Spawned(spawned)] = &world.events(A)[..] else { panic!("nothing was spawned") };
    assert_eq!(spawned.state.get("position"), Some(&Vector2::new(1.0, 2.0).into()));
    assert_eq!(spawned.state.get("health"), Some(&Variant::Int(2)));

    // Own properties are converted when they are set.
    let own = world.server.register_synchronizer("Own", marker()).unwrap();
    assert_eq!(world.server.set_property(own, "position", Vector2i::new(3, 4)), Ok(()));
    assert_eq!(world.server.set_property(own, "health", true), Ok(()));
    assert!(world.server.set_property(own, "position", Vector3i::default()).is_err());
}

thread_local! {
    /// The number of elements in all values that were converted to [`Tags`].
    static CONVERTED: Cell<usize> = const { Cell::new(0) };
}

/// A type of the program that counts the elements it converts.
struct Tags(Vec<String>);

impl From<Tags> for Variant {
    fn from(tags: Tags) -> Self {
        tags.0.into()
    }
}

impl TryFrom<Variant> for Tags {
    type Error = WrongType;

    fn try_from(value: Variant) -> Result<Self, WrongType> {
        let tags = Vec::<String>::try_from(value)?;
        CONVERTED.set(CONVERTED.get() + tags.len());
        Ok(Self(tags))
    }
}

/// Returns as many tags as fit into a packet.
fn many_tags() -> Variant {
    vec![Variant::Int(7); 7000].into()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rejected_call_does_not_convert_large_arguments() {
    CONVERTED.set(0);
    let label = Method::new("label")
        .parameter(Parameter::of::<Tags>("a"))
        .parameter(Parameter::of::<u8>("b"))
        .parameter(Parameter::of::<Vec<i32>>("c"))
        .parameter(Parameter::typed("d", VariantType::Color));
    let numbers = Variant::from(vec![Variant::Int(7)]);
    for (index, wrong) in [
        (1, [many_tags(), 256.into(), numbers.clone(), "red".into()]),
        (1, [many_tags(), "text".into(), numbers.clone(), "red".into()]),
        (2, [many_tags(), 7.into(), vec![7_u8].into(), "red".into()]),
        (3, [many_tags(), 7.into(), numbers.clone(), vec![7_u8].into()]),
    ] {
        let result = label.convert(wrong.to_vec());
        assert!(matches!(result, Err(CallError::Argument { index: found, .. }) if found == index));
        assert_eq!(CONVERTED.get(), 0, "{index}");
    }
    assert!(label.convert(vec![many_tags(), numbers.clone()]).is_err());
    assert_eq!(CONVERTED.get(), 0);
    assert!(label.convert(vec![many_tags(), 7.into(), numbers, "red".into()]).is_ok());
    assert_eq!(CONVERTED.get(), 7000);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rejected_state_does_not_convert_large_values() {
    CONVERTED.set(0);
    let loose = Properties::new().with(Property::any("tags")).with(Property::any("health"));
    let strict = Properties::new().with(Property::of::<Tags>("tags")).with(Property::of::<i64>("health"));
    let mut world = World::of(&[A]);
    let spawners: [NodeKey; 2] = [(SERVER, loose), (A, strict)].map(|(peer, scene)| {
        world.at(peer).register_spawner("Spawner", Spawner::new().scene(scene)).unwrap()
    });
    for (health, converted) in [(Variant::from("text"), 0), (7.into(), 7000)] {
        let spawn = Spawn::scene(0).with("tags", many_tags()).with("health", health);
        world.server.spawn(spawners[0], spawn).unwrap();
        world.settle();
        let events = world.events(A);
        assert_eq!(matches!(events[..], [Event::Spawned(_)]), converted > 0, "{events:?}");
        assert_eq!(CONVERTED.get(), converted);
    }
}

/// An empty value of the same type is tried before a large one is converted. A type may reject only the empty value.
#[wasm_bindgen_test(unsupported = test)]
fn a_type_that_rejects_the_empty_value_accepts_others() {
    struct Named(Vec<String>);
    impl From<Named> for Variant {
        fn from(named: Named) -> Self {
            named.0.into()
        }
    }
    impl TryFrom<Variant> for Named {
        type Error = WrongType;

        fn try_from(value: Variant) -> Result<Self, WrongType> {
            match Vec::<String>::try_from(value)? {
                none if none.is_empty() => Err(WrongType::new("names", VariantType::PackedStringArray)),
                names => Ok(Self(names)),
            }
        }
    }
    let label = Method::new("label").parameter(Parameter::of::<Named>("a"));
    let tags = Variant::from(vec!["7".to_owned()]);
    assert_eq!(label.convert(vec![vec![Variant::Int(7)].into()]), Ok(vec![tags]));
    assert!(label.convert(vec![Vec::<String>::new().into()]).is_err());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_call_with_too_many_long_numbers_is_rejected() {
    let mut server = Session::server(SessionOptions::default());
    server.peer_joined(A, NOW);
    let label = Method::new("label").any_peer().parameter(Parameter::of::<Vec<String>>("tags"));
    let methods = Methods::new().with(label);
    server.register_node_with("Board", methods.clone()).unwrap();
    let announcement = [&[1][..], methods.md5().as_bytes(), &[0, 7, 0, 0, 0], b"Board\0"].concat();
    server.receive(A, Packet::binary(announcement), NOW);
    events(&mut server);
    let mut call = |numbers: usize| {
        let mut bytes = vec![0, 7, 0, 1];
        let tags = Variant::from(vec![Variant::from(vec![f64::MAX; numbers])]);
        tags.encode_compressed(&mut bytes, Objects::ById).unwrap();
        server.receive(A, Packet::binary(bytes), NOW);
        events(&mut server)
    };
    assert!(matches!(call(10)[..], [Event::Call(_)]));
    let expected = "PackedStringArray with fewer long numbers";
    let error = CallError::Argument { index: 0, error: WrongType::new(expected, VariantType::Array) };
    let error = PacketError::InvalidCall { method: "label".into(), error };
    assert_eq!(call(8150), [Event::PacketRejected { from: A, error }]);
}
