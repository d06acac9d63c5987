//! The messages, made beforehand: a ring of masked frames to send, and one of the frames that must come.

/// The key of every frame. That it never changes is no help to a server, which cannot know.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What goes out and what comes in, as two streams that repeat. A place in one of them is the number of bytes before it.
pub struct Ring {
    out: Stream,
    back: Stream,
}

/// Frames of one size, over and over.
struct Stream {
    /// The size of a frame; 0 if there is none.
    frame: u64,
    /// All of them.
    round: u64,
    // Twice, so that one round from any place is one slice.
    bytes: Vec<u8>,
}

impl Ring {
    /// What echoes are made of: `count` binary messages of so many bytes, each unlike its neighbours.
    pub fn new(count: usize, bytes: usize) -> Self {
        let messages = payloads(count, bytes);
        Self::of(&messages, &messages)
    }

    /// Messages to send, and those that must come. All of either have the same size, and either may be none.
    pub fn of(out: &[Vec<u8>], back: &[Vec<u8>]) -> Self {
        Self { out: Stream::new(out, masked), back: Stream::new(back, plain) }
    }

    /// The bytes that `messages` take on their way out.
    pub fn outgoing(&self, messages: u64) -> u64 {
        messages * self.out.frame
    }

    /// The bytes from one place to another, at most one round.
    pub fn to_send(&self, from: u64, to: u64) -> &[u8] {
        let start = (from % self.out.round) as usize;
        &self.out.bytes[start..start + (to - from).min(self.out.round) as usize]
    }

    /// Whether something may be sent here that is none of the ring's.
    pub fn is_between_frames(&self, sent: u64) -> bool {
        sent.is_multiple_of(self.out.frame)
    }

    /// Whether these bytes are what must come at this place.
    pub fn expects(&self, received: u64, bytes: &[u8]) -> bool {
        let Some(start) = received.checked_rem(self.back.round) else { return bytes.is_empty() };
        let (start, round) = (start as usize, self.back.round as usize);
        // A whole round is as good as any other, so all pieces start at the same place.
        bytes.chunks(round).all(|piece| self.back.bytes[start..start + piece.len()] == *piece)
    }

    /// How many bytes are missing to the end of the frame that this place is in; none between two frames.
    pub fn missing(&self, received: u64) -> u64 {
        received.checked_next_multiple_of(self.back.frame).map_or(0, |end| end - received)
    }

    /// How many whole messages came within so many bytes.
    pub fn messages(&self, received: u64) -> u64 {
        received.checked_div(self.back.frame).unwrap_or(0)
    }

    /// The size of an incoming frame; 0 if none must come.
    pub fn echo(&self) -> u64 {
        self.back.frame
    }
}

impl Stream {
    fn new(messages: &[Vec<u8>], frame: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let frames: Vec<_> = messages.iter().map(|message| frame(message)).collect();
        let size = frames.first().map_or(0, Vec::len);
        debug_assert!(frames.iter().all(|frame| frame.len() == size), "one size for all");
        Self { frame: size as u64, round: (size * frames.len()) as u64, bytes: frames.concat().repeat(2) }
    }
}

/// So many messages of so many bytes, each unlike its neighbours.
pub fn payloads(count: usize, bytes: usize) -> Vec<Vec<u8>> {
    let byte = |number: usize, at: usize| (at.wrapping_mul(131) ^ number.wrapping_mul(29)) as u8;
    (0..count).map(|number| (0..bytes).map(|at| byte(number, at)).collect()).collect()
}

/// A client's frame.
fn masked(message: &[u8]) -> Vec<u8> {
    let mut frame = head(0x80, message.len());
    frame.extend(MASK);
    frame.extend(message.iter().zip(MASK.into_iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// A server's frame.
fn plain(message: &[u8]) -> Vec<u8> {
    let mut frame = head(0, message.len());
    frame.extend(message);
    frame
}

/// The first bytes of a whole binary frame.
fn head(mask_bit: u8, len: usize) -> Vec<u8> {
    let mut head = vec![0x82];
    match len {
        0..=125 => head.push(mask_bit | len as u8),
        126..=0xffff => {
            head.push(mask_bit | 126);
            head.extend((len as u16).to_be_bytes());
        }
        _ => {
            head.push(mask_bit | 127);
            head.extend((len as u64).to_be_bytes());
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_known_by_its_bytes() {
        let ring = Ring::new(3, 200);
        let two_rounds: Vec<u8> = ring.back.bytes.clone();
        assert_eq!(two_rounds.len(), 6 * 204);
        assert!(ring.expects(0, &two_rounds));
        assert!(ring.expects(6 * 204 + 7, &two_rounds[7..]));
        assert!(!ring.expects(204, &two_rounds[..204]), "neighbours are alike");
        assert!(!ring.expects(1, &two_rounds[..10]));
    }

    #[test]
    fn sizes_are_those_of_the_protocol() {
        for (bytes, sent, received) in
            [(64, 70, 66), (1024, 1032, 1028), (1 << 20, (1 << 20) + 14, (1 << 20) + 10)]
        {
            let ring = Ring::new(2, bytes);
            assert_eq!((ring.outgoing(1), ring.echo()), (sent, received));
            assert_eq!(ring.to_send(sent + 1, 3 * sent).len() as u64, 2 * sent - 1);
        }
    }

    #[test]
    fn nothing_is_expected_where_nothing_is_to_come() {
        let ring = Ring::of(&payloads(2, 100), &[]);
        assert!(!ring.expects(0, &[0x82]));
        assert_eq!((ring.messages(0), ring.missing(0), ring.echo()), (0, 0, 0));
    }
}
