//! Conversions between Rust types and `Variant`.

use std::fmt::Debug;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{
    Aabb, Array, Basis, Color, Dictionary, NodePath, Object, Plane, Projection, Quaternion, Rect2, Rect2i,
    Rid, Signal, StringName, Transform2D, Transform3D, Variant, VariantType, Vector2, Vector2i, Vector3,
    Vector3i, Vector4, Vector4i, WrongType,
};

/// Converts a value to a `Variant` of this type and back, also as an `Option`.
#[track_caller]
fn assert_round_trip<T>(value: T, kind: VariantType)
where
    T: Into<Variant> + TryFrom<Variant, Error = WrongType> + Clone + PartialEq + Debug,
    Option<T>: Into<Variant> + TryFrom<Variant, Error = WrongType> + PartialEq + Debug,
{
    let variant: Variant = value.clone().into();
    assert_eq!(variant.kind(), kind);
    assert_eq!(T::try_from(variant.clone()), Ok(value.clone()));
    assert_eq!(Option::<T>::try_from(variant.clone()), Ok(Some(value.clone())));
    let optional: Variant = Some(value).into();
    assert_eq!(optional, variant);
    let none: Variant = None::<T>.into();
    assert_eq!(none, Variant::Nil);
    assert_eq!(Option::<T>::try_from(Variant::Nil), Ok(None));
    // A function does not convert to any other type.
    let wrong = T::try_from(Variant::Callable).expect_err("a function does not convert");
    assert_eq!(wrong.found, VariantType::Callable);
    let wrong = Option::<T>::try_from(Variant::Callable).expect_err("a function does not convert");
    assert_eq!(wrong.found, VariantType::Callable);
}

#[wasm_bindgen_test(unsupported = test)]
fn every_rust_type_converts_assert_round_trip() {
    use VariantType as T;
    assert_round_trip(true, T::Bool);
    assert_round_trip(-8_i8, T::Int);
    assert_round_trip(-16_i16, T::Int);
    assert_round_trip(-32_i32, T::Int);
    assert_round_trip(-64_i64, T::Int);
    assert_round_trip(8_u8, T::Int);
    assert_round_trip(16_u16, T::Int);
    assert_round_trip(32_u32, T::Int);
    assert_round_trip(0.5_f32, T::Float);
    assert_round_trip(0.1_f64, T::Float);
    assert_round_trip("text".to_owned(), T::String);
    assert_round_trip(Vector2::new(1.0, 2.0), T::Vector2);
    assert_round_trip(Vector2i::new(1, 2), T::Vector2i);
    assert_round_trip(Rect2::from([1.0, 2.0, 3.0, 4.0]), T::Rect2);
    assert_round_trip(Rect2i::from([1, 2, 3, 4]), T::Rect2i);
    assert_round_trip(Vector3::new(1.0, 2.0, 3.0), T::Vector3);
    assert_round_trip(Vector3i::new(1, 2, 3), T::Vector3i);
    assert_round_trip(Transform2D::default(), T::Transform2D);
    assert_round_trip(Vector4::new(1.0, 2.0, 3.0, 4.0), T::Vector4);
    assert_round_trip(Vector4i::new(1, 2, 3, 4), T::Vector4i);
    assert_round_trip(Plane::default(), T::Plane);
    assert_round_trip(Quaternion::default(), T::Quaternion);
    assert_round_trip(Aabb::default(), T::Aabb);
    assert_round_trip(Basis::default(), T::Basis);
    assert_round_trip(Transform3D::default(), T::Transform3D);
    assert_round_trip(Projection::default(), T::Projection);
    assert_round_trip(Color::default(), T::Color);
    assert_round_trip(StringName::from("name"), T::StringName);
    assert_round_trip(NodePath::from("a/b:c"), T::NodePath);
    assert_round_trip(Rid(7), T::Rid);
    assert_round_trip(Object::Id(7), T::Object);
    assert_round_trip(Signal { name: "hit".into(), object: 7 }, T::Signal);
    assert_round_trip(Dictionary::from_iter([(1, 2)]), T::Dictionary);
    assert_round_trip(Array::from_iter([1, 2]), T::Array);
    assert_round_trip(vec![Variant::Int(1)], T::Array);
    assert_round_trip(vec![1_u8], T::PackedByteArray);
    assert_round_trip(vec![1_i32], T::PackedInt32Array);
    assert_round_trip(vec![1_i64], T::PackedInt64Array);
    assert_round_trip(vec![1_f32], T::PackedFloat32Array);
    assert_round_trip(vec![1_f64], T::PackedFloat64Array);
    assert_round_trip(vec!["text".to_owned()], T::PackedStringArray);
    assert_round_trip(vec![Vector2::default()], T::PackedVector2Array);
    assert_round_trip(vec![Vector3::default()], T::PackedVector3Array);
    assert_round_trip(vec![Color::default()], T::PackedColorArray);
    assert_round_trip(vec![Vector4::default()], T::PackedVector4Array);
}

#[wasm_bindgen_test(unsupported = test)]
fn unit_converts_to_nil_and_back() {
    assert_eq!(Variant::from(()), Variant::Nil);
    assert_eq!(<()>::try_from(Variant::Nil), Ok(()));
    assert!(<()>::try_from(Variant::Int(0)).is_err());
    assert!(Variant::default().is_nil());
    assert!(!Variant::Object(None).is_nil());
}

#[wasm_bindgen_test(unsupported = test)]
fn integers_must_fit() {
    assert_eq!(u8::try_from(Variant::Int(255)), Ok(255));
    assert_eq!(u8::try_from(Variant::Int(256)), Err(wrong("unsigned 8-bit int", VariantType::Int)));
    assert_eq!(u32::try_from(Variant::Int(-1)), Err(wrong("unsigned 32-bit int", VariantType::Int)));
    assert_eq!(i8::try_from(Variant::Int(-129)), Err(wrong("8-bit int", VariantType::Int)));
    assert_eq!(i64::try_from(Variant::from("1")), Err(wrong("int", VariantType::String)));
}

#[wasm_bindgen_test(unsupported = test)]
fn conversions_of_godot_apply_to_rust_types() {
    assert_eq!(f64::try_from(Variant::Int(2)), Ok(2.0));
    assert_eq!(f32::try_from(Variant::Int(2)), Ok(2.0));
    assert_eq!(String::try_from(Variant::from(StringName::from("a"))), Ok("a".to_owned()));
    assert_eq!(StringName::try_from(Variant::from("a")), Ok(StringName::from("a")));
    assert_eq!(bool::try_from(Variant::Int(1)), Ok(true));
    assert_eq!(bool::try_from(Variant::from("true")), Err(wrong("bool", VariantType::String)));
}

#[wasm_bindgen_test(unsupported = test)]
fn generic_code_can_convert_to_a_variant() {
    fn take<T>(value: Variant) -> Result<T, WrongType>
    where
        T: TryFrom<Variant>,
        WrongType: From<T::Error>,
    {
        Ok(T::try_from(value)?)
    }
    assert_eq!(take::<Variant>(Variant::Int(7)), Ok(Variant::Int(7)));
    assert_eq!(take::<i64>(Variant::Int(7)), Ok(7));
    assert_eq!(take::<Option<i64>>(Variant::Nil), Ok(None));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wrong_type_is_reported_with_names() {
    let error =
        Vector2::try_from(Variant::from(vec![1_u8])).expect_err("a byte array does not convert to a vector");
    assert_eq!(error.to_string(), "expected Vector2, found PackedByteArray");
}

#[wasm_bindgen_test(unsupported = test)]
fn geometry_types_convert_from_and_to_arrays() {
    let numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0];
    assert_eq!(<[f32; 12]>::from(Transform3D::from(numbers)), numbers);
    assert_eq!(<[i32; 4]>::from(Rect2i::from([1, 2, 3, 4])), [1, 2, 3, 4]);
    assert_eq!(<[f32; 4]>::from(Color::new(0.1, 0.2, 0.3, 0.4)), [0.1, 0.2, 0.3, 0.4]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_value_is_small() {
    assert!(size_of::<Variant>() <= 32, "{}", size_of::<Variant>());
    fn can_be_sent<T: Send + Sync + Unpin + 'static>() {}
    can_be_sent::<Variant>();
}

fn wrong(expected: &'static str, found: VariantType) -> WrongType {
    WrongType::new(expected, found)
}
