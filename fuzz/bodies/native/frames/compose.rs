//! Streams that are worth reading: frames that follow the rules more often than bytes at random.

use arbitrary::{Result, Unstructured};
use tungstenite::protocol::frame::{FrameHeader, coding::OpCode};

use super::End;

/// No stream is longer than this, and one payload more.
const ENOUGH: usize = 256 * 1024;

/// As many frames as the input has something to say about.
pub(super) fn frames(input: &mut Unstructured<'_>, sender: End) -> Vec<u8> {
    let mut stream = Vec::new();
    while !input.is_empty() && stream.len() < ENOUGH {
        if frame(input, sender, &mut stream).is_err() {
            break;
        }
    }
    stream
}

fn frame(input: &mut Unstructured<'_>, sender: End, stream: &mut Vec<u8>) -> Result<()> {
    // Continue, text, binary, close, ping, pong; those above them break the rules.
    let opcode = *input.choose(&[0, 1, 2, 8, 9, 10, 0, 3, 7, 11, 15])?;
    let flags: u8 = input.arbitrary()?;
    let len = input.int_in_range(0..=255)?.min(input.len());
    let part = input.bytes(len)?;
    let (mut unit, times) = match flags & 3 {
        // A multiple of four bytes, so that the mask falls on each repetition alike.
        3 => (part.repeat(4), *input.choose(&[1, 5, 50, 250])?),
        _ => (part.to_vec(), 1),
    };
    let masks = (sender == End::Client) != (flags & 0xf0 == 0xf0);
    let mask = masks.then(|| input.arbitrary()).transpose()?;
    // Now and then, like each bit that breaks the rules.
    let is_long = flags & 0x78 == 0x68;
    let header = FrameHeader {
        is_final: flags & 4 != 0,
        rsv1: flags & 0x78 == 0x78,
        rsv2: false,
        rsv3: flags & 0x78 == 0x70,
        opcode: OpCode::from(opcode),
        mask,
    };
    let key = mask.unwrap_or_default();
    unit.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    // To write into memory cannot fail.
    let (start, len) = (stream.len(), (unit.len() * times) as u64);
    if header.format(len, stream).is_ok() {
        if is_long {
            lengthen(stream, start + 1, len);
        }
        stream.extend(unit.repeat(times));
    }
    Ok(())
}

/// Writes the length whose first byte stands at `at` in more bytes than it needs, if there is such a form.
fn lengthen(stream: &mut Vec<u8>, at: usize, len: u64) {
    let (first, written, long) = match stream[at] & 0x7f {
        127 => return,
        126 => (127, 2, len.to_be_bytes().to_vec()),
        short => (126, 0, vec![0, short]),
    };
    stream[at] = stream[at] & 0x80 | first;
    stream.splice(at + 1..at + 1 + written, long);
}
