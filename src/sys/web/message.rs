//! From the data of a message event to a [`Packet`], in as few copies as the browser allows.

use js_sys::JsString;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use crate::packet::{Packet, PacketKind};

/// Reads the messages of one connection.
pub(super) struct Reader {
    encoder: TextEncoder,
    max: usize,
}

impl Reader {
    /// Creates a reader of messages of at most `max` bytes.
    pub(super) fn new(max: usize) -> Self {
        Self { encoder: TextEncoder::new(), max }
    }

    /// Returns the packet, or `None` if it is too large. No more bytes than the limit are copied.
    pub(super) fn read(&self, data: &JsValue) -> Option<Packet> {
        // The length also distinguishes the kinds, so that one call suffices.
        match data.unchecked_ref::<ArrayBuffer>().byte_length() {
            Some(len) if len as usize <= self.max => {
                Some(Packet::from_vec(PacketKind::Binary, Uint8Array::new(data).value_of()))
            }
            Some(_) => None,
            None => read_text(data.unchecked_ref(), self.max, &self.encoder),
        }
    }
}

/// Converts in one of two ways, because neither is fast for every length. wasm-bindgen reads one code unit at a time.
/// `TextEncoder` is one call into the browser, which costs as much for one letter as for a hundred. Measured with ASCII
/// in Chromium, wasm-bindgen takes a third of the time of `TextEncoder` at 16 letters, the same time at 128, three
/// times as long at 4096, and five times as long at a million.
fn read_text(text: &JsString, max: usize, encoder: &TextEncoder) -> Option<Packet> {
    const SHORT: usize = 128;
    let units = text.length() as usize;
    // Each unit of UTF-16 takes at least one byte of UTF-8.
    if units > max {
        return None;
    }
    // A `TextEncoder` cannot write into shared memory, which a program with threads has.
    if units <= SHORT || cfg!(target_feature = "atomics") {
        let text = String::from(text);
        return (text.len() <= max).then(|| Packet::from_vec(PacketKind::Text, text.into_bytes()));
    }
    encode(text, units, max, encoder).map(|utf8| Packet::from_vec(PacketKind::Text, utf8))
}

/// Returns the text as UTF-8, if that has at most `max` bytes.
fn encode(text: &JsString, units: usize, max: usize, encoder: &TextEncoder) -> Option<Vec<u8>> {
    const MIDDLE: usize = 1024;
    if units <= MIDDLE {
        // Room for any text costs less than a second call. A unit takes at most three bytes: a character beyond U+FFFF
        // has four, and is two units.
        let mut room = [0; 3 * MIDDLE];
        let written = encoder.encode_into(text, room.get_mut(..3 * units)?).written();
        return room.get(..written as usize).filter(|utf8| utf8.len() <= max).map(<[u8]>::to_vec);
    }
    // Most text is ASCII, so the first call has room for that.
    let mut utf8 = vec![0; units];
    let start = encoder.encode_into(text, &mut utf8);
    let (mut read, mut written) = (start.read() as usize, start.written() as usize);
    if read < units {
        utf8.resize(max.min(written + 3 * (units - read)), 0);
        let rest = encoder.encode_into(&text.slice(read as u32, units as u32), utf8.get_mut(written..)?);
        read += rest.read() as usize;
        written += rest.written() as usize;
    }
    utf8.truncate(written);
    utf8.shrink_to_fit();
    (read == units).then_some(utf8)
}

#[wasm_bindgen]
extern "C" {
    /// All data except text, because of `binaryType`.
    type ArrayBuffer;

    /// A string has none.
    #[wasm_bindgen(method, getter, js_name = byteLength)]
    fn byte_length(this: &ArrayBuffer) -> Option<u32>;

    type Uint8Array;

    #[wasm_bindgen(constructor)]
    fn new(buffer: &JsValue) -> Uint8Array;

    /// Returns the array itself in JavaScript, of which wasm-bindgen makes the one copy.
    #[wasm_bindgen(method, js_name = valueOf)]
    fn value_of(this: &Uint8Array) -> Vec<u8>;

    type TextEncoder;

    #[wasm_bindgen(constructor)]
    fn new() -> TextEncoder;

    /// Writes whole characters as far as they fit.
    #[wasm_bindgen(method, js_name = encodeInto)]
    fn encode_into(this: &TextEncoder, text: &JsString, into: &mut [u8]) -> Encoded;

    type Encoded;

    /// The number of UTF-16 units that were read.
    #[wasm_bindgen(method, getter)]
    fn read(this: &Encoded) -> u32;

    /// The number of UTF-8 bytes that were written.
    #[wasm_bindgen(method, getter)]
    fn written(this: &Encoded) -> u32;
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn read_str(text: &str, max: usize) -> Option<Packet> {
        Reader::new(max).read(&JsValue::from_str(text))
    }

    #[wasm_bindgen_test]
    fn text_of_every_length_and_alphabet_is_read_correctly() {
        for letters in ["a", "é", "€", "😀", "a\0é€😀", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa😀"] {
            for times in [0, 1, 5, 64, 128, 129, 1000, 1024, 1025] {
                let text = letters.repeat(times);
                let packet = read_str(&text, text.len());
                assert_eq!(packet.as_ref().and_then(Packet::as_text), Some(text.as_str()));
            }
        }
    }

    #[wasm_bindgen_test]
    fn the_limit_is_exact_in_bytes() {
        for letters in ["a", "é", "€", "😀", "aé€😀"] {
            for times in [1, 5, 100, 500, 2000] {
                let text = letters.repeat(times);
                assert!(read_str(&text, text.len()).is_some());
                assert!(read_str(&text, text.len() - 1).is_none());
            }
        }
        let bytes = js_sys::Uint8Array::from([7; 10].as_slice()).buffer();
        assert_eq!(Reader::new(10).read(&bytes), Some(Packet::binary([7; 10])));
        assert_eq!(Reader::new(9).read(&bytes), None);
    }
}
