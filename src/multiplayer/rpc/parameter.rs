//! One parameter of a method.

use std::{borrow::Cow, fmt, mem};

use crate::variant::{Variant, VariantType, WrongType};

/// One parameter of a [`Method`](super::Method): what it is called, and what it takes.
#[derive(Clone)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name, for people; it is not on the wire.
    pub name: Cow<'static, str>,
    /// Whether the argument may be null, or missing if all after it are, too.
    pub optional: bool,
    accepts: AcceptedType,
}

/// What is declared to be taken, as an argument or by a property.
#[derive(Clone, Copy)]
pub(crate) enum AcceptedType {
    Kind(VariantType),
    Convertible(fn(Variant) -> Result<Variant, WrongType>),
}

impl AcceptedType {
    /// What can be made into a `T`.
    pub(crate) fn of<T>() -> Self
    where
        T: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>>,
    {
        Self::Convertible(|value| T::try_from(value).map(T::into).map_err(Into::into))
    }

    pub(crate) fn convert(self, value: Variant) -> Result<Variant, WrongType> {
        match self {
            Self::Kind(kind) => value.convert_to(kind),
            Self::Convertible(convert) => convert(value),
        }
    }
}

/// Converts the values of a packet, each with the number of its place. What is max likely refused comes first, and what takes a time
/// that grows with the value comes last: so a stranger's packet that is refused has cost little.
///
/// # Errors
/// The place of a value that is not taken, and why.
pub(crate) fn convert_all(
    values: &mut [Variant],
    convert: impl Fn(usize, Variant) -> Result<Variant, WrongType>,
) -> Result<(), (usize, WrongType)> {
    // A type of the program's own may refuse an empty value, and take this one.
    let is_large = |place: &usize| {
        let emptied = values.get(*place).and_then(Variant::emptied);
        emptied.is_some_and(|emptied| convert(*place, emptied).is_ok())
    };
    let (last, first): (Vec<usize>, Vec<usize>) = (0..values.len()).partition(is_large);
    for place in first.into_iter().chain(last) {
        if let Some(value) = values.get_mut(place) {
            *value = convert(place, mem::take(value)).map_err(|why| (place, why))?;
        }
    }
    Ok(())
}

impl Parameter {
    /// A parameter that takes what can be made into a `T`. The argument becomes what the `T` becomes as a [`Variant`].
    ///
    /// The types of this crate take what a typed parameter of GDScript takes: see [`Variant::convert_to`].
    pub fn of<T>(name: impl Into<Cow<'static, str>>) -> Self
    where
        T: Into<Variant> + TryFrom<Variant, Error: Into<WrongType>>,
    {
        Self { name: name.into(), optional: false, accepts: AcceptedType::of::<T>() }
    }

    /// A parameter that takes what a parameter of this type takes in GDScript: see [`Variant::convert_to`].
    pub fn typed(name: impl Into<Cow<'static, str>>, kind: VariantType) -> Self {
        Self { name: name.into(), optional: false, accepts: AcceptedType::Kind(kind) }
    }

    /// A parameter that takes anything.
    pub fn any(name: impl Into<Cow<'static, str>>) -> Self {
        Self::typed(name, VariantType::Nil)
    }

    /// Makes it optional: null is taken, too, and the argument may be missing if all after it are.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Makes the value one of the declared type, as Godot does with the arguments of a call.
    ///
    /// # Errors
    /// [`WrongType`], if the parameter does not take it.
    pub fn convert(&self, value: Variant) -> Result<Variant, WrongType> {
        if self.optional && value.is_nil() { Ok(value) } else { self.accepts.convert(value) }
    }

    /// Whether it takes this value.
    ///
    /// # Errors
    /// [`WrongType`], if it does not.
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
