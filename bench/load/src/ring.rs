//! Precomputed messages: a ring of masked frames to send, and one of frames to expect.

use crate::frame::{BINARY, client_frame, server_frame};

/// The outgoing and incoming bytes as two repeating streams. A position is the number of bytes before it.
pub struct Ring {
    out: Stream,
    back: Stream,
}

/// A repeating sequence of frames of one size.
struct Stream {
    /// The size of a frame, or 0 if there is none.
    frame: u64,
    /// The size of all frames.
    round: u64,
    // All frames twice, so that one round from any position is a slice.
    bytes: Vec<u8>,
}

impl Ring {
    /// Makes a ring for echoes: `count` binary messages of this size, each different from its neighbours.
    pub fn new(count: usize, bytes: usize) -> Self {
        let messages = payloads(count, bytes);
        Self::of(&messages, &messages)
    }

    /// Makes a ring of messages to send and messages to expect. All messages of a direction have the same size. Either
    /// may be empty.
    pub fn of(out: &[Vec<u8>], back: &[Vec<u8>]) -> Self {
        // A constant masking key does not change the server's work.
        let masked = |message: &[u8]| client_frame(BINARY, message);
        let plain = |message: &[u8]| server_frame(BINARY, message);
        Self { out: Stream::new(out, masked), back: Stream::new(back, plain) }
    }

    /// Returns the size of this number of outgoing messages, in bytes.
    pub fn outgoing(&self, messages: u64) -> u64 {
        messages * self.out.frame
    }

    /// Returns the outgoing bytes between two positions, at most one round.
    pub fn to_send(&self, from: u64, to: u64) -> &[u8] {
        let start = (from % self.out.round) as usize;
        &self.out.bytes[start..start + (to - from).min(self.out.round) as usize]
    }

    /// Returns `true` if another frame may be sent at this position.
    pub fn is_between_frames(&self, sent: u64) -> bool {
        sent.is_multiple_of(self.out.frame)
    }

    /// Returns `true` if these are the expected bytes at this position.
    pub fn expects(&self, received: u64, bytes: &[u8]) -> bool {
        let Some(start) = received.checked_rem(self.back.round) else { return bytes.is_empty() };
        let (start, round) = (start as usize, self.back.round as usize);
        // All rounds are equal, so all pieces start at the same position.
        bytes.chunks(round).all(|piece| self.back.bytes[start..start + piece.len()] == *piece)
    }

    /// Returns the number of bytes to the end of the frame at this position, or 0 between two frames.
    pub fn missing(&self, received: u64) -> u64 {
        received.checked_next_multiple_of(self.back.frame).map_or(0, |end| end - received)
    }

    /// Returns the number of whole messages within this number of bytes.
    pub fn messages(&self, received: u64) -> u64 {
        received.checked_div(self.back.frame).unwrap_or(0)
    }

    /// The size of an incoming frame, or 0 if none is expected.
    pub fn incoming_frame(&self) -> u64 {
        self.back.frame
    }
}

impl Stream {
    fn new(messages: &[Vec<u8>], frame: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let frames: Vec<_> = messages.iter().map(|message| frame(message)).collect();
        let size = frames.first().map_or(0, Vec::len);
        debug_assert!(frames.iter().all(|frame| frame.len() == size), "frames differ in size");
        Self { frame: size as u64, round: (size * frames.len()) as u64, bytes: frames.concat().repeat(2) }
    }
}

/// Makes messages of this size, each different from its neighbours.
pub fn payloads(count: usize, bytes: usize) -> Vec<Vec<u8>> {
    let byte = |number: usize, at: usize| (at.wrapping_mul(131) ^ number.wrapping_mul(29)) as u8;
    (0..count).map(|number| (0..bytes).map(|at| byte(number, at)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_compared_at_their_position() {
        let ring = Ring::new(3, 200);
        let two_rounds: Vec<u8> = ring.back.bytes.clone();
        assert_eq!(two_rounds.len(), 6 * 204);
        assert!(ring.expects(0, &two_rounds));
        assert!(ring.expects(6 * 204 + 7, &two_rounds[7..]));
        assert!(!ring.expects(204, &two_rounds[..204]), "neighbours are equal");
        assert!(!ring.expects(1, &two_rounds[..10]));
    }

    #[test]
    fn frame_sizes_follow_the_protocol() {
        for (bytes, sent, received) in
            [(64, 70, 66), (1024, 1032, 1028), (1 << 20, (1 << 20) + 14, (1 << 20) + 10)]
        {
            let ring = Ring::new(2, bytes);
            assert_eq!((ring.outgoing(1), ring.incoming_frame()), (sent, received));
            assert_eq!(ring.to_send(sent + 1, 3 * sent).len() as u64, 2 * sent - 1);
        }
    }

    #[test]
    fn an_empty_ring_expects_nothing() {
        let ring = Ring::of(&payloads(2, 100), &[]);
        assert!(!ring.expects(0, &[0x82]));
        assert_eq!((ring.messages(0), ring.missing(0), ring.incoming_frame()), (0, 0, 0));
    }
}
