//! The macro `rpc!`: the enum, the declared methods, and the conversions of calls.

#![cfg(not(target_family = "wasm"))]

use websocket_peer::{
    multiplayer::{CallError, Caller, Methods, Rpc, TransferMode},
    variant::{Dictionary, NodePath, StringName, Variant, VariantType, Vector2, WrongType},
};

websocket_peer::rpc! {
    /// The methods of Godot's multiplayer demo.
    #[derive(Debug, Clone, PartialEq)]
    enum Game {
        /// Adds a line to the log.
        Log { line: String } = "_log";
        AddPlayer { id: i64, name: Option<String> } = "add_player" [call_local];
        DelPlayer { id: i64 } = "del_player" [authority, call_local];
        RequestAction { action: String } = "request_action" [any_peer];
        SetPlayerName { name: String } = "set_player_name" [any_peer];
        SetTurn { index: i64 } = "set_turn" [call_local];
        UpdatePlayerName { id: i64, name: String } = "update_player_name" [call_local];
    }
}

/// A type of the program.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}

impl From<Side> for Variant {
    fn from(side: Side) -> Self {
        Self::from(match side {
            Side::Left => "left",
            Side::Right => "right",
        })
    }
}

impl TryFrom<Variant> for Side {
    type Error = WrongType;

    fn try_from(value: Variant) -> Result<Self, WrongType> {
        match &value {
            Variant::String(side) if side == "left" => Ok(Self::Left),
            Variant::String(side) if side == "right" => Ok(Self::Right),
            _ => Err(WrongType::new("a side", value.kind())),
        }
    }
}

/// An `Option` with another name.
type Maybe<T> = Option<T>;

/// A name that the crate uses as well.
type Field = i64;

mod inner {
    use super::Field;

    // All that the grammar allows.
    websocket_peer::rpc! {
        #[derive(Debug, Clone, PartialEq)]
        pub(super) enum Odd {
            Plain = "plain" [];
            Disabled = "disabled" [disabled, channel(1 + 2), unreliable,];
            /// A method of the node, not of its script.
            Node { } = "node" [node_level, unreliable_ordered, any_peer];
            #[doc = "Has fields with all kinds of names and types."]
            Many {
                /// A field named by a keyword.
                r#type: super::StringName,
                arguments: super::Maybe<super::Side>,
                method: super::Variant,
                options: Vec<u8>,
                optional: Option<super::Variant>,
                value: Option<super::Dictionary>,
            } = "many" [channel(-4), reliable, call_local, any_peer];
            Any { value: super::Variant } = "any";
            Middle { first: Option<Field>, last: f32 } = "middle" [authority]
        }
    }

    websocket_peer::rpc! {
        #[derive(Debug, PartialEq)]
        pub(super) enum Nothing {}
    }
}

use inner::{Nothing, Odd};

fn names(methods: &Methods) -> Vec<&str> {
    methods.names().collect()
}

#[test]
fn the_checksum_of_the_demo_is_that_of_godot() {
    let methods = Game::methods();
    assert_eq!(methods.md5(), "599eb6c9feef319c68c1b0a901241908");
    for (number, name) in [
        (0, "_log"),
        (1, "add_player"),
        (2, "del_player"),
        (3, "request_action"),
        (4, "set_player_name"),
        (5, "set_turn"),
        (6, "update_player_name"),
    ] {
        assert_eq!(methods.find(name).map(|(number, _)| number), Some(number));
        assert_eq!(methods.get(number).map(|method| &*method.name), Some(name));
    }
}

#[test]
fn options_in_brackets_apply_to_the_method() {
    let methods = Odd::methods();
    assert_eq!(names(&methods), ["node", "any", "disabled", "many", "middle", "plain"]);
    let look = |name| {
        let (number, method) = methods.find(name).unwrap();
        (number, method.caller, method.call_local, method.channel, method.transfer, method.node_level)
    };
    assert_eq!(look("plain"), (4, Caller::Authority, false, 0, TransferMode::Reliable, false));
    assert_eq!(look("disabled"), (1, Caller::Disabled, false, 3, TransferMode::Unreliable, false));
    assert_eq!(look("node"), (0x8000, Caller::AnyPeer, false, 0, TransferMode::UnreliableOrdered, true));
    assert_eq!(look("many"), (2, Caller::AnyPeer, true, -4, TransferMode::Reliable, false));
    assert_eq!(look("middle"), (3, Caller::Authority, false, 0, TransferMode::Reliable, false));
}

#[test]
fn fields_are_parameters() {
    let methods = Odd::methods();
    let (_, many) = methods.find("many").unwrap();
    let parameters: Vec<_> = many.parameters.iter().map(|one| (&*one.name, one.optional)).collect();
    let expected = [
        ("type", false),
        ("arguments", true),
        ("method", false),
        ("options", false),
        ("optional", true),
        ("value", true),
    ];
    assert_eq!(parameters, expected);
}

#[test]
fn a_call_converts_to_arguments_and_back() {
    let many = |arguments, value| Odd::Many {
        r#type: "kind".into(),
        arguments,
        method: NodePath::from("a/b").into(),
        options: vec![1, 2],
        optional: None,
        value,
    };
    for call in [
        Odd::Plain,
        Odd::Disabled,
        Odd::Node {},
        many(Some(Side::Left), None),
        many(None, Some(Dictionary::new())),
        Odd::Middle { first: None, last: 0.5 },
    ] {
        let (method, arguments) = call.clone().into_call();
        let (_, declared) =
            Odd::methods().find(method).map(|(number, found)| (number, found.clone())).unwrap();
        assert_eq!(declared.check(&arguments), Ok(()), "{call:?}");
        assert_eq!(Odd::from_call(method, arguments), Ok(call));
    }
}

#[test]
fn trailing_none_is_not_sent() {
    let id = Variant::Int(1);
    let call = Game::AddPlayer { id: 1, name: None };
    assert_eq!(call.into_call(), ("add_player", vec![id.clone()]));
    let call = Game::AddPlayer { id: 1, name: Some("Ann".to_owned()) };
    assert_eq!(call.into_call(), ("add_player", vec![id.clone(), "Ann".into()]));

    // Before another argument, `None` is sent as null.
    let call = Odd::Middle { first: None, last: 2.0 };
    assert_eq!(call.into_call(), ("middle", vec![Variant::Nil, Variant::Float(2.0)]));
    // A null `Variant` is sent.
    let call = Odd::Any { value: Variant::Nil };
    assert_eq!(call.into_call(), ("any", vec![Variant::Nil]));
    let nothing = Err(CallError::ArgumentCount { min: 1, max: 1, found: 0 });
    assert_eq!(Odd::from_call("any", vec![]), nothing);
    // A null `Option<Variant>` at the end is not sent.
    let call = Odd::Many {
        r#type: StringName::default(),
        arguments: None,
        method: Variant::Nil,
        options: Vec::new(),
        optional: Some(Variant::Nil),
        value: None,
    };
    assert_eq!(call.into_call().1.len(), 4);
}

#[test]
fn missing_trailing_arguments_are_none() {
    let added = |arguments| Game::from_call("add_player", arguments);
    let without = Game::AddPlayer { id: 1, name: None };
    assert_eq!(added(vec![1.into()]), Ok(without.clone()));
    assert_eq!(added(vec![1.into(), Variant::Nil]), Ok(without));
    let found = |found| Err(CallError::ArgumentCount { min: 1, max: 2, found });
    assert_eq!(added(vec![]), found(0));
    assert_eq!(added(vec![1.into(), "Ann".into(), 2.into()]), found(3));

    // An optional argument before a required one must not be missing.
    let found = |found| Err(CallError::ArgumentCount { min: 2, max: 2, found });
    assert_eq!(Odd::from_call("middle", vec![0.5.into()]), found(1));
    let middle = Odd::Middle { first: None, last: 0.5 };
    assert_eq!(Odd::from_call("middle", vec![Variant::Nil, 0.5.into()]), Ok(middle));
}

#[test]
fn argument_types_are_checked() {
    let wrong =
        |index, expected, found| Err(CallError::Argument { index, error: WrongType::new(expected, found) });
    let added = |arguments| Game::from_call("add_player", arguments);
    assert_eq!(added(vec!["1".into()]), wrong(0, "int", VariantType::String));
    assert_eq!(
        added(vec![1.into(), Vector2::new(1.0, 2.0).into()]),
        wrong(1, "String", VariantType::Vector2)
    );
    // Only optional arguments may be null.
    assert_eq!(added(vec![Variant::Nil]), wrong(0, "int", VariantType::Nil));
    // As in Godot, an int converts to float.
    let middle = Odd::Middle { first: None, last: 3.0 };
    assert_eq!(Odd::from_call("middle", vec![Variant::Nil, 3.into()]), Ok(middle));

    let many = |side: &str| {
        Odd::from_call("many", vec!["a".into(), side.into(), Variant::Nil, Variant::PackedByteArray(vec![])])
    };
    assert!(matches!(many("right"), Ok(Odd::Many { arguments: Some(Side::Right), optional: None, .. })));
    let why = WrongType::new("a side", VariantType::String);
    assert_eq!(many("up"), Err(CallError::Argument { index: 1, error: why }));
}

/// A session checks calls by the declaration, before the program converts them to the enum.
#[test]
fn the_declaration_and_the_enum_accept_the_same_arguments() {
    let values =
        [Variant::Nil, 1.into(), 0.5.into(), "left".into(), Vector2::default().into(), vec![1_u8].into()];
    for name in names(&Odd::methods()).into_iter().chain(["unknown"]) {
        for count in 0..=7 {
            for start in 0..values.len() {
                let arguments: Vec<Variant> =
                    values.iter().cycle().skip(start).take(count).cloned().collect();
                let methods = Odd::methods();
                let declared = match methods.find(name) {
                    Some((_, method)) => method.check(&arguments),
                    None => Err(CallError::UnknownMethod),
                };
                assert_eq!(
                    Odd::from_call(name, arguments.clone()).map(drop),
                    declared,
                    "{name}: {arguments:?}"
                );
            }
        }
    }
}

#[test]
fn an_enum_may_be_empty() {
    assert_eq!(Nothing::methods().md5(), "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(Nothing::from_call("any", vec![]), Err(CallError::UnknownMethod));
}

#[test]
fn all_nodes_of_a_type_share_one_table() {
    let (one, other) = (Game::methods(), Game::methods());
    assert!(std::ptr::eq(one.md5(), other.md5()), "the checksum is in the table");
    assert!(!std::ptr::eq(one.md5(), Odd::methods().md5()));
}

#[test]
fn call_errors_have_a_text() {
    for (error, expected) in [
        (Game::from_call("roll", vec![]).unwrap_err(), "there is no such method"),
        (Game::from_call("_log", vec![]).unwrap_err(), "the method takes 1 argument, not 0"),
        (Game::from_call("add_player", vec![]).unwrap_err(), "the method takes 1 to 2 arguments, not 0"),
        (Game::from_call("_log", vec![1.into()]).unwrap_err(), "argument 0: expected String, found int"),
    ] {
        assert_eq!(error.to_string(), expected);
    }
}
