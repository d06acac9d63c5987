//! Decodes values, with a stack of the containers that are not complete yet.

use super::reader::ByteReader;
use super::{
    Array, DecodeError, Dictionary, ElementType, MAX_DEPTH, Object, Objects, Variant, VariantType, WrongType,
    decode_leaf,
};

/// The header flag for 64-bit numbers, and for an object that is sent by id.
const FLAG: u32 = 1 << 16;

/// The class of objects that are sent by id.
pub(super) const OBJECT_ID_CLASS: &str = "EncodedObjectAsID";

/// The size of a header, in bytes.
const HEADER: usize = 4;

/// The size of the shortest value or name, in bytes.
const MIN_SIZE: usize = 4;

/// Decodes a value, and returns it with the number of bytes read.
pub(super) fn decode(bytes: &[u8], objects: Objects) -> Result<(Variant, usize), DecodeError> {
    let mut reader = ByteReader::new(bytes);
    if let Some((kind, flagged)) = peek_flat(&reader) {
        reader.take(HEADER)?;
        let value = decode_leaf::decode(&mut reader, kind, flagged)?;
        return Ok((value, reader.at()));
    }
    let mut decoder = VariantDecoder { reader, objects, open: Vec::new(), reserved: 0 };
    loop {
        if let Some(value) = decoder.step()? {
            return Ok((value, decoder.reader.at()));
        }
    }
}

/// Decodes a value, appends it to `values`, and returns the number of bytes read.
pub(super) fn decode_onto(
    values: &mut Vec<Variant>,
    bytes: &[u8],
    objects: Objects,
) -> Result<usize, DecodeError> {
    let mut reader = ByteReader::new(bytes);
    match peek_flat(&reader) {
        Some((kind, flagged)) => {
            reader.take(HEADER)?;
            match kind {
                VariantType::Float => values.push(Variant::Float(decode_leaf::float(&mut reader, flagged)?)),
                VariantType::String => values.push(Variant::String(reader.text()?)),
                VariantType::Vector2 => values.push(Variant::Vector2(reader.floats(flagged)?.into())),
                VariantType::Vector3 => values.push(Variant::Vector3(reader.floats(flagged)?.into())),
                _ => values.push(decode_leaf::decode(&mut reader, kind, flagged)?),
            }
            Ok(reader.at())
        }
        None => {
            let (value, len) = decode(bytes, objects)?;
            values.push(value);
            Ok(len)
        }
    }
}

struct VariantDecoder<'a> {
    reader: ByteReader<'a>,
    objects: Objects,
    /// The containers that are not complete, the innermost last.
    open: Vec<OpenContainer>,
    /// The smallest number of bytes that the missing elements of all open containers can have. It bounds the memory
    /// that is allocated for all nested containers together by the length of the input.
    reserved: usize,
}

/// A container that is not complete yet.
struct OpenContainer {
    at: usize,
    /// The number of missing values.
    missing: usize,
    contents: Contents,
}

/// The decoded part of a container.
enum Contents {
    Array(Array),
    Dictionary { template: Dictionary, entries: Vec<(Variant, Variant)>, key: Option<Variant> },
    Object { class: String, properties: Vec<(String, Variant)>, name: String },
}

impl VariantDecoder<'_> {
    /// Decodes one value, or the start of a container. Returns the outermost value once it is complete.
    fn step(&mut self) -> Result<Option<Variant>, DecodeError> {
        self.flat_values()?;
        if let Some(open) = self.open.last_mut() {
            if let Contents::Object { name, .. } = &mut open.contents {
                *name = self.reader.text()?;
                self.reserved -= MIN_SIZE;
            }
            self.reserved -= MIN_SIZE;
        }
        let at = self.reader.at();
        let header = self.reader.u32()?;
        let (kind, flagged) = split(header).map_err(|id| DecodeError::UnknownType { id, at })?;
        let container = match kind {
            VariantType::Array => self.array(header, at)?,
            VariantType::Dictionary => self.dictionary(header, at)?,
            VariantType::Object if !flagged => match self.object(at)? {
                Some(container) => container,
                None => return self.complete(Variant::Object(None), at),
            },
            kind => {
                let value = decode_leaf::decode(&mut self.reader, kind, flagged)?;
                return self.complete(value, at);
            }
        };
        match container {
            OpenContainer { missing: 0, contents, at } => self.complete(contents.finish(), at),
            open => {
                self.open.push(open);
                Ok(None)
            }
        }
    }

    /// Decodes values of the innermost container, if that is an array or a dictionary: all but the last, up to one that
    /// contains others. They need no stack.
    fn flat_values(&mut self) -> Result<(), DecodeError> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        if matches!(open.contents, Contents::Object { .. }) {
            return Ok(());
        }
        while open.missing > 1 {
            let Some((kind, flagged)) = peek_flat(&self.reader) else { break };
            let at = self.reader.at();
            self.reader.take(HEADER)?;
            match &mut open.contents {
                Contents::Array(array) if array.accepts(kind) => {
                    decode_element(&mut self.reader, kind, flagged, array)?;
                }
                contents => {
                    let value = decode_leaf::decode(&mut self.reader, kind, flagged)?;
                    contents.add(value).map_err(|wrong| wrong.at(at))?;
                }
            }
            open.missing -= 1;
            self.reserved -= MIN_SIZE;
        }
        Ok(())
    }

    /// Adds a complete value to the innermost open container. A container that becomes complete is added to the next
    /// one.
    fn complete(&mut self, mut value: Variant, mut at: usize) -> Result<Option<Variant>, DecodeError> {
        loop {
            let Some(open) = self.open.last_mut() else { return Ok(Some(value)) };
            open.contents.add(value).map_err(|wrong| wrong.at(at))?;
            open.missing -= 1;
            if open.missing > 0 {
                return Ok(None);
            }
            let Some(open) = self.open.pop() else { return Ok(None) };
            (value, at) = (open.contents.finish(), open.at);
        }
    }

    fn array(&mut self, header: u32, at: usize) -> Result<OpenContainer, DecodeError> {
        self.check_depth(at)?;
        let element_type = self.element_type(header >> 16)?;
        let missing = self.element_count(MIN_SIZE)?;
        let array = Array::with_capacity(element_type, missing);
        Ok(OpenContainer { at, missing, contents: Contents::Array(array) })
    }

    fn dictionary(&mut self, header: u32, at: usize) -> Result<OpenContainer, DecodeError> {
        self.check_depth(at)?;
        let key_type = self.element_type(header >> 16)?;
        let value_type = self.element_type(header >> 18)?;
        let count = self.element_count(2 * MIN_SIZE)?;
        let template = Dictionary::typed(key_type, value_type);
        let contents = Contents::Dictionary { template, entries: Vec::with_capacity(count), key: None };
        Ok(OpenContainer { at, missing: 2 * count, contents })
    }

    /// Decodes the start of a full object; `None` for one without a class, which is a null object.
    fn object(&mut self, at: usize) -> Result<Option<OpenContainer>, DecodeError> {
        if self.objects == Objects::ById {
            return Err(DecodeError::ObjectNotAllowed { at });
        }
        self.check_depth(at)?;
        let class = self.reader.text()?;
        if class.is_empty() {
            return Ok(None);
        }
        let missing = self.element_count(2 * MIN_SIZE)?;
        let contents =
            Contents::Object { class, properties: Vec::with_capacity(missing), name: String::new() };
        Ok(Some(OpenContainer { at, missing, contents }))
    }

    fn check_depth(&self, at: usize) -> Result<(), DecodeError> {
        if self.open.len() < MAX_DEPTH { Ok(()) } else { Err(DecodeError::TooDeep { at }) }
    }

    /// Decodes the number of elements of a container. Fails if that many elements of at least `size` bytes do not fit
    /// into the rest of the input, beside those of the other open containers.
    fn element_count(&mut self, size: usize) -> Result<usize, DecodeError> {
        let at = self.reader.at();
        // Old versions marked shared containers with the top bit.
        let count = self.reader.u32()? & 0x7fff_ffff;
        let room = self.reader.left().saturating_sub(self.reserved);
        let bytes = usize::try_from(count).ok().and_then(|count| count.checked_mul(size));
        match bytes.filter(|&bytes| bytes <= room) {
            Some(bytes) => {
                self.reserved += bytes;
                Ok(bytes / size)
            }
            None => Err(DecodeError::TooMany { count, at }),
        }
    }

    /// Decodes an element type. The two lowest bits of `kind` select its format.
    fn element_type(&mut self, kind: u32) -> Result<ElementType, DecodeError> {
        let by_id = self.objects == Objects::ById;
        let named = || ElementType::Class(OBJECT_ID_CLASS.to_owned());
        Ok(match kind & 0b11 {
            0 => ElementType::Untyped,
            1 => {
                let at = self.reader.at();
                let id = self.reader.u32()?;
                match VariantType::try_from(id).map_err(|id| DecodeError::UnknownType { id, at })? {
                    VariantType::Object if by_id => named(),
                    kind => ElementType::Builtin(kind),
                }
            }
            class_or_script => {
                let name = self.reader.text()?;
                match class_or_script {
                    _ if by_id => named(),
                    2 => ElementType::Class(name),
                    _ => ElementType::Script(name),
                }
            }
        })
    }
}

impl Contents {
    fn add(&mut self, value: Variant) -> Result<(), ElementMismatch> {
        match self {
            Self::Array(array) => {
                let expected = array.element_type().kind();
                array.push(value).map_err(|wrong| ElementMismatch::new(expected, wrong))?;
            }
            Self::Dictionary { template, entries, key } => match key.take() {
                None => *key = Some(convert(template.key_type(), value)?),
                Some(key) => entries.push((key, convert(template.value_type(), value)?)),
            },
            Self::Object { properties, name, .. } => properties.push((std::mem::take(name), value)),
        }
        Ok(())
    }

    fn finish(self) -> Variant {
        match self {
            Self::Array(array) => array.into(),
            Self::Dictionary { template, entries, .. } => template.filled(entries).into(),
            Self::Object { class, properties, .. } => Object::Full { class, properties }.into(),
        }
    }
}

/// Splits a header into the type and the flag. The error is the number of an unknown type.
fn split(header: u32) -> Result<(VariantType, bool), u32> {
    Ok((VariantType::try_from(header & 0xff)?, header & FLAG != 0))
}

/// Returns the type and the flag of the next value, if it cannot contain others. An incomplete or unknown header is left
/// to [`VariantDecoder::step`], which returns the error.
fn peek_flat(reader: &ByteReader<'_>) -> Option<(VariantType, bool)> {
    let (kind, flagged) = split(reader.peek_u32()?).ok()?;
    let may_contain = matches!(kind, VariantType::Array | VariantType::Dictionary | VariantType::Object);
    (!may_contain).then_some((kind, flagged))
}

/// Decodes an element of a type that the array accepts. The most frequent ones are written to their places: moving them
/// would take longer than decoding them.
#[inline]
fn decode_element(
    reader: &mut ByteReader<'_>,
    kind: VariantType,
    flagged: bool,
    array: &mut Array,
) -> Result<(), DecodeError> {
    match kind {
        VariantType::Bool => array.push_accepted(Variant::Bool(reader.u32()? != 0)),
        VariantType::Int => array.push_accepted(Variant::Int(decode_leaf::int(reader, flagged)?)),
        VariantType::Float => array.push_accepted(Variant::Float(decode_leaf::float(reader, flagged)?)),
        VariantType::String => array.push_accepted(Variant::String(reader.text()?)),
        _ => array.push_accepted(decode_leaf::decode(reader, kind, flagged)?),
    }
    Ok(())
}

/// A value has another type than its typed container accepts.
struct ElementMismatch {
    expected: VariantType,
    found: VariantType,
}

impl ElementMismatch {
    fn new(expected: VariantType, wrong: WrongType) -> Self {
        Self { expected, found: wrong.found }
    }

    fn at(self, at: usize) -> DecodeError {
        DecodeError::ElementType { expected: self.expected, found: self.found, at }
    }
}

fn convert(element_type: &ElementType, value: Variant) -> Result<Variant, ElementMismatch> {
    element_type.convert(value).map_err(|wrong| ElementMismatch::new(element_type.kind(), wrong))
}
