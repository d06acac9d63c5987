//! Compares decoded values of an engine with expected values.

use std::collections::BTreeSet;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{
    Aabb, Array, Basis, Color, Dictionary, ElementType, NodePath, Object, Objects, Plane, Projection,
    Quaternion, Rect2, Rect2i, Rid, Signal, StringName, Transform2D, Transform3D, Variant, VariantType,
    Vector2, Vector2i, Vector3, Vector3i, Vector4, Vector4i,
};

use crate::vectors::{decoded, values};

/// Returns expected values with their names in the list, at least one of each type.
fn expected() -> Vec<(&'static str, Variant)> {
    let objects = || ElementType::Class("EncodedObjectAsID".to_owned());
    let strings_to_ints = || {
        Dictionary::typed(ElementType::Builtin(VariantType::String), ElementType::Builtin(VariantType::Int))
    };
    let (first, second, third) =
        (Vector3::new(1.0, 2.0, 3.0), Vector3::new(4.0, 5.0, 6.0), Vector3::new(7.0, 8.0, 9.0));
    vec![
        ("000_nil", Variant::Nil),
        ("001_bool_false", false.into()),
        ("002_bool_true", true.into()),
        ("009_int_-129", (-129).into()),
        ("021_int_-2147483649", (-2_147_483_649_i64).into()),
        ("024_int_9223372036854775807", i64::MAX.into()),
        ("029_float_0.5", 0.5.into()),
        ("032_float_0.1", 0.1.into()),
        ("041_float_-inf", f64::NEG_INFINITY.into()),
        ("046_float_min_denormal", f64::from_bits(1).into()),
        ("052_string_11", "héllo wörld".into()),
        ("055_string_7", "emoji 😀".into()),
        ("057_vector2", Vector2::new(1.5, -2.25).into()),
        ("060_vector2i_max", Vector2i::new(i32::MAX, i32::MIN).into()),
        ("061_rect2", Rect2::new(Vector2::new(1.0, 2.0), Vector2::new(3.0, 4.0)).into()),
        ("062_rect2i", Rect2i::new(Vector2i::new(1, -2), Vector2i::new(3, 4)).into()),
        ("063_vector3", first.into()),
        ("064_vector3i", Vector3i::new(1, -2, 3).into()),
        ("065_transform2d_identity", Transform2D::default().into()),
        (
            "066_transform2d",
            Transform2D::new(Vector2::new(1.0, 2.0), Vector2::new(3.0, 4.0), Vector2::new(5.0, 6.0)).into(),
        ),
        ("067_vector4", Vector4::new(1.0, 2.0, 3.0, 4.0).into()),
        ("068_vector4i", Vector4i::new(1, -2, 3, -4).into()),
        ("069_plane", Plane::new(first, 4.0).into()),
        ("070_quaternion", Quaternion::new(0.5, -0.5, 0.5, 0.5).into()),
        ("071_aabb", Aabb::new(first, second).into()),
        ("072_basis_identity", Basis::default().into()),
        ("073_basis", Basis::from_axes(first, second, third).into()),
        (
            "074_transform3d",
            Transform3D::new(Basis::from_axes(first, second, third), Vector3::new(10.0, 11.0, 12.0)).into(),
        ),
        (
            "075_projection",
            Projection::new(
                Vector4::new(1.0, 2.0, 3.0, 4.0),
                Vector4::new(5.0, 6.0, 7.0, 8.0),
                Vector4::new(9.0, 10.0, 11.0, 12.0),
                Vector4::new(13.0, 14.0, 15.0, 16.0),
            )
            .into(),
        ),
        ("076_color", Color::new(0.25, 0.5, 0.75, 1.0).into()),
        ("078_stringname", StringName::from("hello").into()),
        ("080_nodepath_", NodePath::default().into()),
        (
            "082_nodepath_/root/Main",
            NodePath { names: vec!["root".into(), "Main".into()], subnames: vec![], absolute: true }.into(),
        ),
        (
            "083_nodepath_a/b:prop:x",
            NodePath {
                names: vec!["a".into(), "b".into()],
                subnames: vec!["prop".into(), "x".into()],
                absolute: false,
            }
            .into(),
        ),
        ("091_rid_empty", Rid(0).into()),
        ("092_object_null_typed", Variant::Nil),
        ("094_callable_method", Variant::Callable),
        ("095_signal_empty", Signal::default().into()),
        ("096_dict_empty", Dictionary::new().into()),
        (
            "097_dict_simple",
            Dictionary::from_iter([(Variant::from("a"), Variant::Int(1)), (Variant::Int(2), "b".into())])
                .into(),
        ),
        (
            "098_dict_nested",
            Dictionary::from_iter([(
                "k",
                Dictionary::from_iter([(
                    "x",
                    vec![Variant::Int(1), Variant::Float(2.5), Variant::Nil, Variant::Bool(true)],
                )]),
            )])
            .into(),
        ),
        ("100_dict_typed_string_int", {
            let mut dictionary = strings_to_ints();
            dictionary.insert("a", 1).expect("key and value have the dictionary's types");
            dictionary.into()
        }),
        (
            "103_dict_typed_sn_node",
            Dictionary::typed(ElementType::Builtin(VariantType::StringName), objects()).into(),
        ),
        ("104_array_empty", Array::new().into()),
        (
            "105_array_mixed",
            Array::from_iter([1.into(), "two".into(), 3.0.into(), Variant::from(vec![Variant::Int(4)])])
                .into(),
        ),
        ("106_array_typed_int", {
            let mut array = Array::typed(ElementType::Builtin(VariantType::Int));
            array.push(1).expect("an integer");
            array.push(2).expect("an integer");
            array.into()
        }),
        ("109_array_typed_node_null", {
            let mut array = Array::typed(objects());
            array.push(Variant::Nil).expect("a null object");
            array.into()
        }),
        ("115_pba_5", vec![1_u8, 2, 3, 4, 5].into()),
        ("117_pi32", vec![1, -1, i32::MAX].into()),
        ("119_pi64", vec![1, -1, i64::MAX].into()),
        ("120_pf32", vec![1.5_f32, 0.1].into()),
        ("121_pf64", vec![1.5_f64, 0.1].into()),
        ("125_pstr", ["", "a", "abc", "abcd", "é"].map(str::to_owned).to_vec().into()),
        ("127_pv2", vec![Vector2::new(1.0, 2.0), Vector2::new(3.0, 4.0)].into()),
        ("129_pv3", vec![first].into()),
        ("131_pcolor", vec![Color::new(1.0, 0.0, 0.0, 1.0), Color::new(0.0, 0.5, 1.0, 0.25)].into()),
        ("133_pv4", vec![Vector4::new(1.0, 2.0, 3.0, 4.0)].into()),
    ]
}

#[wasm_bindgen_test(unsupported = test)]
fn values_of_the_engine_are_decoded_as_meant() {
    let vectors = values();
    for (name, value) in expected() {
        let vector = vectors.iter().find(|vector| vector.name == name);
        let vector = vector.unwrap_or_else(|| panic!("there is no value {name}"));
        assert_eq!(Variant::decode(&vector.bytes).as_ref(), Ok(&value), "{name}");
        assert_eq!(value.encode().as_ref(), Ok(&vector.bytes), "{name}");
        assert_eq!(value.clone(), value, "{name}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn each_type_is_among_the_expected_values() {
    let found: BTreeSet<u32> = expected().iter().map(|(_, value)| value.kind() as u32).collect();
    let missing: Vec<u32> = (0..39).filter(|kind| !found.contains(kind)).collect();
    assert_eq!(missing, [VariantType::Object as u32], "objects have their own tests");
}

#[wasm_bindgen_test(unsupported = test)]
fn values_are_equal_if_and_only_if_their_bytes_are() {
    let values: Vec<(&str, Variant)> = values()
        .iter()
        .map(|vector| (vector.name, Variant::decode(&vector.bytes).expect("a value")))
        .collect();
    for (index, (name, value)) in values.iter().enumerate() {
        for (other_name, other) in &values[index + 1..] {
            let same_bytes = value.encode() == other.encode();
            // 0 equals -0.
            let zeros = *value == Variant::Float(0.0) && *other == Variant::Float(0.0);
            let nan = matches!(value, Variant::Float(number) if number.is_nan());
            assert_eq!(value == other, (same_bytes || zeros) && !nan, "{name} and {other_name}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn objects_are_instance_ids() {
    // Recorded from an engine, of an existing object.
    let object = decoded("18000100 4d24003c2f000080");
    assert_eq!(object, Object::Id(0x8000_002f_3c00_244d).into());
    assert_eq!(object.encode(), Ok(crate::vectors::hex("18000100 4d24003c2f000080")));
    assert_eq!(object.to_string(), "<EncodedObjectAsID#-9223371833984670643>");
    assert_eq!(decoded("18000100 0000000000000000"), Variant::Object(None));
}

#[wasm_bindgen_test(unsupported = test)]
fn full_objects_are_decoded_if_allowed() {
    let bytes = crate::vectors::hex(
        "18000000 04000000 4e6f6465 02000000 \
         04000000 6e616d65 15000000 02000000 61620000 \
         01000000 78000000 1c000000 00000000",
    );
    let properties =
        vec![("name".to_owned(), StringName::from("ab").into()), ("x".to_owned(), Array::new().into())];
    let object = Variant::from(Object::Full { class: "Node".to_owned(), properties });
    assert_eq!(Variant::decode_prefix(&bytes, Objects::Full), Ok((object.clone(), bytes.len())));
    let mut out = Vec::new();
    object.encode_into(&mut out, Objects::Full).expect("full objects are allowed");
    assert_eq!(out, bytes);
    assert_eq!(object.to_string(), "Object(Node,\"name\":&\"ab\",\"x\":[])");
    assert_eq!(object.clone(), object);
}
