//! Converts values to strings as Godot's `str` does.

use std::{
    fmt::{self, Display, Write},
    mem,
};

use super::visitor::{ContainerRef, Visitor, walk};
use super::{
    Basis, Color, Object, Variant, Vector3,
    casts::to_i64,
    decimal,
    display::{escape_letter, is_escaped_in_name},
};

/// The largest number of nested containers that are written.
const MAX_SHOWN_DEPTH: usize = 101;

/// A number with more characters counts as long. No 32-bit float is long.
const LONG_NUMBER: usize = 42;

/// The largest number of characters that all long numbers of one conversion may have. A number of 8 bytes can have 312.
const MAX_LONG_TOTAL: usize = 4096;

/// Converts each value to a string; `None` if they contain too many long numbers.
pub(super) fn texts(values: &[Variant]) -> Option<Vec<String>> {
    let mut printer =
        StringPrinter { out: String::new(), depth: 0, hidden_from: None, long_left: MAX_LONG_TOTAL };
    let text = |value| walk(value, &mut printer).ok().map(|()| mem::take(&mut printer.out));
    values.iter().map(text).collect()
}

struct StringPrinter {
    out: String,
    depth: usize,
    /// The depth of the container whose content is omitted.
    hidden_from: Option<usize>,
    /// The number of characters left for long numbers.
    long_left: usize,
}

impl<'a> Visitor<'a> for StringPrinter {
    type Error = fmt::Error;

    fn leaf(&mut self, value: &'a Variant) -> fmt::Result {
        match self.hidden_from {
            Some(_) => Ok(()),
            None if self.depth == 0 => self.plain(value),
            None => self.nested(value),
        }
    }

    fn enter(&mut self, container: ContainerRef<'a>, _: usize) -> fmt::Result {
        self.depth += 1;
        if self.hidden_from.is_some() {
            return Ok(());
        }
        let is_deep = self.depth > MAX_SHOWN_DEPTH;
        if is_deep || matches!(container, ContainerRef::Object { .. }) {
            self.hidden_from = Some(self.depth);
        }
        match container {
            ContainerRef::Array(_) => self.out.write_str(if is_deep { "[...]" } else { "[" }),
            ContainerRef::Dictionary(_) => self.out.write_str(if is_deep { "{ ... }" } else { "{ " }),
            // The instance id is not known.
            ContainerRef::Object { class, .. } => write!(self.out, "<{class}#0>"),
        }
    }

    fn before(&mut self, container: ContainerRef<'a>, index: usize) -> fmt::Result {
        if self.hidden_from.is_some() {
            return Ok(());
        }
        let is_value = matches!(container, ContainerRef::Dictionary(_)) && index % 2 == 1;
        self.out.write_str(match index {
            0 => "",
            _ if is_value => ": ",
            _ => ", ",
        })
    }

    fn leave(&mut self, container: ContainerRef<'a>) -> fmt::Result {
        self.depth -= 1;
        match (self.hidden_from, container) {
            (Some(hidden), _) => {
                self.hidden_from = (hidden <= self.depth).then_some(hidden);
                Ok(())
            }
            (None, ContainerRef::Array(_)) => self.out.write_char(']'),
            (None, ContainerRef::Dictionary(_)) => self.out.write_str(" }"),
            (None, ContainerRef::Object { .. }) => Ok(()),
        }
    }
}

impl StringPrinter {
    /// Writes a value in a container: strings are quoted.
    fn nested(&mut self, value: &Variant) -> fmt::Result {
        match value {
            Variant::String(text) => self.quoted("", text),
            Variant::StringName(name) => self.quoted("&", name),
            Variant::NodePath(path) => self.quoted("^", &path.to_string()),
            value => self.plain(value),
        }
    }

    fn plain(&mut self, value: &Variant) -> fmt::Result {
        use Variant as V;
        match value {
            V::Nil => self.out.write_str("<null>"),
            V::Bool(value) => write!(self.out, "{value}"),
            V::Int(value) => write!(self.out, "{value}"),
            V::Float(value) => self.double(*value),
            V::String(text) => self.out.write_str(text),
            V::StringName(name) => self.out.write_str(name),
            V::NodePath(path) => write!(self.out, "{path}"),
            V::Vector2(row) => self.out.write_str(&reals::<2>(*row)),
            V::Vector3(row) => self.out.write_str(&reals::<3>(*row)),
            V::Vector4(row) => self.out.write_str(&reals::<4>(*row)),
            V::Vector2i(row) => self.out.write_str(&integers::<2>(*row)),
            V::Vector3i(row) => self.out.write_str(&integers::<3>(*row)),
            V::Vector4i(row) => self.out.write_str(&integers::<4>(*row)),
            V::Quaternion(row) => {
                self.out.write_str(&parenthesized(<[f32; 4]>::from(*row).map(|number| single(number, false))))
            }
            V::Color(color) => self.out.write_str(&color_text(*color)),
            V::Rect2(rect) => self.named(&[("P", reals(rect.position)), ("S", reals(rect.size))]),
            V::Rect2i(rect) => self.named(&[("P", integers(rect.position)), ("S", integers(rect.size))]),
            V::Aabb(aabb) => self.named(&[("P", reals(aabb.position)), ("S", reals(aabb.size))]),
            V::Plane(plane) => self.named(&[("N", reals(plane.normal)), ("D", single(plane.d, false))]),
            V::Transform2D(it) => {
                self.named(&[("X", reals(it.x)), ("Y", reals(it.y)), ("O", reals::<2>(it.origin))])
            }
            V::Basis(basis) => self.named(&columns(basis)),
            V::Transform3D(it) => {
                let [x, y, z] = columns(&it.basis);
                self.named(&[x, y, z, ("O", reals(it.origin))])
            }
            V::Projection(it) => {
                self.named(&[("X", reals(it.x)), ("Y", reals(it.y)), ("Z", reals(it.z)), ("W", reals(it.w))])
            }
            V::Rid(rid) => write!(self.out, "{rid}"),
            V::Object(None) => self.out.write_str("<Object#null>"),
            V::Object(Some(object)) => match &**object {
                Object::Id(id) => write!(self.out, "<EncodedObjectAsID#{}>", *id as i64),
                Object::Full { .. } => Ok(()),
            },
            V::Callable => self.out.write_str("null::null"),
            // The object exists in another engine.
            V::Signal(signal) => write!(self.out, "null::[signal]{}", signal.name),
            V::PackedByteArray(values) => self.list(values, |to, value| write!(to.out, "{value}")),
            V::PackedInt32Array(values) => self.list(values, |to, value| write!(to.out, "{value}")),
            V::PackedInt64Array(values) => self.list(values, |to, value| write!(to.out, "{value}")),
            V::PackedFloat32Array(values) => self.list(values, |to, value| to.double((*value).into())),
            V::PackedFloat64Array(values) => self.list(values, |to, value| to.double(*value)),
            V::PackedStringArray(texts) => self.list(texts, |to, text| to.quoted("", text)),
            V::PackedVector2Array(rows) => self.list(rows, |to, row| to.out.write_str(&reals::<2>(*row))),
            V::PackedVector3Array(rows) => self.list(rows, |to, row| to.out.write_str(&reals::<3>(*row))),
            V::PackedVector4Array(rows) => self.list(rows, |to, row| to.out.write_str(&reals::<4>(*row))),
            V::PackedColorArray(rows) => self.list(rows, |to, row| to.out.write_str(&color_text(*row))),
            V::Dictionary(_) | V::Array(_) => Ok(()),
        }
    }

    /// Writes a string in quotes, after a prefix that marks its type.
    fn quoted(&mut self, prefix: &str, text: &str) -> fmt::Result {
        write!(self.out, "{prefix}\"")?;
        for character in text.chars() {
            if is_escaped_in_name(character) {
                self.out.push('\\');
            }
            self.out.push(escape_letter(character));
        }
        self.out.write_char('"')
    }

    /// Writes a number with up to 15 significant digits, and with a point. Fails if there are too many long numbers.
    fn double(&mut self, number: f64) -> fmt::Result {
        let text = match whole(number) {
            Some(whole) => format!("{whole}.0"),
            None => fixed(number, 14 - digits_before(number.abs().log10(), number.abs() > 10.0)),
        };
        if text.len() > LONG_NUMBER {
            self.long_left = self.long_left.checked_sub(text.len()).ok_or(fmt::Error)?;
        }
        self.out.write_str(&text)
    }

    fn named(&mut self, parts: &[(&str, String)]) -> fmt::Result {
        let parts: Vec<String> = parts.iter().map(|(name, text)| format!("{name}: {text}")).collect();
        write!(self.out, "[{}]", parts.join(", "))
    }

    fn list<T>(&mut self, values: &[T], write: impl Fn(&mut Self, &T) -> fmt::Result) -> fmt::Result {
        self.out.write_char('[')?;
        for (index, value) in values.iter().enumerate() {
            self.out.write_str(if index > 0 { ", " } else { "" })?;
            write(self, value)?;
        }
        self.out.write_char(']')
    }
}

fn columns(basis: &Basis) -> [(&'static str, String); 3] {
    let [a, b, c] = basis.rows;
    let column = |x, y, z| reals(Vector3::new(x, y, z));
    [("X", column(a.x, b.x, c.x)), ("Y", column(a.y, b.y, c.y)), ("Z", column(a.z, b.z, c.z))]
}

fn reals<const N: usize>(row: impl Into<[f32; N]>) -> String {
    parenthesized(row.into().map(|number| single(number, true)))
}

fn integers<const N: usize>(row: impl Into<[i32; N]>) -> String {
    parenthesized(row.into())
}

fn color_text(color: Color) -> String {
    parenthesized(<[f32; 4]>::from(color).map(|part| fixed(part.into(), 4)))
}

fn parenthesized<const N: usize>(parts: [impl Display; N]) -> String {
    format!("({})", parts.map(|part| part.to_string()).join(", "))
}

/// Formats a 32-bit float with up to 7 significant digits.
fn single(number: f32, with_point: bool) -> String {
    match whole(number.into()) {
        Some(whole) if with_point => format!("{whole}.0"),
        Some(whole) => whole.to_string(),
        None => {
            let magnitude = number.abs();
            fixed(number.into(), 6 - digits_before(magnitude.log10().into(), magnitude > 10.0))
        }
    }
}

fn whole(number: f64) -> Option<i64> {
    let whole = to_i64(number);
    (whole as f64 == number).then_some(whole)
}

/// Returns the number of digits before the point, without the first.
fn digits_before(logarithm: f64, is_large: bool) -> i32 {
    if is_large { logarithm.floor() as i32 } else { 0 }
}

/// Formats a number with this many decimals, without trailing zeros. If `decimals` is negative, it has as many as a
/// 64-bit float can distinguish.
fn fixed(number: f64, decimals: i32) -> String {
    /// Beyond 15 digits the engine uses the default of C's `printf`.
    const DECIMALS_OF_C: u32 = 6;

    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let decimals = match decimals {
        0.. => decimals,
        _ => 14 - digits_before(number.abs().log10(), number.abs() > 10.0),
    };
    decimal::fixed(number, decimals.try_into().unwrap_or(DECIMALS_OF_C))
}
