//! The parameters of a method.

use std::{borrow::Cow, fmt, mem};

use crate::variant::{Variant, VariantType, WrongType};

/// A parameter of a [`Method`](super::Method).
#[derive(Clone)]
#[non_exhaustive]
pub struct Parameter {
    /// The name, for documentation only; it is not sent.
    pub name: Cow<'static, str>,
    /// `true` if the argument may be null, and missing if all arguments after it are missing.
    pub optional: bool,
    accepts: AcceptedType,
}

/// The type that a parameter or a property accepts.
#[derive(Clone, Copy)]
pub(crate) enum AcceptedType {
    Kind(VariantType),
    /// After an error the value is null.
    Convertible(fn(&mut Variant) -> Result<(), WrongType>),
}

impl AcceptedType {
    /// Accepts values that convert to a `T`.
    pub(crate) fn of<T>() -> Self
    where
        T: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>>,
    {
        Self::Convertible(|value| {
            *value = T::try_from(mem::take(value)).map_err(Into::into)?.into();
            Ok(())
        })
    }

    pub(crate) fn convert(self, value: &mut Variant) -> Result<(), WrongType> {
        match self {
            Self::Kind(kind) => *value = mem::take(value).convert_to(kind)?,
            Self::Convertible(convert) => convert(value)?,
        }
        Ok(())
    }
}

/// Converts the values of a packet. `convert` gets the index of each value.
///
/// Values whose conversion takes time in proportion to their size are converted last, so that a packet with a value of
/// a wrong type is rejected cheaply.
///
/// # Errors
/// The index of a value that is not accepted, and the error.
pub(crate) fn convert_all(
    values: &mut [Variant],
    convert: impl Fn(usize, &mut Variant) -> Result<(), WrongType>,
) -> Result<(), (usize, WrongType)> {
    // A type of the program may reject an empty value and accept this one. It is converted first then.
    let is_large = |index: usize, value: &Variant| {
        !value.is_short() && value.emptied().is_some_and(|mut emptied| convert(index, &mut emptied).is_ok())
    };
    let convert = |index, value: &mut Variant| convert(index, value).map_err(|error| (index, error));
    // Most packets have none, and need no memory here.
    let mut large = Vec::new();
    for (index, value) in values.iter_mut().enumerate() {
        if is_large(index, value) {
            large.push((index, value));
        } else {
            convert(index, value)?;
        }
    }
    large.into_iter().try_for_each(|(index, value)| convert(index, value))
}

impl Parameter {
    /// Creates a parameter that accepts values that convert to a `T`. The argument is the `T`, converted to a
    /// [`Variant`].
    ///
    /// Types of this crate accept what a typed parameter in GDScript accepts: see [`Variant::convert_to`].
    pub fn of<T>(name: impl Into<Cow<'static, str>>) -> Self
    where
        T: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>>,
    {
        Self { name: name.into(), optional: false, accepts: AcceptedType::of::<T>() }
    }

    /// Creates a parameter that accepts what a parameter of this type accepts in GDScript: see [`Variant::convert_to`].
    pub fn typed(name: impl Into<Cow<'static, str>>, kind: VariantType) -> Self {
        Self { name: name.into(), optional: false, accepts: AcceptedType::Kind(kind) }
    }

    /// Creates a parameter that accepts any value.
    pub fn any(name: impl Into<Cow<'static, str>>) -> Self {
        Self::typed(name, VariantType::Nil)
    }

    /// Sets [`optional`](Self::optional).
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Converts a value to the declared type, as Godot does with the arguments of a call.
    ///
    /// # Errors
    /// [`WrongType`] if the parameter does not accept the value.
    pub fn convert(&self, mut value: Variant) -> Result<Variant, WrongType> {
        self.convert_in_place(&mut value)?;
        Ok(value)
    }

    /// Converts a value like [`convert`](Self::convert), where it is.
    pub(super) fn convert_in_place(&self, value: &mut Variant) -> Result<(), WrongType> {
        if self.optional && value.is_nil() { Ok(()) } else { self.accepts.convert(value) }
    }

    /// Checks that the parameter accepts a value.
    ///
    /// # Errors
    /// [`WrongType`] if it does not.
    pub fn check(&self, value: &Variant) -> Result<(), WrongType> {
        self.convert(value.clone()).map(drop)
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parameter = f.debug_struct("Parameter");
        parameter.field("name", &self.name).field("optional", &self.optional).finish_non_exhaustive()
    }
}
