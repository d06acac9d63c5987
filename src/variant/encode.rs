//! Values as bytes.

use super::decode::OBJECT_ID_CLASS;
use super::decode_leaf::NODE_PATH_FLAG;
use super::reader::padding;
use super::visitor::{Container, Visitor, walk};
use super::{ElementType, EncodeError, MAX_DEPTH, NodePath, Object, Objects, Variant, VariantType};

/// The flag in a header for numbers of 64 bits, and for an object that is only named.
const FLAG: u32 = 1 << 16;

/// Appends a value to `out`, or leaves that as it was.
pub(super) fn encode(value: &Variant, out: &mut Vec<u8>, objects: Objects) -> Result<(), EncodeError> {
    let before = out.len();
    let result = walk(value, &mut Writer { out, objects });
    if result.is_err() {
        out.truncate(before);
    }
    result
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    objects: Objects,
}

impl<'a> Visitor<'a> for Writer<'_> {
    type Error = EncodeError;

    fn leaf(&mut self, value: &'a Variant) -> Result<(), EncodeError> {
        use Variant as V;
        match value {
            // An object that is none is written as nothing; so does Godot.
            V::Nil | V::Object(None) => self.header(VariantType::Nil, 0),
            V::Int(value) => match i32::try_from(*value) {
                Ok(value) => self.plain(VariantType::Int, 0, &value.to_le_bytes()),
                Err(_) => self.plain(VariantType::Int, FLAG, &value.to_le_bytes()),
            },
            V::Float(value) => {
                let short = *value as f32;
                if f64::from(short) == *value {
                    self.plain(VariantType::Float, 0, &short.to_le_bytes());
                } else {
                    self.plain(VariantType::Float, FLAG, &value.to_le_bytes());
                }
            }
            V::Object(Some(object)) => match &**object {
                Object::Id(id) => self.plain(VariantType::Object, FLAG, &id.to_le_bytes()),
                Object::Full { .. } => return Err(EncodeError::ObjectNotAllowed),
            },
            value => {
                self.header(value.kind(), 0);
                self.body(value)?;
            }
        }
        Ok(())
    }

    fn enter(&mut self, container: Container<'a>, depth: usize) -> Result<(), EncodeError> {
        if depth > MAX_DEPTH {
            return Err(EncodeError::TooDeep);
        }
        match container {
            Container::Array(array) => {
                let element_type = array.element_type();
                self.header(VariantType::Array, self.kind_of(element_type) << 16);
                self.element_type(element_type)?;
                self.count(array.len())
            }
            Container::Dictionary(dictionary) => {
                let (keys, values) = (dictionary.key_type(), dictionary.value_type());
                let flags = self.kind_of(keys) << 16 | self.kind_of(values) << 18;
                self.header(VariantType::Dictionary, flags);
                self.element_type(keys)?;
                self.element_type(values)?;
                self.count(dictionary.len())
            }
            Container::Object { class, properties } => {
                if self.objects == Objects::ById {
                    return Err(EncodeError::ObjectNotAllowed);
                }
                if class.is_empty() {
                    return Err(EncodeError::NoClass);
                }
                self.header(VariantType::Object, 0);
                self.text(class)?;
                self.count(properties.len())
            }
        }
    }

    fn before(&mut self, container: Container<'a>, index: usize) -> Result<(), EncodeError> {
        match container {
            Container::Object { properties, .. } => {
                properties.get(index).map_or(Ok(()), |(name, _)| self.text(name))
            }
            Container::Array(_) | Container::Dictionary(_) => Ok(()),
        }
    }

    fn leave(&mut self, _: Container<'a>) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl Writer<'_> {
    /// What follows the header of all that have but one form.
    fn body(&mut self, value: &Variant) -> Result<(), EncodeError> {
        use Variant as V;
        match value {
            V::Bool(value) => self.u32((*value).into()),
            V::String(text) => self.text(text)?,
            V::Vector2(value) => self.floats(<[f32; 2]>::from(*value)),
            V::Vector2i(value) => self.ints(<[i32; 2]>::from(*value)),
            V::Rect2(value) => self.floats(<[f32; 4]>::from(*value)),
            V::Rect2i(value) => self.ints(<[i32; 4]>::from(*value)),
            V::Vector3(value) => self.floats(<[f32; 3]>::from(*value)),
            V::Vector3i(value) => self.ints(<[i32; 3]>::from(*value)),
            V::Transform2D(value) => self.floats(<[f32; 6]>::from(*value)),
            V::Vector4(value) => self.floats(<[f32; 4]>::from(*value)),
            V::Vector4i(value) => self.ints(<[i32; 4]>::from(*value)),
            V::Plane(value) => self.floats(<[f32; 4]>::from(*value)),
            V::Quaternion(value) => self.floats(<[f32; 4]>::from(*value)),
            V::Aabb(value) => self.floats(<[f32; 6]>::from(*value)),
            V::Basis(value) => self.floats(<[f32; 9]>::from(**value)),
            V::Transform3D(value) => self.floats(<[f32; 12]>::from(**value)),
            V::Projection(value) => self.floats(<[f32; 16]>::from(**value)),
            V::Color(value) => self.floats(<[f32; 4]>::from(*value)),
            V::StringName(name) => self.text(name)?,
            V::NodePath(path) => self.node_path(path)?,
            V::Rid(rid) => self.out.extend(rid.0.to_le_bytes()),
            V::Signal(signal) => {
                self.text(&signal.name)?;
                self.out.extend(signal.object.to_le_bytes());
            }
            V::PackedByteArray(bytes) => {
                self.count(bytes.len())?;
                self.out.extend(bytes);
                self.pad(bytes.len());
            }
            V::PackedInt32Array(values) => self.list(values, |value| value.to_le_bytes())?,
            V::PackedInt64Array(values) => self.list(values, |value| value.to_le_bytes())?,
            V::PackedFloat32Array(values) => self.list(values, |value| value.to_le_bytes())?,
            V::PackedFloat64Array(values) => self.list(values, |value| value.to_le_bytes())?,
            V::PackedStringArray(texts) => {
                self.count(texts.len())?;
                texts.iter().try_for_each(|text| self.text_with_nul(text))?;
            }
            V::PackedVector2Array(rows) => self.rows::<_, 2>(rows)?,
            V::PackedVector3Array(rows) => self.rows::<_, 3>(rows)?,
            V::PackedColorArray(rows) => self.rows::<_, 4>(rows)?,
            V::PackedVector4Array(rows) => self.rows::<_, 4>(rows)?,
            // Nothing follows; or `leaf` and `enter` have seen to it.
            V::Nil
            | V::Int(_)
            | V::Float(_)
            | V::Object(_)
            | V::Callable
            | V::Dictionary(_)
            | V::Array(_) => {}
        }
        Ok(())
    }

    fn header(&mut self, kind: VariantType, flags: u32) {
        self.u32(kind as u32 | flags);
    }

    /// A value whose bytes are at hand.
    fn plain(&mut self, kind: VariantType, flags: u32, bytes: &[u8]) {
        self.header(kind, flags);
        self.out.extend(bytes);
    }

    fn u32(&mut self, value: u32) {
        self.out.extend(value.to_le_bytes());
    }

    fn ints<const N: usize>(&mut self, values: [i32; N]) {
        self.out.extend(values.into_iter().flat_map(i32::to_le_bytes));
    }

    fn floats<const N: usize>(&mut self, values: [f32; N]) {
        self.out.extend(values.into_iter().flat_map(f32::to_le_bytes));
    }

    fn count(&mut self, count: usize) -> Result<(), EncodeError> {
        self.u32(checked(count)?);
        Ok(())
    }

    fn list<T: Copy, const N: usize>(
        &mut self,
        values: &[T],
        write: impl Fn(T) -> [u8; N],
    ) -> Result<(), EncodeError> {
        self.count(values.len())?;
        self.out.extend(values.iter().flat_map(|&value| write(value)));
        Ok(())
    }

    fn rows<T: Copy + Into<[f32; N]>, const N: usize>(&mut self, rows: &[T]) -> Result<(), EncodeError> {
        self.count(rows.len())?;
        rows.iter().for_each(|&row| self.floats(row.into()));
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), EncodeError> {
        self.text_and(text, "")
    }

    /// A text as packed arrays have it: with the NUL that ends it, and counted with that.
    fn text_with_nul(&mut self, text: &str) -> Result<(), EncodeError> {
        self.text_and(text, "\0")
    }

    fn text_and(&mut self, text: &str, end: &str) -> Result<(), EncodeError> {
        if text.contains('\0') {
            return Err(EncodeError::NulInText);
        }
        // Who reads it takes one such mark away; a second one stays.
        let mark = if text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
        let len = mark.len() + text.len() + end.len();
        self.count(len)?;
        for part in [mark, text, end] {
            self.out.extend(part.as_bytes());
        }
        self.pad(len);
        Ok(())
    }

    fn node_path(&mut self, path: &NodePath) -> Result<(), EncodeError> {
        self.u32(checked(path.names.len())? | NODE_PATH_FLAG);
        self.count(path.subnames.len())?;
        self.u32(path.absolute.into());
        path.names.iter().chain(&path.subnames).try_for_each(|name| self.text(name))
    }

    fn pad(&mut self, len: usize) {
        self.out.extend(&[0; 3][..padding(len)]);
    }

    /// How it is told what a container takes.
    fn kind_of(&self, element_type: &ElementType) -> u32 {
        match (element_type, self.objects) {
            (ElementType::Untyped, _) => 0,
            (ElementType::Builtin(_), _) => 1,
            (ElementType::Class(_), _) | (ElementType::Script(_), Objects::ById) => 2,
            (ElementType::Script(_), Objects::Full) => 3,
        }
    }

    fn element_type(&mut self, element_type: &ElementType) -> Result<(), EncodeError> {
        match (element_type, self.objects) {
            (ElementType::Untyped, _) => {}
            (ElementType::Builtin(kind), _) => self.u32(*kind as u32),
            (ElementType::Class(_) | ElementType::Script(_), Objects::ById) => self.text(OBJECT_ID_CLASS)?,
            (ElementType::Class(name) | ElementType::Script(name), Objects::Full) => self.text(name)?,
        }
        Ok(())
    }
}

/// A length or count as Godot can read it: it has a sign there.
fn checked(count: usize) -> Result<u32, EncodeError> {
    match u32::try_from(count) {
        Ok(count) if count <= i32::MAX as u32 => Ok(count),
        _ => Err(EncodeError::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_end_where_godots_do() {
        let most = 0x7fff_ffff_u32;
        assert_eq!(checked(most as usize), Ok(most));
        assert_eq!(checked(most as usize + 1), Err(EncodeError::TooLong));
        assert_eq!(checked(usize::MAX), Err(EncodeError::TooLong));
    }
}
