//! Arguments for typed parameters: conversions and rejections for every pair of types, in both directions. The table is the one
//! of the tests without an engine.

use std::collections::BTreeMap;

use serde_json::json;
use websocket_peer::multiplayer::{Event, Method, Methods, PacketError, Parameter};
use websocket_peer::variant::{Variant, VariantType};

use super::calls::PATH;
use super::pair::Pair;
use super::{Behaviour, godot};
use crate::engine::Engine;
use crate::hex;

pub const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("godot_converts_arguments_as_the_table_says", godot_converts_arguments_as_the_table_says),
    (
        "arguments_from_godot_are_converted_as_the_table_says",
        arguments_from_godot_are_converted_as_the_table_says,
    ),
    ("arguments_that_godot_refuses_are_refused", arguments_that_godot_refuses_are_refused),
];

/// A row of the table: the conversions of one value.
struct Row {
    value: Variant,
    /// The converted values, encoded, by type. Other types reject the value.
    taken: BTreeMap<String, Vec<u8>>,
}

impl Row {
    /// Returns the encoded value that a parameter of this type gets, or `None` if it rejects the value.
    fn expected(&self, kind: VariantType) -> Option<Vec<u8>> {
        if self.value.kind() == kind {
            self.value.encode().ok()
        } else {
            self.taken.get(kind.name()).cloned()
        }
    }
}

/// The table, without the value that an engine sends as no argument.
fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in include_str!("../../../../tests/variant/conversions.txt").lines() {
        let Some((first, second)) = line.trim_start().split_once(' ').filter(|(first, _)| *first != "#")
        else {
            continue;
        };
        if line.starts_with('\t') {
            rows.last_mut()
                .expect("a row begins with a value")
                .taken
                .insert(first.to_owned(), hex::decode(second));
        } else {
            let value = Variant::decode(&hex::decode(first)).expect("a value");
            rows.push(Row { value, taken: BTreeMap::new() });
        }
    }
    rows.retain(|row| row.value != Variant::PackedByteArray(vec![]));
    assert!(rows.len() > 100, "{} rows", rows.len());
    rows
}

/// The types of parameters.
fn kinds() -> impl Iterator<Item = VariantType> {
    (1..39).filter_map(|number| VariantType::try_from(number).ok())
}

fn name(kind: VariantType) -> String {
    format!("take_{kind}")
}

/// The methods that `taker.gd` declares, with or without types.
fn methods(are_typed: bool) -> Methods {
    kinds().fold(Methods::new().with(Method::new("row_ends").any_peer()), |methods, kind| {
        let parameter = if are_typed { Parameter::typed("a", kind) } else { Parameter::any("a") };
        methods.with(Method::new(name(kind)).any_peer().parameter(parameter))
    })
}

fn godot_converts_arguments_as_the_table_says(pair: &mut Pair, engine: &mut Engine) {
    godot::add_node(engine, PATH, "taker");
    let node = pair.peer().session().register_node_with(PATH, methods(false)).expect("a path");
    for complaint in [
        "Cannot convert argument 1 from",
        "Invalid NodePath",
        "Invalid color name",
        "must be normalized in order to be casted",
        "as a 64-bit signed integer",
        "recursion",
        "Exponent too high",
    ] {
        engine.allow_error(complaint);
    }
    let godot = pair.godot;
    for row in rows() {
        let mut expected = Vec::new();
        for kind in kinds() {
            let arguments = vec![row.value.clone()];
            pair.peer().session().call_method(node, godot, &name(kind), arguments).expect("a call");
            // Null stays null for an object.
            let seen = row
                .expected(kind)
                .map(|bytes| (if row.value.is_nil() { VariantType::Nil } else { kind }, bytes));
            expected.extend(seen);
        }
        pair.peer().session().call_method(node, godot, "row_ends", vec![]).expect("a call");
        let mut seen = Vec::new();
        loop {
            let called = godot::called(engine, || pair.poll());
            let Some(value) = called.arguments.first() else { break };
            assert_eq!(called.method, name(value.kind()));
            seen.push((value.kind(), value.encode().expect("it has just been decoded")));
        }
        assert_eq!(seen, expected, "{}", row.value);
    }
}

fn arguments_from_godot_are_converted_as_the_table_says(pair: &mut Pair, engine: &mut Engine) {
    godot::add_node(engine, PATH, "taker");
    let node = pair.peer().session().register_node_with(PATH, methods(true)).expect("a path");
    let own = pair.id();
    for row in rows() {
        let argument = hex::encode(&row.value.encode().expect("it was decoded"));
        let taken: Vec<_> = kinds().filter_map(|kind| Some((kind, row.expected(kind)?))).collect();
        let call = |kind: VariantType| json!({ "path": PATH, "to": own.get(), "method": name(kind), "arguments": [argument] });
        let calls: Vec<_> = taken.iter().map(|(kind, _)| ("rpc_of_bytes", call(*kind))).collect();
        assert_eq!(engine.ask_together(&calls), vec![json!(0); taken.len()]);
        for (kind, bytes) in taken {
            let call = pair.call();
            assert_eq!((call.node, &*call.method), (node, name(kind).as_str()), "{}", row.value);
            let seen: Vec<_> = call.arguments.iter().map(Variant::encode).collect();
            assert_eq!(seen, [Ok(bytes)], "{} → {kind}", row.value);
        }
    }
}

/// One value per type, and each rejected value once, within the limit per second.
fn arguments_that_godot_refuses_are_refused(pair: &mut Pair, engine: &mut Engine) {
    godot::add_node(engine, PATH, "taker");
    pair.peer().session().register_node_with(PATH, methods(true)).expect("a path");
    pair.be_lenient();
    let (own, rows) = (pair.id(), rows());
    for (index, kind) in kinds().enumerate() {
        let mut others = rows.iter().cycle().skip(index * 7).take(rows.len());
        let row = others.find(|row| row.expected(kind).is_none()).expect("nothing is taken for everything");
        let argument = hex::encode(&row.value.encode().expect("it was decoded"));
        let call = json!({ "path": PATH, "to": own.get(), "method": name(kind), "arguments": [argument] });
        engine.ask_ok("rpc_of_bytes", call);
        let (method, why) = pair.event("a refusal", |event| match event {
            Event::PacketRejected { error: PacketError::InvalidCall { method, error: why }, .. } => {
                Some((method.clone(), *why))
            }
            _ => None,
        });
        assert_eq!(method, name(kind));
        let expected = format!("argument 0: expected {kind}, found {}", row.value.kind());
        assert_eq!(why.to_string(), expected);
    }
}
