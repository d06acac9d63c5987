//! From Rust's values and back.

use std::fmt::Debug;

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::variant::{
    Aabb, Array, Basis, Color, Dictionary, NodePath, Object, Plane, Projection, Quaternion, Rect2, Rect2i,
    Rid, Signal, StringName, Transform2D, Transform3D, Variant, VariantType, Vector2, Vector2i, Vector3,
    Vector3i, Vector4, Vector4i, WrongType,
};

/// It becomes a value of this type, and that becomes it again; so it does where it may be missing.
#[track_caller]
fn there_and_back<T>(value: T, kind: VariantType)
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
    // Nothing takes a function.
    let wrong = T::try_from(Variant::Callable).expect_err("that is no such value");
    assert_eq!(wrong.found, VariantType::Callable);
    let wrong = Option::<T>::try_from(Variant::Callable).expect_err("that is no such value");
    assert_eq!(wrong.found, VariantType::Callable);
}

#[wasm_bindgen_test(unsupported = test)]
fn every_type_goes_there_and_back() {
    use VariantType as T;
    there_and_back(true, T::Bool);
    there_and_back(-8_i8, T::Int);
    there_and_back(-16_i16, T::Int);
    there_and_back(-32_i32, T::Int);
    there_and_back(-64_i64, T::Int);
    there_and_back(8_u8, T::Int);
    there_and_back(16_u16, T::Int);
    there_and_back(32_u32, T::Int);
    there_and_back(0.5_f32, T::Float);
    there_and_back(0.1_f64, T::Float);
    there_and_back("text".to_owned(), T::String);
    there_and_back(Vector2::new(1.0, 2.0), T::Vector2);
    there_and_back(Vector2i::new(1, 2), T::Vector2i);
    there_and_back(Rect2::from([1.0, 2.0, 3.0, 4.0]), T::Rect2);
    there_and_back(Rect2i::from([1, 2, 3, 4]), T::Rect2i);
    there_and_back(Vector3::new(1.0, 2.0, 3.0), T::Vector3);
    there_and_back(Vector3i::new(1, 2, 3), T::Vector3i);
    there_and_back(Transform2D::default(), T::Transform2D);
    there_and_back(Vector4::new(1.0, 2.0, 3.0, 4.0), T::Vector4);
    there_and_back(Vector4i::new(1, 2, 3, 4), T::Vector4i);
    there_and_back(Plane::default(), T::Plane);
    there_and_back(Quaternion::default(), T::Quaternion);
    there_and_back(Aabb::default(), T::Aabb);
    there_and_back(Basis::default(), T::Basis);
    there_and_back(Transform3D::default(), T::Transform3D);
    there_and_back(Projection::default(), T::Projection);
    there_and_back(Color::default(), T::Color);
    there_and_back(StringName::from("name"), T::StringName);
    there_and_back(NodePath::from("a/b:c"), T::NodePath);
    there_and_back(Rid(7), T::Rid);
    there_and_back(Object::Id(7), T::Object);
    there_and_back(Signal { name: "hit".into(), object: 7 }, T::Signal);
    there_and_back(Dictionary::from_iter([(1, 2)]), T::Dictionary);
    there_and_back(Array::from_iter([1, 2]), T::Array);
    there_and_back(vec![Variant::Int(1)], T::Array);
    there_and_back(vec![1_u8], T::PackedByteArray);
    there_and_back(vec![1_i32], T::PackedInt32Array);
    there_and_back(vec![1_i64], T::PackedInt64Array);
    there_and_back(vec![1_f32], T::PackedFloat32Array);
    there_and_back(vec![1_f64], T::PackedFloat64Array);
    there_and_back(vec!["text".to_owned()], T::PackedStringArray);
    there_and_back(vec![Vector2::default()], T::PackedVector2Array);
    there_and_back(vec![Vector3::default()], T::PackedVector3Array);
    there_and_back(vec![Color::default()], T::PackedColorArray);
    there_and_back(vec![Vector4::default()], T::PackedVector4Array);
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_is_nothing() {
    assert_eq!(Variant::from(()), Variant::Nil);
    assert_eq!(<()>::try_from(Variant::Nil), Ok(()));
    assert!(<()>::try_from(Variant::Int(0)).is_err());
    assert!(Variant::default().is_nil());
    assert!(!Variant::Object(None).is_nil());
}

#[wasm_bindgen_test(unsupported = test)]
fn integers_have_to_fit() {
    assert_eq!(u8::try_from(Variant::Int(255)), Ok(255));
    assert_eq!(u8::try_from(Variant::Int(256)), Err(wrong("unsigned 8-bit int", VariantType::Int)));
    assert_eq!(u32::try_from(Variant::Int(-1)), Err(wrong("unsigned 32-bit int", VariantType::Int)));
    assert_eq!(i8::try_from(Variant::Int(-129)), Err(wrong("8-bit int", VariantType::Int)));
    assert_eq!(i64::try_from(Variant::from("1")), Err(wrong("int", VariantType::String)));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_godot_takes_for_another_type_is_taken_here() {
    assert_eq!(f64::try_from(Variant::Int(2)), Ok(2.0));
    assert_eq!(f32::try_from(Variant::Int(2)), Ok(2.0));
    assert_eq!(String::try_from(Variant::from(StringName::from("a"))), Ok("a".to_owned()));
    assert_eq!(StringName::try_from(Variant::from("a")), Ok(StringName::from("a")));
    assert_eq!(bool::try_from(Variant::Int(1)), Ok(true));
    assert_eq!(bool::try_from(Variant::from("true")), Err(wrong("bool", VariantType::String)));
}

#[wasm_bindgen_test(unsupported = test)]
fn generic_code_may_take_a_value_as_it_is() {
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
fn a_wrong_type_is_told_by_names() {
    let error = Vector2::try_from(Variant::from(vec![1_u8])).expect_err("that is no vector");
    assert_eq!(error.to_string(), "expected Vector2, found PackedByteArray");
}

#[wasm_bindgen_test(unsupported = test)]
fn rows_of_numbers_are_arrays_too() {
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
    WrongType { expected, found }
}
