//! One parameter of a method.

use std::{borrow::Cow, fmt};

use crate::variant::{Variant, WrongType};

/// One parameter of a [`Method`](super::Method): what it is called, and what it takes.
#[derive(Clone)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name, for people; it is not on the wire.
    pub name: Cow<'static, str>,
    /// Whether the argument may be null, or missing if all after it are, too.
    pub optional: bool,
    check: fn(&Variant) -> Result<(), WrongType>,
}

impl Parameter {
    /// A parameter that takes what can be made into a `T`.
    pub fn of<T>(name: impl Into<Cow<'static, str>>) -> Self
    where
        T: TryFrom<Variant, Error: Into<WrongType>>,
    {
        // Only a conversion of the value itself tells. Most are cheap to clone, and all have just come out of one packet.
        let check = |value: &Variant| T::try_from(value.clone()).map(drop).map_err(Into::into);
        Self { name: name.into(), optional: false, check }
    }

    /// A parameter that takes anything.
    pub fn any(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), optional: false, check: |_| Ok(()) }
    }

    /// Makes it optional: null is taken, too, and the argument may be missing if all after it are.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Whether it takes this value.
    ///
    /// # Errors
    /// [`WrongType`], if it does not.
    pub fn check(&self, value: &Variant) -> Result<(), WrongType> {
        if self.optional && matches!(value, Variant::Nil) { Ok(()) } else { (self.check)(value) }
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parameter = f.debug_struct("Parameter");
        parameter.field("name", &self.name).field("optional", &self.optional).finish_non_exhaustive()
    }
}
