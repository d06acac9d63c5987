//! What a conversion may cost: a stranger chooses the value.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{Array, Color, Dictionary, NodePath, Variant, VariantType, Vector4, WrongType};

/// About as many bytes as one packet of an engine's has.
const SIZE: usize = 65_000;

/// An array that holds one value.
fn within(value: impl Into<Variant>) -> Variant {
    vec![value.into()].into()
}

/// As many of them as fit into a packet.
fn many(value: impl Into<Variant>, size: usize) -> Variant {
    vec![value.into(); SIZE / size].into()
}

fn to_texts(value: Variant) -> Result<Vec<String>, WrongType> {
    Vec::try_from(value)
}

/// The memory that a value takes, without what the allocator adds.
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
fn a_conversion_takes_memory_in_proportion_to_the_bytes_that_came() {
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
        within(vec![255_u8; SIZE]),
        within(vec![i32::MIN; SIZE / 4]),
        within(vec![huge; SIZE / 4]),
        within(vec![1e39; SIZE / 8]),
        within(vec![f64::MIN; SIZE / 8]),
        within(vec![Color::new(huge, huge, huge, huge); SIZE / 16]),
        within(vec!["\"".repeat(SIZE)]),
    ] {
        let size = value.encode().map(|bytes| bytes.len()).unwrap();
        for kind in (1..39).map(|number| VariantType::try_from(number).unwrap()) {
            let Ok(converted) = value.clone().convert_to(kind) else { continue };
            let (taken, most) = (memory(&converted), 32 * size + 1024);
            assert!(taken <= most, "{} of {size} bytes → {kind}: {taken}", value.kind());
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_number_is_written_with_all_of_its_digits() {
    for number in [f64::MAX, -1e300, 2_f64.powi(70), f64::from(f32::MAX)] {
        assert_eq!(to_texts(within(number)), Ok(vec![format!("{number:.1}")]));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_value_may_have_a_few_long_numbers() {
    let refused = |value| {
        let expected = "PackedStringArray with fewer long numbers";
        assert_eq!(to_texts(value), Err(WrongType { expected, found: VariantType::Array }));
    };
    // 13 of 312 characters are 4056.
    for form in [|count| vec![Variant::Float(f64::MIN); count].into(), |count| within(vec![f64::MIN; count])]
    {
        assert!(to_texts(form(13)).is_ok());
        refused(form(14));
        refused(form(8000));
    }
    let nested = (0..14).fold(Variant::Nil, |inner, _| vec![inner, f64::MIN.into()].into());
    refused(within(nested));
    // Those of 32 bits are never too many.
    assert_eq!(to_texts(within(vec![f32::MIN; 16_000])).map(|texts| texts[0].len()), Ok(16_000 * 44));
    assert_eq!(to_texts(vec![Variant::from(f32::MIN); 8000].into()).map(|texts| texts.len()), Ok(8000));
}
