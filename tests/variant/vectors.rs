//! What Godot's engine made of values, from the lists beside this file.

use std::collections::BTreeMap;

use websocket_peer::variant::{Variant, VariantType};

/// A value's bytes, and its text.
pub struct Vector {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub text: String,
}

/// What `var_to_bytes` made of a value of each kind, and `var_to_str` of what `bytes_to_var` made of that.
pub fn values() -> Vec<Vector> {
    lines(include_str!("values.txt"))
        .map(|line| {
            let (name, rest) = line.split_once(' ').expect("a line has a name");
            let (bytes, text) = rest.split_once(' ').expect("a line has bytes");
            Vector { name, bytes: hex(bytes), text: unescaped(text) }
        })
        .collect()
}

/// What remote calls had for arguments, and what they were when they came back.
pub fn arguments() -> Vec<Vector> {
    lines(include_str!("arguments.txt"))
        .map(|line| {
            let (bytes, text) = line.split_once(' ').expect("a line has bytes");
            Vector { name: bytes, bytes: hex(bytes), text: unescaped(text) }
        })
        .collect()
}

/// A value, and what was made of it for typed parameters.
pub struct Conversions {
    pub value: Variant,
    /// The bytes of what parameters of other types saw. Other types refused it.
    pub taken: BTreeMap<VariantType, Vec<u8>>,
}

/// What typed parameters of GDScript made of values of each type.
pub fn conversions() -> Vec<Conversions> {
    let mut rows: Vec<Conversions> = Vec::new();
    for line in lines(include_str!("conversions.txt")) {
        let (first, second) = line.trim_start().split_once(' ').expect("a line has two parts");
        if line.starts_with('\t') {
            let row = rows.last_mut().expect("a value comes first");
            row.taken.insert(kind(first), hex(second));
        } else {
            rows.push(Conversions { value: decoded(first), taken: BTreeMap::new() });
        }
    }
    rows
}

/// The type with this name.
#[track_caller]
fn kind(name: &str) -> VariantType {
    let mut kinds = (0..39).filter_map(|number| VariantType::try_from(number).ok());
    kinds.find(|kind| kind.name() == name).expect("the name of a type")
}

/// The bytes that these digits stand for; spaces are left out.
#[track_caller]
pub fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits
        .chars()
        .filter(|digit| *digit != ' ')
        .map(|digit| digit.to_digit(16).expect("a hexadecimal digit"))
        .collect();
    assert_eq!(digits.len() % 2, 0, "two digits a byte");
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// The value of these bytes, all of them.
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
