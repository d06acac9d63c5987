//! A text packet is a string, a binary packet a list of bytes.

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
