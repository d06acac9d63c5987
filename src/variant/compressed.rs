//! The compact format of RPC arguments: short for booleans and integers, the usual format for all other values.

use super::reader::ByteReader;
use super::{DecodeError, EncodeError, Objects, Variant, VariantType, decode, encode};

/// The bits of the first byte with the type. The others are the width of an integer, or the value of a boolean.
const TYPE: u8 = 0x3f;
const TRUE: u8 = 0x80;

const BOOL: u8 = VariantType::Bool as u8;
const INT: u8 = VariantType::Int as u8;

/// Decodes a value, and returns it with the number of bytes read.
pub(super) fn decode_compressed(bytes: &[u8], objects: Objects) -> Result<(Variant, usize), DecodeError> {
    let mut reader = ByteReader::new(bytes);
    let [first] = reader.array()?;
    let value = match (first & TYPE, first >> 6) {
        (BOOL, _) => Variant::Bool(first & TRUE != 0),
        (INT, 0) => i8::from_le_bytes(reader.array()?).into(),
        (INT, 1) => i16::from_le_bytes(reader.array()?).into(),
        (INT, 2) => i32::from_le_bytes(reader.array()?).into(),
        (INT, _) => i64::from_le_bytes(reader.array()?).into(),
        _ => return decode::decode(bytes, objects),
    };
    Ok((value, reader.at()))
}

/// Decodes a value, appends it to `values`, and returns the number of bytes read.
// The most frequent ones are written to their places: moving them would take longer than decoding them.
pub(super) fn decode_compressed_onto(
    values: &mut Vec<Variant>,
    bytes: &[u8],
    objects: Objects,
) -> Result<usize, DecodeError> {
    let mut reader = ByteReader::new(bytes);
    let [first] = reader.array()?;
    match (first & TYPE, first >> 6) {
        (BOOL, _) => values.push(Variant::Bool(first & TRUE != 0)),
        (INT, 0) => values.push(Variant::Int(i8::from_le_bytes(reader.array()?).into())),
        (INT, 1) => values.push(Variant::Int(i16::from_le_bytes(reader.array()?).into())),
        (INT, 2) => values.push(Variant::Int(i32::from_le_bytes(reader.array()?).into())),
        (INT, _) => values.push(Variant::Int(i64::from_le_bytes(reader.array()?))),
        _ => return decode::decode_onto(values, bytes, objects),
    }
    Ok(reader.at())
}

/// Appends a value to `out`. On failure `out` is unchanged.
pub(super) fn encode_compressed(
    value: &Variant,
    out: &mut Vec<u8>,
    objects: Objects,
) -> Result<(), EncodeError> {
    match *value {
        Variant::Bool(value) => out.push(BOOL | if value { TRUE } else { 0 }),
        Variant::Int(value) => encode_int(value, out),
        _ => encode::encode(value, out, objects)?,
    }
    Ok(())
}

fn encode_int(value: i64, out: &mut Vec<u8>) {
    let header = |width: u8| INT | width << 6;
    if let Ok(value) = i8::try_from(value) {
        out.push(header(0));
        out.extend(value.to_le_bytes());
    } else if let Ok(value) = i16::try_from(value) {
        out.push(header(1));
        out.extend(value.to_le_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        out.push(header(2));
        out.extend(value.to_le_bytes());
    } else {
        out.push(header(3));
        out.extend(value.to_le_bytes());
    }
}
