//! Values as text, in the way of Godot's scripts and resource files.

use std::fmt::{self, Write};

use super::number::Number;
use super::visitor::{Container, Visitor, walk, walk_container};
use super::{Array, Dictionary, ElementType, Object, Rid, Signal, Variant};

/// How much of a value is shown to who debugs, so that logging one stays harmless.
const MAX_DEBUG_LEN: usize = 512;

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        walk(self, &mut Printer { out: f, multiline: true })
    }
}

impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        walk_container(Container::Array(self), &mut Printer { out: f, multiline: true })
    }
}

impl fmt::Display for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        walk_container(Container::Dictionary(self), &mut Printer { out: f, multiline: true })
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
    /// The text on one line, and of a long one the start only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated(f, |out| walk(self, &mut Printer { out, multiline: false }))
    }
}

impl fmt::Debug for Array {
    /// The text on one line, and of a long one the start only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated(f, |out| walk_container(Container::Array(self), &mut Printer { out, multiline: false }))
    }
}

impl fmt::Debug for Dictionary {
    /// The text on one line, and of a long one the start only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        truncated(f, |out| {
            walk_container(Container::Dictionary(self), &mut Printer { out, multiline: false })
        })
    }
}

impl fmt::Debug for Object {
    /// The text on one line, and of a long one the start only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, Container::of_object(self)) {
            (_, Some(container)) => {
                truncated(f, |out| walk_container(container, &mut Printer { out, multiline: false }))
            }
            (Self::Id(id), _) => write!(f, "{}", ObjectId(*id)),
            (Self::Full { .. }, None) => Ok(()),
        }
    }
}

/// An object of which only the number is known.
struct ObjectId(u64);

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Godot shows these numbers with a sign.
        write!(f, "<EncodedObjectAsID#{}>", self.0 as i64)
    }
}

/// Writes what it is shown.
struct Printer<'o, W> {
    out: &'o mut W,
    /// Whether each entry of a dictionary has a line of its own.
    multiline: bool,
}

impl<'a, W: Write> Visitor<'a> for Printer<'_, W> {
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

    fn enter(&mut self, container: Container<'a>, _: usize) -> fmt::Result {
        match container {
            Container::Array(array) => {
                if let Some(element_type) = typed(array) {
                    write!(self.out, "Array[{element_type}](")?;
                }
                self.out.write_char('[')
            }
            Container::Dictionary(dictionary) => {
                if let Some((keys, values)) = typed_both(dictionary) {
                    write!(self.out, "Dictionary[{keys}, {values}](")?;
                }
                self.out.write_char('{')
            }
            Container::Object { class, .. } => write!(self.out, "Object({class},"),
        }
    }

    fn before(&mut self, container: Container<'a>, index: usize) -> fmt::Result {
        match container {
            Container::Array(_) => self.out.write_str(if index > 0 { ", " } else { "" }),
            Container::Dictionary(_) => self.out.write_str(match (index, self.multiline) {
                (0, true) => "\n",
                (0, false) => "",
                (odd, _) if odd % 2 == 1 => ": ",
                (_, true) => ",\n",
                (_, false) => ", ",
            }),
            Container::Object { properties, .. } => {
                let separator = if index > 0 { "," } else { "" };
                let name = properties.get(index).map_or("", |(name, _)| name.as_str());
                write!(self.out, "{separator}\"{name}\":")
            }
        }
    }

    fn leave(&mut self, container: Container<'a>) -> fmt::Result {
        match container {
            Container::Array(array) => self.out.write_str(if typed(array).is_some() { "])" } else { "]" }),
            Container::Dictionary(dictionary) => {
                self.out.write_str(if self.multiline && !dictionary.is_empty() { "\n}" } else { "}" })?;
                self.out.write_str(if typed_both(dictionary).is_some() { ")" } else { "" })
            }
            Container::Object { .. } => self.out.write_char(')'),
        }
    }
}

impl<W: Write> Printer<'_, W> {
    /// A number that cannot be taken for a whole one.
    fn float(&mut self, value: f64) -> fmt::Result {
        let text = Number(value).to_string();
        let is_whole = text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
        write!(self.out, "{text}{}", if is_whole { ".0" } else { "" })
    }

    /// A type's name with these in brackets.
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

    /// A text in quotes, with a backslash before these characters.
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

/// What is escaped in a text, which may have many lines.
fn is_escaped_in_text(character: char) -> bool {
    matches!(character, '\\' | '"')
}

/// Returns `true` for a character that is escaped in a name.
pub(super) fn is_escaped_in_name(character: char) -> bool {
    escape_letter(character) != character || matches!(character, '\\' | '"' | '\'')
}

/// Returns the character that stands behind the backslash.
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

/// Writes the start of what `write` writes, and stops that then.
fn truncated(
    f: &mut fmt::Formatter<'_>,
    write: impl FnOnce(&mut Truncated<'_, '_>) -> fmt::Result,
) -> fmt::Result {
    let mut start = Truncated { f, left: MAX_DEBUG_LEN, ended: false };
    let result = write(&mut start);
    if start.ended { f.write_char('…') } else { result }
}

/// Passes so many bytes on.
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
