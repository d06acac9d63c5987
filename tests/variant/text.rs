//! Values as text, beyond what the engine's list shows.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{
    Array, Dictionary, ElementType, NodePath, Object, Rid, Signal, StringName, Variant, VariantType, Vector3,
};

#[track_caller]
fn shown(value: impl Into<Variant>, text: &str) {
    assert_eq!(value.into().to_string(), text);
}

#[wasm_bindgen_test(unsupported = test)]
fn texts_are_escaped_as_in_godot() {
    shown("a\"b\\c\n\t'", "\"a\\\"b\\\\c\n\t'\"");
    shown(StringName::from("a\"b\\c\n\t'\r\x07\x08\x0b\x0c"), r#"&"a\"b\\c\n\t\'\r\a\b\v\f""#);
    shown(vec!["a\nb".to_owned()], r#"PackedStringArray("a\nb")"#);
    shown(NodePath::from("a\"b"), r#"NodePath("a\"b")"#);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_lives_in_an_engine_is_shown_by_its_number() {
    shown(Rid(7), "RID(7)");
    shown(Object::Id(7), "<EncodedObjectAsID#7>");
    shown(Variant::Object(None), "null");
    shown(Signal { name: "hit".into(), object: 7 }, "<EncodedObjectAsID#7>::[signal]hit");
}

#[wasm_bindgen_test(unsupported = test)]
fn containers_tell_their_types() {
    shown(Array::typed(ElementType::Script("res://a.gd".to_owned())), "Array[Resource(\"res://a.gd\")]([])");
    let dictionary = Dictionary::typed(ElementType::Untyped, ElementType::Class("Node".to_owned()));
    shown(dictionary, "Dictionary[Variant, Node]({})");
    shown(VariantType::Aabb.to_string(), "\"AABB\"");
}

#[wasm_bindgen_test(unsupported = test)]
fn entries_are_shown_in_the_order_of_their_keys() {
    let dictionary = Dictionary::from_iter([("b", 1), ("c", 2), ("a", 3)]);
    assert_eq!(dictionary.to_string(), "{\n\"a\": 3,\n\"b\": 1,\n\"c\": 2\n}");
    assert_eq!(Array::from_iter([1, 2]).to_string(), "[1, 2]");
}

#[wasm_bindgen_test(unsupported = test)]
fn who_debugs_sees_one_line() {
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
fn who_debugs_sees_the_start_of_what_is_long() {
    for value in [
        Variant::from("é".repeat(100_000)),
        vec![0_u8; 100_000].into(),
        vec![Variant::from("x"); 100_000].into(),
    ] {
        let text = format!("{value:?}");
        assert!(text.len() < 600 && text.ends_with('…'), "{text}");
        assert!(value.to_string().len() > 100_000, "but all of it is displayed");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn paths_are_read_as_they_are_written() {
    for path in ["", "a", "a/b", "/", "/root/Main", "..", "../x", ".", "a:b", "a/b:c:d", ":x", "/a:b", "%U/x"]
    {
        assert_eq!(NodePath::from(path).to_string(), path);
    }
    for (path, tidy) in [
        ("a/b/", "a/b"),
        ("a//b", "a/b"),
        ("//a", "/a"),
        ("a:", "a"),
        ("a:b:", "a:b"),
        ("a::b", ""),
        ("a::", ""),
    ] {
        assert_eq!(NodePath::from(path).to_string(), tidy, "{path}");
    }
    assert_eq!(NodePath::from("a:b/c").subnames, ["b/c"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn names_are_texts() {
    let name = StringName::from("abc".to_owned());
    assert_eq!(name.len(), 3);
    assert_eq!(name.as_str(), "abc");
    assert_eq!(name.to_string(), "abc");
    assert_eq!(String::from(name), "abc");
}
