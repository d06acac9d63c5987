//! Formats values as Godot's scripts and resource files do.

use std::fmt::{self, Write};

use super::number::Number;
use super::visitor::{ContainerRef, Visitor, walk, walk_container};
use super::{Array, Dictionary, ElementType, Object, Rid, Signal, Variant};

/// The largest length of `Debug` output, in bytes, so that logging a large value is cheap.
const MAX_DEBUG_LEN: usize = 512;

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        walk(self, &mut LiteralPrinter { out: f, multiline: true })
    }
}

impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        walk_container(ContainerRef::Array(self), &mut LiteralPrinter { out: f, multiline: true })
    }
}

impl fmt::Display for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        walk_container(ContainerRef::Dictionary(self), &mut LiteralPrinter { out: f, multiline: true })
    }
}

impl fmt::Display for Rid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RID({})", self.0)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.object {
            0 => write!(f, "null::[signal]{}", self.name),
            id => write!(f, "{}::[signal]{}", ObjectId(id), self.name),
        }
    }
}

impl fmt::Debug for Variant {
    /// Writes one line. A long value is truncated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated(f, |out| walk(self, &mut LiteralPrinter { out, multiline: false }))
    }
}

impl fmt::Debug for Array {
    /// Writes one line. A long value is truncated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated(f, |out| {
            walk_container(ContainerRef::Array(self), &mut LiteralPrinter { out, multiline: false })
        })
    }
}

impl fmt::Debug for Dictionary {
    /// Writes one line. A long value is truncated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated(f, |out| {
            walk_container(ContainerRef::Dictionary(self), &mut LiteralPrinter { out, multiline: false })
        })
    }
}

impl fmt::Debug for Object {
    /// Writes one line. A long value is truncated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, ContainerRef::of_object(self)) {
            (_, Some(container)) => {
                truncated(f, |out| walk_container(container, &mut LiteralPrinter { out, multiline: false }))
            }
            (Self::Id(id), _) => write!(f, "{}", ObjectId(*id)),
            (Self::Full { .. }, None) => Ok(()),
        }
    }
}

/// Displays an object of which only the instance id is known.
struct ObjectId(u64);

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Godot displays instance ids as signed numbers.
        write!(f, "<EncodedObjectAsID#{}>", self.0 as i64)
    }
}

/// Writes the visited values.
struct LiteralPrinter<'o, W> {
    out: &'o mut W,
    /// `true` to write each entry of a dictionary on its own line.
    multiline: bool,
}

impl<'a, W: Write> Visitor<'a> for LiteralPrinter<'_, W> {
    type Error = fmt::Error;

    const BY_KEY: bool = true;

    fn leaf(&mut self, value: &'a Variant) -> fmt::Result {
        use Variant as V;
        let kind = value.kind();
        match value {
            V::Nil | V::Object(None) => self.out.write_str("null"),
            V::Bool(value) => write!(self.out, "{value}"),
            V::Int(value) => write!(self.out, "{value}"),
            V::Float(value) => self.float(*value),
            V::String(text) => self.quoted(text, is_escaped_in_text),
            V::Vector2(value) => self.call(kind, <[f32; 2]>::from(*value).map(number)),
            V::Vector2i(value) => self.call(kind, <[i32; 2]>::from(*value)),
            V::Rect2(value) => self.call(kind, <[f32; 4]>::from(*value).map(number)),
            V::Rect2i(value) => self.call(kind, <[i32; 4]>::from(*value)),
            V::Vector3(value) => self.call(kind, <[f32; 3]>::from(*value).map(number)),
            V::Vector3i(value) => self.call(kind, <[i32; 3]>::from(*value)),
            V::Transform2D(value) => self.call(kind, <[f32; 6]>::from(*value).map(number)),
            V::Vector4(value) => self.call(kind, <[f32; 4]>::from(*value).map(number)),
            V::Vector4i(value) => self.call(kind, <[i32; 4]>::from(*value)),
            V::Plane(value) => self.call(kind, <[f32; 4]>::from(*value).map(number)),
            V::Quaternion(value) => self.call(kind, <[f32; 4]>::from(*value).map(number)),
            V::Aabb(value) => self.call(kind, <[f32; 6]>::from(*value).map(number)),
            V::Basis(value) => self.call(kind, <[f32; 9]>::from(**value).map(number)),
            V::Transform3D(value) => self.call(kind, <[f32; 12]>::from(**value).map(number)),
            V::Projection(value) => self.call(kind, <[f32; 16]>::from(**value).map(number)),
            V::Color(value) => self.call(kind, <[f32; 4]>::from(*value).map(number)),
            V::StringName(name) => {
                self.out.write_char('&')?;
                self.quoted(name, is_escaped_in_name)
            }
            V::NodePath(path) => {
                self.out.write_str("NodePath(")?;
                self.quoted(&path.to_string(), is_escaped_in_name)?;
                self.out.write_char(')')
            }
            V::Rid(rid) => write!(self.out, "{rid}"),
            V::Object(Some(object)) => match &**object {
                Object::Id(id) => write!(self.out, "{}", ObjectId(*id)),
                Object::Full { .. } => Ok(()),
            },
            V::Callable => self.out.write_str("null::null"),
            V::Signal(signal) => write!(self.out, "{signal}"),
            V::PackedByteArray(values) => self.call(kind, values),
            V::PackedInt32Array(values) => self.call(kind, values),
            V::PackedInt64Array(values) => self.call(kind, values),
            V::PackedFloat32Array(values) => self.call(kind, values.iter().copied().map(number)),
            V::PackedFloat64Array(values) => self.call(kind, values.iter().copied().map(Number)),
            V::PackedStringArray(texts) => {
                self.call_with(kind, texts, |printer, text| printer.quoted(text, is_escaped_in_name))
            }
            V::PackedVector2Array(rows) => self.call(kind, numbers::<_, 2>(rows)),
            V::PackedVector3Array(rows) => self.call(kind, numbers::<_, 3>(rows)),
            V::PackedColorArray(rows) => self.call(kind, numbers::<_, 4>(rows)),
            V::PackedVector4Array(rows) => self.call(kind, numbers::<_, 4>(rows)),
            V::Dictionary(_) | V::Array(_) => Ok(()),
        }
    }

    fn enter(&mut self, container: ContainerRef<'a>, _: usize) -> fmt::Result {
        match container {
            ContainerRef::Array(array) => {
                if let Some(element_type) = typed(array) {
                    write!(self.out, "Array[{element_type}](")?;
                }
                self.out.write_char('[')
            }
            ContainerRef::Dictionary(dictionary) => {
                if let Some((keys, values)) = typed_both(dictionary) {
                    write!(self.out, "Dictionary[{keys}, {values}](")?;
                }
                self.out.write_char('{')
            }
            ContainerRef::Object { class, .. } => write!(self.out, "Object({class},"),
        }
    }

    fn before(&mut self, container: ContainerRef<'a>, index: usize) -> fmt::Result {
        match container {
            ContainerRef::Array(_) => self.out.write_str(if index > 0 { ", " } else { "" }),
            ContainerRef::Dictionary(_) => self.out.write_str(match (index, self.multiline) {
                (0, true) => "\n",
                (0, false) => "",
                (odd, _) if odd % 2 == 1 => ": ",
                (_, true) => ",\n",
                (_, false) => ", ",
            }),
            ContainerRef::Object { properties, .. } => {
                let separator = if index > 0 { "," } else { "" };
                let name = properties.get(index).map_or("", |(name, _)| name.as_str());
                write!(self.out, "{separator}\"{name}\":")
            }
        }
    }

    fn leave(&mut self, container: ContainerRef<'a>) -> fmt::Result {
        match container {
            ContainerRef::Array(array) => self.out.write_str(if typed(array).is_some() { "])" } else { "]" }),
            ContainerRef::Dictionary(dictionary) => {
                self.out.write_str(if self.multiline && !dictionary.is_empty() { "\n}" } else { "}" })?;
                self.out.write_str(if typed_both(dictionary).is_some() { ")" } else { "" })
            }
            ContainerRef::Object { .. } => self.out.write_char(')'),
        }
    }
}

impl<W: Write> LiteralPrinter<'_, W> {
    /// Writes a number that cannot be taken for an integer.
    fn float(&mut self, value: f64) -> fmt::Result {
        let text = Number(value).to_string();
        let is_whole = text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
        write!(self.out, "{text}{}", if is_whole { ".0" } else { "" })
    }

    /// Writes a type name and the values in parentheses.
    fn call(
        &mut self,
        kind: impl fmt::Display,
        values: impl IntoIterator<Item: fmt::Display>,
    ) -> fmt::Result {
        self.call_with(kind, values, |printer, value| write!(printer.out, "{value}"))
    }

    fn call_with<T>(
        &mut self,
        kind: impl fmt::Display,
        values: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T) -> fmt::Result,
    ) -> fmt::Result {
        write!(self.out, "{kind}(")?;
        for (index, value) in values.into_iter().enumerate() {
            self.out.write_str(if index > 0 { ", " } else { "" })?;
            write(self, value)?;
        }
        self.out.write_char(')')
    }

    /// Writes a string in quotes, with a backslash before the `escaped` characters.
    fn quoted(&mut self, text: &str, escaped: impl Fn(char) -> bool) -> fmt::Result {
        self.out.write_char('"')?;
        let mut rest = text;
        while let Some((plain, from)) = rest.find(&escaped).and_then(|at| rest.split_at_checked(at)) {
            self.out.write_str(plain)?;
            let mut after = from.chars();
            if let Some(character) = after.next() {
                self.out.write_char('\\')?;
                self.out.write_char(escape_letter(character))?;
            }
            rest = after.as_str();
        }
        self.out.write_str(rest)?;
        self.out.write_char('"')
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untyped => f.write_str("Variant"),
            Self::Builtin(kind) => kind.fmt(f),
            Self::Class(name) => f.write_str(name),
            Self::Script(path) => write!(f, "Resource(\"{path}\")"),
        }
    }
}

/// Returns `true` for a character that is escaped in a `String`, which may contain line breaks.
fn is_escaped_in_text(character: char) -> bool {
    matches!(character, '\\' | '"')
}

/// Returns `true` for a character that is escaped in a name or path.
pub(super) fn is_escaped_in_name(character: char) -> bool {
    escape_letter(character) != character || matches!(character, '\\' | '"' | '\'')
}

/// Returns the character after the backslash.
pub(super) fn escape_letter(character: char) -> char {
    match character {
        '\x07' => 'a',
        '\x08' => 'b',
        '\x0c' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\x0b' => 'v',
        other => other,
    }
}

fn number(value: f32) -> Number {
    Number(value.into())
}

fn numbers<T: Copy + Into<[f32; N]>, const N: usize>(rows: &[T]) -> impl Iterator<Item = Number> {
    rows.iter().flat_map(|&row| row.into()).map(number)
}

fn typed(array: &Array) -> Option<&ElementType> {
    Some(array.element_type()).filter(|element_type| **element_type != ElementType::Untyped)
}

fn typed_both(dictionary: &Dictionary) -> Option<(&ElementType, &ElementType)> {
    let types = (dictionary.key_type(), dictionary.value_type());
    (types != (&ElementType::Untyped, &ElementType::Untyped)).then_some(types)
}

/// Writes the first [`MAX_DEBUG_LEN`] bytes of what `write` writes, and stops it then.
fn truncated(
    f: &mut fmt::Formatter<'_>,
    write: impl FnOnce(&mut Truncated<'_, '_>) -> fmt::Result,
) -> fmt::Result {
    let mut start = Truncated { f, left: MAX_DEBUG_LEN, ended: false };
    let result = write(&mut start);
    if start.ended { f.write_char('…') } else { result }
}

/// Forwards at most `left` bytes.
struct Truncated<'f, 'b> {
    f: &'f mut fmt::Formatter<'b>,
    left: usize,
    ended: bool,
}

impl Write for Truncated<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut end = text.len().min(self.left);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.f.write_str(&text[..end])?;
        self.left -= end;
        self.ended = end < text.len();
        if self.ended { Err(fmt::Error) } else { Ok(()) }
    }
}
