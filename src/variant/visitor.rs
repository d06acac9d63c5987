//! Visits a value and all values in it, in order, without recursion: deep nesting does not use the thread's stack.

use super::{Array, Dictionary, Object, Variant};

/// A value that contains others.
#[derive(Clone, Copy)]
pub(super) enum ContainerRef<'a> {
    Array(&'a Array),
    /// Keys have the even indices, values the odd ones.
    Dictionary(&'a Dictionary),
    Object {
        class: &'a str,
        properties: &'a [(String, Variant)],
    },
}

/// Receives the values that [`walk`] visits.
pub(super) trait Visitor<'a> {
    type Error;

    /// `true` to visit dictionaries in the order of their keys, not of insertion.
    const BY_KEY: bool = false;

    /// Visits a value that does not contain others.
    fn leaf(&mut self, value: &'a Variant) -> Result<(), Self::Error>;

    /// Enters a container at this depth; the outermost has depth 1.
    fn enter(&mut self, container: ContainerRef<'a>, depth: usize) -> Result<(), Self::Error>;

    /// Is called before the value at `index` of a container is visited.
    fn before(&mut self, container: ContainerRef<'a>, index: usize) -> Result<(), Self::Error>;

    /// Leaves a container.
    fn leave(&mut self, container: ContainerRef<'a>) -> Result<(), Self::Error>;
}

/// Visits a value.
pub(super) fn walk<'a, V: Visitor<'a>>(value: &'a Variant, visitor: &mut V) -> Result<(), V::Error> {
    match ContainerRef::of(value) {
        Some(container) => walk_container(container, visitor),
        None => visitor.leaf(value),
    }
}

/// Visits a container that is not in a `Variant`.
pub(super) fn walk_container<'a, V: Visitor<'a>>(
    container: ContainerRef<'a>,
    visitor: &mut V,
) -> Result<(), V::Error> {
    visitor.enter(container, 1)?;
    // Each with the index of its next value.
    let mut open = vec![(container, 0)];
    while let Some((container, next)) = open.last_mut() {
        let (container, index) = (*container, *next);
        let Some(value) = container.child(index, V::BY_KEY) else {
            visitor.leave(container)?;
            open.pop();
            continue;
        };
        *next += 1;
        visitor.before(container, index)?;
        match ContainerRef::of(value) {
            Some(inner) => {
                visitor.enter(inner, open.len() + 1)?;
                open.push((inner, 0));
            }
            None => visitor.leaf(value)?,
        }
    }
    Ok(())
}

impl<'a> ContainerRef<'a> {
    /// Returns the value as a container, if it is one.
    pub(super) fn of(value: &'a Variant) -> Option<Self> {
        match value {
            Variant::Array(array) => Some(Self::Array(array)),
            Variant::Dictionary(dictionary) => Some(Self::Dictionary(dictionary)),
            Variant::Object(Some(object)) => Self::of_object(object),
            _ => None,
        }
    }

    /// Returns the object as a container, if it is an [`Object::Full`].
    pub(super) fn of_object(object: &'a Object) -> Option<Self> {
        match object {
            Object::Full { class, properties } => Some(Self::Object { class, properties }),
            Object::Id(_) => None,
        }
    }

    fn child(self, index: usize, by_key: bool) -> Option<&'a Variant> {
        match self {
            Self::Array(array) => array.get(index),
            Self::Dictionary(dictionary) => {
                let (key, value) = dictionary.entry(index / 2, by_key)?;
                Some(if index % 2 == 0 { key } else { value })
            }
            Self::Object { properties, .. } => properties.get(index).map(|(_, value)| value),
        }
    }
}
