//! Decoding: special cases, and bytes that are not a value.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{
    Array, Color, DecodeError, ElementType, NodePath, Object, Objects, Variant, VariantType, Vector2, Vector3,
};

use crate::vectors::{decoded, hex};

#[track_caller]
fn decode_error(digits: &str) -> DecodeError {
    let result = Variant::decode(&hex(digits));
    result.expect_err("the bytes are not a value")
}

#[wasm_bindgen_test(unsupported = test)]
fn bytes_after_a_value_are_ignored() {
    let bytes = hex("0200000007000000 ffffffff");
    assert_eq!(Variant::decode(&bytes), Ok(Variant::Int(7)));
    assert_eq!(Variant::decode_prefix(&bytes, Objects::ById), Ok((Variant::Int(7), 8)));
}

#[wasm_bindgen_test(unsupported = test)]
fn numbers_from_39_are_not_types() {
    assert_eq!(decode_error("27000000"), DecodeError::UnknownType { id: 39, at: 0 });
    assert_eq!(decode_error("ff000000"), DecodeError::UnknownType { id: 255, at: 0 });
    assert_eq!(decode_error("1c00000001000000 28000000"), DecodeError::UnknownType { id: 40, at: 8 });
}

#[wasm_bindgen_test(unsupported = test)]
fn unused_bits_of_a_header_are_ignored() {
    assert_eq!(decoded("00ff0000"), Variant::Nil);
    assert_eq!(decoded("01ffff00 01000000"), Variant::Bool(true));
    assert_eq!(decoded("0200feff 07000000"), Variant::Int(7));
}

#[wasm_bindgen_test(unsupported = test)]
fn any_bit_makes_a_boolean_true() {
    assert_eq!(decoded("01000000 00000080"), Variant::Bool(true));
}

#[wasm_bindgen_test(unsupported = test)]
fn numbers_may_be_wider_than_necessary() {
    assert_eq!(decoded("02000100 0700000000000000"), Variant::Int(7));
    assert_eq!(decoded("03000100 000000000000f03f"), Variant::Float(1.0));
}

#[wasm_bindgen_test(unsupported = test)]
fn values_of_double_precision_builds_are_decoded() {
    assert_eq!(decoded("05000100 000000000000f03f 9a9999999999b93f"), Vector2::new(1.0, 0.1).into());
    assert_eq!(
        decoded("24000100 01000000 000000000000f03f 0000000000000040 0000000000000840"),
        vec![Vector3::new(1.0, 2.0, 3.0)].into()
    );
    // Colours always have single precision.
    let color = Color::new(1.0, 0.0, 0.0, 1.0);
    assert_eq!(decoded("14000100 0000803f 00000000 00000000 0000803f"), color.into());
    assert_eq!(decoded("25000100 01000000 0000803f 00000000 00000000 0000803f"), vec![color].into());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_string_ends_at_its_first_nul() {
    assert_eq!(decoded("04000000 03000000 61006200"), "a".into());
    // The bytes after it may be invalid UTF-8.
    assert_eq!(decoded("04000000 03000000 6100ff00"), "a".into());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_leading_byte_order_mark_is_removed() {
    assert_eq!(decoded("04000000 04000000 efbbbf61"), "a".into());
    assert_eq!(decoded("04000000 03000000 efbbbf00"), "".into());
}

#[wasm_bindgen_test(unsupported = test)]
fn invalid_utf8_is_rejected() {
    for bad in ["c0800000", "eda08000", "f4908080", "ff000000", "e6970000"] {
        let bytes = hex(&format!("04000000 04000000 {bad}"));
        assert_eq!(Variant::decode(&bytes), Err(DecodeError::InvalidUtf8 { at: 8 }), "{bad}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_string_needs_all_its_bytes_and_padding() {
    assert_eq!(decode_error("04000000 05000000 61626364"), DecodeError::TooMany { count: 5, at: 4 });
    assert_eq!(decode_error("04000000 03000000 616263"), DecodeError::Truncated { at: 8 });
    assert_eq!(decode_error("04000000 ffffffff"), DecodeError::TooMany { count: u32::MAX, at: 4 });
}

#[wasm_bindgen_test(unsupported = test)]
fn strings_of_a_packed_array_may_lack_their_nul() {
    let expected = Variant::from(vec!["ab".to_owned(), "c".to_owned()]);
    assert_eq!(decoded("22000000 02000000 03000000 61620000 02000000 63000000"), expected);
    assert_eq!(decoded("22000000 02000000 02000000 61620000 01000000 63000000"), expected);
}

#[wasm_bindgen_test(unsupported = test)]
fn padding_at_the_end_may_be_missing() {
    let bytes = hex("1d000000 01000000 07");
    assert_eq!(Variant::decode_prefix(&bytes, Objects::ById), Ok((vec![7_u8].into(), 9)));
    let nested = hex("1c000000 01000000 1d000000 01000000 07");
    let array = Variant::from(vec![Variant::from(vec![7_u8])]);
    assert_eq!(Variant::decode_prefix(&nested, Objects::ById), Ok((array, 17)));
    // Before another value the padding is required.
    let behind = hex("1c000000 02000000 1d000000 01000000 07 00000000");
    assert_eq!(Variant::decode(&behind), Err(DecodeError::Truncated { at: 20 }));
}

#[wasm_bindgen_test(unsupported = test)]
fn counts_beyond_the_input_are_rejected_at_once() {
    for kind in 27..39 {
        for count in [0x7fff_ffff_u32, 0x1000_0000, 100] {
            let mut bytes = vec![kind, 0, 0, 0];
            bytes.extend(count.to_le_bytes());
            bytes.extend([0; 64]);
            let result = Variant::decode(&bytes);
            assert_eq!(result, Err(DecodeError::TooMany { count, at: 4 }), "{kind}");
        }
    }
    assert_eq!(decode_error("1e000000 ffffffff"), DecodeError::TooMany { count: u32::MAX, at: 4 });
}

#[wasm_bindgen_test(unsupported = test)]
fn the_counts_of_nested_containers_together_must_fit() {
    // 12 bytes are left for the inner array, but they must also contain the second element of the outer one.
    let bytes = "1c000000 02000000 1c000000 03000000 00000000 00000000 00000000";
    assert_eq!(decode_error(bytes), DecodeError::TooMany { count: 3, at: 12 });
    let bytes = "1c000000 02000000 1c000000 02000000 00000000 00000000 00000000";
    let inner = Variant::from(vec![Variant::Nil; 2]);
    assert_eq!(decoded(bytes), vec![inner, Variant::Nil].into());
}

#[wasm_bindgen_test(unsupported = test)]
fn the_top_bit_of_a_container_count_is_ignored() {
    assert_eq!(decoded("1c000000 01000080 00000000"), vec![Variant::Nil].into());
    assert_eq!(decoded("1b000000 00000080").to_string(), "{}");
}

#[wasm_bindgen_test(unsupported = test)]
fn old_node_paths_are_rejected() {
    assert_eq!(decode_error("16000000 01000000 61000000 00000000"), DecodeError::OldNodePath { at: 4 });
    // A path that counts the property apart from the other subnames.
    let path = decoded("16000000 01000080 00000000 02000000 01000000 61000000 01000000 78000000");
    assert_eq!(path, NodePath::from("a:x").into());
    for counts in ["ffffffff 00000000", "00000080 ffffffff", "ffffffff ffffffff", "01000080 00000000"] {
        let bytes = hex(&format!("16000000 {counts} 02000000 00000000"));
        let result = Variant::decode(&bytes);
        assert!(matches!(result, Err(DecodeError::TooMany { at: 4, .. })), "{counts}: {result:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn full_objects_are_rejected_unless_allowed() {
    let node = "18000000 04000000 4e6f6465 00000000";
    assert_eq!(decode_error(node), DecodeError::ObjectNotAllowed { at: 0 });
    let nested = format!("1c000000 01000000 {node}");
    assert_eq!(decode_error(&nested), DecodeError::ObjectNotAllowed { at: 8 });
    // An object without a class is a null object.
    let none = Variant::decode_prefix(&hex("18000000 00000000"), Objects::Full);
    assert_eq!(none, Ok((Variant::Object(None), 8)));
}

#[wasm_bindgen_test(unsupported = test)]
fn elements_of_a_wrong_type_are_rejected() {
    let expected =
        DecodeError::ElementType { expected: VariantType::Int, found: VariantType::String, at: 12 };
    assert_eq!(decode_error("1c000100 02000000 01000000 04000000 00000000"), expected);
    let key = DecodeError::ElementType { expected: VariantType::Int, found: VariantType::Nil, at: 12 };
    assert_eq!(decode_error("1b000100 02000000 01000000 00000000 00000000"), key);
    let value = DecodeError::ElementType { expected: VariantType::Int, found: VariantType::Array, at: 16 };
    assert_eq!(decode_error("1b000400 02000000 01000000 00000000 1c000000 00000000"), value);
    assert_eq!(decode_error("1c000100 27000000 00000000"), DecodeError::UnknownType { id: 39, at: 4 });
}

#[wasm_bindgen_test(unsupported = test)]
fn errors_between_the_elements_of_an_array_have_their_offsets() {
    let array = |element: &str| {
        decode_error(&format!(
            "1c000000 04000000 02000000 01000000 {element} 02000000 02000000 02000000 03000000"
        ))
    };
    assert_eq!(array("27000000"), DecodeError::UnknownType { id: 39, at: 16 });
    assert_eq!(array("04000000 01000000 ff000000"), DecodeError::InvalidUtf8 { at: 24 });
    assert_eq!(array("04000000 ff000000"), DecodeError::TooMany { count: 255, at: 20 });
    assert_eq!(array("18000000"), DecodeError::ObjectNotAllowed { at: 16 });
    // Ends in the number of the second element, and in the header of the third.
    let head = "1c000000 03000000 02000000 01000000 02000000";
    assert_eq!(decode_error(&format!("{head} 0000")), DecodeError::Truncated { at: 20 });
    assert_eq!(decode_error(&format!("{head} 00000000 0200")), DecodeError::Truncated { at: 24 });
    let typed = DecodeError::ElementType { expected: VariantType::Int, found: VariantType::Bool, at: 20 };
    assert_eq!(
        decode_error("1c000100 02000000 03000000 02000000 01000000 01000000 01000000 02000000 03000000"),
        typed
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn elements_of_all_kinds_keep_their_order() {
    let inner = Array::from(vec![Variant::Int(2), true.into()]);
    let elements: Vec<Variant> = vec![
        true.into(),
        Variant::Int(-1),
        Variant::Int(1 << 40),
        0.5.into(),
        0.1.into(),
        "text".into(),
        inner.clone().into(),
        Vector2::new(1.0, 2.0).into(),
        Variant::Nil,
        Object::Id(7).into(),
        vec![1_u8, 2, 3].into(),
        inner.into(),
    ];
    let array = Variant::from(elements);
    assert_eq!(Variant::decode(&array.encode().expect("a value")), Ok(array));
}

#[wasm_bindgen_test(unsupported = test)]
fn typed_containers_convert_elements_as_the_engine_does() {
    let floats = decoded("1c000100 03000000 01000000 02000000 07000000");
    assert_eq!(floats.to_string(), "Array[float]([7.0])");
    let names = decoded("1c000100 15000000 01000000 04000000 01000000 61000000");
    assert_eq!(names.to_string(), "Array[StringName]([&\"a\"])");
    let texts = decoded("1c000100 04000000 01000000 15000000 01000000 61000000");
    assert_eq!(texts.to_string(), "Array[String]([\"a\"])");
    let ints = decoded("1c000100 02000000 01000000 03000000 0000c0bf");
    assert_eq!(ints.to_string(), "Array[int]([-1])");
}

#[wasm_bindgen_test(unsupported = test)]
fn classes_of_containers_are_kept_only_with_full_objects() {
    let of_nodes = hex("1c000200 04000000 4e6f6465 00000000");
    let of_script = hex("1c000300 08000000 7265733a2f2f6161 00000000");
    let of_objects = hex("1c000100 18000000 00000000");
    let typed = |element_type| Variant::from(Array::typed(element_type));
    let named = || typed(ElementType::Class("EncodedObjectAsID".to_owned()));
    for bytes in [&of_nodes, &of_script, &of_objects] {
        assert_eq!(Variant::decode(bytes), Ok(named()));
    }
    for (bytes, element_type) in [
        (of_nodes, ElementType::Class("Node".to_owned())),
        (of_script, ElementType::Script("res://aa".to_owned())),
        (of_objects, ElementType::Builtin(VariantType::Object)),
    ] {
        let array = typed(element_type);
        assert_eq!(Variant::decode_prefix(&bytes, Objects::Full), Ok((array.clone(), bytes.len())));
        let mut out = Vec::new();
        array.encode_into(&mut out, Objects::Full).expect("the value can be encoded");
        assert_eq!(out, bytes);
    }
    let mut by_id = Vec::new();
    let scripted = typed(ElementType::Script("res://aa".to_owned()));
    scripted.encode_into(&mut by_id, Objects::ById).expect("the value can be encoded");
    assert_eq!(Variant::decode(&by_id), Ok(named()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_decoded_element_type_of_nil_means_untyped() {
    let array = decoded("1c000100 00000000 01000000 01000000 01000000");
    assert_eq!(array, vec![Variant::Bool(true)].into());
}

#[wasm_bindgen_test(unsupported = test)]
fn the_compact_format_has_four_widths_of_integers() {
    for (digits, value) in [
        ("02 ff", -1),
        ("42 00 80", -32768),
        ("82 00 00 00 80", -2_147_483_648),
        ("c2 ffffffffffffff7f", i64::MAX),
        // Wider than necessary.
        ("c2 0100000000000000", 1),
    ] {
        let bytes = hex(digits);
        let result = Variant::decode_compressed(&bytes, Objects::ById);
        assert_eq!(result, Ok((Variant::Int(value), bytes.len())), "{digits}");
        let cut = Variant::decode_compressed(&bytes[..bytes.len() - 1], Objects::ById);
        assert_eq!(cut, Err(DecodeError::Truncated { at: 1 }), "{digits}");
    }
    assert_eq!(Variant::decode_compressed(&[], Objects::ById), Err(DecodeError::Truncated { at: 0 }));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_compact_format_applies_to_booleans_and_integers_only() {
    for (first, value) in [(0x01, false), (0x41, false), (0x81, true), (0xc1, true)] {
        assert_eq!(Variant::decode_compressed(&[first], Objects::ById), Ok((value.into(), 1)));
    }
    for first in [0x40, 0x80, 0xc0, 0x44, 0x1d | 0x80, 0x27, 0x3f] {
        let result = Variant::decode_compressed(&[first, 0, 0, 0, 0, 0, 0, 0], Objects::ById);
        assert_eq!(result, Err(DecodeError::UnknownType { id: first.into(), at: 0 }));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn decoding_errors_have_a_text_and_an_offset() {
    let error = decode_error("04000000 01000000 ff000000");
    assert_eq!(error.to_string(), "a string is not valid UTF-8, at byte 8");
    assert_eq!(error.at(), 8);
    assert!(size_of::<DecodeError>() <= 16 + size_of::<usize>());
    fn is_an_error<T: std::error::Error + Copy + Send + Sync + 'static>() {}
    is_an_error::<DecodeError>();
}
