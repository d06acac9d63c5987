//! A list of values.

use std::{mem, ops::Deref};

use super::{ElementType, Variant, VariantType, WrongType, teardown};

/// A list of values, with or without an element type. It dereferences to a slice.
///
/// ```
/// use websocket_peer::variant::{Array, ElementType, Variant, VariantType};
///
/// let mixed = Array::from(vec![Variant::Int(1), "two".into()]);
/// assert_eq!(mixed.len(), 2);
///
/// let mut numbers = Array::typed(ElementType::Builtin(VariantType::Int));
/// numbers.push(7)?;
/// assert!(numbers.push("seven").is_err());
/// assert_eq!(Variant::from(numbers).to_string(), "Array[int]([7])");
/// # Ok::<(), websocket_peer::variant::WrongType>(())
/// ```
#[derive(Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Array {
    element_type: ElementType,
    // Invariant: each element has the type `element_type`.
    elements: Vec<Variant>,
}

impl Array {
    /// Returns an empty array for values of any type.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an empty array for values of one type.
    pub fn typed(element_type: ElementType) -> Self {
        Self::with_capacity(element_type, 0)
    }

    /// Returns the element type.
    ///
    /// Godot: `get_typed_builtin`, `get_typed_class_name`, `get_typed_script`.
    pub fn element_type(&self) -> &ElementType {
        &self.element_type
    }

    /// Appends a value. A typed array converts as Godot does: between `int` and `float`, and between `String` and
    /// `StringName`.
    ///
    /// # Errors
    /// [`WrongType`] if the array is typed and the value has another type.
    pub fn push(&mut self, value: impl Into<Variant>) -> Result<(), WrongType> {
        self.elements.push(self.element_type.convert(value.into())?);
        Ok(())
    }

    /// Removes and returns the last value.
    pub fn pop(&mut self) -> Option<Variant> {
        self.elements.pop()
    }

    /// Removes all values.
    pub fn clear(&mut self) {
        self.elements.clear();
    }

    /// Returns the values as a vector.
    pub fn into_vec(mut self) -> Vec<Variant> {
        self.take()
    }

    pub(super) fn with_capacity(element_type: ElementType, capacity: usize) -> Self {
        Self { element_type: element_type.normalized(), elements: Vec::with_capacity(capacity) }
    }

    /// Returns `true` if the array takes values of this type as they are.
    pub(super) fn accepts(&self, kind: VariantType) -> bool {
        let accepted = self.element_type.kind();
        accepted == VariantType::Nil || accepted == kind
    }

    /// Appends a value of a type that the array [accepts](Self::accepts).
    pub(super) fn push_accepted(&mut self, value: Variant) {
        debug_assert!(self.accepts(value.kind()));
        self.elements.push(value);
    }

    /// Returns an array of the same type with copies of its values.
    pub(super) fn copy_with(&self, copies: Vec<Variant>) -> Self {
        Self { element_type: self.element_type.clone(), elements: copies }
    }

    pub(super) fn take(&mut self) -> Vec<Variant> {
        mem::take(&mut self.elements)
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        teardown::drop_all(self.take());
    }
}

impl Deref for Array {
    type Target = [Variant];

    fn deref(&self) -> &[Variant] {
        &self.elements
    }
}

impl From<Vec<Variant>> for Array {
    fn from(elements: Vec<Variant>) -> Self {
        Self { element_type: ElementType::Untyped, elements }
    }
}

impl<T: Into<Variant>> FromIterator<T> for Array {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::from(values.into_iter().map(T::into).collect::<Vec<Variant>>())
    }
}

impl IntoIterator for Array {
    type Item = Variant;
    type IntoIter = std::vec::IntoIter<Variant>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a Array {
    type Item = &'a Variant;
    type IntoIter = std::slice::Iter<'a, Variant>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
