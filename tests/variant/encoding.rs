//! What cannot be written, and how what can be is kept whole.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{Array, EncodeError, NodePath, Object, Objects, Signal, StringName, Variant};

use crate::vectors::{decoded, hex};

fn whole(class: &str) -> Variant {
    Object::Full { class: class.to_owned(), properties: Vec::new() }.into()
}

#[wasm_bindgen_test(unsupported = test)]
fn what_cannot_be_written_leaves_no_trace() {
    let values = Variant::from(vec![Variant::Int(1), "a\0b".into()]);
    let mut out = vec![7];
    assert_eq!(values.encode_into(&mut out, Objects::ById), Err(EncodeError::NulInText));
    assert_eq!(values.encode_compressed(&mut out, Objects::ById), Err(EncodeError::NulInText));
    assert_eq!(out, [7]);
    assert_eq!(Variant::Int(1).encode_compressed(&mut out, Objects::ById), Ok(()));
    assert_eq!(out, [7, 2, 1], "it is appended");
}

#[wasm_bindgen_test(unsupported = test)]
fn whole_objects_are_written_only_where_they_are_allowed() {
    let in_array = Variant::from(vec![whole("Node")]);
    assert_eq!(whole("Node").encode(), Err(EncodeError::ObjectNotAllowed));
    assert_eq!(in_array.encode(), Err(EncodeError::ObjectNotAllowed));
    assert_eq!(in_array.encode_into(&mut Vec::new(), Objects::Full), Ok(()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_whole_object_has_a_class() {
    assert_eq!(whole("").encode_into(&mut Vec::new(), Objects::Full), Err(EncodeError::NoClass));
}

#[wasm_bindgen_test(unsupported = test)]
fn no_text_has_a_nul_wherever_it_is() {
    let values: [Variant; 7] = [
        "a\0".into(),
        StringName::from("\0").into(),
        NodePath::from("a/b\0").into(),
        NodePath::from("a:b\0").into(),
        Signal { name: "a\0".into(), object: 1 }.into(),
        vec!["a\0".to_owned()].into(),
        whole("a\0"),
    ];
    for value in values {
        let result = value.encode_into(&mut Vec::new(), Objects::Full);
        assert_eq!(result, Err(EncodeError::NulInText), "{value:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_byte_order_mark_outlives_the_way() {
    for text in ["\u{feff}", "\u{feff}a", "\u{feff}\u{feff}a", "a\u{feff}"] {
        let value = Variant::from(text);
        assert_eq!(Variant::decode(&value.encode().expect("a text")), Ok(value));
        let value = Variant::from(vec![text.to_owned()]);
        assert_eq!(Variant::decode(&value.encode().expect("a text")), Ok(value));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn no_object_is_written_as_nothing() {
    assert_eq!(Variant::Object(None).encode(), Ok(hex("00000000")));
    let mut out = Vec::new();
    Variant::Object(None).encode_compressed(&mut out, Objects::ById).expect("it can be written");
    assert_eq!(decoded("00000000"), Variant::decode_compressed(&out, Objects::ById).expect("a value").0);
}

#[wasm_bindgen_test(unsupported = test)]
fn arguments_stand_side_by_side() {
    let values: [Variant; 4] = [true.into(), "abc".into(), 300.into(), Array::new().into()];
    let mut bytes = Vec::new();
    for value in &values {
        value.encode_compressed(&mut bytes, Objects::ById).expect("it can be written");
    }
    assert_eq!(bytes, hex("81 04000000 03000000 61626300 422c01 1c000000 00000000"));
    let mut rest = &bytes[..];
    for value in values {
        let (read, len) = Variant::decode_compressed(rest, Objects::ById).expect("a value");
        assert_eq!(read, value);
        rest = &rest[len..];
    }
    assert!(rest.is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn errors_say_what_is_wrong() {
    for (error, text) in [
        (EncodeError::TooDeep, "more than 1024 containers are nested"),
        (EncodeError::TooLong, "a string or a container has more than 2147483647 bytes or elements"),
        (EncodeError::ObjectNotAllowed, "an object with properties is not allowed"),
        (EncodeError::NulInText, "a text has a NUL in it"),
        (EncodeError::NoClass, "an object has no class name"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
