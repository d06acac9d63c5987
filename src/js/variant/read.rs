//! Conversion from JavaScript's values to Godot's.

use std::{iter, mem};

use js_sys::{Array as JsArray, Map};
use wasm_bindgen::{JsCast, JsValue};

use super::{fields::TaggedFields, kind_of_name, safe_integer, shapes};
use crate::{
    js::{reflect, values::Thrown},
    variant::{
        Array, Dictionary, ElementType, NodePath, Object, Rid, Signal, StringName, Variant, VariantType,
    },
};

/// The maximum depth of nested containers, which is also that of the encoding. It also ends the reading of a container
/// that contains itself.
const MAX_DEPTH: usize = 1024;

/// Converts a value. It does not recurse.
pub(in crate::js) fn read(value: &JsValue) -> Result<Variant, Thrown> {
    let mut container = match begin(value)? {
        Read::Value(value) => return Ok(value),
        Read::Container(container) => container,
    };
    let mut outer = Vec::new();
    loop {
        match container.next() {
            Some(item) => match begin(&item)? {
                Read::Value(value) => container.values.push(value),
                Read::Container(_) if outer.len() + 1 == MAX_DEPTH => return Err(too_deep()),
                Read::Container(inner) => outer.push(mem::replace(&mut container, inner)),
            },
            None => {
                let value = container.finish()?;
                let Some(around) = outer.pop() else { return Ok(value) };
                container = around;
                container.values.push(value);
            }
        }
    }
}

/// Converts the elements of an array.
pub(in crate::js) fn read_all(array: &JsValue) -> Result<Vec<Variant>, Thrown> {
    reflect::elements(array)?.iter().map(|value| read(&value)).collect()
}

enum Read {
    Value(Variant),
    Container(PartialContainer),
}

/// A container of which some values have been read.
struct PartialContainer {
    kind: ContainerKind,
    /// All of its values. Those of a map are keys and values, alternating.
    items: JsArray,
    next: u32,
    values: Vec<Variant>,
}

/// The kind of container to make of the values.
enum ContainerKind {
    Array(ElementType),
    Dictionary(ElementType, ElementType),
    Object { class: String },
}

impl PartialContainer {
    fn begin(kind: ContainerKind, items: JsArray) -> Read {
        Read::Container(Self { kind, items, next: 0, values: Vec::new() })
    }

    fn next(&mut self) -> Option<JsValue> {
        let index = self.next;
        (index < self.items.length()).then(|| {
            self.next += 1;
            self.items.get(index)
        })
    }

    fn finish(self) -> Result<Variant, Thrown> {
        match self.kind {
            ContainerKind::Array(ElementType::Untyped) => Ok(Array::from(self.values).into()),
            ContainerKind::Array(element_type) => {
                let mut array = Array::typed(element_type);
                for value in self.values {
                    array.push(value).map_err(|error| Thrown::type_error(&format!("an element: {error}")))?;
                }
                Ok(array.into())
            }
            ContainerKind::Dictionary(key_type, value_type) => {
                let count = self.values.len() / 2;
                let dictionary = dictionary(key_type, value_type, pairs(self.values))?;
                if dictionary.len() < count {
                    return Err(Thrown::type_error("two keys of a Map are the same to Godot"));
                }
                Ok(dictionary.into())
            }
            ContainerKind::Object { class } => {
                let property = |(name, value)| match name {
                    Variant::String(name) => Ok((name, value)),
                    _ => Err(Thrown::type_error("`properties` of \"Object\" must have strings as keys")),
                };
                let properties = pairs(self.values).map(property).collect::<Result<_, _>>()?;
                Ok(Object::Full { class, properties }.into())
            }
        }
    }
}

/// Returns a dictionary of these entries. Equal keys make it shorter.
fn dictionary(
    key_type: ElementType,
    value_type: ElementType,
    entries: impl Iterator<Item = (Variant, Variant)>,
) -> Result<Dictionary, Thrown> {
    if (&key_type, &value_type) == (&ElementType::Untyped, &ElementType::Untyped) {
        // Much faster than `insert`.
        return Ok(entries.collect());
    }
    let mut dictionary = Dictionary::typed(key_type, value_type);
    for (key, value) in entries {
        let inserted = dictionary.insert(key, value);
        inserted.map_err(|error| Thrown::type_error(&format!("an entry: {error}")))?;
    }
    Ok(dictionary)
}

/// Returns the pairs of keys and values.
fn pairs(values: Vec<Variant>) -> impl Iterator<Item = (Variant, Variant)> {
    let mut values = values.into_iter();
    iter::from_fn(move || values.next().zip(values.next()))
}

/// Converts a value. A container is returned without its values.
fn begin(value: &JsValue) -> Result<Read, Thrown> {
    if value.is_object() {
        return begin_object(value);
    }
    let flat = if value.is_null() || value.is_undefined() {
        Some(Variant::Nil)
    } else if value.is_bigint() {
        let number = i64::try_from(value.clone());
        Some(number.map_err(|_| Thrown::range_error("a bigint does not fit into 64 bits"))?.into())
    } else {
        let number = value.as_f64().map(number);
        number
            .or_else(|| value.as_bool().map(Variant::Bool))
            .or_else(|| value.as_string().map(Variant::String))
    };
    flat.map(Read::Value).ok_or_else(unsupported_value)
}

/// Returns an integer if the number is exact as one. In JavaScript 2 and 2.0 are equal.
fn number(number: f64) -> Variant {
    match safe_integer(number) {
        Some(integer) if integer != 0 || number.is_sign_positive() => Variant::Int(integer),
        _ => Variant::Float(number),
    }
}

fn begin_object(object: &JsValue) -> Result<Read, Thrown> {
    if reflect::is_array(object)? {
        return Ok(PartialContainer::begin(
            ContainerKind::Array(ElementType::Untyped),
            reflect::elements(object)?,
        ));
    }
    if let Some(array) = typed_array(object)? {
        return Ok(Read::Value(array));
    }
    if object.is_instance_of::<Map>() {
        let kind = ContainerKind::Dictionary(ElementType::Untyped, ElementType::Untyped);
        return Ok(PartialContainer::begin(kind, reflect::map_entries(object)?));
    }
    if !reflect::is_plain(object)? {
        return Err(unsupported_value());
    }
    match TaggedFields::of(reflect::entries(object)?) {
        Ok(fields) => begin_tagged(fields),
        Err(entries) => {
            let items = JsArray::new();
            for (key, value) in entries {
                items.push(&key.into());
                items.push(&value);
            }
            Ok(PartialContainer::begin(
                ContainerKind::Dictionary(ElementType::Untyped, ElementType::Untyped),
                items,
            ))
        }
    }
}

fn typed_array(object: &JsValue) -> Result<Option<Variant>, Thrown> {
    Ok(if let Some(bytes) = reflect::uint8_array(object)? {
        Some(bytes.into())
    } else if let Some(numbers) = reflect::int32_array(object)? {
        Some(numbers.into())
    } else if let Some(numbers) = reflect::big_int64_array(object)? {
        Some(numbers.into())
    } else if let Some(numbers) = reflect::float32_array(object)? {
        Some(numbers.into())
    } else {
        reflect::float64_array(object)?.map(Variant::from)
    })
}

/// Converts an object with a `type`.
fn begin_tagged(mut fields: TaggedFields) -> Result<Read, Thrown> {
    let Some(kind) = kind_of_name(fields.type_name()) else { return Err(unknown_type(&fields)) };
    let read = match kind {
        VariantType::Array => {
            let element_type = element_type(&mut fields, "elementType")?;
            PartialContainer::begin(ContainerKind::Array(element_type), fields.array("elements")?)
        }
        VariantType::Dictionary => {
            let key_type = element_type(&mut fields, "keyType")?;
            let value_type = element_type(&mut fields, "valueType")?;
            PartialContainer::begin(ContainerKind::Dictionary(key_type, value_type), fields.map("entries")?)
        }
        VariantType::Object => match fields.take_optional("class") {
            None => Read::Value(Object::Id(fields.id("id")?).into()),
            Some(class) => {
                let class = class.as_string().ok_or_else(|| fields.wrong("class", "a string"))?;
                PartialContainer::begin(ContainerKind::Object { class }, fields.map("properties")?)
            }
        },
        flat => Read::Value(read_flat(flat, &mut fields)?),
    };
    fields.end()?;
    Ok(read)
}

fn read_flat(kind: VariantType, fields: &mut TaggedFields) -> Result<Variant, Thrown> {
    Ok(match kind {
        VariantType::Float => fields.number("value")?.into(),
        VariantType::StringName => StringName(fields.text("name")?).into(),
        VariantType::NodePath => NodePath::from(fields.text("path")?).into(),
        VariantType::Rid => Rid(fields.id("id")?).into(),
        VariantType::Callable => Variant::Callable,
        VariantType::Signal => {
            Signal { name: StringName(fields.text("name")?), object: fields.id("object")? }.into()
        }
        VariantType::PackedStringArray => fields.texts("elements")?.into(),
        VariantType::PackedVector2Array => Variant::PackedVector2Array(fields.rows("components")?),
        VariantType::PackedVector3Array => Variant::PackedVector3Array(fields.rows("components")?),
        VariantType::PackedVector4Array => Variant::PackedVector4Array(fields.rows("components")?),
        VariantType::PackedColorArray => Variant::PackedColorArray(fields.rows("components")?),
        shape => shapes::read(shape, fields)?.ok_or_else(|| unknown_type(fields))?,
    })
}

/// Reads the element type of a container; untyped if the field is missing.
fn element_type(fields: &mut TaggedFields, name: &str) -> Result<ElementType, Thrown> {
    let Some(value) = fields.take_optional(name) else { return Ok(ElementType::Untyped) };
    let kind =
        value.as_string().and_then(|name| kind_of_name(&name)).filter(|kind| *kind != VariantType::Nil);
    kind.map(ElementType::Builtin).ok_or_else(|| fields.wrong(name, "the name of a Godot type"))
}

fn unknown_type(fields: &TaggedFields) -> Thrown {
    let name = fields.type_name();
    Thrown::type_error(&format!("unknown type \"{name}\"; a dictionary with a key `type` is sent as a Map"))
}

fn unsupported_value() -> Thrown {
    Thrown::type_error(
        "a function, a symbol, or an object that is neither plain nor a Map, has no Godot type",
    )
}

fn too_deep() -> Thrown {
    Thrown::range_error("the containers are nested deeper than 1024, or one contains itself")
}
