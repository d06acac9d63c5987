//! Conversions to typed parameters, compared with a table that an engine wrote.

use wasm_bindgen_test::wasm_bindgen_test;
use websocket_peer::{
    multiplayer::{CallError, Method, Parameter},
    variant::{
        Aabb, Array, Basis, Color, Dictionary, NodePath, Object, Plane, Projection, Quaternion, Rect2,
        Rect2i, Rid, Signal, StringName, Transform2D, Transform3D, Variant, VariantType, Vector2, Vector2i,
        Vector3, Vector3i, Vector4, Vector4i, WrongType,
    },
};

use crate::vectors::{Conversions, conversions};

/// Returns all types but `Nil`, which a parameter cannot have.
fn kinds() -> impl Iterator<Item = VariantType> {
    (1..39).map(|number| VariantType::try_from(number).expect("a type"))
}

/// Returns the encoded value that the engine passed to a parameter of this type, if it called the method.
fn expected(row: &Conversions, kind: VariantType) -> Option<Vec<u8>> {
    if row.value.kind() == kind { row.value.encode().ok() } else { row.converted.get(&kind).cloned() }
}

#[track_caller]
fn assert_converted(row: &Conversions, kind: VariantType, converted: Result<Variant, WrongType>) {
    match (expected(row, kind), converted) {
        (Some(bytes), Ok(converted)) => {
            let expected = Variant::decode(&bytes).expect("a value");
            assert_eq!(converted.encode().as_ref(), Ok(&bytes), "{} → {kind}: {expected}", row.value);
        }
        (None, Err(wrong)) => assert_eq!((wrong.expected, wrong.found), (kind.name(), row.value.kind())),
        (expected, converted) => panic!("{} → {kind}: expected {expected:?}, found {converted:?}", row.value),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_table_has_every_type() {
    let rows = conversions();
    for from in (0..39).map(|number| VariantType::try_from(number).expect("a type")) {
        // The instance id of an object is different in each run.
        assert_eq!(rows.iter().any(|row| row.value.kind() == from), from != VariantType::Object, "{from}");
    }
    let pairs: usize = rows.iter().map(|row| row.converted.len()).sum();
    assert_eq!((rows.len(), pairs), (151, 430));
}

#[wasm_bindgen_test(unsupported = test)]
fn every_value_converts_to_every_type_as_in_the_engine() {
    for row in conversions() {
        for kind in kinds() {
            assert_converted(&row, kind, row.value.clone().convert_to(kind));
            assert_converted(&row, kind, Parameter::typed("a", kind).convert(row.value.clone()));
        }
        let anything = row.value.clone().convert_to(VariantType::Nil).map(|value| value.encode());
        assert_eq!(anything, Ok(row.value.encode()));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn rust_types_convert_as_the_engine_does() {
    fn assert_type<T>(kind: VariantType)
    where
        T: Into<Variant> + TryFrom<Variant, Error = WrongType>,
    {
        for row in conversions() {
            // Rust types for typed containers do not keep the element type.
            if kind == row.value.kind() {
                assert_eq!(Parameter::of::<T>("a").check(&row.value), Ok(()), "{}", row.value);
            } else {
                assert_converted(&row, kind, Parameter::of::<T>("a").convert(row.value.clone()));
            }
        }
    }
    use VariantType as T;
    assert_type::<bool>(T::Bool);
    assert_type::<i64>(T::Int);
    assert_type::<f64>(T::Float);
    assert_type::<String>(T::String);
    assert_type::<Vector2>(T::Vector2);
    assert_type::<Vector2i>(T::Vector2i);
    assert_type::<Rect2>(T::Rect2);
    assert_type::<Rect2i>(T::Rect2i);
    assert_type::<Vector3>(T::Vector3);
    assert_type::<Vector3i>(T::Vector3i);
    assert_type::<Transform2D>(T::Transform2D);
    assert_type::<Vector4>(T::Vector4);
    assert_type::<Vector4i>(T::Vector4i);
    assert_type::<Plane>(T::Plane);
    assert_type::<Quaternion>(T::Quaternion);
    assert_type::<Aabb>(T::Aabb);
    assert_type::<Basis>(T::Basis);
    assert_type::<Transform3D>(T::Transform3D);
    assert_type::<Projection>(T::Projection);
    assert_type::<Color>(T::Color);
    assert_type::<StringName>(T::StringName);
    assert_type::<NodePath>(T::NodePath);
    assert_type::<Rid>(T::Rid);
    assert_type::<Signal>(T::Signal);
    assert_type::<Dictionary>(T::Dictionary);
    assert_type::<Array>(T::Array);
    assert_type::<Vec<Variant>>(T::Array);
    assert_type::<Vec<u8>>(T::PackedByteArray);
    assert_type::<Vec<i32>>(T::PackedInt32Array);
    assert_type::<Vec<i64>>(T::PackedInt64Array);
    assert_type::<Vec<f32>>(T::PackedFloat32Array);
    assert_type::<Vec<f64>>(T::PackedFloat64Array);
    assert_type::<Vec<String>>(T::PackedStringArray);
    assert_type::<Vec<Vector2>>(T::PackedVector2Array);
    assert_type::<Vec<Vector3>>(T::PackedVector3Array);
    assert_type::<Vec<Color>>(T::PackedColorArray);
    assert_type::<Vec<Vector4>>(T::PackedVector4Array);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_object_converts_to_the_empty_rid_only() {
    for object in [Variant::Object(None), Object::Id(7).into()] {
        for kind in kinds() {
            let expected = match kind {
                VariantType::Object => Ok(object.clone()),
                VariantType::Rid => Ok(Rid(0).into()),
                kind => Err(WrongType::new(kind.name(), VariantType::Object)),
            };
            assert_eq!(object.clone().convert_to(kind), expected, "{kind}");
        }
    }
    assert_eq!(Option::<Object>::try_from(Variant::Object(None)), Ok(None));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_quaternion_of_length_zero_converts_to_nan() {
    let Ok(basis) = Basis::try_from(Variant::from(Quaternion::new(0.0, 0.0, 0.0, 0.0))) else {
        panic!("an engine converts it");
    };
    assert!(<[f32; 9]>::from(basis).iter().all(|number| number.is_nan()), "{basis:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn small_integers_must_fit_after_the_conversion() {
    assert_eq!(u8::try_from(Variant::Float(255.9)), Ok(255));
    assert_eq!(u8::try_from(Variant::Bool(true)), Ok(1));
    let wrong = WrongType::new("unsigned 8-bit int", VariantType::Float);
    assert_eq!(u8::try_from(Variant::Float(256.0)), Err(wrong));
    assert_eq!(u8::try_from(Variant::Float(-1.0)), Err(wrong));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_wrong_argument_is_reported() {
    let method = Method::new("f")
        .parameter(Parameter::of::<i64>("a"))
        .parameter(Parameter::of::<Vector2>("b"))
        .parameter(Parameter::typed("c", VariantType::Color).optional())
        .variadic();
    let given = |b: Variant, c: Variant| method.convert(vec![1.9.into(), b, c, "rest".into()]);
    let good = given(Vector2i::new(1, 2).into(), "red".into());
    let red = Color::new(1.0, 0.0, 0.0, 1.0);
    assert_eq!(good, Ok(vec![1.into(), Vector2::new(1.0, 2.0).into(), red.into(), "rest".into()]));
    assert_eq!(
        given(Vector2::default().into(), Variant::Nil).map(|arguments| arguments[2].is_nil()),
        Ok(true)
    );
    let wrong =
        |index, expected, found| Err(CallError::Argument { index, error: WrongType::new(expected, found) });
    assert_eq!(given("x".into(), Variant::Nil), wrong(1, "Vector2", VariantType::String));
    assert_eq!(given(Variant::Nil, Variant::Nil), wrong(1, "Vector2", VariantType::Nil));
    assert_eq!(given(Vector2::default().into(), 1.5.into()), wrong(2, "Color", VariantType::Float));
}
