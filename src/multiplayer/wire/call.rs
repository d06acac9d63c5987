//! REMOTE_CALL: a call of a node's method.
//!
//! ```text
//! first byte: bits 4 and 5: size of the node id (0: u8, 1: u16, 2: u32)
//!             bit 6: size of the method number (0: u8, 1: u16); bit 7: no argument, or a sole PackedByteArray
//!
//! node id, method number,
//! bit 7 unset: u8 count, values      bit 7 set: the bytes of the array, if any
//! if bit 31 of the node id is set: path and NUL, at the offset in the other bits
//! ```

use super::{
    malformed::MalformedPacket,
    reader::{PacketReader, text},
    values::{ArgumentError, decode_next},
};
use crate::variant::{EncodeError, Objects, Variant};

const NODE_SIZE_SHIFT: u8 = 4;
const WIDE_METHOD: u8 = 1 << 6;
const BYTES: u8 = 1 << 7;
/// The bit in the node id that marks the offset of a path.
const BY_PATH: u32 = 1 << 31;

/// The length of the header of a call by path: first byte and offset. The method number follows.
const BY_PATH_HEADER_LEN: usize = 1 + 4;

/// A REMOTE_CALL packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallPacket<'a> {
    /// The node.
    pub(crate) node: NodeRef<'a>,
    /// The number of the method: from 0x8000 for methods of the node, below for those of its script.
    pub(crate) method: u16,
    /// The arguments.
    pub(crate) arguments: Arguments<'a>,
}

/// The node of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeRef<'a> {
    /// The path id that the sender has announced, below 2³¹.
    Id(u32),
    /// The path, as in [`SimplifyPath`](super::SimplifyPath).
    Path(&'a str),
}

/// The arguments of a call, encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arguments<'a> {
    /// A sole `PackedByteArray` with these bytes. If empty, there are no arguments.
    Bytes(&'a [u8]),
    /// A list of values. Bytes after them are ignored.
    Values {
        /// The number of values.
        count: u8,
        /// The encoded values.
        bytes: &'a [u8],
    },
}

impl<'a> CallPacket<'a> {
    /// Decodes a call. `packet` is the whole packet, from whose start the offset of the path counts.
    pub(super) fn decode(first: u8, packet: &'a [u8]) -> Result<Self, MalformedPacket> {
        let mut body = PacketReader::new(packet);
        body.u8()?;
        let node = match (first >> NODE_SIZE_SHIFT) & 0b11 {
            0 => u32::from(body.u8()?),
            1 => u32::from(body.u16()?),
            2 => body.u32()?,
            _ => return Err(MalformedPacket::NodeIdSize),
        };
        let method = if first & WIDE_METHOD == 0 { u16::from(body.u8()?) } else { body.u16()? };
        let rest = body.rest();
        let (node, arguments) = if node & BY_PATH == 0 {
            (NodeRef::Id(node), rest)
        } else {
            let (arguments, path) = split_at_path(packet, rest, node & !BY_PATH)?;
            (NodeRef::Path(text(path)?), arguments)
        };
        Ok(Self { node, method, arguments: Arguments::read(first, arguments)? })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let wide = self.method > u16::from(u8::MAX);
        let flags = if wide { WIDE_METHOD } else { 0 } | self.arguments.flag();
        let node_size = |code: u8| flags | code << NODE_SIZE_SHIFT;
        match self.node {
            NodeRef::Id(id) => {
                let bytes = id.to_le_bytes();
                match id {
                    0..=0xff => out.extend([node_size(0), bytes[0]]),
                    0x100..=0xffff => out.extend([node_size(1), bytes[0], bytes[1]]),
                    _ => {
                        out.push(node_size(2));
                        out.extend(bytes);
                    }
                }
            }
            NodeRef::Path(_) => {
                let offset = BY_PATH_HEADER_LEN + 1 + usize::from(wide) + self.arguments.len();
                out.push(node_size(2));
                out.extend((BY_PATH | offset as u32).to_le_bytes());
            }
        }
        let method = self.method.to_le_bytes();
        out.extend_from_slice(if wide { &method } else { &method[..1] });
        self.arguments.encode(out);
        if let NodeRef::Path(path) = self.node {
            out.extend_from_slice(path.as_bytes());
            out.push(0);
        }
    }
}

/// Splits the bytes after the header into arguments and path. The path is a single NUL if it is empty.
fn split_at_path<'a>(
    packet: &'a [u8],
    after_header: &'a [u8],
    offset: u32,
) -> Result<(&'a [u8], &'a [u8]), MalformedPacket> {
    let header_len = packet.len() - after_header.len();
    let offset = usize::try_from(offset).ok().and_then(|offset| offset.checked_sub(header_len));
    match offset.and_then(|offset| after_header.split_at_checked(offset)) {
        Some((arguments, path)) if !path.is_empty() => Ok((arguments, path)),
        _ => Err(MalformedPacket::PathOffset),
    }
}

impl<'a> Arguments<'a> {
    fn read(first: u8, bytes: &'a [u8]) -> Result<Self, MalformedPacket> {
        if first & BYTES != 0 {
            return Ok(Self::Bytes(bytes));
        }
        let mut body = PacketReader::new(bytes);
        let count = body.u8()?;
        Ok(Self::Values { count, bytes: body.rest() })
    }

    /// Decodes the arguments. Fails if one is invalid; an engine would replace it by null.
    pub(crate) fn decode(self, objects: Objects) -> Result<Vec<Variant>, ArgumentError> {
        match self {
            Self::Bytes([]) => Ok(Vec::new()),
            Self::Bytes(bytes) => Ok(vec![Variant::PackedByteArray(bytes.to_vec())]),
            Self::Values { count, bytes } => {
                let mut rest = bytes;
                // At most 8 KiB, and each value has a byte or more.
                let mut values = Vec::with_capacity(usize::from(count).min(bytes.len()));
                for _ in 0..count {
                    decode_next(&mut rest, &mut values, objects)?;
                }
                Ok(values)
            }
        }
    }

    fn flag(self) -> u8 {
        match self {
            Self::Bytes(_) => BYTES,
            Self::Values { .. } => 0,
        }
    }

    /// Returns the length in a packet, in bytes.
    fn len(self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Values { bytes, .. } => 1 + bytes.len(),
        }
    }

    fn encode(self, out: &mut Vec<u8>) {
        let bytes = match self {
            Self::Bytes(bytes) => bytes,
            Self::Values { count, bytes } => {
                out.push(count);
                bytes
            }
        };
        out.extend_from_slice(bytes);
    }
}

/// The arguments of a call to send, encoded once for all recipients.
///
/// No argument, and a sole `PackedByteArray`, have the short format that an engine uses. A sole empty array has the
/// general format, which engines accept: the short one would be decoded as no argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodedArguments {
    /// `None` if `bytes` are those of a `PackedByteArray`.
    count: Option<u8>,
    bytes: Vec<u8>,
}

/// The arguments cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArgumentsError {
    /// There are more than 255.
    TooMany,
    /// A value cannot be encoded.
    Value(EncodeError),
}

impl EncodedArguments {
    pub(crate) fn new(arguments: &[Variant], objects: Objects) -> Result<Self, ArgumentsError> {
        match arguments {
            [] => return Ok(Self { count: None, bytes: Vec::new() }),
            [Variant::PackedByteArray(array)] if !array.is_empty() => {
                return Ok(Self { count: None, bytes: array.clone() });
            }
            _ => {}
        }
        let count = u8::try_from(arguments.len()).map_err(|_| ArgumentsError::TooMany)?;
        let mut bytes = Vec::new();
        for argument in arguments {
            argument.encode_compressed(&mut bytes, objects).map_err(ArgumentsError::Value)?;
        }
        Ok(Self { count: Some(count), bytes })
    }

    /// Returns the arguments for a [`CallPacket`].
    pub(crate) fn get(&self) -> Arguments<'_> {
        match self.count {
            Some(count) => Arguments::Values { count, bytes: &self.bytes },
            None => Arguments::Bytes(&self.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Command, *};
    use crate::variant::DecodeError;

    const SEVEN: Arguments<'_> = Arguments::Values { count: 1, bytes: &[0x02, 7] };

    #[track_caller]
    fn decoded(packet: &[u8]) -> CallPacket<'_> {
        match Command::decode(packet) {
            Ok(Command::Call(call)) => call,
            other => panic!("{packet:02x?}: {other:?}"),
        }
    }

    fn encoded(node: NodeRef<'_>, method: u16, arguments: Arguments<'_>) -> Vec<u8> {
        let mut out = b"before".to_vec();
        CallPacket { node, method, arguments }.encode(&mut out);
        out.split_off(b"before".len())
    }

    #[test]
    fn ids_of_any_size_are_decoded() {
        let nodes: [(u8, &[u8]); 3] = [(0x00, &[5]), (0x10, &[5, 0]), (0x20, &[5, 0, 0, 0])];
        let methods: [(u8, &[u8]); 2] = [(0x00, &[3]), (0x40, &[3, 0])];
        // Bit 3 is ignored.
        for ignored in [0x00, 0x08] {
            for (node_flag, node) in nodes {
                for (method_flag, method) in methods {
                    let packet = |flag: u8, rest: &[u8]| {
                        [&[ignored | node_flag | method_flag | flag], node, method, rest].concat()
                    };
                    let call = |arguments| CallPacket { node: NodeRef::Id(5), method: 3, arguments };
                    assert_eq!(decoded(&packet(0, &[1, 0x02, 7])), call(SEVEN));
                    assert_eq!(decoded(&packet(0x80, &[])), call(Arguments::Bytes(&[])));
                    assert_eq!(decoded(&packet(0x80, &[1, 2])), call(Arguments::Bytes(&[1, 2])));
                }
            }
        }
    }

    #[test]
    fn ids_are_encoded_in_the_smallest_size() {
        for (id, head) in [
            (0, &[0x00, 0][..]),
            (255, &[0x00, 255]),
            (256, &[0x10, 0, 1]),
            (65535, &[0x10, 255, 255]),
            (65536, &[0x20, 0, 0, 1, 0]),
            (0x7fff_ffff, &[0x20, 0xff, 0xff, 0xff, 0x7f]),
        ] {
            let packet = encoded(NodeRef::Id(id), 3, SEVEN);
            assert_eq!(packet, [head, &[3, 1, 0x02, 7]].concat());
            assert_eq!(decoded(&packet).node, NodeRef::Id(id));
        }
        assert_eq!(encoded(NodeRef::Id(1), 255, SEVEN), [0x00, 1, 255, 1, 0x02, 7]);
        assert_eq!(encoded(NodeRef::Id(1), 256, SEVEN), [0x40, 1, 0, 1, 1, 0x02, 7]);
        assert_eq!(encoded(NodeRef::Id(1), 0x8000, Arguments::Bytes(&[])), [0xc0, 1, 0, 0x80]);
    }

    #[test]
    fn a_path_is_at_the_end() {
        for (method, arguments) in
            [(3, SEVEN), (0x8001, SEVEN), (3, Arguments::Bytes(&[])), (3, Arguments::Bytes(b"ab"))]
        {
            let packet = encoded(NodeRef::Path("Game/Käse"), method, arguments);
            let call = CallPacket { node: NodeRef::Path("Game/Käse"), method, arguments };
            assert_eq!(decoded(&packet), call);
            assert_eq!(decoded(&packet[..packet.len() - 1]), call, "the NUL may be missing");
            assert_eq!(decoded(&[&packet[..], b"rest"].concat()), call, "bytes after the NUL are ignored");
        }
    }

    #[test]
    fn a_path_must_be_after_the_header() {
        let call = |offset: u32, rest: &[u8]| [&[0xa0][..], &(1 << 31 | offset).to_le_bytes(), rest].concat();
        assert_eq!(decoded(&call(6, b"\x03a\0")).node, NodeRef::Path("a"));
        assert_eq!(decoded(&call(6, b"\x03\0")).node, NodeRef::Path(""));
        for (offset, rest) in
            [(0, &b"\x03a\0"[..]), (5, b"\x03a\0"), (8, b"\x03a"), (0x7fff_ffff, b"\x03a"), (6, b"\x03")]
        {
            assert_eq!(Command::decode(&call(offset, rest)), Err(MalformedPacket::PathOffset), "{offset}");
        }
        assert_eq!(Command::decode(&call(6, b"\x03\xff")), Err(MalformedPacket::NotUtf8));
    }

    #[test]
    fn an_incomplete_header_is_rejected() {
        for packet in [
            &[0x00][..],
            &[0x00, 1],
            &[0x00, 1, 3],
            &[0x10, 1, 0],
            &[0x20, 1, 0, 0, 0],
            &[0x40, 1, 0],
            &[0xc0, 1, 0],
        ] {
            assert_eq!(Command::decode(packet), Err(MalformedPacket::TooShort), "{packet:02x?}");
        }
        assert_eq!(Command::decode(&[0x30, 1, 0, 0, 0, 3, 0]), Err(MalformedPacket::NodeIdSize));
        // The count of arguments would be in the path.
        assert_eq!(Command::decode(b"\x20\x06\0\0\x80\x03a\0"), Err(MalformedPacket::TooShort));
    }

    #[test]
    fn all_arguments_must_be_valid() {
        let decode = |count, bytes| Arguments::Values { count, bytes }.decode(Objects::ById);
        assert_eq!(decode(0, &[1, 2, 3]), Ok(Vec::new()));
        assert_eq!(decode(2, &[0x02, 7, 0x81]), Ok(vec![Variant::Int(7), Variant::Bool(true)]));
        assert_eq!(decode(1, &[0x02, 7, 0xff]), Ok(vec![Variant::Int(7)]), "further bytes are ignored");
        assert!(matches!(
            decode(2, &[0x02, 7]),
            Err(ArgumentError { index: 1, error: DecodeError::Truncated { .. } })
        ));
        assert!(matches!(decode(255, &[]), Err(ArgumentError { index: 0, .. })));
        assert!(matches!(
            decode(2, &[0x02, 7, 63, 0, 0, 0]),
            Err(ArgumentError { index: 1, error: DecodeError::UnknownType { .. } })
        ));
    }

    #[test]
    fn the_padding_of_the_last_argument_may_be_missing() {
        let bytes = &[0x1d, 0, 0, 0, 1, 0, 0, 0, 9];
        let arguments = Arguments::Values { count: 1, bytes };
        assert_eq!(arguments.decode(Objects::ById), Ok(vec![Variant::PackedByteArray(vec![9])]));
        let two = Arguments::Values { count: 2, bytes };
        assert!(matches!(two.decode(Objects::ById), Err(ArgumentError { index: 1, .. })));
    }

    #[test]
    fn a_sole_byte_array_has_the_short_format_unless_it_is_empty() {
        let bytes = |bytes: &[u8]| Variant::PackedByteArray(bytes.to_vec());
        for (arguments, expected) in [
            (vec![], Arguments::Bytes(&[])),
            (vec![bytes(&[1, 2])], Arguments::Bytes(&[1, 2])),
            (vec![bytes(&[])], Arguments::Values { count: 1, bytes: &[0x1d, 0, 0, 0, 0, 0, 0, 0] }),
            (
                vec![bytes(&[1]), Variant::Int(7)],
                Arguments::Values { count: 2, bytes: &[0x1d, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x02, 7] },
            ),
        ] {
            let encoded = EncodedArguments::new(&arguments, Objects::ById).unwrap();
            assert_eq!(encoded.get(), expected);
            assert_eq!(encoded.get().decode(Objects::ById), Ok(arguments));
        }
    }

    #[test]
    fn too_many_or_invalid_arguments_are_not_encoded() {
        let many = |count| EncodedArguments::new(&vec![Variant::Nil; count], Objects::ById);
        assert!(matches!(many(255).unwrap().get(), Arguments::Values { count: 255, .. }));
        assert_eq!(many(256), Err(ArgumentsError::TooMany));
        let nul = [Variant::String("a\0b".to_owned())];
        let result = EncodedArguments::new(&nul, Objects::ById);
        assert_eq!(result, Err(ArgumentsError::Value(EncodeError::NulInText)));
    }
}
