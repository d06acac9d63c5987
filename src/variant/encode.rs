//! Encodes values.

use super::decode::OBJECT_ID_CLASS;
use super::decode_leaf::NODE_PATH_FLAG;
use super::reader::padding;
use super::visitor::{ContainerRef, Visitor, walk};
use super::{ElementType, EncodeError, MAX_DEPTH, NodePath, Object, Objects, Variant, VariantType};

/// The header flag for 64-bit numbers, and for an object that is sent by id.
const FLAG: u32 = 1 << 16;

/// Appends a value to `out`. On failure `out` is unchanged.
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
            // Godot, too, encodes a null object as `Nil`.
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

    fn enter(&mut self, container: ContainerRef<'a>, depth: usize) -> Result<(), EncodeError> {
        if depth > MAX_DEPTH {
            return Err(EncodeError::TooDeep);
        }
        match container {
            ContainerRef::Array(array) => {
                let element_type = array.element_type();
                self.header(VariantType::Array, self.type_bits(element_type) << 16);
                self.element_type(element_type)?;
                self.count(array.len())
            }
            ContainerRef::Dictionary(dictionary) => {
                let (keys, values) = (dictionary.key_type(), dictionary.value_type());
                let flags = self.type_bits(keys) << 16 | self.type_bits(values) << 18;
                self.header(VariantType::Dictionary, flags);
                self.element_type(keys)?;
                self.element_type(values)?;
                self.count(dictionary.len())
            }
            ContainerRef::Object { class, properties } => {
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

    fn before(&mut self, container: ContainerRef<'a>, index: usize) -> Result<(), EncodeError> {
        match container {
            ContainerRef::Object { properties, .. } => {
                properties.get(index).map_or(Ok(()), |(name, _)| self.text(name))
            }
            ContainerRef::Array(_) | ContainerRef::Dictionary(_) => Ok(()),
        }
    }

    fn leave(&mut self, _: ContainerRef<'a>) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl Writer<'_> {
    /// Encodes what follows the header, for the types with a single format.
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
            // Nothing follows, or `leaf` and `enter` have encoded it.
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

    /// Encodes a header and the bytes of a value.
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

    /// Encodes a string of a packed array: with a final NUL, which the length includes.
    fn text_with_nul(&mut self, text: &str) -> Result<(), EncodeError> {
        self.text_and(text, "\0")
    }

    fn text_and(&mut self, text: &str, end: &str) -> Result<(), EncodeError> {
        if text.contains('\0') {
            return Err(EncodeError::NulInText);
        }
        // Decoders remove one byte order mark, so a leading one is written twice.
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

    /// Returns the header bits for an element type.
    fn type_bits(&self, element_type: &ElementType) -> u32 {
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

/// Checks that a length or count fits into the signed integer with which Godot reads it.
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
    fn counts_over_i32_max_are_rejected() {
        let most = 0x7fff_ffff_u32;
        assert_eq!(checked(most as usize), Ok(most));
        assert_eq!(checked(most as usize + 1), Err(EncodeError::TooLong));
        assert_eq!(checked(usize::MAX), Err(EncodeError::TooLong));
    }
}
