//! A total order of values, by which dictionaries find their keys.
//!
//! Values that compare as equal are the same key in Godot: a `String` and a `StringName` with the same text, any two
//! NaN, 0 and -0, and containers with the same content, typed or not.

use std::cmp::Ordering;

use super::{Object, Variant, VariantType};

/// Compares two values, without recursion.
pub(super) fn compare(a: &Variant, b: &Variant) -> Ordering {
    if let Some(order) = compare_flat(a, b) {
        return order;
    }
    let mut todo = vec![(a, b)];
    while let Some((a, b)) = todo.pop() {
        let order = compare_flat(a, b).unwrap_or_else(|| compare_containers(a, b, &mut todo));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Compares a value with a string, without making a `Variant` of the string.
pub(super) fn compare_to_text(a: &Variant, text: &str) -> Ordering {
    match text_of(a) {
        Some(own) => own.cmp(text),
        None => rank(a).cmp(&VariantType::String),
    }
}

/// Compares two values; `None` if the values in them must be compared.
fn compare_flat(a: &Variant, b: &Variant) -> Option<Ordering> {
    use Variant as V;
    Some(match (a, b) {
        (V::Bool(a), V::Bool(b)) => a.cmp(b),
        (V::Int(a), V::Int(b)) => a.cmp(b),
        (V::Float(a), V::Float(b)) => compare_numbers(*a, *b),
        (V::Vector2(a), V::Vector2(b)) => compare_rows(*a, *b),
        (V::Vector2i(a), V::Vector2i(b)) => <[i32; 2]>::from(*a).cmp(&(*b).into()),
        (V::Rect2(a), V::Rect2(b)) => compare_rows(*a, *b),
        (V::Rect2i(a), V::Rect2i(b)) => <[i32; 4]>::from(*a).cmp(&(*b).into()),
        (V::Vector3(a), V::Vector3(b)) => compare_rows(*a, *b),
        (V::Vector3i(a), V::Vector3i(b)) => <[i32; 3]>::from(*a).cmp(&(*b).into()),
        (V::Transform2D(a), V::Transform2D(b)) => compare_rows(*a, *b),
        (V::Vector4(a), V::Vector4(b)) => compare_rows(*a, *b),
        (V::Vector4i(a), V::Vector4i(b)) => <[i32; 4]>::from(*a).cmp(&(*b).into()),
        (V::Plane(a), V::Plane(b)) => compare_rows(*a, *b),
        (V::Quaternion(a), V::Quaternion(b)) => compare_rows(*a, *b),
        (V::Aabb(a), V::Aabb(b)) => compare_rows(*a, *b),
        (V::Basis(a), V::Basis(b)) => compare_rows(**a, **b),
        (V::Transform3D(a), V::Transform3D(b)) => compare_rows(**a, **b),
        (V::Projection(a), V::Projection(b)) => compare_rows(**a, **b),
        (V::Color(a), V::Color(b)) => compare_rows(*a, *b),
        (V::NodePath(a), V::NodePath(b)) => a.cmp(b),
        (V::Rid(a), V::Rid(b)) => a.cmp(b),
        (V::Signal(a), V::Signal(b)) => a.cmp(b),
        (V::PackedByteArray(a), V::PackedByteArray(b)) => a.cmp(b),
        (V::PackedInt32Array(a), V::PackedInt32Array(b)) => a.cmp(b),
        (V::PackedInt64Array(a), V::PackedInt64Array(b)) => a.cmp(b),
        (V::PackedFloat32Array(a), V::PackedFloat32Array(b)) => {
            compare_lists(a, b, |a, b| compare_numbers((*a).into(), (*b).into()))
        }
        (V::PackedFloat64Array(a), V::PackedFloat64Array(b)) => {
            compare_lists(a, b, |a, b| compare_numbers(*a, *b))
        }
        (V::PackedStringArray(a), V::PackedStringArray(b)) => a.cmp(b),
        (V::PackedVector2Array(a), V::PackedVector2Array(b)) => {
            compare_lists(a, b, |a, b| compare_rows(*a, *b))
        }
        (V::PackedVector3Array(a), V::PackedVector3Array(b)) => {
            compare_lists(a, b, |a, b| compare_rows(*a, *b))
        }
        (V::PackedColorArray(a), V::PackedColorArray(b)) => compare_lists(a, b, |a, b| compare_rows(*a, *b)),
        (V::PackedVector4Array(a), V::PackedVector4Array(b)) => {
            compare_lists(a, b, |a, b| compare_rows(*a, *b))
        }
        (V::Array(_), V::Array(_)) | (V::Dictionary(_), V::Dictionary(_)) => return None,
        (V::Object(Some(a)), V::Object(Some(b))) => match (&**a, &**b) {
            (Object::Id(a), Object::Id(b)) => a.cmp(b),
            (Object::Id(_), Object::Full { .. }) => Ordering::Less,
            (Object::Full { .. }, Object::Id(_)) => Ordering::Greater,
            (Object::Full { .. }, Object::Full { .. }) => return None,
        },
        (V::Object(a), V::Object(b)) => a.is_some().cmp(&b.is_some()),
        // `Nil` and `Callable` have one value each.
        (a, b) => match (text_of(a), text_of(b)) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => rank(a).cmp(&rank(b)),
        },
    })
}

/// Compares two containers of one type except for the values in them, which are pushed to `todo` in pairs.
fn compare_containers<'a>(
    a: &'a Variant,
    b: &'a Variant,
    todo: &mut Vec<(&'a Variant, &'a Variant)>,
) -> Ordering {
    match (a, b) {
        (Variant::Array(a), Variant::Array(b)) => {
            let order = a.len().cmp(&b.len());
            if order.is_eq() {
                todo.extend(a.iter().zip(b.iter()).rev());
            }
            order
        }
        (Variant::Dictionary(a), Variant::Dictionary(b)) => {
            let order = a.len().cmp(&b.len());
            if order.is_eq() {
                let pairs = a.sorted().zip(b.sorted()).rev();
                // `todo` is a stack: the keys are compared before the values.
                todo.extend(pairs.flat_map(|(a, b)| [(&a.1, &b.1), (&a.0, &b.0)]));
            }
            order
        }
        (Variant::Object(Some(a)), Variant::Object(Some(b))) => match (&**a, &**b) {
            (
                Object::Full { class: a_class, properties: a },
                Object::Full { class: b_class, properties: b },
            ) => {
                let names = a.iter().map(|(name, _)| name).cmp(b.iter().map(|(name, _)| name));
                let order = a_class.cmp(b_class).then(names);
                if order.is_eq() {
                    todo.extend(a.iter().zip(b).map(|(a, b)| (&a.1, &b.1)).rev());
                }
                order
            }
            _ => Ordering::Equal,
        },
        _ => Ordering::Equal,
    }
}

/// Compares numbers. All NaN are equal, and greater than all numbers.
fn compare_numbers(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

fn compare_rows<const N: usize>(a: impl Into<[f32; N]>, b: impl Into<[f32; N]>) -> Ordering {
    compare_lists(&a.into(), &b.into(), |a, b| compare_numbers((*a).into(), (*b).into()))
}

fn compare_lists<T>(a: &[T], b: &[T], compare: impl Fn(&T, &T) -> Ordering) -> Ordering {
    let different = a.iter().zip(b).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
    different.unwrap_or(a.len().cmp(&b.len()))
}

fn text_of(value: &Variant) -> Option<&str> {
    match value {
        Variant::String(text) => Some(text),
        Variant::StringName(name) => Some(name),
        _ => None,
    }
}

fn rank(value: &Variant) -> VariantType {
    match value.kind() {
        VariantType::StringName => VariantType::String,
        kind => kind,
    }
}
