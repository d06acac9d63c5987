//! Values: decoding gives what a naive decoder gives, and the same value again after encoding and decoding.

mod reference;
mod tree;

pub(super) use self::tree::Tree;
use crate::variant::{DecodeError, EncodeError, Objects, Variant};

/// The encodings of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Common,
    /// The encoding of arguments.
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
    let ours = decoded.as_ref().ok().map(|(value, len)| (Tree::of(value), *len));
    assert_eq!(ours, reference::read(data, form, objects), "{form:?}, {objects:?}: {decoded:?}");
    let (value, len) = match decoded {
        Ok(decoded) => decoded,
        Err(error) => return assert!(error.at() <= data.len() && !error.to_string().is_empty(), "{error:?}"),
    };
    let tree = Tree::of(&value);
    assert_length(data, len, &tree, form, objects);
    assert_round_trip(&value, &tree, form, objects);
    assert_eq!(Tree::of(&value.clone()), tree);
    assert!(!value.to_string().is_empty() && !format!("{value:?}").is_empty());
}

/// Checks that the value takes `len` bytes, and cannot be decoded from fewer unless only padding is missing.
fn assert_length(data: &[u8], len: usize, tree: &Tree, form: Form, objects: Objects) {
    let exact = form.decode(&data[..len], objects).map(|(value, len)| (Tree::of(&value), len));
    assert_eq!(exact.as_ref().map(|(tree, len)| (tree, *len)), Ok((tree, len)));
    let cut = form.decode(&data[..len.saturating_sub(4)], objects);
    assert!(cut.is_err(), "with four bytes less than {len} it is {cut:?}");
}

/// Checks that an encoded value can be decoded, and is encoded to the same bytes again.
fn assert_round_trip(value: &Variant, tree: &Tree, form: Form, objects: Objects) {
    let encoded = form.encode(value, objects);
    let (again, len) = match form.decode(&encoded, objects) {
        Ok(decoded) => decoded,
        Err(error) => panic!("{value:?} is encoded as {}: {error}", encoded.escape_ascii()),
    };
    assert_eq!(len, encoded.len(), "{value:?} is encoded as {}", encoded.escape_ascii());
    let expected = tree.reencoded();
    assert_eq!(Tree::of(&again), expected);
    if expected == *tree {
        assert_eq!(form.encode(&again, objects), encoded, "{value:?}");
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

    /// Encodes the value behind other bytes.
    fn encode(self, value: &Variant, objects: Objects) -> Vec<u8> {
        const BEFORE: &[u8] = b"abc";

        let mut bytes = BEFORE.to_vec();
        let encoded: Result<(), EncodeError> = match self {
            Self::Common => value.encode_into(&mut bytes, objects),
            Self::Compressed => value.encode_compressed(&mut bytes, objects),
        };
        assert_eq!(encoded, Ok(()), "{value:?} was decoded, but cannot be encoded");
        assert!(bytes.starts_with(BEFORE));
        bytes.split_off(BEFORE.len())
    }
}
