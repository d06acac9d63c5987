//! Values: what is read in bytes is what a naive reader finds there, and it is the same when it is written and read again.

mod reference;
mod tree;

pub(super) use self::tree::Tree;
use crate::variant::{DecodeError, EncodeError, Objects, Variant};

/// The forms that a value can have in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Common,
    /// That of arguments.
    Compressed,
}

pub(super) fn run(data: &[u8]) {
    for form in [Form::Common, Form::Compressed] {
        for objects in [Objects::ById, Objects::Full] {
            check(data, form, objects);
        }
    }
    let as_by_prefix = Variant::decode_prefix(data, Objects::ById).map(|(value, _)| Tree::of(&value));
    assert_eq!(Variant::decode(data).map(|value| Tree::of(&value)), as_by_prefix);
}

fn check(data: &[u8], form: Form, objects: Objects) {
    let decoded = form.decode(data, objects);
    let seen = decoded.as_ref().ok().map(|(value, len)| (Tree::of(value), *len));
    assert_eq!(seen, reference::read(data, form, objects), "{form:?}, {objects:?}: {decoded:?}");
    let (value, len) = match decoded {
        Ok(decoded) => decoded,
        Err(why) => return assert!(why.at() <= data.len() && !why.to_string().is_empty(), "{why:?}"),
    };
    let tree = Tree::of(&value);
    is_as_long_as_told(data, len, &tree, form, objects);
    is_the_same_again(&value, &tree, form, objects);
    assert_eq!(Tree::of(&value.clone()), tree);
    assert!(!value.to_string().is_empty() && !format!("{value:?}").is_empty());
}

/// Those bytes are enough, and fewer are not, if more than padding is missing.
fn is_as_long_as_told(data: &[u8], len: usize, tree: &Tree, form: Form, objects: Objects) {
    let exact = form.decode(&data[..len], objects).map(|(value, len)| (Tree::of(&value), len));
    assert_eq!(exact.as_ref().map(|(tree, len)| (tree, *len)), Ok((tree, len)));
    let cut = form.decode(&data[..len.saturating_sub(4)], objects);
    assert!(cut.is_err(), "with four bytes fewer than {len} it is {cut:?}");
}

/// What is written can be read, and is written in the same way then.
fn is_the_same_again(value: &Variant, tree: &Tree, form: Form, objects: Objects) {
    let written = form.encode(value, objects);
    let (again, len) = match form.decode(&written, objects) {
        Ok(decoded) => decoded,
        Err(why) => panic!("{value:?} is written as {}: {why}", written.escape_ascii()),
    };
    assert_eq!(len, written.len(), "{value:?} is written as {}", written.escape_ascii());
    let expected = tree.written();
    assert_eq!(Tree::of(&again), expected);
    if expected == *tree {
        assert_eq!(form.encode(&again, objects), written, "{value:?}");
        assert!(tree.has_nan() || again == *value, "{again:?} is not equal to {value:?}");
    }
}

impl Form {
    fn decode(self, bytes: &[u8], objects: Objects) -> Result<(Variant, usize), DecodeError> {
        match self {
            Self::Common => Variant::decode_prefix(bytes, objects),
            Self::Compressed => Variant::decode_compressed(bytes, objects),
        }
    }

    /// Appends the value's bytes to others.
    fn encode(self, value: &Variant, objects: Objects) -> Vec<u8> {
        const BEFORE: &[u8] = b"abc";

        let mut bytes = BEFORE.to_vec();
        let encoded: Result<(), EncodeError> = match self {
            Self::Common => value.encode_into(&mut bytes, objects),
            Self::Compressed => value.encode_compressed(&mut bytes, objects),
        };
        assert_eq!(encoded, Ok(()), "{value:?} came out of bytes");
        assert!(bytes.starts_with(BEFORE));
        bytes.split_off(BEFORE.len())
    }
}
