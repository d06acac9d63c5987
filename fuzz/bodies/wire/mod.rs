//! The packets of a session: what is read in one is what the format says, and it is the same when it is written and read
//! again; so are the values in it.

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

/// Checks a packet. Answers what it carries, if it is a relay.
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
    let written = encode(&command);
    // A NUL may have been missing.
    assert!(written.len() <= packet.len() + 1, "{command:?} has grown to {}", written.escape_ascii());
    let again = Command::decode(&written).ok();
    assert_eq!(again, what_remains(&command), "written as {}", written.escape_ascii());
    if again.as_ref() == Some(&command) {
        assert_eq!(encode(&command), written);
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

/// What is read again of a command that was written. An entry without values is not seen at the end of a packet, and a packet
/// without entries is none.
fn what_remains<'a>(command: &Command<'a>) -> Option<Command<'a>> {
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

/// Arguments that can be read are written as an engine does, and are the same again.
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
        Err(why) => panic!("{arguments:?} came out of a packet: {why:?}"),
    };
    let packet = encode(&Command::Call(CallPacket { arguments: encoded.get(), ..*call }));
    let Ok(Command::Call(again)) = Command::decode(&packet) else {
        panic!("no call: {}", packet.escape_ascii())
    };
    assert_eq!((again.node, again.method, again.arguments), (call.node, call.method, encoded.get()));
    let decoded = again.arguments.decode(objects);
    assert_eq!(decoded.as_deref().map(seen), Ok(seen(&arguments)));
    if let Arguments::Bytes(bytes) = again.arguments {
        let is_sole_array = matches!(&arguments[..], [Variant::PackedByteArray(array)] if array == bytes);
        assert!(is_sole_array || bytes.is_empty() && arguments.is_empty(), "{arguments:?}");
    }
}

/// Values that can be read are the same when they are written and read again.
fn check_values(values: EncodedValues<'_>) {
    let all = match values.decode(usize::MAX) {
        Ok(all) => all,
        Err(why) => {
            let before = values.decode(why.index).map(|values| values.len());
            return assert_eq!(before, Ok(why.index), "those before the bad one");
        }
    };
    let written = match encode_values(&all) {
        Ok(written) => written,
        Err(why) => panic!("{all:?} came out of a packet: {why:?}"),
    };
    assert_eq!(EncodedValues::new(&written).decode(all.len()).as_deref().map(seen), Ok(seen(&all)));
}

/// Values as they can be compared: a NaN is equal to itself there. An object that is none is written as null.
fn seen(values: &[Variant]) -> Vec<Tree> {
    values.iter().map(|value| Tree::of(value).written()).collect()
}

fn encode(command: &Command<'_>) -> Vec<u8> {
    let mut packet = b"before".to_vec();
    command.encode(&mut packet);
    packet.split_off(b"before".len())
}
