//! Compares values for equality, without recursion.

use super::{Object, Variant, order};

impl PartialEq for Variant {
    fn eq(&self, other: &Self) -> bool {
        let mut todo = Vec::new();
        let mut pair = Some((self, other));
        while let Some((a, b)) = pair {
            if !equal_shallow(a, b, &mut todo) {
                return false;
            }
            pair = todo.pop();
        }
        true
    }
}

/// Compares two values except for the values in them, which are pushed to `todo` in pairs.
fn equal_shallow<'a>(a: &'a Variant, b: &'a Variant, todo: &mut Vec<(&'a Variant, &'a Variant)>) -> bool {
    use Variant as V;
    match (a, b) {
        (V::Nil, V::Nil) | (V::Callable, V::Callable) => true,
        (V::Bool(a), V::Bool(b)) => a == b,
        (V::Int(a), V::Int(b)) => a == b,
        (V::Float(a), V::Float(b)) => a == b,
        (V::String(a), V::String(b)) => a == b,
        (V::Vector2(a), V::Vector2(b)) => a == b,
        (V::Vector2i(a), V::Vector2i(b)) => a == b,
        (V::Rect2(a), V::Rect2(b)) => a == b,
        (V::Rect2i(a), V::Rect2i(b)) => a == b,
        (V::Vector3(a), V::Vector3(b)) => a == b,
        (V::Vector3i(a), V::Vector3i(b)) => a == b,
        (V::Transform2D(a), V::Transform2D(b)) => a == b,
        (V::Vector4(a), V::Vector4(b)) => a == b,
        (V::Vector4i(a), V::Vector4i(b)) => a == b,
        (V::Plane(a), V::Plane(b)) => a == b,
        (V::Quaternion(a), V::Quaternion(b)) => a == b,
        (V::Aabb(a), V::Aabb(b)) => a == b,
        (V::Basis(a), V::Basis(b)) => a == b,
        (V::Transform3D(a), V::Transform3D(b)) => a == b,
        (V::Projection(a), V::Projection(b)) => a == b,
        (V::Color(a), V::Color(b)) => a == b,
        (V::StringName(a), V::StringName(b)) => a == b,
        (V::NodePath(a), V::NodePath(b)) => a == b,
        (V::Rid(a), V::Rid(b)) => a == b,
        (V::Object(None), V::Object(None)) => true,
        (V::Object(Some(a)), V::Object(Some(b))) => equal_objects_shallow(a, b, todo),
        (V::Signal(a), V::Signal(b)) => a == b,
        (V::Dictionary(a), V::Dictionary(b)) => {
            let equal = a.key_type() == b.key_type()
                && a.value_type() == b.value_type()
                && a.len() == b.len()
                && a.sorted().zip(b.sorted()).all(|(a, b)| order::compare(&a.0, &b.0).is_eq());
            if equal {
                todo.extend(a.sorted().zip(b.sorted()).map(|(a, b)| (&a.1, &b.1)));
            }
            equal
        }
        (V::Array(a), V::Array(b)) => {
            let equal = a.element_type() == b.element_type() && a.len() == b.len();
            if equal {
                todo.extend(a.iter().zip(b.iter()));
            }
            equal
        }
        (V::PackedByteArray(a), V::PackedByteArray(b)) => a == b,
        (V::PackedInt32Array(a), V::PackedInt32Array(b)) => a == b,
        (V::PackedInt64Array(a), V::PackedInt64Array(b)) => a == b,
        (V::PackedFloat32Array(a), V::PackedFloat32Array(b)) => a == b,
        (V::PackedFloat64Array(a), V::PackedFloat64Array(b)) => a == b,
        (V::PackedStringArray(a), V::PackedStringArray(b)) => a == b,
        (V::PackedVector2Array(a), V::PackedVector2Array(b)) => a == b,
        (V::PackedVector3Array(a), V::PackedVector3Array(b)) => a == b,
        (V::PackedColorArray(a), V::PackedColorArray(b)) => a == b,
        (V::PackedVector4Array(a), V::PackedVector4Array(b)) => a == b,
        _ => false,
    }
}

fn equal_objects_shallow<'a>(
    a: &'a Object,
    b: &'a Object,
    todo: &mut Vec<(&'a Variant, &'a Variant)>,
) -> bool {
    match (a, b) {
        (Object::Id(a), Object::Id(b)) => a == b,
        (Object::Full { class: a_class, properties: a }, Object::Full { class: b_class, properties: b }) => {
            let names_of = |properties: &'a [(String, Variant)]| properties.iter().map(|(name, _)| name);
            let equal = a_class == b_class && names_of(a).eq(names_of(b));
            if equal {
                todo.extend(a.iter().zip(b).map(|(a, b)| (&a.1, &b.1)));
            }
            equal
        }
        _ => false,
    }
}
