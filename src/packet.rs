//! A message: its kind and its bytes.

mod data;

use std::{fmt, ops::Deref, sync::Arc};

use bytes::Bytes;

use self::data::Data;

#[cfg(feature = "variant")]
use crate::variant::{DecodeError, EncodeError, Variant};

/// The kind of a packet.
///
/// Godot: `WebSocketPeer.WriteMode`.
#[doc(alias = "WriteMode")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// UTF-8 text.
    ///
    /// Godot: `WRITE_MODE_TEXT`.
    #[doc(alias = "WRITE_MODE_TEXT")]
    Text,
    /// Any bytes.
    ///
    /// Godot: `WRITE_MODE_BINARY`.
    #[doc(alias = "WRITE_MODE_BINARY")]
    Binary,
}

/// A whole message, with its kind. It derefs to its bytes.
///
/// Strings make text packets, bytes make binary ones. A clone, and a packet made from `&Packet`, shares the bytes, so
/// relaying or broadcasting a packet copies nothing. A received packet keeps no memory alive but its bytes.
///
/// ```
/// use websocket_peer::Packet;
///
/// let packet = Packet::from("hello");
/// assert_eq!(packet, "hello");
/// assert_eq!(packet.len(), 5);
/// assert_eq!(packet.into_text(), Ok("hello".to_owned()));
/// assert_eq!(Packet::from(vec![1, 2, 3]).as_text(), None);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Packet {
    kind: PacketKind,
    // Invariant: valid UTF-8 where the kind is `Text`.
    data: Data,
}

impl Packet {
    /// Returns a text packet, which takes over the memory of the string.
    pub fn text(text: impl Into<String>) -> Self {
        Self::from_utf8(text.into().into())
    }

    /// Returns a binary packet, which takes over the memory of the vector.
    pub fn binary(data: impl Into<Vec<u8>>) -> Self {
        Self::from_binary(data.into().into())
    }

    /// Encodes a value as a binary packet, which [`to_variant`](Self::to_variant) or an engine's `get_var` decodes. To
    /// send the same value to many peers, make the packet once.
    ///
    /// Whole objects are rejected. [`Variant::encode_into`] can encode them.
    ///
    /// ```
    /// use websocket_peer::{Packet, variant::{Variant, Vector2}};
    ///
    /// let value = Variant::from(Vector2::new(1.0, 2.0));
    /// assert_eq!(Packet::variant(&value)?.to_variant(), Ok(value));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EncodeError`] for a value that has no binary form.
    ///
    /// Godot: `put_var`.
    #[doc(alias = "put_var")]
    #[cfg(feature = "variant")]
    pub fn variant(value: &Variant) -> Result<Self, EncodeError> {
        value.encode().map(Self::binary)
    }

    /// Returns the kind.
    pub fn kind(&self) -> PacketKind {
        self.kind
    }

    /// Returns `true` if the packet is text.
    ///
    /// Godot: `was_string_packet`.
    #[doc(alias = "was_string_packet")]
    pub fn is_text(&self) -> bool {
        self.kind == PacketKind::Text
    }

    /// Returns the text of a text packet. `None` for a binary packet, also if its bytes are UTF-8.
    ///
    /// Godot: `get_packet().get_string_from_utf8()`.
    pub fn as_text(&self) -> Option<&str> {
        match self.kind {
            PacketKind::Text => std::str::from_utf8(&self.data).ok(),
            PacketKind::Binary => None,
        }
    }

    /// Returns the bytes, of either kind.
    pub fn as_bytes(&self) -> &[u8] {
        &self.data
    }

    /// Returns the text of a text packet. Copies it if its bytes are shared.
    ///
    /// # Errors
    /// The packet itself, if it is binary.
    pub fn into_text(self) -> Result<String, Self> {
        match self.kind {
            PacketKind::Text => String::from_utf8(self.data.into_vec())
                .map_err(|error| Self::from_page(PacketKind::Binary, error.into_bytes())),
            PacketKind::Binary => Err(self),
        }
    }

    /// Returns the bytes, of either kind. Copies them if they are shared.
    pub fn into_vec(self) -> Vec<u8> {
        self.data.into_vec()
    }

    /// Decodes a value that [`Packet::variant`] or an engine's `put_var` encoded. The bytes of a text packet are
    /// decoded in the same way. Bytes after the value are ignored.
    ///
    /// Whole objects are rejected. [`Variant::decode_prefix`] can decode them.
    ///
    /// # Errors
    /// [`DecodeError`] for bytes that are not a value.
    ///
    /// Godot: `get_var`.
    #[doc(alias = "get_var")]
    #[cfg(feature = "variant")]
    pub fn to_variant(&self) -> Result<Variant, DecodeError> {
        Variant::decode(&self.data)
    }

    /// Returns a binary packet of shared bytes.
    pub(crate) fn from_binary(data: Bytes) -> Self {
        Self { kind: PacketKind::Binary, data: Data::Bytes(data) }
    }

    /// Returns a text packet of shared bytes, which must be UTF-8.
    pub(crate) fn from_utf8(data: Bytes) -> Self {
        debug_assert!(std::str::from_utf8(&data).is_ok());
        Self { kind: PacketKind::Text, data: Data::Bytes(data) }
    }

    /// Returns a packet that has arrived in a page. The bytes of a text packet must be UTF-8.
    pub(crate) fn from_page(kind: PacketKind, data: Vec<u8>) -> Self {
        debug_assert!(kind == PacketKind::Binary || std::str::from_utf8(&data).is_ok());
        Self { kind, data: Data::Vec(Arc::new(data)) }
    }

    /// Returns the shared bytes, for a backend to send without a copy. `None` for a packet of a page.
    pub(crate) fn shared_data(&self) -> Option<&Bytes> {
        self.data.as_shared()
    }

    /// Returns the shared bytes. If no clone exists, they can be changed in place.
    pub(crate) fn into_data(self) -> Bytes {
        self.data.into_shared()
    }
}

/// A packet to send, borrowed from the caller. Each backend copies it at most once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outgoing<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Shared(&'a Packet),
}

impl<'a> Outgoing<'a> {
    #[allow(dead_code, reason = "browsers have a queue of their own")]
    pub(crate) fn kind(self) -> PacketKind {
        match self {
            Self::Text(_) => PacketKind::Text,
            Self::Binary(_) => PacketKind::Binary,
            Self::Shared(packet) => packet.kind,
        }
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(data) => data,
            Self::Shared(packet) => &packet.data,
        }
    }

    pub(crate) fn len(self) -> usize {
        self.bytes().len()
    }

    /// Returns bytes that outlive the call, shared where they can be.
    #[allow(dead_code, reason = "browsers have a queue of their own")]
    pub(crate) fn to_bytes(self) -> Bytes {
        match self {
            Self::Shared(packet) => packet.data.clone().into_shared(),
            Self::Text(_) | Self::Binary(_) => Bytes::copy_from_slice(self.bytes()),
        }
    }
}

impl From<&str> for Packet {
    /// Copies the text.
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Packet {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&[u8]> for Packet {
    /// Copies the bytes.
    fn from(data: &[u8]) -> Self {
        Self::binary(data)
    }
}

impl<const N: usize> From<&[u8; N]> for Packet {
    /// Copies the bytes.
    fn from(data: &[u8; N]) -> Self {
        Self::binary(data)
    }
}

impl From<Vec<u8>> for Packet {
    fn from(data: Vec<u8>) -> Self {
        Self::binary(data)
    }
}

impl From<Bytes> for Packet {
    /// Shares the bytes.
    fn from(data: Bytes) -> Self {
        Self::from_binary(data)
    }
}

impl From<&Self> for Packet {
    /// Shares the bytes.
    fn from(packet: &Self) -> Self {
        packet.clone()
    }
}

impl PartialEq<str> for Packet {
    /// Returns `true` for a text packet with this text.
    fn eq(&self, text: &str) -> bool {
        self.is_text() && self.as_bytes() == text.as_bytes()
    }
}

impl PartialEq<&str> for Packet {
    /// Returns `true` for a text packet with this text.
    fn eq(&self, text: &&str) -> bool {
        self == *text
    }
}

impl PartialEq<[u8]> for Packet {
    /// Returns `true` for a packet with these bytes, of either kind.
    fn eq(&self, data: &[u8]) -> bool {
        self.as_bytes() == data
    }
}

impl PartialEq<&[u8]> for Packet {
    /// Returns `true` for a packet with these bytes, of either kind.
    fn eq(&self, data: &&[u8]) -> bool {
        self == *data
    }
}

impl<const N: usize> PartialEq<[u8; N]> for Packet {
    /// Returns `true` for a packet with these bytes, of either kind.
    fn eq(&self, data: &[u8; N]) -> bool {
        self == data.as_slice()
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for Packet {
    /// Returns `true` for a packet with these bytes, of either kind.
    fn eq(&self, data: &&[u8; N]) -> bool {
        self == data.as_slice()
    }
}

impl Deref for Packet {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.data
    }
}

impl AsRef<[u8]> for Packet {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl fmt::Debug for Packet {
    /// Shows only the start of a long packet, to keep log lines short.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 64;
        match self.as_text() {
            Some(text) => {
                let shown: String = text.chars().take(SHOWN).collect();
                let more = if shown.len() < text.len() { "…" } else { "" };
                write!(f, "Text({shown:?}{more}, {} bytes)", self.len())
            }
            None => {
                let shown = &self.data[..self.len().min(SHOWN)];
                let more = if shown.len() < self.len() { "…" } else { "" };
                write!(f, "Binary({shown:02x?}{more}, {} bytes)", self.len())
            }
        }
    }
}

/// A text packet is a string, a binary packet a list of bytes.
#[cfg(feature = "serde")]
mod serialization {
    use std::fmt;

    use serde::{
        Deserialize, Deserializer, Serialize, Serializer,
        de::{SeqAccess, Visitor, value::SeqAccessDeserializer},
    };

    use crate::packet::{Packet, PacketKind};

    impl Serialize for Packet {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match (self.kind(), self.as_text()) {
                (PacketKind::Text, Some(text)) => serializer.serialize_str(text),
                _ => serializer.collect_seq(self.as_bytes()),
            }
        }
    }

    impl<'de> Deserialize<'de> for Packet {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(PacketVisitor)
        }
    }

    struct PacketVisitor;

    impl<'de> Visitor<'de> for PacketVisitor {
        type Value = Packet;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or bytes")
        }

        fn visit_str<E>(self, text: &str) -> Result<Packet, E> {
            Ok(Packet::text(text))
        }

        fn visit_bytes<E>(self, data: &[u8]) -> Result<Packet, E> {
            Ok(Packet::binary(data))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, data: A) -> Result<Packet, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(data)).map(Packet::binary)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_shares_the_bytes() {
        let packet = Packet::binary(vec![7; 1000]);
        assert_eq!(packet.clone().as_ptr(), packet.as_ptr());
        assert_eq!(Packet::from(&packet).as_ptr(), packet.as_ptr());
    }

    #[test]
    fn strings_make_text_and_bytes_make_binary_packets() {
        let text = [Packet::from("ab"), Packet::from("ab".to_owned()), Packet::from(&Packet::text("ab"))];
        for packet in text {
            assert_eq!((packet.kind(), &packet), (PacketKind::Text, &Packet::text("ab")));
            assert_eq!(packet, "ab");
            assert_eq!(packet, b"ab");
            assert_eq!(packet.into_text(), Ok("ab".to_owned()));
        }
        let bytes =
            [Packet::from(b"ab"), b"ab"[..].into(), vec![b'a', b'b'].into(), Bytes::from("ab").into()];
        for packet in bytes {
            assert_eq!((packet.kind(), &packet), (PacketKind::Binary, &Packet::binary(*b"ab")));
            assert_ne!(packet, "ab");
            assert_eq!(packet, *b"ab");
            assert_eq!(packet, b"ab"[..]);
            assert_eq!(packet.clone().into_text(), Err(packet));
        }
    }

    #[test]
    fn debug_shows_only_the_start_of_a_long_packet() {
        let long = format!("{:?}", Packet::text("é".repeat(1000)));
        assert!(long.len() < 200, "{long}");
        assert!(long.ends_with("…, 2000 bytes)"), "{long}");
        assert_eq!(format!("{:?}", Packet::binary([1, 255])), "Binary([01, ff], 2 bytes)");
    }
}
