//! Objects with a `type`: put together, and taken apart strictly, so that a misspelt field is noticed.

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

/// An object of this type.
pub(super) fn tagged<'a>(
    name: &'static str,
    fields: impl IntoIterator<Item = (&'a str, JsValue)>,
) -> JsValue {
    object(iter::once(("type", name.into())).chain(fields))
}

/// What an object with a `type` has besides that, and nobody has taken yet.
pub(super) struct Fields {
    of: String,
    left: Vec<(String, JsValue)>,
}

impl Fields {
    /// The fields of an object, if it has a type.
    pub(super) fn of(mut entries: Vec<(String, JsValue)>) -> Result<Self, Vec<(String, JsValue)>> {
        let Some(place) = entries.iter().position(|(name, _)| name == "type") else { return Err(entries) };
        let (_, of) = entries.swap_remove(place);
        // What is no text is the name of no type.
        Ok(Self { of: of.as_string().unwrap_or_default(), left: entries })
    }

    /// What its type is called.
    pub(super) fn name(&self) -> &str {
        &self.of
    }

    /// A field that has to be there.
    pub(super) fn take(&mut self, name: &str) -> Result<JsValue, Thrown> {
        self.take_optional(name).ok_or_else(|| self.wrong(name, "there"))
    }

    /// A field that may be missing, or undefined.
    pub(super) fn take_optional(&mut self, name: &str) -> Option<JsValue> {
        let place = self.left.iter().position(|(other, _)| other == name)?;
        Some(self.left.swap_remove(place).1).filter(|value| !value.is_undefined())
    }

    pub(super) fn number(&mut self, name: &str) -> Result<f64, Thrown> {
        self.take(name)?.as_f64().ok_or_else(|| self.wrong(name, "a number"))
    }

    /// A number that an `i32` can hold.
    pub(super) fn integer(&mut self, name: &str) -> Result<i32, Thrown> {
        integer(&self.take(name)?).ok_or_else(|| self.wrong(name, "a whole number of 32 bits"))
    }

    /// A number that an engine has given to something of its own.
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

    /// Single-precision numbers, so many for each element.
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

    /// The fields of an object of this type.
    pub(super) fn part(&mut self, name: &str, kind: VariantType) -> Result<Self, Thrown> {
        let part = self.take(name)?;
        let fields = if part.is_object() { Self::of(reflect::entries(&part)?).ok() } else { None };
        fields
            .filter(|fields| fields.of == kind.name())
            .ok_or_else(|| self.wrong(name, &format!("an object of type \"{kind}\"")))
    }

    pub(super) fn array(&mut self, name: &str) -> Result<js_sys::Array, Thrown> {
        let array = self.take(name)?;
        match reflect::is_array(&array)? {
            true => reflect::elements(&array),
            false => Err(self.wrong(name, "an array")),
        }
    }

    /// The keys and values of a map, in turn.
    pub(super) fn map(&mut self, name: &str) -> Result<js_sys::Array, Thrown> {
        let map = self.take(name)?;
        match map.is_instance_of::<Map>() {
            true => reflect::map_entries(&map),
            false => Err(self.wrong(name, "a Map")),
        }
    }

    /// Everything has been taken.
    pub(super) fn end(self) -> Result<(), Thrown> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => Err(Thrown::type_error(&format!("\"{}\" has no `{name}`", self.of))),
        }
    }

    pub(super) fn wrong(&self, name: &str, wanted: &str) -> Thrown {
        Thrown::type_error(&format!("`{name}` of \"{}\" must be {wanted}", self.of))
    }
}
