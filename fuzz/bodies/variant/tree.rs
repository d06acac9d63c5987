//! A simple form of values, in which the reference and the library can be compared without code of the library.

use crate::variant::{Dictionary, ElementType, Object, Variant, VariantType};

/// A value. It may be deeply nested: recursive functions have small stack frames.
#[derive(Debug, PartialEq)]
pub(in super::super) enum Tree {
    /// A value without nested values: the number of its type, and its parts.
    Leaf(u32, Vec<Atom>),
    Array(Elements, Vec<Tree>),
    /// The types of its keys and values, and its entries.
    Dictionary([Elements; 2], Vec<(Tree, Tree)>),
    /// A whole object: its class and properties.
    Object(String, Vec<(String, Tree)>),
}

/// A part of a leaf.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Atom {
    Int(i64),
    /// The bits of a number. All NaNs are equal.
    Number(u64),
    Text(String),
}

/// The element type of a container.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Elements {
    Any,
    /// Values of the type with this number.
    Type(u32),
    Class(String),
    Script(String),
}

pub(super) const NIL: u32 = 0;
pub(super) const INT: u32 = 2;
pub(super) const FLOAT: u32 = 3;
pub(super) const STRING: u32 = 4;
pub(super) const STRING_NAME: u32 = 21;
pub(super) const OBJECT: u32 = 24;
pub(super) const DICTIONARY: u32 = 27;
pub(super) const ARRAY: u32 = 28;

impl Atom {
    pub(super) fn number(number: impl Into<f64>) -> Self {
        let number = number.into();
        Self::Number(if number.is_nan() { f64::NAN } else { number }.to_bits())
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Tree {
    /// Converts a value of the library.
    pub(in super::super) fn of(value: &Variant) -> Self {
        match value {
            Variant::Array(array) => {
                let mut values = Vec::new();
                for value in &**array {
                    values.push(Self::of(value));
                }
                Self::Array(Elements::of(array.element_type()), values)
            }
            Variant::Dictionary(dictionary) => {
                let mut entries = Vec::new();
                for (key, value) in dictionary.iter() {
                    assert_found(dictionary, key, value);
                    entries.push((Self::of(key), Self::of(value)));
                }
                Self::Dictionary([dictionary.key_type(), dictionary.value_type()].map(Elements::of), entries)
            }
            Variant::Object(Some(object)) => match &**object {
                Object::Id(id) => Self::Leaf(OBJECT, vec![Atom::Int(*id as i64)]),
                Object::Full { class, properties } => {
                    let mut values = Vec::new();
                    for (name, value) in properties {
                        values.push((name.clone(), Self::of(value)));
                    }
                    Self::Object(class.clone(), values)
                }
            },
            leaf => Self::Leaf(leaf.kind() as u32, atoms(leaf)),
        }
    }

    /// The number of its type.
    pub(super) fn kind(&self) -> u32 {
        match self {
            Self::Leaf(kind, _) => *kind,
            Self::Array(..) => ARRAY,
            Self::Dictionary(..) => DICTIONARY,
            Self::Object(..) => OBJECT,
        }
    }

    /// Returns `true` if the two are the same key of a dictionary.
    pub(super) fn is_same_key(&self, other: &Self) -> bool {
        let same_entries = |a: &[(Self, Self)], b: &[(Self, Self)]| {
            let is_in = |(key, value): &(Self, Self), others: &[(Self, Self)]| {
                others.iter().any(|(k, v)| key.is_same_key(k) && value.is_same_key(v))
            };
            a.len() == b.len() && a.iter().all(|entry| is_in(entry, b))
        };
        match (self, other) {
            (Self::Leaf(STRING | STRING_NAME, a), Self::Leaf(STRING | STRING_NAME, b)) => a == b,
            (Self::Leaf(kind, a), Self::Leaf(other, b)) => {
                kind == other && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_same(b))
            }
            (Self::Array(_, a), Self::Array(_, b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_same_key(b))
            }
            (Self::Dictionary(_, a), Self::Dictionary(_, b)) => same_entries(a, b),
            (Self::Object(class, a), Self::Object(other, b)) => {
                let same = |((name, a), (other, b)): (&(String, Self), &(String, Self))| {
                    name == other && a.is_same_key(b)
                };
                class == other && a.len() == b.len() && a.iter().zip(b).all(same)
            }
            _ => false,
        }
    }

    /// The value after encoding and decoding: a null object becomes null.
    pub(in super::super) fn reencoded(&self) -> Self {
        match self {
            Self::Leaf(OBJECT, atoms) if atoms.is_empty() => Self::Leaf(NIL, Vec::new()),
            Self::Leaf(kind, atoms) => Self::Leaf(*kind, atoms.clone()),
            Self::Array(elements, values) => {
                let mut reencoded = Vec::new();
                for value in values {
                    reencoded.push(value.reencoded());
                }
                Self::Array(elements.clone(), reencoded)
            }
            Self::Dictionary(elements, entries) => {
                let mut reencoded = Vec::new();
                for (key, value) in entries {
                    put(&mut reencoded, key.reencoded(), value.reencoded());
                }
                Self::Dictionary(elements.clone(), reencoded)
            }
            Self::Object(class, properties) => {
                let mut reencoded = Vec::new();
                for (name, value) in properties {
                    reencoded.push((name.clone(), value.reencoded()));
                }
                Self::Object(class.clone(), reencoded)
            }
        }
    }

    /// Returns `true` if it contains a NaN.
    pub(super) fn has_nan(&self) -> bool {
        match self {
            Self::Leaf(_, atoms) => atoms.contains(&Atom::number(f64::NAN)),
            Self::Array(_, values) => values.iter().any(Self::has_nan),
            Self::Dictionary(_, entries) => {
                entries.iter().any(|(key, value)| key.has_nan() || value.has_nan())
            }
            Self::Object(_, properties) => properties.iter().any(|(_, value)| value.has_nan()),
        }
    }
}

/// Puts a value into the entries of a dictionary. It replaces the value of the same key.
pub(super) fn put(entries: &mut Vec<(Tree, Tree)>, key: Tree, value: Tree) {
    match entries.iter_mut().find(|(known, _)| known.is_same_key(&key)) {
        Some((_, known)) => *known = value,
        None => entries.push((key, value)),
    }
}

impl Atom {
    /// Compares numbers by value, and NaN as equal.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a == b || f64::from_bits(*a) == f64::from_bits(*b),
            _ => self == other,
        }
    }
}

impl Elements {
    fn of(element_type: &ElementType) -> Self {
        match element_type {
            ElementType::Untyped => Self::Any,
            ElementType::Builtin(kind) => {
                assert_ne!(*kind, VariantType::Nil, "`Nil` is not an element type");
                Self::Type(*kind as u32)
            }
            ElementType::Class(name) => Self::Class(name.clone()),
            ElementType::Script(path) => Self::Script(path.clone()),
        }
    }
}

/// Checks that a key of a dictionary finds its value.
fn assert_found(dictionary: &Dictionary, key: &Variant, value: &Variant) {
    let found = dictionary.get(key);
    assert!(found.is_some_and(|found| std::ptr::eq(found, value)), "{key:?}: {found:?}");
}

/// The parts of a value without nested values.
fn atoms(value: &Variant) -> Vec<Atom> {
    use Variant as V;
    match value {
        V::Nil | V::Callable | V::Object(_) | V::Array(_) | V::Dictionary(_) => Vec::new(),
        V::Bool(value) => ints([i64::from(*value)]),
        V::Int(value) => ints([*value]),
        V::Float(value) => numbers([*value]),
        V::String(text) => vec![Atom::text(text)],
        V::StringName(name) => vec![Atom::text(name)],
        V::Vector2(row) => numbers(<[f32; 2]>::from(*row)),
        V::Vector2i(row) => ints(<[i32; 2]>::from(*row)),
        V::Rect2(row) => numbers(<[f32; 4]>::from(*row)),
        V::Rect2i(row) => ints(<[i32; 4]>::from(*row)),
        V::Vector3(row) => numbers(<[f32; 3]>::from(*row)),
        V::Vector3i(row) => ints(<[i32; 3]>::from(*row)),
        V::Transform2D(row) => numbers(<[f32; 6]>::from(*row)),
        V::Vector4(row) => numbers(<[f32; 4]>::from(*row)),
        V::Vector4i(row) => ints(<[i32; 4]>::from(*row)),
        V::Plane(row) => numbers(<[f32; 4]>::from(*row)),
        V::Quaternion(row) => numbers(<[f32; 4]>::from(*row)),
        V::Aabb(row) => numbers(<[f32; 6]>::from(*row)),
        V::Basis(row) => numbers(<[f32; 9]>::from(**row)),
        V::Transform3D(row) => numbers(<[f32; 12]>::from(**row)),
        V::Projection(row) => numbers(<[f32; 16]>::from(**row)),
        V::Color(row) => numbers(<[f32; 4]>::from(*row)),
        V::NodePath(path) => {
            let counts = [path.names.len() as i64, path.subnames.len() as i64, path.absolute.into()];
            let texts = path.names.iter().chain(&path.subnames).map(|name| Atom::text(name));
            ints(counts).into_iter().chain(texts).collect()
        }
        V::Rid(rid) => ints([rid.0 as i64]),
        V::Signal(signal) => vec![Atom::text(&signal.name), Atom::Int(signal.object as i64)],
        V::PackedByteArray(bytes) => ints(bytes.iter().copied()),
        V::PackedInt32Array(values) => ints(values.iter().copied()),
        V::PackedInt64Array(values) => ints(values.iter().copied()),
        V::PackedFloat32Array(values) => numbers(values.iter().copied()),
        V::PackedFloat64Array(values) => numbers(values.iter().copied()),
        V::PackedStringArray(texts) => texts.iter().map(|text| Atom::text(text)).collect(),
        V::PackedVector2Array(rows) => numbers(rows.iter().flat_map(|row| <[f32; 2]>::from(*row))),
        V::PackedVector3Array(rows) => numbers(rows.iter().flat_map(|row| <[f32; 3]>::from(*row))),
        V::PackedColorArray(rows) => numbers(rows.iter().flat_map(|row| <[f32; 4]>::from(*row))),
        V::PackedVector4Array(rows) => numbers(rows.iter().flat_map(|row| <[f32; 4]>::from(*row))),
    }
}

fn ints<T: Into<i64>>(values: impl IntoIterator<Item = T>) -> Vec<Atom> {
    values.into_iter().map(|value| Atom::Int(value.into())).collect()
}

fn numbers<T: Into<f64>>(values: impl IntoIterator<Item = T>) -> Vec<Atom> {
    values.into_iter().map(Atom::number).collect()
}
