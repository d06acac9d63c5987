//! Vectors, boxes, matrices and colours: objects of numbers, and of other such objects.
//!
//! Each is a row of numbers in Rust, and a tree of fields in JavaScript. One table describes both.

use std::array;

use wasm_bindgen::JsValue;

use super::fields::{TaggedFields, tagged};
use crate::{
    js::values::Thrown,
    variant::{
        Aabb, Basis, Color, Plane, Projection, Quaternion, Rect2, Rect2i, Transform2D, Transform3D, Variant,
        VariantType, Vector2, Vector2i, Vector3, Vector3i, Vector4, Vector4i,
    },
};

/// The fields of a type, in the order of its numbers. A field is a number, or a part with fields of its own.
struct Shape {
    kind: VariantType,
    fields: &'static [(&'static str, Option<&'static Shape>)],
}

/// Declares a constant for each type, and the list of all.
macro_rules! shapes {
    ($($name:ident: $kind:ident { $($field:literal $(of $part:ident)?),+ })+) => {
        $(
            static $name: Shape =
                Shape { kind: VariantType::$kind, fields: &[$(($field, shapes!(@part $($part)?))),+] };
        )+
        static ALL: &[&Shape] = &[$(&$name),+];
    };
    (@part) => { None };
    (@part $part:ident) => { Some(&$part) };
}

shapes! {
    VECTOR2: Vector2 { "x", "y" }
    VECTOR2I: Vector2i { "x", "y" }
    RECT2: Rect2 { "position" of VECTOR2, "size" of VECTOR2 }
    RECT2I: Rect2i { "position" of VECTOR2I, "size" of VECTOR2I }
    VECTOR3: Vector3 { "x", "y", "z" }
    VECTOR3I: Vector3i { "x", "y", "z" }
    TRANSFORM2D: Transform2D { "x" of VECTOR2, "y" of VECTOR2, "origin" of VECTOR2 }
    VECTOR4: Vector4 { "x", "y", "z", "w" }
    VECTOR4I: Vector4i { "x", "y", "z", "w" }
    PLANE: Plane { "normal" of VECTOR3, "d" }
    QUATERNION: Quaternion { "x", "y", "z", "w" }
    AABB: Aabb { "position" of VECTOR3, "size" of VECTOR3 }
    BASIS: Basis { "x" of VECTOR3, "y" of VECTOR3, "z" of VECTOR3 }
    TRANSFORM3D: Transform3D { "basis" of BASIS, "origin" of VECTOR3 }
    PROJECTION: Projection { "x" of VECTOR4, "y" of VECTOR4, "z" of VECTOR4, "w" of VECTOR4 }
    COLOR: Color { "r", "g", "b", "a" }
}

/// Converts a value of one of these types; `None` for another type.
pub(super) fn write(value: &Variant) -> Option<JsValue> {
    let (shape, numbers) = match value {
        Variant::Vector2(value) => (&VECTOR2, row::<_, 2>(*value)),
        Variant::Vector2i(value) => (&VECTOR2I, whole_row::<_, 2>(*value)),
        Variant::Rect2(value) => (&RECT2, row::<_, 4>(*value)),
        Variant::Rect2i(value) => (&RECT2I, whole_row::<_, 4>(*value)),
        Variant::Vector3(value) => (&VECTOR3, row::<_, 3>(*value)),
        Variant::Vector3i(value) => (&VECTOR3I, whole_row::<_, 3>(*value)),
        Variant::Transform2D(value) => (&TRANSFORM2D, row::<_, 6>(*value)),
        Variant::Vector4(value) => (&VECTOR4, row::<_, 4>(*value)),
        Variant::Vector4i(value) => (&VECTOR4I, whole_row::<_, 4>(*value)),
        Variant::Plane(value) => (&PLANE, row::<_, 4>(*value)),
        Variant::Quaternion(value) => (&QUATERNION, row::<_, 4>(*value)),
        Variant::Aabb(value) => (&AABB, row::<_, 6>(*value)),
        Variant::Basis(value) => (&BASIS, transposed(row::<_, 9>(**value))),
        Variant::Transform3D(value) => (&TRANSFORM3D, transposed(row::<_, 12>(**value))),
        Variant::Projection(value) => (&PROJECTION, row::<_, 16>(**value)),
        Variant::Color(value) => (&COLOR, row::<_, 4>(*value)),
        _ => return None,
    };
    Some(write_shape(shape, &mut numbers.into_iter()))
}

/// Converts an object of one of these types; `None` for another type.
pub(super) fn read(kind: VariantType, fields: &mut TaggedFields) -> Result<Option<Variant>, Thrown> {
    let Some(shape) = ALL.iter().find(|shape| shape.kind == kind) else { return Ok(None) };
    let mut numbers = Vec::new();
    read_shape(shape, fields, &mut numbers)?;
    Ok(Some(match kind {
        VariantType::Vector2 => Vector2::from(floats(&numbers)).into(),
        VariantType::Vector2i => Vector2i::from(integers(&numbers)).into(),
        VariantType::Rect2 => Rect2::from(floats(&numbers)).into(),
        VariantType::Rect2i => Rect2i::from(integers(&numbers)).into(),
        VariantType::Vector3 => Vector3::from(floats(&numbers)).into(),
        VariantType::Vector3i => Vector3i::from(integers(&numbers)).into(),
        VariantType::Transform2D => Transform2D::from(floats(&numbers)).into(),
        VariantType::Vector4 => Vector4::from(floats(&numbers)).into(),
        VariantType::Vector4i => Vector4i::from(integers(&numbers)).into(),
        VariantType::Plane => Plane::from(floats(&numbers)).into(),
        VariantType::Quaternion => Quaternion::from(floats(&numbers)).into(),
        VariantType::Aabb => Aabb::from(floats(&numbers)).into(),
        VariantType::Basis => Basis::from(floats(&transposed(numbers))).into(),
        VariantType::Transform3D => Transform3D::from(floats(&transposed(numbers))).into(),
        VariantType::Projection => Projection::from(floats(&numbers)).into(),
        VariantType::Color => Color::from(floats(&numbers)).into(),
        _ => return Ok(None),
    }))
}

fn write_shape(shape: &Shape, numbers: &mut impl Iterator<Item = f64>) -> JsValue {
    let fields = shape.fields.iter().map(|(name, part)| {
        let value = match part {
            Some(part) => write_shape(part, numbers),
            None => numbers.next().into(),
        };
        (*name, value)
    });
    tagged(shape.kind.name(), fields)
}

fn read_shape(shape: &Shape, fields: &mut TaggedFields, numbers: &mut Vec<f64>) -> Result<(), Thrown> {
    let is_whole =
        matches!(shape.kind, VariantType::Vector2i | VariantType::Vector3i | VariantType::Vector4i);
    for (name, part) in shape.fields {
        match part {
            Some(part) => {
                let mut inner = fields.part(name, part.kind)?;
                read_shape(part, &mut inner, numbers)?;
                inner.end()?;
            }
            None if is_whole => numbers.push(fields.integer(name)?.into()),
            None => numbers.push(fields.number(name)?),
        }
    }
    Ok(())
}

fn row<T: Into<[f32; N]>, const N: usize>(value: T) -> Vec<f64> {
    value.into().map(f64::from).to_vec()
}

fn whole_row<T: Into<[i32; N]>, const N: usize>(value: T) -> Vec<f64> {
    value.into().map(f64::from).to_vec()
}

/// The shape of a type has as many numbers as the type, so no default is used.
fn floats<const N: usize>(numbers: &[f64]) -> [f32; N] {
    array::from_fn(|index| numbers.get(index).map_or(0.0, |number| *number as f32))
}

fn integers<const N: usize>(numbers: &[f64]) -> [i32; N] {
    array::from_fn(|index| numbers.get(index).map_or(0, |number| *number as i32))
}

/// Swaps rows and columns of the matrix at the front.
fn transposed(mut numbers: Vec<f64>) -> Vec<f64> {
    for (one, other) in [(1, 3), (2, 6), (5, 7)] {
        numbers.swap(one, other);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of numbers in the shape.
    fn count(shape: &Shape) -> usize {
        shape.fields.iter().map(|(_, part)| part.map_or(1, count)).sum()
    }

    #[test]
    fn shapes_have_as_many_numbers_as_their_types() {
        let counts: Vec<_> = ALL.iter().map(|shape| count(shape)).collect();
        assert_eq!(counts, [2, 2, 4, 4, 3, 3, 6, 4, 4, 4, 4, 6, 9, 12, 16, 4]);
    }

    #[test]
    fn a_matrix_is_transposed_and_the_numbers_after_it_stay() {
        let numbers: Vec<f64> = (0..12).map(f64::from).collect();
        let turned = [0.0, 3.0, 6.0, 1.0, 4.0, 7.0, 2.0, 5.0, 8.0, 9.0, 10.0, 11.0];
        assert_eq!(transposed(numbers), turned);
    }
}
