//! SIMPLIFY_PATH: the sender assigns an id to the path of a node.
//!
//! ```text
//! 01, 32 hexadecimal digits and a NUL: the checksum of the node's methods, u32 path id, path and NUL
//! ```

use super::{
    malformed::MalformedPacket,
    reader::{PacketReader, text},
};

/// The announcement of a path id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SimplifyPath<'a> {
    /// The checksum of the node's methods, in hexadecimal digits. It is not checked: a peer may send any bytes.
    pub(crate) md5: [u8; 32],
    /// The path id, any number.
    pub(crate) id: u32,
    /// The path of the node, as the sender writes it: `Game/Kid`, `.`, `./Game`, absolute, or empty. Without a NUL.
    pub(crate) path: &'a str,
}

impl<'a> SimplifyPath<'a> {
    pub(super) fn decode(mut body: PacketReader<'a>) -> Result<Self, MalformedPacket> {
        let md5 = body.array()?;
        // An engine does not check that this is a NUL.
        body.u8()?;
        Ok(Self { md5, id: body.u32()?, path: text(body.rest())? })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(1);
        out.extend(self.md5);
        out.push(0);
        out.extend(self.id.to_le_bytes());
        out.extend_from_slice(self.path.as_bytes());
        out.push(0);
    }
}
