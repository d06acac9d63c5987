//! Encoding: values that cannot be encoded, and special cases.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{Array, EncodeError, NodePath, Object, Objects, Signal, StringName, Variant};

use crate::vectors::{decoded, hex};

fn full_object(class: &str) -> Variant {
    Object::Full { class: class.to_owned(), properties: Vec::new() }.into()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_failed_encoding_leaves_the_output_unchanged() {
    let values = Variant::from(vec![Variant::Int(1), "a\0b".into()]);
    let mut out = vec![7];
    assert_eq!(values.encode_into(&mut out, Objects::ById), Err(EncodeError::NulInText));
    assert_eq!(values.encode_compressed(&mut out, Objects::ById), Err(EncodeError::NulInText));
    assert_eq!(out, [7]);
    assert_eq!(Variant::Int(1).encode_compressed(&mut out, Objects::ById), Ok(()));
    assert_eq!(out, [7, 2, 1], "the value is appended");
}

#[wasm_bindgen_test(unsupported = test)]
fn full_objects_are_encoded_only_if_allowed() {
    let array = Variant::from(vec![full_object("Node")]);
    assert_eq!(full_object("Node").encode(), Err(EncodeError::ObjectNotAllowed));
    assert_eq!(array.encode(), Err(EncodeError::ObjectNotAllowed));
    assert_eq!(array.encode_into(&mut Vec::new(), Objects::Full), Ok(()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_full_object_needs_a_class() {
    assert_eq!(full_object("").encode_into(&mut Vec::new(), Objects::Full), Err(EncodeError::NoClass));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_nul_is_rejected_in_every_string() {
    let values: [Variant; 7] = [
        "a\0".into(),
        StringName::from("\0").into(),
        NodePath::from("a/b\0").into(),
        NodePath::from("a:b\0").into(),
        Signal { name: "a\0".into(), object: 1 }.into(),
        vec!["a\0".to_owned()].into(),
        full_object("a\0"),
    ];
    for value in values {
        let result = value.encode_into(&mut Vec::new(), Objects::Full);
        assert_eq!(result, Err(EncodeError::NulInText), "{value:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_byte_order_mark_survives_encoding_and_decoding() {
    for text in ["\u{feff}", "\u{feff}a", "\u{feff}\u{feff}a", "a\u{feff}"] {
        let value = Variant::from(text);
        assert_eq!(Variant::decode(&value.encode().expect("a string")), Ok(value));
        let value = Variant::from(vec![text.to_owned()]);
        assert_eq!(Variant::decode(&value.encode().expect("a string")), Ok(value));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_null_object_is_encoded_as_nil() {
    assert_eq!(Variant::Object(None).encode(), Ok(hex("00000000")));
    let mut out = Vec::new();
    Variant::Object(None).encode_compressed(&mut out, Objects::ById).expect("the value can be encoded");
    assert_eq!(decoded("00000000"), Variant::decode_compressed(&out, Objects::ById).expect("a value").0);
}

#[wasm_bindgen_test(unsupported = test)]
fn arguments_are_concatenated() {
    let values: [Variant; 4] = [true.into(), "abc".into(), 300.into(), Array::new().into()];
    let mut bytes = Vec::new();
    for value in &values {
        value.encode_compressed(&mut bytes, Objects::ById).expect("the value can be encoded");
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
fn encoding_errors_have_a_text() {
    for (error, text) in [
        (EncodeError::TooDeep, "more than 1024 containers are nested"),
        (EncodeError::TooLong, "a string or a container has more than 2147483647 bytes or elements"),
        (EncodeError::ObjectNotAllowed, "an object with properties is not allowed"),
        (EncodeError::NulInText, "a string contains a NUL"),
        (EncodeError::NoClass, "an object has no class name"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
