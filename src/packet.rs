//! A message: its kind and its bytes.

mod data;
#[cfg(feature = "serde")]
mod serialization;

use std::{fmt, ops::Deref};

use bytes::Bytes;

pub(crate) use self::data::{BackendBytes, Data, PacketBackend, PacketBatch, Platform};

#[cfg(feature = "variant")]
use crate::variant::{DecodeError, EncodeError, Variant};

/// The kind of a packet.
///
/// Godot: `WebSocketPeer.WriteMode`.
#[doc(alias = "WriteMode")]
// As wide as the other fields of a packet. A byte and its padding are copied in pieces, which is several times as slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
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
/// relaying or broadcasting a packet copies nothing; natively a received packet of a few bytes holds them in itself, and is
/// copied. A received packet keeps no memory alive but its bytes.
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
// The kind is last, and has the values that make an `Option<Packet>` as small as a packet. So the compiler copies the bytes
// apart from the kind, in the same pairs of words as the whole. Words that were stored in other pairs are slow to load.
#[derive(Clone, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Packet {
    // Invariant: valid UTF-8 where the kind is `Text`.
    data: Data,
    kind: PacketKind,
}

impl Packet {
    /// Returns a text packet, which takes over the memory of the string.
    pub fn text(text: impl Into<String>) -> Self {
        Self::from_vec(PacketKind::Text, text.into().into_bytes())
    }

    /// Returns a binary packet, which takes over the memory of the vector.
    pub fn binary(data: impl Into<Vec<u8>>) -> Self {
        Self::from_vec(PacketKind::Binary, data.into())
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
    #[inline]
    pub fn kind(&self) -> PacketKind {
        self.kind
    }

    /// Returns `true` if the packet is text.
    ///
    /// Godot: `was_string_packet`.
    #[doc(alias = "was_string_packet")]
    #[inline]
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
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.data
    }

    /// Returns the text of a text packet. Copies it if its bytes are shared, or are at least 64 KiB that a server received.
    ///
    /// # Errors
    /// The packet itself, if it is binary.
    pub fn into_text(self) -> Result<String, Self> {
        match self.kind {
            PacketKind::Text => String::from_utf8(self.data.into_vec())
                .map_err(|error| Self::from_vec(PacketKind::Binary, error.into_bytes())),
            PacketKind::Binary => Err(self),
        }
    }

    /// Returns the bytes, of either kind. Copies them if they are shared, or are at least 64 KiB that a server received.
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

    /// Returns a packet of shared bytes. Those of a text packet must be UTF-8.
    pub(crate) fn from_bytes(kind: PacketKind, data: Bytes) -> Self {
        debug_assert!(kind == PacketKind::Binary || std::str::from_utf8(&data).is_ok());
        Self { kind, data: Data::Bytes(data) }
    }

    /// Returns a packet that takes over the memory of the vector. The bytes of a text packet must be UTF-8.
    pub(crate) fn from_vec(kind: PacketKind, data: Vec<u8>) -> Self {
        debug_assert!(kind == PacketKind::Binary || std::str::from_utf8(&data).is_ok());
        Self { kind, data: BackendBytes::from_vec(data) }
    }

    /// Returns a packet that was received, in the form of the backend. The bytes of a text packet must be UTF-8.
    #[inline]
    #[allow(dead_code, reason = "only a backend that reads frames fills packets")]
    pub(crate) const fn received(kind: PacketKind, data: <Platform as PacketBackend>::Bytes) -> Self {
        Self { kind, data: Data::Backend(data) }
    }

    /// Sets the kind of a packet that was [received](Self::received), and returns its bytes, to be filled. Those of a text
    /// must become UTF-8. `None` for a packet of shared bytes.
    #[inline]
    #[allow(dead_code, reason = "only a backend that reads frames fills packets")]
    pub(crate) fn fill(&mut self, kind: PacketKind) -> Option<&mut <Platform as PacketBackend>::Bytes> {
        self.kind = kind;
        match &mut self.data {
            Data::Backend(data) => Some(data),
            Data::Bytes(_) => None,
        }
    }

    /// Makes a text packet a binary one, and [parts](Self::part) of it cost little.
    #[cfg(feature = "multiplayer")]
    #[inline]
    pub(crate) fn prepare_parts(&mut self) {
        self.kind = PacketKind::Binary;
        BackendBytes::share_parts(&mut self.data);
    }

    /// Returns the packet, and leaves an empty one.
    #[cfg(feature = "multiplayer")]
    #[inline]
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::from_bytes(PacketKind::Binary, Bytes::new()))
    }

    /// Returns a binary packet with a part of the bytes, which it shares where that costs less than a copy.
    #[cfg(feature = "multiplayer")]
    pub(crate) fn part(&self, part: &[u8]) -> Self {
        Self { kind: PacketKind::Binary, data: self.data.part(part) }
    }

    /// Replaces the first bytes of a binary packet: in place if the bytes are not shared.
    #[cfg(feature = "multiplayer")]
    pub(crate) fn replace_start(&mut self, start: &[u8]) {
        debug_assert_eq!(self.kind, PacketKind::Binary);
        self.data.replace_start(start);
    }

    /// Returns the shared bytes, for a backend to send without a copy. `None` for a packet in the form of the backend.
    #[inline]
    pub(crate) fn shared_data(&self) -> Option<&Bytes> {
        self.data.as_shared()
    }

    /// Returns the shared bytes. If no clone exists, they can be changed in place.
    #[allow(dead_code, reason = "browsers have a queue of their own")]
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
    #[inline]
    pub(crate) fn kind(self) -> PacketKind {
        match self {
            Self::Text(_) => PacketKind::Text,
            Self::Binary(_) => PacketKind::Binary,
            Self::Shared(packet) => packet.kind,
        }
    }

    #[inline]
    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(data) => data,
            Self::Shared(packet) => &packet.data,
        }
    }

    #[inline]
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
        Self::from_bytes(PacketKind::Binary, data)
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

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.data
    }
}

impl AsRef<[u8]> for Packet {
    #[inline]
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
