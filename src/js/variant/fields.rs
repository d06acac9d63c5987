//! Objects with a `type`. Reading one reports unknown fields, so that misspelt ones are noticed.

use std::iter;

use js_sys::Map;
use wasm_bindgen::{JsCast, JsValue};

use super::unsigned;
use crate::{
    js::{
        reflect,
        values::{Thrown, integer, object},
    },
    variant::VariantType,
};

/// Returns an object of this type.
pub(super) fn tagged<'a>(
    name: &'static str,
    fields: impl IntoIterator<Item = (&'a str, JsValue)>,
) -> JsValue {
    object(iter::once(("type", name.into())).chain(fields))
}

/// The fields of an object with a `type` that have not been read yet.
pub(super) struct TaggedFields {
    type_name: String,
    unread: Vec<(String, JsValue)>,
}

impl TaggedFields {
    /// Returns the fields of an object, or `Err` with the entries if it has no `type`.
    pub(super) fn of(mut entries: Vec<(String, JsValue)>) -> Result<Self, Vec<(String, JsValue)>> {
        let Some(place) = entries.iter().position(|(name, _)| name == "type") else { return Err(entries) };
        let (_, type_name) = entries.swap_remove(place);
        // No type has an empty name, so anything but a string is rejected later.
        Ok(Self { type_name: type_name.as_string().unwrap_or_default(), unread: entries })
    }

    /// The name of the object's type.
    pub(super) fn type_name(&self) -> &str {
        &self.type_name
    }

    /// Reads a required field.
    pub(super) fn take(&mut self, name: &str) -> Result<JsValue, Thrown> {
        self.take_optional(name).ok_or_else(|| self.wrong(name, "there"))
    }

    /// Reads a field that may be missing or undefined.
    pub(super) fn take_optional(&mut self, name: &str) -> Option<JsValue> {
        let place = self.unread.iter().position(|(other, _)| other == name)?;
        Some(self.unread.swap_remove(place).1).filter(|value| !value.is_undefined())
    }

    pub(super) fn number(&mut self, name: &str) -> Result<f64, Thrown> {
        self.take(name)?.as_f64().ok_or_else(|| self.wrong(name, "a number"))
    }

    /// Reads a number that fits into an `i32`.
    pub(super) fn integer(&mut self, name: &str) -> Result<i32, Thrown> {
        integer(&self.take(name)?).ok_or_else(|| self.wrong(name, "a whole number of 32 bits"))
    }

    /// Reads an id that an engine has assigned.
    pub(super) fn id(&mut self, name: &str) -> Result<u64, Thrown> {
        unsigned(&self.take(name)?).ok_or_else(|| self.wrong(name, "a whole number of 64 bits, not negative"))
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, Thrown> {
        self.take(name)?.as_string().ok_or_else(|| self.wrong(name, "a string"))
    }

    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>, Thrown> {
        let texts = reflect::strings(&self.take(name)?)?;
        texts.ok_or_else(|| self.wrong(name, "an array of strings"))
    }

    /// Reads elements of `N` single-precision numbers each.
    pub(super) fn rows<T, const N: usize>(&mut self, name: &str) -> Result<Vec<T>, Thrown>
    where
        T: From<[f32; N]>,
    {
        let numbers = reflect::float32_array(&self.take(name)?)?;
        let numbers = numbers.ok_or_else(|| self.wrong(name, "a Float32Array"))?;
        if numbers.len() % N > 0 {
            return Err(self.wrong(name, &format!("{N} numbers for each element")));
        }
        let rows = numbers.chunks_exact(N).filter_map(|row| <[f32; N]>::try_from(row).ok());
        Ok(rows.map(T::from).collect())
    }

    /// Reads a field that holds an object of this type.
    pub(super) fn part(&mut self, name: &str, kind: VariantType) -> Result<Self, Thrown> {
        let part = self.take(name)?;
        let fields = if part.is_object() { Self::of(reflect::entries(&part)?).ok() } else { None };
        fields
            .filter(|fields| fields.type_name == kind.name())
            .ok_or_else(|| self.wrong(name, &format!("an object of type \"{kind}\"")))
    }

    pub(super) fn array(&mut self, name: &str) -> Result<js_sys::Array, Thrown> {
        let array = self.take(name)?;
        match reflect::is_array(&array)? {
            true => reflect::elements(&array),
            false => Err(self.wrong(name, "an array")),
        }
    }

    /// Reads a map, as keys and values, alternating.
    pub(super) fn map(&mut self, name: &str) -> Result<js_sys::Array, Thrown> {
        let map = self.take(name)?;
        match map.is_instance_of::<Map>() {
            true => reflect::map_entries(&map),
            false => Err(self.wrong(name, "a Map")),
        }
    }

    /// Checks that every field was read.
    pub(super) fn end(self) -> Result<(), Thrown> {
        match self.unread.first() {
            None => Ok(()),
            Some((name, _)) => Err(Thrown::type_error(&format!("\"{}\" has no `{name}`", self.type_name))),
        }
    }

    pub(super) fn wrong(&self, name: &str, wanted: &str) -> Thrown {
        Thrown::type_error(&format!("`{name}` of \"{}\" must be {wanted}", self.type_name))
    }
}
