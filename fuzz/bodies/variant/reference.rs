//! A reader of values that knows nothing of the library's: by recursion, step by step, with no regard for time or memory. What
//! is written here follows from the format alone; where the library refuses what an engine would mend, it says so.

use super::{
    Form,
    tree::{ARRAY, Atom, DICTIONARY, FLOAT, Holds, INT, NIL, OBJECT, STRING, STRING_NAME, Tree, put},
};
use crate::variant::Objects;

/// How many containers may be within each other.
const DEEPEST: usize = 1024;

/// The value that the bytes begin with, and how many of them it takes.
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
    /// What is shorter than elsewhere when it is compressed; the outer `None` is for all else.
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

    /// A value within so many containers.
    fn value(&mut self, depth: usize) -> Option<Tree> {
        let header = self.u32()?;
        let flag = header & 0x1_0000 != 0;
        let is_container = |kind| matches!(kind, ARRAY | DICTIONARY) || kind == OBJECT && !flag;
        match header & 0xff {
            kind if is_container(kind) && depth >= DEEPEST => None,
            ARRAY => self.array(header, depth + 1),
            DICTIONARY => self.dictionary(header, depth + 1),
            OBJECT if !flag => self.object(depth + 1),
            kind => Some(Tree::Leaf(kind, self.leaf(kind, flag)?)),
        }
    }

    fn array(&mut self, header: u32, depth: usize) -> Option<Tree> {
        let holds = self.holds(header >> 16)?;
        let mut values = Vec::new();
        for _ in 0..self.u32()? & 0x7fff_ffff {
            values.push(holds.admit(self.value(depth)?)?);
        }
        Some(Tree::Array(holds, values))
    }

    fn dictionary(&mut self, header: u32, depth: usize) -> Option<Tree> {
        let holds = [self.holds(header >> 16)?, self.holds(header >> 18)?];
        let mut entries = Vec::new();
        for _ in 0..self.u32()? & 0x7fff_ffff {
            let key = holds[0].admit(self.value(depth)?)?;
            let value = holds[1].admit(self.value(depth)?)?;
            put(&mut entries, key, value);
        }
        Some(Tree::Dictionary(holds, entries))
    }

    /// A whole object; without a class there is none.
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

    /// What a container takes.
    fn holds(&mut self, kind: u32) -> Option<Holds> {
        let told = match kind & 3 {
            0 => Holds::Everything,
            1 => match self.u32()? {
                NIL => Holds::Everything,
                kind @ ..39 => Holds::Type(kind),
                _ => return None,
            },
            2 => Holds::Class(self.text()?),
            _ => Holds::Script(self.text()?),
        };
        // Where objects come by number, there are no others.
        let is_of_objects = matches!(told, Holds::Type(OBJECT) | Holds::Class(_) | Holds::Script(_));
        let by_id = self.objects == Objects::ById && is_of_objects;
        Some(if by_id { Holds::Class("EncodedObjectAsID".to_owned()) } else { told })
    }

    /// A value that holds no others. Numbers may be of 64 bits where the flag says so; they are narrowed, then.
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
                // Nothing has to follow the very last byte.
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
        // Without the top bit it is of a form that is refused.
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

    /// So many rows of so many numbers each.
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

    /// A text ends at its first NUL; a mark of the byte order before it is no part of it.
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

impl Holds {
    /// The value as the container keeps it. An engine leaves out what does not fit; here all is refused, then.
    fn admit(&self, value: Tree) -> Option<Tree> {
        let wanted = match self {
            Self::Everything => return Some(value),
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
                *atom = Atom::Int(f64::from_bits(bits) as i64);
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

/// How far it is from a length to the next multiple of four.
fn padding(len: u32) -> usize {
    (4 - len as usize % 4) % 4
}
