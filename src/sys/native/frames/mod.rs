//! Frames: bytes to messages, and messages to bytes. No socket, no clock.
//!
//! The opcodes are tungstenite's. The rest is not left to its `WebSocketContext`, because a server must see what that hides:
//! how many fragments a message has, text that is broken long before its end, and where every buffered byte is. Here an
//! idle connection holds no buffer, a message is copied once on its way in, and a shared packet not at all on its way out.
//! Fuzzing holds what is read here against what tungstenite reads.
//! Source: RFC 6455, sections 5 to 8.

mod close;
mod decoder;
mod encoder;
mod header;
mod mask;
mod partial_message;

pub(super) use self::{
    close::CloseFrame,
    decoder::{Decoder, FrameError, Item, MessageLimits},
    encoder::{Encoder, FrameKind},
    header::MAX_HEADER,
};

/// The longest payload of a control frame (RFC 6455, 5.5).
pub(super) const MAX_CONTROL: usize = 125;

#[cfg(test)]
mod tests {
    use super::{Decoder, Encoder, FrameKind, Item, MessageLimits};
    use crate::packet::PacketKind;

    #[test]
    fn many_small_fragments_do_not_each_have_their_message_moved() {
        const FRAGMENTS: usize = 50_000;
        let limits = MessageLimits { message: 4 << 20, fragments: 0 };
        let mut decoder = Decoder::new(false, limits);
        let (mut held, mut moves) = (0, 0);
        for index in 0..FRAGMENTS {
            let first = if index == 0 { 0x02 } else { 0x00 };
            let mut fragment = vec![first, 64];
            fragment.extend([7; 64]);
            assert_eq!(decoder.next(&mut &fragment[..]), Ok(None));
            moves += usize::from(decoder.held() != held);
            held = decoder.held();
        }
        assert!(moves < 30, "{moves} times");
        assert!(held <= limits.message, "no more than may come: {held}");
    }

    /// How many bytes of a message were moved to new memory, if it comes in reads of `size` bytes behind `before` others.
    fn moved(whole: usize, size: usize, before: usize) -> usize {
        // As an open connection reads.
        const SCRATCH: usize = 64 * 1024;
        const DIRECT: usize = 16 * 1024;
        let ping: &[u8] = b"\x89\0";
        let mut stream = ping.repeat(before / 2);
        let start = stream.len()
            + Encoder::SERVER.plain_header(FrameKind::Packet(PacketKind::Binary), whole).get().len();
        Encoder::SERVER.encode(FrameKind::Packet(PacketKind::Binary), &vec![7; whole], &mut stream);
        let mut decoder = Decoder::new(false, MessageLimits { message: whole, fragments: 0 });
        let (mut moved, mut at) = (0, 0);
        while at < stream.len() {
            let (held, len) = (decoder.held(), at.saturating_sub(start));
            let mut read = size.min(stream.len() - at);
            let whole_message = match decoder.room(DIRECT, size.max(DIRECT)) {
                Some(room) => {
                    read = read.min(room.len());
                    room[..read].copy_from_slice(&stream[at..at + read]);
                    decoder.filled(read).expect("no breach")
                }
                None => {
                    read = read.min(SCRATCH);
                    let mut input = &stream[at..at + read];
                    std::iter::from_fn(|| decoder.next(&mut input).expect("no breach")).last()
                }
            };
            at += read;
            match whole_message {
                Some(Item::Packet(packet)) => assert_eq!((packet.len(), at), (whole, stream.len())),
                _ if decoder.held() != held => moved += len,
                _ => {}
            }
        }
        moved
    }

    #[test]
    fn a_message_of_a_mebibyte_is_moved_at_its_beginning_at_most() {
        const WHOLE: usize = 1 << 20;
        // An Ethernet frame's worth, the first window of a connection, TLS records, what loopback and a read's memory hold.
        for size in [536, 1448, 1460, 4096, 8192, 14_600, 16_384, 32_768, 65_483, 65_535, 65_536, 262_144] {
            for before in [0, 2, 100, 1000, 10_000] {
                let moved = moved(WHOLE, size, before);
                assert!(moved < WHOLE / 12, "{moved} bytes are moved, with reads of {size} behind {before}");
                if size >= 16_384 && before <= 100 {
                    assert_eq!(moved, 0, "reads of {size} behind {before}");
                }
            }
        }
        for whole in [100_000, 1 << 24] {
            for size in [1448, 16_384, 65_536] {
                assert!(moved(whole, size, 0) < whole / 12, "{whole} bytes, with reads of {size}");
            }
        }
    }

    #[test]
    fn a_message_under_way_holds_what_has_come_and_an_idle_decoder_nothing() {
        let mut decoder = Decoder::new(false, MessageLimits { message: 1000, fragments: 3 });
        assert_eq!((decoder.held(), decoder.is_within_message()), (0, false));
        decoder.next(&mut &b"\x82\x7e\x03\xe8ab"[..]).expect("no breach");
        assert!(decoder.is_within_message() && decoder.held() < 100);
        decoder.next(&mut &[0; 998][..]).expect("no breach");
        assert_eq!((decoder.held(), decoder.is_within_message()), (0, false));
    }
}
