//! Values that are nested deeper than the thread's stack allows for recursion.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{Array, DecodeError, Dictionary, EncodeError, Object, Objects, Variant};

/// The largest depth of the binary formats.
const MAX_DEPTH: usize = 1024;

/// Returns a value with `depth` nested containers, each made by `wrap`.
fn nested(depth: usize, wrap: fn(Variant) -> Variant) -> Variant {
    (0..depth).fold(Variant::Int(7), |value, _| wrap(value))
}

fn in_array(value: Variant) -> Variant {
    Array::from(vec![value]).into()
}

fn as_value(value: Variant) -> Variant {
    Dictionary::from_iter([("a", value)]).into()
}

fn as_key(value: Variant) -> Variant {
    Dictionary::from_iter([(value, 1), (Variant::Nil, 2)]).into()
}

fn in_object(value: Variant) -> Variant {
    let properties = vec![("a".to_owned(), value)];
    Object::Full { class: "Node".to_owned(), properties }.into()
}

const WRAPS: [fn(Variant) -> Variant; 4] = [in_array, as_value, as_key, in_object];

#[wasm_bindgen_test(unsupported = test)]
fn a_depth_of_1024_is_encoded_and_decoded() {
    for wrap in WRAPS {
        let value = nested(MAX_DEPTH, wrap);
        let mut bytes = Vec::new();
        value.encode_into(&mut bytes, Objects::Full).expect("the depth is allowed");
        assert_eq!(Variant::decode_prefix(&bytes, Objects::Full), Ok((value, bytes.len())));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_larger_depth_is_not_encoded() {
    for wrap in WRAPS {
        let mut out = vec![7];
        let result = nested(MAX_DEPTH + 1, wrap).encode_into(&mut out, Objects::Full);
        assert_eq!(result, Err(EncodeError::TooDeep));
        assert_eq!(out, [7]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_larger_depth_is_not_decoded() {
    let nested_bytes = |depth: usize, header: &[u8]| [header.repeat(depth), vec![0; 4]].concat();
    let array = [0x1c, 0, 0, 0, 1, 0, 0, 0];
    assert!(Variant::decode(&nested_bytes(MAX_DEPTH, &array)).is_ok());
    assert_eq!(
        Variant::decode(&nested_bytes(MAX_DEPTH + 1, &array)),
        Err(DecodeError::TooDeep { at: MAX_DEPTH * 8 })
    );
    let as_value = [0x1b, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    assert!(Variant::decode(&nested_bytes(MAX_DEPTH, &as_value)).is_ok());
    assert_eq!(
        Variant::decode(&nested_bytes(MAX_DEPTH + 1, &as_value)),
        Err(DecodeError::TooDeep { at: MAX_DEPTH * 12 })
    );
    let object = [0x18, 0, 0, 0, 1, 0, 0, 0, b'A', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    assert!(Variant::decode_prefix(&nested_bytes(MAX_DEPTH, &object), Objects::Full).is_ok());
    assert_eq!(
        Variant::decode_prefix(&nested_bytes(MAX_DEPTH + 1, &object), Objects::Full),
        Err(DecodeError::TooDeep { at: MAX_DEPTH * 20 })
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_megabyte_of_unfinished_containers_is_rejected_at_once() {
    let array = [0x1c, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f];
    assert!(matches!(Variant::decode(&array.repeat(1 << 17)), Err(DecodeError::TooMany { at: 4, .. })));
    let array = [0x1c, 0, 0, 0, 1, 0, 0, 0];
    assert!(matches!(Variant::decode(&array.repeat(1 << 17)), Err(DecodeError::TooDeep { .. })));
}

/// Clones, compares, formats and looks up a value.
fn use_fully(value: &Variant, differs: &Variant) {
    let copy = value.clone();
    assert!(copy == *value);
    assert!(copy != *differs);
    assert!(copy.to_string().contains('7'));
    assert!(format!("{copy:?}").len() < 600);
    assert!(format!("{copy:#?}").len() < 600);
    // Compares it with other keys.
    let dictionary = Dictionary::from_iter([(copy.clone(), 1), (differs.clone(), 2), (copy, 3)]);
    assert_eq!(dictionary.len(), 2);
    assert_eq!(dictionary.get(value), Some(&Variant::Int(3)));
}

#[wasm_bindgen_test(unsupported = test)]
fn deep_values_are_cloned_compared_and_formatted() {
    for wrap in WRAPS {
        use_fully(&nested(MAX_DEPTH, wrap), &nested(MAX_DEPTH - 1, wrap));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn arrays_and_dictionaries_may_be_deeper_in_memory() {
    // Not objects: these are dropped recursively.
    for wrap in [in_array, as_value] {
        use_fully(&nested(100_000, wrap), &nested(99_999, wrap));
    }
}
