//! A naive decoder of packets, by offsets. It shares only the types of its results with the library. `None` stands for
//! a packet that has to be rejected.

use crate::multiplayer::wire::{
    Arguments, CallPacket, Command, DeltaEntry, EncodedSpawnKind, EncodedValues, NodeRef, SimplifyPath,
    SpawnPacket, SyncEntry, System, is_node_name,
};

pub(super) fn read(packet: &[u8]) -> Option<Command<'_>> {
    let first = *packet.first()?;
    Some(match first & 7 {
        0 => Command::Call(call(first, packet)?),
        1 => Command::SimplifyPath(SimplifyPath {
            md5: packet.get(1..33)?.try_into().ok()?,
            id: u32_at(packet, 34)?,
            path: text(packet.get(38..)?)?,
        }),
        2 if packet.len() == 6 => Command::ConfirmPath { valid: packet[1] != 0, id: u32_at(packet, 2)? },
        3 if packet.len() > 1 => Command::Raw(&packet[1..]),
        4 => Command::Spawn(spawn(packet)?),
        5 => Command::Despawn { net_id: u32_at(packet, 1)? },
        6 if packet.len() >= 11 => updates(first, packet)?,
        7 => Command::System(system(packet)?),
        _ => return None,
    })
}

fn call(first: u8, packet: &[u8]) -> Option<CallPacket<'_>> {
    let (node, method_at) = match first >> 4 & 3 {
        0 => ((*packet.get(1)?).into(), 2),
        1 => (u16_at(packet, 1)?.into(), 3),
        2 => (u32_at(packet, 1)?, 5),
        _ => return None,
    };
    let (method, arguments_at) = match first & 0x40 {
        0 => ((*packet.get(method_at)?).into(), method_at + 1),
        _ => (u16_at(packet, method_at)?, method_at + 2),
    };
    let (node, end) = match node.checked_sub(0x8000_0000) {
        Some(path_at) if (path_at as usize) < packet.len() => {
            (NodeRef::Path(text(&packet[path_at as usize..])?), path_at as usize)
        }
        Some(_) => return None,
        None => (NodeRef::Id(node), packet.len()),
    };
    let area = packet.get(arguments_at..end)?;
    let arguments = match first & 0x80 {
        0 => Arguments::Values { count: *area.first()?, bytes: &area[1..] },
        _ => Arguments::Bytes(area),
    };
    Some(CallPacket { node, method, arguments })
}

fn spawn(packet: &[u8]) -> Option<SpawnPacket<'_>> {
    let scene = *packet.get(1)?;
    let (count, name_len) = (u32_at(packet, 10)? as usize, u32_at(packet, 14)? as usize);
    let ids = packet.get(18..18 + 4 * count)?;
    let name_at = 18 + ids.len();
    let name = text(packet.get(name_at..name_at + name_len)?)?;
    let behind = &packet[name_at + name_len..];
    let (what, state) = match scene {
        255 => {
            let (value, state) = behind.get(4..)?.split_at_checked(u32_at(behind, 0)? as usize)?;
            (EncodedSpawnKind::Custom(EncodedValues::new(value)), state)
        }
        scene => (EncodedSpawnKind::Scene(scene), behind),
    };
    is_node_name(name).then_some(SpawnPacket {
        kind: what,
        spawner: u32_at(packet, 2)?,
        net_id: u32_at(packet, 6)?,
        sync_ids: (0..count).filter_map(|index| u32_at(ids, 4 * index)).collect(),
        name,
        state: EncodedValues::new(state),
    })
}

/// A sync or a delta packet.
fn updates(first: u8, packet: &[u8]) -> Option<Command<'_>> {
    let is_delta = first & 0x10 != 0;
    let (mut at, head) = if is_delta { (1, 16) } else { (3, 8) };
    let (mut sync, mut delta) = (Vec::new(), Vec::new());
    while packet.len() - at > head {
        let sync_id = u32_at(packet, at)?;
        let values_at = at + head;
        let end = values_at + u32_at(packet, values_at - 4)? as usize;
        let values = EncodedValues::new(packet.get(values_at..end)?);
        if is_delta {
            let halves = [u32_at(packet, at + 4)?, u32_at(packet, at + 8)?].map(u64::from);
            delta.push(DeltaEntry { sync_id, changed: halves[0] | halves[1] << 32, values });
        } else {
            sync.push(SyncEntry { sync_id, values });
        }
        at = end;
    }
    Some(match is_delta {
        true => Command::Delta(delta),
        false => Command::Sync { time: u16_at(packet, 1)?, entries: sync },
    })
}

fn system(packet: &[u8]) -> Option<System<'_>> {
    let command = *packet.get(1)?;
    if command == 0 {
        return Some(System::Auth(&packet[2..]));
    }
    let peer = u32_at(packet, 2)? as i32;
    match command {
        1 => Some(System::AddPeer(peer)),
        2 => Some(System::DelPeer(peer)),
        3 if packet.len() > 6 => Some(System::Relay { peer, inner: &packet[6..] }),
        _ => None,
    }
}

/// A text up to a NUL or the end.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes.split(|byte| *byte == 0).next()?).ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}
