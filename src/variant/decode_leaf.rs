//! Decodes values that do not contain other values.

use super::reader::ByteReader;
use super::{
    Basis, DecodeError, NodePath, Object, Projection, Rid, Signal, StringName, Transform3D, Variant,
    VariantType,
};

/// The top bit that marks the current format of node paths. The old format was a single string.
pub(super) const NODE_PATH_FLAG: u32 = 1 << 31;

/// Decodes what follows the header of a value. If `flagged`, the numbers have 64 bits, or the object is sent by id.
///
/// Containers are decoded by [`decode`](super::decode); for them nothing is read here.
pub(super) fn decode(
    reader: &mut ByteReader<'_>,
    kind: VariantType,
    flagged: bool,
) -> Result<Variant, DecodeError> {
    use VariantType as T;
    Ok(match kind {
        T::Nil => Variant::Nil,
        T::Bool => (reader.u32()? != 0).into(),
        T::Int => int(reader, flagged)?.into(),
        T::Float => float(reader, flagged)?.into(),
        T::String => reader.text()?.into(),
        T::Vector2 => Variant::Vector2(reader.floats(flagged)?.into()),
        T::Vector2i => Variant::Vector2i(reader.ints()?.into()),
        T::Rect2 => Variant::Rect2(reader.floats(flagged)?.into()),
        T::Rect2i => Variant::Rect2i(reader.ints()?.into()),
        T::Vector3 => Variant::Vector3(reader.floats(flagged)?.into()),
        T::Vector3i => Variant::Vector3i(reader.ints()?.into()),
        T::Transform2D => Variant::Transform2D(reader.floats(flagged)?.into()),
        T::Vector4 => Variant::Vector4(reader.floats(flagged)?.into()),
        T::Vector4i => Variant::Vector4i(reader.ints()?.into()),
        T::Plane => Variant::Plane(reader.floats(flagged)?.into()),
        T::Quaternion => Variant::Quaternion(reader.floats(flagged)?.into()),
        T::Aabb => Variant::Aabb(reader.floats(flagged)?.into()),
        T::Basis => Basis::from(reader.floats(flagged)?).into(),
        T::Transform3D => Transform3D::from(reader.floats(flagged)?).into(),
        T::Projection => Projection::from(reader.floats(flagged)?).into(),
        // Colours never have 64 bits.
        T::Color => Variant::Color(reader.floats(false)?.into()),
        T::StringName => StringName(reader.text()?).into(),
        T::NodePath => node_path(reader)?.into(),
        T::Rid => Rid(reader.u64()?).into(),
        T::Object => match reader.u64()? {
            0 => Variant::Object(None),
            id => Object::Id(id).into(),
        },
        T::Callable => Variant::Callable,
        T::Signal => Signal { name: StringName(reader.text()?), object: reader.u64()? }.into(),
        T::Dictionary => Variant::Dictionary(Box::default()),
        T::Array => Variant::Array(Box::default()),
        T::PackedByteArray => {
            let count = reader.count(1)?;
            let bytes = reader.take(count)?.to_vec();
            reader.skip_padding(count);
            bytes.into()
        }
        T::PackedInt32Array => reader.list(i32::from_le_bytes)?.into(),
        T::PackedInt64Array => reader.list(i64::from_le_bytes)?.into(),
        T::PackedFloat32Array => reader.list(f32::from_le_bytes)?.into(),
        T::PackedFloat64Array => reader.list(f64::from_le_bytes)?.into(),
        T::PackedStringArray => {
            let count = reader.count(4)?;
            reader.texts(count)?.into()
        }
        T::PackedVector2Array => Variant::PackedVector2Array(reader.rows(flagged)?),
        T::PackedVector3Array => Variant::PackedVector3Array(reader.rows(flagged)?),
        T::PackedColorArray => Variant::PackedColorArray(reader.rows(false)?),
        T::PackedVector4Array => Variant::PackedVector4Array(reader.rows(flagged)?),
    })
}

/// Decodes an integer of 64 bits if `wide`, else of 32.
pub(super) fn int(reader: &mut ByteReader<'_>, wide: bool) -> Result<i64, DecodeError> {
    if wide {
        reader.array().map(i64::from_le_bytes)
    } else {
        reader.array().map(i32::from_le_bytes).map(i64::from)
    }
}

/// Decodes a float of 64 bits if `wide`, else of 32.
pub(super) fn float(reader: &mut ByteReader<'_>, wide: bool) -> Result<f64, DecodeError> {
    if wide {
        reader.array().map(f64::from_le_bytes)
    } else {
        reader.array().map(f32::from_le_bytes).map(f64::from)
    }
}

fn node_path(reader: &mut ByteReader<'_>) -> Result<NodePath, DecodeError> {
    let at = reader.at();
    let names = reader.u32()?;
    if names & NODE_PATH_FLAG == 0 {
        return Err(DecodeError::OldNodePath { at });
    }
    let names = names & !NODE_PATH_FLAG;
    let subnames = reader.u32()?;
    let flags = reader.u32()?;
    // Older versions count the property apart from the other subnames.
    let subnames = subnames.saturating_add(flags >> 1 & 1);
    let total = usize::try_from(u64::from(names) + u64::from(subnames)).unwrap_or(usize::MAX);
    if total > reader.left() / 4 {
        return Err(DecodeError::TooMany { count: names.saturating_add(subnames), at });
    }
    Ok(NodePath {
        names: reader.texts(names as usize)?,
        subnames: reader.texts(subnames as usize)?,
        absolute: flags & 1 != 0,
    })
}
