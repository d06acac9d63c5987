//! The packets of a session, and their encoding. Integers are little-endian.
//!
//! ```text
//! byte 0: bits 0 to 2 the command, bit 3 ignored, bits 4 to 7 flags
//! 0 REMOTE_CALL    calls a method of a node         call.rs
//! 1 SIMPLIFY_PATH  assigns an id to a path          path.rs
//! 2 CONFIRM_PATH   confirms a path id
//! 3 RAW            bytes of the program
//! 4 SPAWN          spawns a node                    spawn.rs
//! 5 DESPAWN        removes a spawned node
//! 6 SYNC, DELTA    values of properties             sync.rs
//! 7 SYS            authentication, peers, relay     system.rs
//! ```
//!
//! [`Command::decode`] accepts all packets that an engine accepts. A decoded command borrows from the packet; values
//! are decoded on demand. [`Command::encode`] writes the same bytes as an engine.

mod call;
mod kind;
mod malformed;
mod path;
mod reader;
mod spawn;
mod sync;
mod system;
mod values;

#[cfg(feature = "_fuzz")]
pub(crate) use call::Arguments;
pub(crate) use call::{ArgumentsError, CallPacket, EncodedArguments, NodeRef};
pub use kind::RelayedKind;
pub use malformed::MalformedPacket;
pub(crate) use path::SimplifyPath;
pub(crate) use spawn::{EncodedSpawnKind, SpawnPacket, is_node_name};
pub(crate) use sync::{DeltaEntry, SyncEntry};
pub(crate) use system::{MEMBERSHIP_LEN, System, relay_header, relay_target};
pub use values::ArgumentError;
pub(crate) use values::{EncodedValues, encode as encode_values};

use reader::PacketReader;

/// The bits of the first byte with the command.
const COMMAND: u8 = 0b111;
/// The flag of command 6 that marks a DELTA.
const DELTA: u8 = 1 << 4;
/// The shortest SYNC or DELTA that an engine accepts, in bytes, although the header of a DELTA's entry is longer.
const MIN_SYNC_LEN: usize = 11;

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    /// Calls a method of a node.
    Call(CallPacket<'a>),
    /// Assigns an id to the path of a node.
    SimplifyPath(SimplifyPath<'a>),
    /// Confirms a `SimplifyPath`: the node exists at the receiver.
    ConfirmPath {
        /// `true` if both ends declare the same methods. The id is valid in any case.
        valid: bool,
        /// The path id.
        id: u32,
    },
    /// Bytes of the program, at least one.
    Raw(&'a [u8]),
    /// Spawns a node.
    Spawn(SpawnPacket<'a>),
    /// Removes a spawned node.
    Despawn {
        /// The id of the node.
        net_id: u32,
    },
    /// Values that are sent in every frame.
    Sync {
        /// A counter of the sender's frames, which wraps after 65,535.
        time: u16,
        /// The values of each synchronizer.
        entries: Vec<SyncEntry<'a>>,
    },
    /// Values that have changed.
    Delta(Vec<DeltaEntry<'a>>),
    /// Authentication, peers and relayed packets.
    System(System<'a>),
}

impl<'a> Command<'a> {
    /// Decodes a packet.
    pub(crate) fn decode(packet: &'a [u8]) -> Result<Self, MalformedPacket> {
        let mut body = PacketReader::new(packet);
        let first = body.u8().map_err(|_| MalformedPacket::Empty)?;
        Ok(match first & COMMAND {
            0 => Self::Call(CallPacket::decode(first, packet)?),
            1 => Self::SimplifyPath(SimplifyPath::decode(body)?),
            2 => {
                let (valid, id) = (body.u8()? != 0, body.u32()?);
                body.finish()?;
                Self::ConfirmPath { valid, id }
            }
            3 => Self::Raw(body.non_empty_rest()?),
            4 => Self::Spawn(SpawnPacket::decode(body)?),
            5 => Self::Despawn { net_id: body.u32()? },
            6 if packet.len() < MIN_SYNC_LEN => return Err(MalformedPacket::TooShort),
            6 if first & DELTA != 0 => Self::Delta(DeltaEntry::decode_all(body)?),
            6 => Self::Sync { time: body.u16()?, entries: SyncEntry::decode_all(body)? },
            _ => Self::System(System::decode(body)?),
        })
    }

    /// Appends the packet to `out`.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Call(call) => call.encode(out),
            Self::SimplifyPath(path) => path.encode(out),
            Self::ConfirmPath { valid, id } => {
                out.extend([2, u8::from(*valid)]);
                out.extend(id.to_le_bytes());
            }
            Self::Raw(bytes) => {
                out.push(3);
                out.extend_from_slice(bytes);
            }
            Self::Spawn(spawn) => spawn.encode(out),
            Self::Despawn { net_id } => {
                out.push(5);
                out.extend(net_id.to_le_bytes());
            }
            Self::Sync { time, entries } => {
                out.push(6);
                out.extend(time.to_le_bytes());
                entries.iter().for_each(|entry| entry.encode(out));
            }
            Self::Delta(entries) => {
                out.push(6 | DELTA);
                entries.iter().for_each(|entry| entry.encode(out));
            }
            Self::System(system) => system.encode(out),
        }
    }
}

/// Returns `true` for a SYS packet. Such packets must not be relayed.
pub(crate) fn is_system(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first & COMMAND == 7)
}

/// Returns `true` for ADD_PEER and DEL_PEER.
pub(crate) fn is_membership(packet: &[u8]) -> bool {
    is_system(packet) && matches!(packet.get(1), Some(1 | 2))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::variant::{DecodeError, Object, Objects, Variant};
    use packets::{ARGUMENTS, AUTHENTICATION, FREED_OBJECT, OBJECTS, SESSION};

    mod packets;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns the recorded packets of an engine, with their descriptions.
    fn recorded() -> impl Iterator<Item = (Vec<u8>, String)> {
        let arguments = ARGUMENTS.iter().map(|(hex, text)| (bytes(hex), format!("call 1.3({text})")));
        let others =
            SESSION.iter().chain(&AUTHENTICATION).map(|(hex, text)| (bytes(hex), (*text).to_owned()));
        others.chain(arguments)
    }

    /// Describes a packet as the table does.
    fn describe(packet: &[u8]) -> String {
        match Command::decode(packet).unwrap() {
            Command::Call(call) => {
                let node = match call.node {
                    NodeRef::Id(id) => id.to_string(),
                    NodeRef::Path(path) => path.to_owned(),
                };
                let arguments = call.arguments.decode(Objects::ById).unwrap();
                let arguments: Vec<String> = arguments.iter().map(Variant::to_string).collect();
                format!("call {node}.{}({})", call.method, arguments.join(", "))
            }
            Command::SimplifyPath(SimplifyPath { md5, id, path }) => {
                format!("path {id} is {path}, {}", String::from_utf8_lossy(&md5))
            }
            Command::ConfirmPath { valid, id } => {
                format!("confirmed {id}, {} methods", if valid { "same" } else { "other" })
            }
            Command::Raw(bytes) => format!("raw {}", hex(bytes)),
            Command::System(System::Auth([])) => "auth".to_owned(),
            Command::System(System::Auth(bytes)) => format!("auth {}", hex(bytes)),
            Command::System(System::AddPeer(peer)) => format!("add peer {peer}"),
            Command::System(System::DelPeer(peer)) => format!("delete peer {peer}"),
            Command::System(System::Relay { peer, inner }) => format!("relay {peer}: {}", describe(inner)),
            other => panic!("not in the records: {other:?}"),
        }
    }

    /// Decodes a packet and encodes it again.
    fn reencode(packet: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match Command::decode(packet).unwrap() {
            Command::Call(call) => {
                let arguments = call.arguments.decode(Objects::ById).unwrap();
                let arguments = EncodedArguments::new(&arguments, Objects::ById).unwrap();
                Command::Call(CallPacket { arguments: arguments.get(), ..call }).encode(&mut out);
            }
            Command::System(System::Relay { peer, inner }) => {
                out.extend(relay_header(peer));
                out.extend(reencode(inner));
            }
            other => other.encode(&mut out),
        }
        out
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn recorded_packets_are_decoded() {
        for (packet, text) in recorded() {
            assert_eq!(describe(&packet), text, "{}", hex(&packet));
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn recorded_packets_are_encoded_to_the_same_bytes() {
        for (packet, text) in recorded() {
            let mut out = Vec::new();
            Command::decode(&packet).unwrap().encode(&mut out);
            assert_eq!(hex(&out), hex(&packet), "{text}");
            assert_eq!(hex(&reencode(&packet)), hex(&packet), "{text}");
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn objects_are_instance_ids() {
        for (hex, id) in OBJECTS {
            let packet = bytes(hex);
            let Ok(Command::Call(call)) = Command::decode(&packet) else { panic!("{hex} is a call") };
            let object = Variant::Object(Some(Box::new(Object::Id(id))));
            assert_eq!(call.arguments.decode(Objects::ById), Ok(vec![object]));
            assert_eq!(reencode(&packet), packet);
        }
        let packet = bytes(FREED_OBJECT);
        let Ok(Command::Call(call)) = Command::decode(&packet) else { panic!("it is a call") };
        let error = DecodeError::ObjectNotAllowed { at: 0 };
        assert_eq!(call.arguments.decode(Objects::ById), Err(ArgumentError { index: 0, error }));
    }

    /// Each modified packet is rejected, or is the same after encoding it again.
    #[wasm_bindgen_test(unsupported = test)]
    fn truncated_and_modified_packets_do_not_panic() {
        let check = |packet: &[u8]| {
            let Ok(command) = Command::decode(packet) else { return };
            match &command {
                Command::Call(call) => drop(call.arguments.decode(Objects::Full)),
                Command::Spawn(spawn) => drop(spawn.state.decode(100)),
                // A last entry without values is not encoded.
                Command::Sync { .. } | Command::Delta(_) => return,
                _ => {}
            }
            let mut out = Vec::new();
            command.encode(&mut out);
            assert_eq!(Command::decode(&out).as_ref(), Ok(&command), "{}", hex(packet));
        };
        for (packet, _) in recorded() {
            for len in 0..packet.len() {
                check(&packet[..len]);
            }
            for at in 0..packet.len() {
                for change in [0x01, 0x02, 0x04, 0x10, 0x20, 0x40, 0x80, 0xff] {
                    let mut packet = packet.clone();
                    packet[at] ^= change;
                    check(&packet);
                }
            }
        }
    }

    #[test]
    fn too_short_or_too_long_packets_are_rejected() {
        assert_eq!(Command::decode(&[]), Err(MalformedPacket::Empty));
        let too_short: [&[u8]; 14] = [
            &[0],
            &[1],
            b"\x0101234567890123456789012345678901\0\x01\0\0",
            &[2],
            &[2, 1, 1, 0, 0],
            &[3],
            &[4],
            &[5, 1, 0, 0],
            &[6],
            &[7],
            &[7, 1, 1, 0, 0],
            &[7, 2, 1, 0, 0],
            &[7, 3, 1, 0, 0, 0],
            &[7, 9, 1, 0, 0],
        ];
        for packet in too_short {
            assert_eq!(Command::decode(packet), Err(MalformedPacket::TooShort), "{packet:02x?}");
        }
        assert_eq!(Command::decode(&[2, 1, 1, 0, 0, 0, 0]), Err(MalformedPacket::TooLong));
        let unknown = MalformedPacket::UnknownSystemCommand { command: 4 };
        assert_eq!(Command::decode(&[7, 4, 1, 0, 0, 0]), Err(unknown));
    }

    #[test]
    fn what_engines_ignore_is_ignored() {
        let confirm = Command::ConfirmPath { valid: true, id: 1 };
        let path = SimplifyPath { md5: *b"01234567890123456789012345678901", id: u32::MAX, path: "a" };
        let despawn = Command::Despawn { net_id: 1 };
        for (packet, expected) in [
            // Undefined flags.
            (&[0xfa, 1, 1, 0, 0, 0][..], confirm.clone()),
            (&[0xff, 0], Command::System(System::Auth(&[]))),
            (&[0xfb, 9], Command::Raw(&[9])),
            // Any number but 0 is true.
            (&[2, 0x40, 1, 0, 0, 0], confirm),
            // Further bytes.
            (&[5, 1, 0, 0, 0, 9], despawn),
            (&[7, 1, 1, 0, 0, 0, 9], Command::System(System::AddPeer(1))),
            // A missing NUL; another byte in place of the first NUL.
            (b"\x0101234567890123456789012345678901\0\xff\xff\xff\xffa", Command::SimplifyPath(path)),
            (b"\x0101234567890123456789012345678901!\xff\xff\xff\xffa\0b", Command::SimplifyPath(path)),
        ] {
            assert_eq!(Command::decode(packet), Ok(expected), "{packet:02x?}");
        }
        let invalid_utf8 = b"\x0101234567890123456789012345678901\0\0\0\0\0\xff\0";
        assert_eq!(Command::decode(invalid_utf8), Err(MalformedPacket::NotUtf8));
    }

    #[test]
    fn a_system_packet_is_recognized_by_its_first_byte() {
        assert!(is_system(&[7]) && is_system(&[0xff, 1]) && !is_system(&[6, 7]) && !is_system(&[]));
    }

    #[test]
    fn at_most_the_given_number_of_values_is_decoded() {
        let values = [Variant::Int(5), Variant::Bool(true), Variant::Nil];
        let bytes = encode_values(&values).unwrap();
        assert_eq!(hex(&bytes), "02058100000000");
        assert_eq!(EncodedValues::new(&bytes).decode(9), Ok(values.to_vec()));
        assert_eq!(EncodedValues::new(&bytes).decode(2), Ok(values[..2].to_vec()));
        let cut = EncodedValues::new(&bytes[..5]).decode(9);
        assert!(matches!(cut, Err(ArgumentError { index: 2, .. })), "{cut:?}");
    }
}
