//! Frames: decodes bytes into messages and encodes messages into bytes. Without socket and clock.
//!
//! tungstenite reads and writes the headers and the control frames. Messages are not assembled by its
//! `WebSocketContext`:
//!
//! - It reserves the memory that a header announces. Here memory is reserved for bytes that have arrived, so that a
//!   server can bound and count it.
//! - It does not report fragments, which cost work and have limits here.
//! - It checks text at the end of a frame. Here invalid UTF-8 is rejected when it arrives.
//! - It copies what is sent. Here a shared packet is not copied, and a packet that waits can be dropped or replaced.
//!
//! The fuzzer compares both.
//! Source: RFC 6455, sections 5 to 8.

mod batch;
mod buffer_pool;
mod close;
mod decoder;
mod encoder;
mod mask;
mod partial_buf;
mod partial_message;
mod small;
mod whole_message;

pub(super) use self::{
    buffer_pool::BufferPool,
    decoder::{FrameDecoder, FrameError, Item, MessageLimits},
    encoder::Encoder,
    small::Small,
};

/// The longest frame header (RFC 6455, 5.2), in bytes.
pub(super) const MAX_HEADER: usize = 14;

/// The longest payload of a control frame (RFC 6455, 5.5), in bytes.
pub(super) const MAX_CONTROL: usize = 125;

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};

    use tungstenite::protocol::{
        Role, WebSocketConfig, WebSocketContext,
        frame::{
            FrameHeader,
            coding::{Data, OpCode},
        },
    };

    use super::{Encoder, FrameDecoder, Item, MAX_HEADER, MessageLimits};
    use crate::packet::PacketKind;

    #[test]
    fn small_fragments_rarely_move_their_message() {
        const FRAGMENTS: usize = 50_000;
        let limits = MessageLimits { message: 4 << 20, fragments: 0 };
        let mut decoder = FrameDecoder::new(false, limits);
        let (mut held, mut moves) = (0, 0);
        for index in 0..FRAGMENTS {
            let first = if index == 0 { 0x02 } else { 0x00 };
            let mut fragment = vec![first, 64];
            fragment.extend([7; 64]);
            assert_eq!(decoder.next(&mut &fragment[..]), Ok(None));
            moves += usize::from(decoder.memory_usage() != held);
            held = decoder.memory_usage();
        }
        assert!(moves < 30, "moved {moves} times");
        assert!(held <= limits.message, "more memory than the largest message: {held}");
    }

    /// Returns how many bytes of a message are moved to new memory, if it arrives in reads of `size` bytes, behind
    /// `before` others.
    fn moved(whole: usize, size: usize, before: usize) -> usize {
        // Like an open connection.
        const SCRATCH: usize = 64 * 1024;
        const DIRECT: usize = 16 * 1024;
        let ping: &[u8] = b"\x89\0";
        let mut stream = ping.repeat(before / 2);
        let start = stream.len() + Encoder::SERVER.plain_header(PacketKind::Binary, whole).get().len();
        Encoder::SERVER.encode(PacketKind::Binary, &vec![7; whole], &mut stream);
        let mut decoder = FrameDecoder::new(false, MessageLimits { message: whole, fragments: 0 });
        let (mut moved, mut at) = (0, 0);
        while at < stream.len() {
            let (held, len) = (decoder.memory_usage(), at.saturating_sub(start));
            let mut read = size.min(stream.len() - at);
            let whole_message = match decoder.room(DIRECT, size.max(DIRECT)) {
                Some(room) => {
                    read = read.min(room.len());
                    room[..read].copy_from_slice(&stream[at..at + read]);
                    decoder.filled(read).expect("valid frames")
                }
                None => {
                    read = read.min(SCRATCH);
                    let mut input = &stream[at..at + read];
                    std::iter::from_fn(|| decoder.next(&mut input).expect("valid frames")).last()
                }
            };
            at += read;
            match whole_message {
                Some(Item::Packet(packet)) => assert_eq!((packet.len(), at), (whole, stream.len())),
                _ if decoder.memory_usage() != held => moved += len,
                _ => {}
            }
        }
        moved
    }

    #[test]
    fn less_than_a_twelfth_of_a_large_message_is_moved() {
        const WHOLE: usize = 1 << 20;
        // Sizes of Ethernet frames, of the first TCP window, of TLS records, of loopback packets, and of the scratch
        // memory.
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
    fn an_incomplete_message_takes_the_memory_of_its_bytes_and_an_idle_decoder_none() {
        let mut decoder = FrameDecoder::new(false, MessageLimits { message: 1000, fragments: 3 });
        assert_eq!((decoder.memory_usage(), decoder.is_within_message()), (0, false));
        decoder.next(&mut &b"\x82\x7e\x03\xe8ab"[..]).expect("valid frames");
        assert!(decoder.is_within_message() && decoder.memory_usage() < 100);
        decoder.next(&mut &[0; 998][..]).expect("valid frames");
        assert_eq!((decoder.memory_usage(), decoder.is_within_message()), (0, false));
    }

    /// A stream that ends no frame: every read would block.
    struct Blocked;

    impl Read for Blocked {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    impl Write for Blocked {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// This is why tungstenite does not assemble the messages. If the second half fails, tungstenite has changed.
    #[test]
    fn a_header_that_announces_the_maximum_takes_no_memory_here_and_all_of_it_in_tungstenite() {
        // More than any allocation may have.
        const MAX: u64 = i64::MAX as u64;
        let mut bytes = Vec::new();
        let opcode = OpCode::Data(Data::Binary);
        let header = FrameHeader { opcode, mask: Some([0; 4]), ..FrameHeader::default() };
        header.format(MAX, &mut bytes).expect("a vector takes every byte");
        assert_eq!(bytes.len(), MAX_HEADER);

        let limits = MessageLimits { message: usize::MAX, fragments: 0 };
        let mut decoder = FrameDecoder::new(true, limits);
        assert_eq!(decoder.next(&mut &bytes[..]), Ok(None));
        assert_eq!(decoder.memory_usage(), 0);

        let reserves = std::panic::catch_unwind(|| {
            let config = WebSocketConfig::default().max_frame_size(None).max_message_size(None);
            let mut context = WebSocketContext::from_partially_read(bytes, Role::Server, Some(config));
            context.read(&mut Blocked).is_err()
        });
        assert!(reserves.is_err(), "tungstenite does not reserve what a header announces");
    }
}
