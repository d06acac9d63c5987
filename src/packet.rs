//! One message as the game sees it: its kind and its bytes.

use std::{fmt, ops::Deref};

use bytes::Bytes;

use crate::variant::{DecodeError, EncodeError, Variant};

/// Whether a packet was sent as text or as binary data.
///
/// Godot: `WebSocketPeer.WriteMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// UTF-8 text.
    ///
    /// Godot: `WRITE_MODE_TEXT`.
    Text,
    /// Any bytes.
    ///
    /// Godot: `WRITE_MODE_BINARY`.
    Binary,
}

/// One whole message, with its kind. It derefs to its bytes.
///
/// A clone shares the bytes, so relaying or broadcasting a packet copies nothing. A received packet keeps nothing alive but
/// its own bytes.
///
/// ```
/// use websocket_peer::Packet;
///
/// let packet = Packet::text("hello");
/// assert_eq!(packet.as_text(), Some("hello"));
/// assert_eq!(packet.len(), 5);
/// assert_eq!(Packet::binary(vec![1, 2, 3]).as_text(), None);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Packet {
    kind: PacketKind,
    // Invariant: valid UTF-8 where the kind is `Text`.
    data: Bytes,
}

impl Packet {
    /// A text packet. It takes the string's memory over.
    pub fn text(text: impl Into<String>) -> Self {
        Self { kind: PacketKind::Text, data: text.into().into() }
    }

    /// A binary packet. It takes the vector's memory over.
    pub fn binary(data: impl Into<Vec<u8>>) -> Self {
        Self { kind: PacketKind::Binary, data: data.into().into() }
    }

    /// A binary packet with a value in it, which [`to_variant`](Self::to_variant) or an engine's `get_var` reads. To send the same
    /// value to many peers, make the packet once.
    ///
    /// Whole objects are refused; [`Variant::encode_into`] writes them, too.
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
    pub fn variant(value: &Variant) -> Result<Self, EncodeError> {
        value.encode().map(Self::binary)
    }

    /// How it was sent.
    pub fn kind(&self) -> PacketKind {
        self.kind
    }

    /// Whether it was sent as text.
    ///
    /// Godot: `was_string_packet`.
    #[doc(alias = "was_string_packet")]
    pub fn is_text(&self) -> bool {
        self.kind == PacketKind::Text
    }

    /// The text, if it was sent as text. A binary packet that happens to hold UTF-8 is no text.
    ///
    /// Godot: `get_packet().get_string_from_utf8()`.
    pub fn as_text(&self) -> Option<&str> {
        match self.kind {
            PacketKind::Text => std::str::from_utf8(&self.data).ok(),
            PacketKind::Binary => None,
        }
    }

    /// The bytes, of either kind.
    pub fn as_bytes(&self) -> &[u8] {
        &self.data
    }

    /// The bytes as a vector of their own; copies where they are shared.
    pub fn into_vec(self) -> Vec<u8> {
        self.data.into()
    }

    /// The value that it holds, if it holds one: what [`Packet::variant`] or an
    /// engine's `put_var` has sent. A text packet's bytes are read in the same way, and bytes behind the value are ignored.
    ///
    /// Whole objects are refused; [`Variant::decode_prefix`] takes them, too.
    ///
    /// # Errors
    /// If the bytes are no value.
    ///
    /// Godot: `get_var`.
    #[doc(alias = "get_var")]
    pub fn to_variant(&self) -> Result<Variant, DecodeError> {
        Variant::decode(&self.data)
    }

    /// A binary packet on shared bytes.
    pub(crate) fn from_binary(data: Bytes) -> Self {
        Self { kind: PacketKind::Binary, data }
    }

    /// A text packet on shared bytes that are known to be UTF-8.
    pub(crate) fn from_utf8(data: Bytes) -> Self {
        debug_assert!(std::str::from_utf8(&data).is_ok());
        Self { kind: PacketKind::Text, data }
    }

    /// The shared bytes, for a backend to send without a copy.
    pub(crate) fn data(&self) -> &Bytes {
        &self.data
    }

    /// The same, given away: where nobody else has them they can be changed in place.
    pub(crate) fn into_data(self) -> Bytes {
        self.data
    }
}

/// A packet on its way out, borrowed from the caller. Each backend copies it once, or not at all.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outgoing<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Shared(&'a Packet),
}

impl<'a> Outgoing<'a> {
    #[allow(dead_code, reason = "a browser queues by itself")]
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
    #[allow(dead_code, reason = "a browser queues by itself")]
    pub(crate) fn to_bytes(self) -> Bytes {
        match self {
            Self::Shared(packet) => packet.data.clone(),
            Self::Text(_) | Self::Binary(_) => Bytes::copy_from_slice(self.bytes()),
        }
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
    /// Shows the start of long packets only, so that logging one stays harmless.
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
    }

    #[test]
    fn debug_shows_the_start_of_a_long_packet_only() {
        let long = format!("{:?}", Packet::text("é".repeat(1000)));
        assert!(long.len() < 200, "{long}");
        assert!(long.ends_with("…, 2000 bytes)"), "{long}");
        assert_eq!(format!("{:?}", Packet::binary([1, 255])), "Binary([01, ff], 2 bytes)");
    }
}
