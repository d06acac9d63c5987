//! Conversion from Godot's values to JavaScript's.

use js_sys::{
    Array as JsArray, BigInt64Array, Float32Array, Float64Array, Int32Array, JsString, Map, Uint8Array,
};
use wasm_bindgen::JsValue;

use super::{MAX_SAFE_INTEGER, fields::tagged, shapes, unsigned_to_js};
use crate::variant::{Object, Variant};

/// Converts a value. It does not recurse, so no value is too deep.
pub(in crate::js) fn write(value: &Variant) -> JsValue {
    let mut todo = Vec::new();
    let written = begin(value, &mut todo);
    // Containers are filled after they were added to their outer ones.
    while let Some(container) = todo.pop() {
        match container {
            PendingContainer::Array(array, elements) => {
                for element in elements {
                    array.push(&begin(element, &mut todo));
                }
            }
            PendingContainer::Map(map, entries) => {
                for (key, value) in entries {
                    map.set(&key.write(&mut todo), &begin(value, &mut todo));
                }
            }
        }
    }
    written
}

/// A JavaScript container that is still empty, and its content.
enum PendingContainer<'a> {
    Array(JsArray, &'a [Variant]),
    Map(Map, Vec<(Key<'a>, &'a Variant)>),
}

enum Key<'a> {
    Value(&'a Variant),
    Name(&'a str),
}

impl<'a> Key<'a> {
    fn write(self, todo: &mut Vec<PendingContainer<'a>>) -> JsValue {
        match self {
            Self::Value(value) => begin(value, todo),
            Self::Name(name) => name.into(),
        }
    }
}

/// Converts a value. A container is returned empty.
fn begin<'a>(value: &'a Variant, todo: &mut Vec<PendingContainer<'a>>) -> JsValue {
    let mut map = |entries| {
        let map = Map::new();
        todo.push(PendingContainer::Map(map.clone(), entries));
        map.into()
    };
    match value {
        Variant::Nil | Variant::Object(None) => JsValue::NULL,
        Variant::Bool(value) => (*value).into(),
        Variant::Int(value) if value.unsigned_abs() <= MAX_SAFE_INTEGER => (*value as f64).into(),
        Variant::Int(value) => (*value).into(),
        Variant::Float(value) => (*value).into(),
        Variant::String(text) => text.as_str().into(),
        Variant::StringName(name) => name.as_str().into(),
        Variant::Dictionary(entries) => {
            map(entries.iter().map(|(key, value)| (Key::Value(key), value)).collect())
        }
        Variant::Array(elements) => {
            let array = JsArray::new();
            todo.push(PendingContainer::Array(array.clone(), elements));
            array.into()
        }
        Variant::Object(Some(object)) => match &**object {
            Object::Id(id) => tagged("Object", [("id", unsigned_to_js(*id))]),
            Object::Full { class, properties } => {
                let properties = properties.iter().map(|(name, value)| (Key::Name(name), value)).collect();
                tagged("Object", [("class", class.as_str().into()), ("properties", map(properties))])
            }
        },
        flat => write_flat(flat),
    }
}

/// Converts a value that contains no other.
fn write_flat(value: &Variant) -> JsValue {
    match value {
        Variant::NodePath(path) => tagged("NodePath", [("path", path.to_string().into())]),
        Variant::Rid(rid) => tagged("RID", [("id", unsigned_to_js(rid.0))]),
        Variant::Callable => tagged("Callable", []),
        Variant::Signal(signal) => tagged(
            "Signal",
            [("name", signal.name.as_str().into()), ("object", unsigned_to_js(signal.object))],
        ),
        Variant::PackedByteArray(bytes) => Uint8Array::from(&bytes[..]).into(),
        Variant::PackedInt32Array(numbers) => Int32Array::from(&numbers[..]).into(),
        Variant::PackedInt64Array(numbers) => BigInt64Array::from(&numbers[..]).into(),
        Variant::PackedFloat32Array(numbers) => Float32Array::from(&numbers[..]).into(),
        Variant::PackedFloat64Array(numbers) => Float64Array::from(&numbers[..]).into(),
        Variant::PackedStringArray(texts) => {
            let elements: JsArray = texts.iter().map(|text| JsString::from(text.as_str())).collect();
            tagged("PackedStringArray", [("elements", elements.into())])
        }
        Variant::PackedVector2Array(rows) => packed(value, rows),
        Variant::PackedVector3Array(rows) => packed(value, rows),
        Variant::PackedVector4Array(rows) => packed(value, rows),
        Variant::PackedColorArray(rows) => packed(value, rows),
        shape => shapes::write(shape).unwrap_or(JsValue::NULL),
    }
}

/// Converts a packed array to its numbers in a row.
fn packed<T: Copy + Into<[f32; N]>, const N: usize>(value: &Variant, rows: &[T]) -> JsValue {
    let numbers: Vec<f32> = rows.iter().flat_map(|row| (*row).into()).collect();
    tagged(value.kind().name(), [("components", Float32Array::from(&numbers[..]).into())])
}
