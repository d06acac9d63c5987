//! The memory that conversions of untrusted values use.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{Array, Color, Dictionary, NodePath, Variant, VariantType, Vector4, WrongType};

/// About the size of the largest packet, in bytes.
const SIZE: usize = 65_000;

/// Returns an array with one value.
fn in_array(value: impl Into<Variant>) -> Variant {
    vec![value.into()].into()
}

/// Returns an array with as many copies as fit into a packet. `size` is the encoded size of one.
fn many(value: impl Into<Variant>, size: usize) -> Variant {
    vec![value.into(); SIZE / size].into()
}

fn to_texts(value: Variant) -> Result<Vec<String>, WrongType> {
    Vec::try_from(value)
}

/// Returns the memory used by a value, without the allocator's overhead.
fn memory(value: &Variant) -> usize {
    let texts = |texts: &Vec<String>| {
        texts.capacity() * size_of::<String>() + texts.iter().map(String::capacity).sum::<usize>()
    };
    size_of::<Variant>()
        + match value {
            Variant::Array(array) => size_of::<Array>() + array.iter().map(memory).sum::<usize>(),
            Variant::String(text) => text.capacity(),
            Variant::NodePath(path) => size_of::<NodePath>() + texts(&path.names) + texts(&path.subnames),
            Variant::PackedStringArray(values) => texts(values),
            Variant::PackedByteArray(values) => values.capacity(),
            Variant::PackedInt32Array(values) => values.capacity() * size_of::<i32>(),
            Variant::PackedInt64Array(values) => values.capacity() * size_of::<i64>(),
            Variant::PackedFloat32Array(values) => values.capacity() * size_of::<f32>(),
            Variant::PackedFloat64Array(values) => values.capacity() * size_of::<f64>(),
            Variant::PackedColorArray(values) => values.capacity() * size_of::<Color>(),
            Variant::PackedVector4Array(values) => values.capacity() * size_of::<Vector4>(),
            _ => 0,
        }
}

#[wasm_bindgen_test(unsupported = test)]
fn memory_of_a_conversion_is_linear_in_the_encoded_size() {
    let huge = f32::MIN;
    for value in [
        vec![255_u8; SIZE].into(),
        vec![f64::MIN; SIZE / 8].into(),
        vec![String::new(); SIZE / 4].into(),
        "a/".repeat(SIZE / 2).into(),
        ":a".repeat(SIZE / 2).into(),
        many(Variant::Nil, 4),
        many(true, 8),
        many(f64::MIN, 12),
        many("", 8),
        many(Array::new(), 8),
        many(Dictionary::new(), 8),
        many(vec![1_u8], 12),
        many(Color::new(huge, huge, huge, huge), 20),
        in_array(vec![255_u8; SIZE]),
        in_array(vec![i32::MIN; SIZE / 4]),
        in_array(vec![huge; SIZE / 4]),
        in_array(vec![1e39; SIZE / 8]),
        in_array(vec![f64::MIN; SIZE / 8]),
        in_array(vec![Color::new(huge, huge, huge, huge); SIZE / 16]),
        in_array(vec!["\"".repeat(SIZE)]),
    ] {
        let size = value.encode().map(|bytes| bytes.len()).unwrap();
        for kind in (1..39).map(|number| VariantType::try_from(number).unwrap()) {
            let Ok(converted) = value.clone().convert_to(kind) else { continue };
            let (used, max) = (memory(&converted), 32 * size + 1024);
            assert!(used <= max, "{} of {size} bytes → {kind}: {used}", value.kind());
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn large_numbers_are_written_with_all_digits() {
    for number in [f64::MAX, -1e300, 2_f64.powi(70), f64::from(f32::MAX)] {
        assert_eq!(to_texts(in_array(number)), Ok(vec![format!("{number:.1}")]));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn arrays_with_too_many_long_numbers_are_not_converted_to_strings() {
    let assert_rejected = |value| {
        let expected = "PackedStringArray with fewer long numbers";
        assert_eq!(to_texts(value), Err(WrongType::new(expected, VariantType::Array)));
    };
    // 13 numbers with 312 characters have 4056.
    for form in
        [|count| vec![Variant::Float(f64::MIN); count].into(), |count| in_array(vec![f64::MIN; count])]
    {
        assert!(to_texts(form(13)).is_ok());
        assert_rejected(form(14));
        assert_rejected(form(8000));
    }
    let nested = (0..14).fold(Variant::Nil, |inner, _| vec![inner, f64::MIN.into()].into());
    assert_rejected(in_array(nested));
    // 32-bit floats do not count as long.
    assert_eq!(to_texts(in_array(vec![f32::MIN; 16_000])).map(|texts| texts[0].len()), Ok(16_000 * 44));
    assert_eq!(to_texts(vec![Variant::from(f32::MIN); 8000].into()).map(|texts| texts.len()), Ok(8000));
}
