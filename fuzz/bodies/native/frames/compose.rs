//! Streams of frames that follow the protocol more often than random bytes.

use arbitrary::{Result, Unstructured};

use super::{
    Sender,
    writer::{apply_key, header, overlong_header},
};

/// The length at which a stream ends, in bytes; one payload may exceed it.
const ENOUGH: usize = 256 * 1024;

/// Returns the frames that the input describes.
pub(super) fn frames(input: &mut Unstructured<'_>, sender: Sender) -> Vec<u8> {
    let mut stream = Vec::new();
    while !input.is_empty() && stream.len() < ENOUGH {
        if frame(input, sender, &mut stream).is_err() {
            break;
        }
    }
    stream
}

fn frame(input: &mut Unstructured<'_>, sender: Sender, stream: &mut Vec<u8>) -> Result<()> {
    // Continuation, text, binary, close, ping and pong, and reserved ones.
    let opcode = *input.choose(&[0, 1, 2, 8, 9, 10, 0, 3, 7, 11, 15])?;
    let flags: u8 = input.arbitrary()?;
    let len = input.int_in_range(0..=255)?.min(input.len());
    let part = input.bytes(len)?;
    let (mut unit, times) = match flags & 3 {
        // A multiple of four bytes, so that each repetition is masked alike.
        3 => (part.repeat(4), *input.choose(&[1, 5, 50, 250])?),
        _ => (part.to_vec(), 1),
    };
    let masks = (sender == Sender::Client) != (flags & 0xf0 == 0xf0);
    let mask = masks.then(|| input.arbitrary()).transpose()?;
    let is_set = |mask: u8, value: u8| flags & mask == value;
    let (fin, rsv1, rsv3) = (is_set(4, 4), is_set(0x78, 0x78), is_set(0x78, 0x70));
    let first = u8::from(fin) << 7 | u8::from(rsv1) << 6 | u8::from(rsv3) << 4 | opcode;
    let key = mask.unwrap_or_default();
    apply_key(&mut unit, key);
    let len = (unit.len() * times) as u64;
    // As rare as each reserved bit.
    let is_overlong = is_set(0x78, 0x68);
    stream.extend(if is_overlong { overlong_header(first, len, mask) } else { header(first, len, mask) });
    stream.extend(unit.repeat(times));
    Ok(())
}
