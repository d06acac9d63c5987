//! Reads the values that were recorded from a Godot engine.

use std::collections::BTreeMap;

use websocket_peer::variant::{Variant, VariantType};

/// The bytes of a value, and its text.
pub struct Vector {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub text: String,
}

/// Returns values of each type, encoded by `var_to_bytes`, and the text of `var_to_str` after `bytes_to_var`.
pub fn values() -> Vec<Vector> {
    lines(include_str!("values.txt"))
        .map(|line| {
            let (name, rest) = line.split_once(' ').expect("a line has a name");
            let (bytes, text) = rest.split_once(' ').expect("a line has bytes");
            Vector { name, bytes: hex(bytes), text: unescaped(text) }
        })
        .collect()
}

/// Returns arguments of calls, and the text of `var_to_str` after they were sent back.
pub fn arguments() -> Vec<Vector> {
    lines(include_str!("arguments.txt"))
        .map(|line| {
            let (bytes, text) = line.split_once(' ').expect("a line has bytes");
            Vector { name: bytes, bytes: hex(bytes), text: unescaped(text) }
        })
        .collect()
}

/// A value, and its conversions to typed parameters.
pub struct Conversions {
    pub value: Variant,
    /// The encoded values that parameters of other types got. Types that are missing here rejected the value.
    pub converted: BTreeMap<VariantType, Vec<u8>>,
}

/// Returns the conversions of values of each type to typed parameters of GDScript.
pub fn conversions() -> Vec<Conversions> {
    let mut rows: Vec<Conversions> = Vec::new();
    for line in lines(include_str!("conversions.txt")) {
        let (first, second) = line.trim_start().split_once(' ').expect("a line has two parts");
        if line.starts_with('\t') {
            let row = rows.last_mut().expect("the first line is a value");
            row.converted.insert(kind(first), hex(second));
        } else {
            rows.push(Conversions { value: decoded(first), converted: BTreeMap::new() });
        }
    }
    rows
}

/// Returns the type with this name.
#[track_caller]
fn kind(name: &str) -> VariantType {
    let mut kinds = (0..39).filter_map(|number| VariantType::try_from(number).ok());
    kinds.find(|kind| kind.name() == name).expect("the name of a type")
}

/// Parses hexadecimal digits. Spaces are ignored.
#[track_caller]
pub fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits
        .chars()
        .filter(|digit| *digit != ' ')
        .map(|digit| digit.to_digit(16).expect("a hexadecimal digit"))
        .collect();
    assert_eq!(digits.len() % 2, 0, "two digits per byte");
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// Decodes a value, which must use all bytes.
#[track_caller]
pub fn decoded(digits: &str) -> Variant {
    let bytes = hex(digits);
    let (value, len) = Variant::decode_prefix(&bytes, Default::default()).expect("the bytes are a value");
    assert_eq!(len, bytes.len(), "bytes are left over");
    value
}

fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.starts_with('#'))
}

fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let mut unescaped = String::new();
    while let Some(character) = characters.next() {
        unescaped.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('\\') => '\\',
                other => panic!("unknown escape {other:?}"),
            },
            character => character,
        });
    }
    unescaped
}
