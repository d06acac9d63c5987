//! Through a value and all that it holds, in order, with a stack of its own: however deep the value is, the thread's stack
//! does not grow.

use super::{Array, Dictionary, Object, Variant};

/// A value that holds others.
#[derive(Clone, Copy)]
pub(super) enum Container<'a> {
    Array(&'a Array),
    /// Its keys and values are numbered in turn.
    Dictionary(&'a Dictionary),
    Object {
        class: &'a str,
        properties: &'a [(String, Variant)],
    },
}

/// Who is told of everything that a walk comes by.
pub(super) trait Visitor<'a> {
    type Error;

    /// Whether dictionaries are walked by the order of their keys, not by that of insertion.
    const BY_KEY: bool = false;

    /// A value that holds no others.
    fn leaf(&mut self, value: &'a Variant) -> Result<(), Self::Error>;

    /// A container begins, `depth` of them are open then.
    fn enter(&mut self, container: Container<'a>, depth: usize) -> Result<(), Self::Error>;

    /// The value of this number in the container comes next.
    fn before(&mut self, container: Container<'a>, index: usize) -> Result<(), Self::Error>;

    /// A container ends.
    fn leave(&mut self, container: Container<'a>) -> Result<(), Self::Error>;
}

/// Walks through a value.
pub(super) fn walk<'a, V: Visitor<'a>>(value: &'a Variant, visitor: &mut V) -> Result<(), V::Error> {
    match Container::of(value) {
        Some(container) => walk_container(container, visitor),
        None => visitor.leaf(value),
    }
}

/// Walks through a container that is not in a `Variant`.
pub(super) fn walk_container<'a, V: Visitor<'a>>(
    container: Container<'a>,
    visitor: &mut V,
) -> Result<(), V::Error> {
    visitor.enter(container, 1)?;
    // Each with the number of its next value.
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
        match Container::of(value) {
            Some(inner) => {
                visitor.enter(inner, open.len() + 1)?;
                open.push((inner, 0));
            }
            None => visitor.leaf(value)?,
        }
    }
    Ok(())
}

impl<'a> Container<'a> {
    /// The value as a container, if it is one.
    pub(super) fn of(value: &'a Variant) -> Option<Self> {
        match value {
            Variant::Array(array) => Some(Self::Array(array)),
            Variant::Dictionary(dictionary) => Some(Self::Dictionary(dictionary)),
            Variant::Object(Some(object)) => Self::of_object(object),
            _ => None,
        }
    }

    /// The object as a container, if it is a whole one.
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
