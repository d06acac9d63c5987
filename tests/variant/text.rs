//! Formatting of values, beyond the recorded ones.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{
    Array, Dictionary, ElementType, NodePath, Object, Rid, Signal, StringName, Variant, VariantType, Vector3,
};

#[track_caller]
fn assert_displayed(value: impl Into<Variant>, text: &str) {
    assert_eq!(value.into().to_string(), text);
}

#[wasm_bindgen_test(unsupported = test)]
fn strings_are_escaped_as_in_godot() {
    assert_displayed("a\"b\\c\n\t'", "\"a\\\"b\\\\c\n\t'\"");
    assert_displayed(StringName::from("a\"b\\c\n\t'\r\x07\x08\x0b\x0c"), r#"&"a\"b\\c\n\t\'\r\a\b\v\f""#);
    assert_displayed(vec!["a\nb".to_owned()], r#"PackedStringArray("a\nb")"#);
    assert_displayed(NodePath::from("a\"b"), r#"NodePath("a\"b")"#);
}

#[wasm_bindgen_test(unsupported = test)]
fn references_are_displayed_with_their_ids() {
    assert_displayed(Rid(7), "RID(7)");
    assert_displayed(Object::Id(7), "<EncodedObjectAsID#7>");
    assert_displayed(Variant::Object(None), "null");
    assert_displayed(Signal { name: "hit".into(), object: 7 }, "<EncodedObjectAsID#7>::[signal]hit");
}

#[wasm_bindgen_test(unsupported = test)]
fn typed_containers_are_displayed_with_their_types() {
    assert_displayed(
        Array::typed(ElementType::Script("res://a.gd".to_owned())),
        "Array[Resource(\"res://a.gd\")]([])",
    );
    let dictionary = Dictionary::typed(ElementType::Untyped, ElementType::Class("Node".to_owned()));
    assert_displayed(dictionary, "Dictionary[Variant, Node]({})");
    assert_displayed(VariantType::Aabb.to_string(), "\"AABB\"");
}

#[wasm_bindgen_test(unsupported = test)]
fn entries_are_displayed_in_the_order_of_their_keys() {
    let dictionary = Dictionary::from_iter([("b", 1), ("c", 2), ("a", 3)]);
    assert_eq!(dictionary.to_string(), "{\n\"a\": 3,\n\"b\": 1,\n\"c\": 2\n}");
    assert_eq!(Array::from_iter([1, 2]).to_string(), "[1, 2]");
}

#[wasm_bindgen_test(unsupported = test)]
fn debug_output_has_one_line() {
    let inner = vec![Variant::Nil, 1.5.into(), Vector3::new(1.0, 2.0, 3.0).into()];
    let dictionary = Dictionary::from_iter([("b", Variant::from(inner)), ("a", "x".into())]);
    let text = r#"{"a": "x", "b": [null, 1.5, Vector3(1, 2, 3)]}"#;
    assert_eq!(format!("{dictionary:?}"), text);
    assert_eq!(format!("{:?}", Variant::from(dictionary)), text);
    assert_eq!(format!("{:?}", Some(Variant::Int(7))), "Some(7)");
    assert_eq!(format!("{:?}", Array::from_iter([1])), "[1]");
    assert_eq!(format!("{:?}", Object::Id(7)), "<EncodedObjectAsID#7>");
    let object = Object::Full { class: "Node".to_owned(), properties: vec![("x".to_owned(), 1.into())] };
    assert_eq!(format!("{object:?}"), "Object(Node,\"x\":1)");
}

#[wasm_bindgen_test(unsupported = test)]
fn long_debug_output_is_truncated() {
    for value in [
        Variant::from("é".repeat(100_000)),
        vec![0_u8; 100_000].into(),
        vec![Variant::from("x"); 100_000].into(),
    ] {
        let text = format!("{value:?}");
        assert!(text.len() < 600 && text.ends_with('…'), "{text}");
        assert!(value.to_string().len() > 100_000, "`Display` is complete");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn node_paths_are_parsed_and_displayed() {
    for path in ["", "a", "a/b", "/", "/root/Main", "..", "../x", ".", "a:b", "a/b:c:d", ":x", "/a:b", "%U/x"]
    {
        assert_eq!(NodePath::from(path).to_string(), path);
    }
    for (path, normalized) in [
        ("a/b/", "a/b"),
        ("a//b", "a/b"),
        ("//a", "/a"),
        ("a:", "a"),
        ("a:b:", "a:b"),
        ("a::b", ""),
        ("a::", ""),
    ] {
        assert_eq!(NodePath::from(path).to_string(), normalized, "{path}");
    }
    assert_eq!(NodePath::from("a:b/c").subnames, ["b/c"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn names_convert_to_strings() {
    let name = StringName::from("abc".to_owned());
    assert_eq!(name.len(), 3);
    assert_eq!(name.as_str(), "abc");
    assert_eq!(name.to_string(), "abc");
    assert_eq!(String::from(name), "abc");
}
