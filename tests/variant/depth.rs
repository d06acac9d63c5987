//! Values within each other, deeper than any stack.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{Array, DecodeError, Dictionary, EncodeError, Object, Objects, Variant};

/// What both binary forms can hold.
const MOST: usize = 1024;

/// So many containers within each other, each made by this.
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
fn what_is_1024_deep_travels() {
    for wrap in WRAPS {
        let value = nested(MOST, wrap);
        let mut bytes = Vec::new();
        value.encode_into(&mut bytes, Objects::Full).expect("it is not too deep");
        assert_eq!(Variant::decode_prefix(&bytes, Objects::Full), Ok((value, bytes.len())));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_deeper_is_not_written() {
    for wrap in WRAPS {
        let mut out = vec![7];
        let result = nested(MOST + 1, wrap).encode_into(&mut out, Objects::Full);
        assert_eq!(result, Err(EncodeError::TooDeep));
        assert_eq!(out, [7]);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_deeper_is_not_read() {
    let within = |depth: usize, header: &[u8]| [header.repeat(depth), vec![0; 4]].concat();
    let array = [0x1c, 0, 0, 0, 1, 0, 0, 0];
    assert!(Variant::decode(&within(MOST, &array)).is_ok());
    assert_eq!(Variant::decode(&within(MOST + 1, &array)), Err(DecodeError::TooDeep { at: MOST * 8 }));
    let as_value = [0x1b, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    assert!(Variant::decode(&within(MOST, &as_value)).is_ok());
    assert_eq!(Variant::decode(&within(MOST + 1, &as_value)), Err(DecodeError::TooDeep { at: MOST * 12 }));
    let object = [0x18, 0, 0, 0, 1, 0, 0, 0, b'A', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    assert!(Variant::decode_prefix(&within(MOST, &object), Objects::Full).is_ok());
    assert_eq!(
        Variant::decode_prefix(&within(MOST + 1, &object), Objects::Full),
        Err(DecodeError::TooDeep { at: MOST * 20 })
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_megabyte_of_beginnings_is_refused_at_once() {
    let array = [0x1c, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f];
    assert!(matches!(Variant::decode(&array.repeat(1 << 17)), Err(DecodeError::TooMany { at: 4, .. })));
    let array = [0x1c, 0, 0, 0, 1, 0, 0, 0];
    assert!(matches!(Variant::decode(&array.repeat(1 << 17)), Err(DecodeError::TooDeep { .. })));
}

/// Whatever can be done with a value.
fn use_fully(value: &Variant, differs: &Variant) {
    let copy = value.clone();
    assert!(copy == *value);
    assert!(copy != *differs);
    assert!(copy.to_string().contains('7'));
    assert!(format!("{copy:?}").len() < 600);
    assert!(format!("{copy:#?}").len() < 600);
    // Its order among others.
    let dictionary = Dictionary::from_iter([(copy.clone(), 1), (differs.clone(), 2), (copy, 3)]);
    assert_eq!(dictionary.len(), 2);
    assert_eq!(dictionary.get(value), Some(&Variant::Int(3)));
}

#[wasm_bindgen_test(unsupported = test)]
fn everything_else_can_be_done_at_that_depth() {
    for wrap in WRAPS {
        use_fully(&nested(MOST, wrap), &nested(MOST - 1, wrap));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_a_program_builds_may_be_deeper_still() {
    // But for objects, whose drop is the compiler's.
    for wrap in [in_array, as_value] {
        use_fully(&nested(100_000, wrap), &nested(99_999, wrap));
    }
}
