//! A naive decoder of values that shares no code with the library's. It recurses, and ignores time and memory. It
//! follows from the format alone, except where the library rejects what an engine would repair; comments name these
//! cases.

use super::{
    Form,
    tree::{ARRAY, Atom, DICTIONARY, Elements, FLOAT, INT, NIL, OBJECT, STRING, STRING_NAME, Tree, put},
};
use crate::variant::Objects;

/// The largest number of nested containers.
const MAX_DEPTH: usize = 1024;

/// Decodes the value at the start of the bytes, and returns its length.
pub(super) fn read(bytes: &[u8], form: Form, objects: Objects) -> Option<(Tree, usize)> {
    let mut reader = Reader { bytes, at: 0, objects };
    let short = if form == Form::Compressed { reader.short(*bytes.first()?) } else { None };
    let value = match short {
        Some(value) => value?,
        None => reader.value(0)?,
    };
    Some((value, reader.at))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    objects: Objects,
}

impl<'a> Reader<'a> {
    /// Values that the compressed form shortens; the outer `None` is for all others.
    fn short(&mut self, first: u8) -> Option<Option<Tree>> {
        let rest = self.bytes.get(1..)?;
        let (kind, int, len) = match first {
            0x01 | 0x41 => (1, Some(0), 0),
            0x81 | 0xc1 => (1, Some(1), 0),
            0x02 => (INT, rest.first().map(|byte| i64::from(*byte as i8)), 1),
            0x42 => (INT, rest.first_chunk().map(|bytes| i16::from_le_bytes(*bytes).into()), 2),
            0x82 => (INT, rest.first_chunk().map(|bytes| i32::from_le_bytes(*bytes).into()), 4),
            0xc2 => (INT, rest.first_chunk().map(|bytes| i64::from_le_bytes(*bytes)), 8),
            _ => return None,
        };
        self.at = 1 + len;
        Some(int.map(|int| Tree::Leaf(kind, vec![Atom::Int(int)])))
    }

    /// A value within `depth` containers.
    fn value(&mut self, depth: usize) -> Option<Tree> {
        let header = self.u32()?;
        let flag = header & 0x1_0000 != 0;
        let is_container = |kind| matches!(kind, ARRAY | DICTIONARY) || kind == OBJECT && !flag;
        match header & 0xff {
            kind if is_container(kind) && depth >= MAX_DEPTH => None,
            ARRAY => self.array(header, depth + 1),
            DICTIONARY => self.dictionary(header, depth + 1),
            OBJECT if !flag => self.object(depth + 1),
            kind => Some(Tree::Leaf(kind, self.leaf(kind, flag)?)),
        }
    }

    fn array(&mut self, header: u32, depth: usize) -> Option<Tree> {
        let elements = self.elements(header >> 16)?;
        let mut values = Vec::new();
        for _ in 0..self.u32()? & 0x7fff_ffff {
            values.push(elements.admit(self.value(depth)?)?);
        }
        Some(Tree::Array(elements, values))
    }

    fn dictionary(&mut self, header: u32, depth: usize) -> Option<Tree> {
        let elements = [self.elements(header >> 16)?, self.elements(header >> 18)?];
        let mut entries = Vec::new();
        for _ in 0..self.u32()? & 0x7fff_ffff {
            let key = elements[0].admit(self.value(depth)?)?;
            let value = elements[1].admit(self.value(depth)?)?;
            put(&mut entries, key, value);
        }
        Some(Tree::Dictionary(elements, entries))
    }

    /// A whole object; without a class it is null.
    fn object(&mut self, depth: usize) -> Option<Tree> {
        if self.objects == Objects::ById {
            return None;
        }
        let class = self.text()?;
        if class.is_empty() {
            return Some(Tree::Leaf(OBJECT, Vec::new()));
        }
        let mut properties = Vec::new();
        for _ in 0..self.u32()? & 0x7fff_ffff {
            properties.push((self.text()?, self.value(depth)?));
        }
        Some(Tree::Object(class, properties))
    }

    /// The element type of a container.
    fn elements(&mut self, kind: u32) -> Option<Elements> {
        let holds = match kind & 3 {
            0 => Elements::Any,
            1 => match self.u32()? {
                NIL => Elements::Any,
                kind @ ..39 => Elements::Type(kind),
                _ => return None,
            },
            2 => Elements::Class(self.text()?),
            _ => Elements::Script(self.text()?),
        };
        // If objects are encoded by id, typed containers hold only these.
        let is_of_objects =
            matches!(holds, Elements::Type(OBJECT) | Elements::Class(_) | Elements::Script(_));
        let by_id = self.objects == Objects::ById && is_of_objects;
        Some(if by_id { Elements::Class("EncodedObjectAsID".to_owned()) } else { holds })
    }

    /// A value without nested values. With the flag numbers have 64 bits; they are narrowed.
    fn leaf(&mut self, kind: u32, flag: bool) -> Option<Vec<Atom>> {
        let wide = |reader: &mut Self, count| reader.rows(1, count, flag);
        match kind {
            0 | 25 => Some(Vec::new()),
            1 => Some(vec![Atom::Int((self.u32()? != 0).into())]),
            2 if flag => self.longs(1),
            2 => self.ints(1),
            3 if flag => Some(vec![Atom::number(f64::from_le_bytes(self.fixed()?))]),
            3 => wide(self, 1),
            4 | 21 => self.texts(1),
            5 => wide(self, 2),
            7 | 12 | 14 | 15 => wide(self, 4),
            9 => wide(self, 3),
            11 | 16 => wide(self, 6),
            17 => wide(self, 9),
            18 => wide(self, 12),
            19 => wide(self, 16),
            20 => self.rows(1, 4, false),
            6 => self.ints(2),
            10 => self.ints(3),
            8 | 13 => self.ints(4),
            22 => self.node_path(),
            23 => self.longs(1),
            24 => Some(self.longs(1)?.into_iter().filter(|id| *id != Atom::Int(0)).collect()),
            26 => Some([self.texts(1)?, self.longs(1)?].concat()),
            29..39 => self.packed(kind, flag),
            _ => None,
        }
    }

    fn packed(&mut self, kind: u32, flag: bool) -> Option<Vec<Atom>> {
        let count = self.u32()?;
        match kind {
            29 => {
                let bytes = self.take(count)?;
                // The padding may be missing at the end of the input.
                self.at = (self.at + padding(count)).min(self.bytes.len());
                Some(bytes.iter().map(|byte| Atom::Int((*byte).into())).collect())
            }
            30 => self.ints(count),
            31 => self.longs(count),
            32 => self.rows(count, 1, false),
            33 => (0..count).map(|_| Some(Atom::number(f64::from_le_bytes(self.fixed()?)))).collect(),
            34 => self.texts(count),
            35 => self.rows(count, 2, flag),
            36 => self.rows(count, 3, flag),
            37 => self.rows(count, 4, false),
            _ => self.rows(count, 4, flag),
        }
    }

    fn node_path(&mut self) -> Option<Vec<Atom>> {
        let (names, subnames, flags) = (self.u32()?, self.u32()?, self.u32()?);
        // Without the top bit it has an old form, which is rejected.
        let names = names.checked_sub(0x8000_0000)?;
        let subnames = u64::from(subnames) + u64::from(flags >> 1 & 1);
        let mut atoms: Vec<_> =
            [i64::from(names), subnames as i64, i64::from(flags & 1)].map(Atom::Int).into();
        for _ in 0..u64::from(names) + subnames {
            atoms.push(Atom::Text(self.text()?));
        }
        Some(atoms)
    }

    fn ints(&mut self, count: u32) -> Option<Vec<Atom>> {
        (0..count).map(|_| Some(Atom::Int(i32::from_le_bytes(self.fixed()?).into()))).collect()
    }

    fn longs(&mut self, count: u32) -> Option<Vec<Atom>> {
        (0..count).map(|_| Some(Atom::Int(i64::from_le_bytes(self.fixed()?)))).collect()
    }

    /// `count` rows of `len` numbers each.
    fn rows(&mut self, count: u32, len: u32, wide: bool) -> Option<Vec<Atom>> {
        let mut number = || {
            let narrow = if wide {
                f64::from_le_bytes(self.fixed()?) as f32
            } else {
                f32::from_le_bytes(self.fixed()?)
            };
            Some(Atom::number(narrow))
        };
        (0..u64::from(count) * u64::from(len)).map(|_| number()).collect()
    }

    fn texts(&mut self, count: u32) -> Option<Vec<Atom>> {
        (0..count).map(|_| self.text().map(Atom::Text)).collect()
    }

    /// A text ends at its first NUL. A byte order mark before it is dropped.
    fn text(&mut self) -> Option<String> {
        let len = self.u32()?;
        let padded = self.take(len)?;
        self.take(padding(len) as u32)?;
        let unmarked = padded.strip_prefix("\u{feff}".as_bytes()).unwrap_or(padded);
        let end = unmarked.iter().position(|byte| *byte == 0).unwrap_or(unmarked.len());
        String::from_utf8(unmarked[..end].to_vec()).ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.fixed().map(u32::from_le_bytes)
    }

    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N as u32)?.try_into().ok()
    }

    fn take(&mut self, len: u32) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..)?.get(..len as usize)?;
        self.at += taken.len();
        Some(taken)
    }
}

impl Elements {
    /// The value as the container stores it. An engine drops an element of another type; the library rejects the
    /// container.
    fn admit(&self, value: Tree) -> Option<Tree> {
        let wanted = match self {
            Self::Any => return Some(value),
            Self::Type(kind) => *kind,
            Self::Class(_) | Self::Script(_) => OBJECT,
        };
        if value.kind() == wanted || (wanted, value.kind()) == (OBJECT, NIL) {
            return Some(value);
        }
        let Tree::Leaf(kind, mut atoms) = value else { return None };
        match (wanted, kind, &mut atoms[..]) {
            (STRING, STRING_NAME, _) | (STRING_NAME, STRING, _) => {}
            (INT, FLOAT, [atom]) => {
                let Atom::Number(bits) = *atom else { return None };
                let number = f64::from_bits(bits);
                // As an x86-64 processor converts numbers that do not fit, and so an engine.
                let fits = (-(2_f64.powi(63))..2_f64.powi(63)).contains(&number);
                *atom = Atom::Int(if fits { number as i64 } else { i64::MIN });
            }
            (FLOAT, INT, [atom]) => {
                let Atom::Int(int) = *atom else { return None };
                *atom = Atom::number(int as f64);
            }
            _ => return None,
        }
        Some(Tree::Leaf(wanted, atoms))
    }
}

/// The number of bytes from a length to the next multiple of four.
fn padding(len: u32) -> usize {
    (4 - len as usize % 4) % 4
}
