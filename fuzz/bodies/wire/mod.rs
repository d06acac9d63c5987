//! The packets of a session: decoding gives what a naive decoder gives, and the same again after encoding and decoding.
//! The same holds for the values in a packet.

mod reference;

use super::variant::Tree;
use crate::{
    multiplayer::wire::{
        Arguments, CallPacket, Command, EncodedArguments, EncodedSpawnKind, EncodedValues, System,
        encode_values,
    },
    variant::{Objects, Variant},
};

pub(super) fn run(data: &[u8]) {
    let mut packet = data;
    while let Some(inner) = check(packet) {
        packet = inner;
    }
}

/// Checks a packet. Returns the inner packet if it is relayed.
fn check(packet: &[u8]) -> Option<&[u8]> {
    let decoded = Command::decode(packet);
    assert_eq!(decoded.as_ref().ok(), reference::read(packet).as_ref(), "{decoded:?}");
    let command = match decoded {
        Ok(command) => command,
        Err(why) => {
            assert!(!why.to_string().is_empty(), "{why:?}");
            return None;
        }
    };
    let encoded = encode(&command);
    // The encoder adds a NUL that may be missing.
    assert!(encoded.len() <= packet.len() + 1, "{command:?} has grown to {}", encoded.escape_ascii());
    let again = Command::decode(&encoded).ok();
    assert_eq!(again, reencoded(&command), "encoded as {}", encoded.escape_ascii());
    if again.as_ref() == Some(&command) {
        assert_eq!(encode(&command), encoded);
    }
    match command {
        Command::Call(call) => {
            for objects in [Objects::ById, Objects::Full] {
                check_arguments(&call, objects);
            }
        }
        Command::Spawn(spawn) => {
            check_values(spawn.state);
            if let EncodedSpawnKind::Custom(value) = spawn.kind {
                check_values(value);
            }
        }
        Command::Sync { entries, .. } => entries.iter().for_each(|entry| check_values(entry.values)),
        Command::Delta(entries) => entries.iter().for_each(|entry| check_values(entry.values)),
        Command::System(System::Relay { inner, .. }) => return Some(inner),
        _ => {}
    }
    None
}

/// The command after encoding and decoding. An entry without values is lost at the end of a packet, and a packet
/// without entries is invalid.
fn reencoded<'a>(command: &Command<'a>) -> Option<Command<'a>> {
    let mut remaining = command.clone();
    match &mut remaining {
        Command::Sync { entries, .. } => {
            let last = entries.pop()?;
            entries.extend(Some(last).filter(|last| last.values != EncodedValues::new(&[])));
        }
        Command::Delta(entries) => {
            let last = entries.pop()?;
            entries.extend(Some(last).filter(|last| last.values != EncodedValues::new(&[])));
        }
        _ => {}
    }
    Some(remaining)
}

/// Checks that decoded arguments are the same after encoding and decoding.
fn check_arguments(call: &CallPacket<'_>, objects: Objects) {
    let count = match call.arguments {
        Arguments::Bytes(bytes) => usize::from(!bytes.is_empty()),
        Arguments::Values { count, .. } => count.into(),
    };
    let arguments = match call.arguments.decode(objects) {
        Ok(arguments) => arguments,
        Err(why) => return assert!(why.index < count && !why.to_string().is_empty(), "{why:?}"),
    };
    assert_eq!(arguments.len(), count);
    let encoded = match EncodedArguments::new(&arguments, objects) {
        Ok(encoded) => encoded,
        Err(why) => panic!("{arguments:?} were decoded, but cannot be encoded: {why:?}"),
    };
    let packet = encode(&Command::Call(CallPacket { arguments: encoded.get(), ..*call }));
    let Ok(Command::Call(again)) = Command::decode(&packet) else {
        panic!("not a call: {}", packet.escape_ascii())
    };
    assert_eq!((again.node, again.method, again.arguments), (call.node, call.method, encoded.get()));
    let decoded = again.arguments.decode(objects);
    assert_eq!(decoded.as_deref().map(trees), Ok(trees(&arguments)));
    if let Arguments::Bytes(bytes) = again.arguments {
        let is_sole_array = matches!(&arguments[..], [Variant::PackedByteArray(array)] if array == bytes);
        assert!(is_sole_array || bytes.is_empty() && arguments.is_empty(), "{arguments:?}");
    }
}

/// Checks that decoded values are the same after encoding and decoding.
fn check_values(values: EncodedValues<'_>) {
    let all = match values.decode(usize::MAX) {
        Ok(all) => all,
        Err(why) => {
            let before = values.decode(why.index).map(|values| values.len());
            return assert_eq!(before, Ok(why.index), "the values before the invalid one can be decoded");
        }
    };
    let encoded = match encode_values(&all) {
        Ok(encoded) => encoded,
        Err(why) => panic!("{all:?} were decoded, but cannot be encoded: {why:?}"),
    };
    assert_eq!(EncodedValues::new(&encoded).decode(all.len()).as_deref().map(trees), Ok(trees(&all)));
}

/// Values in a form in which NaN is equal to itself. A null object is encoded as null.
fn trees(values: &[Variant]) -> Vec<Tree> {
    values.iter().map(|value| Tree::of(value).reencoded()).collect()
}

fn encode(command: &Command<'_>) -> Vec<u8> {
    let mut packet = b"before".to_vec();
    command.encode(&mut packet);
    packet.split_off(b"before".len())
}
