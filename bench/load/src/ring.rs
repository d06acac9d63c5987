//! The messages, made beforehand: a ring of masked frames to send, and of the frames that must come back.

/// The key of every frame. That it never changes is no help to a server, which cannot know.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What goes out and what comes in, as two streams that repeat. A place in one of them is the number of bytes before it.
pub struct Ring {
    count: u64,
    frame: u64,
    echo: u64,
    // Both twice, so that one round from any place is one slice.
    frames: Vec<u8>,
    echoes: Vec<u8>,
}

impl Ring {
    /// `count` binary messages of so many bytes, each unlike its neighbours.
    pub fn new(count: usize, bytes: usize) -> Self {
        let (mut frames, mut echoes) = (Vec::new(), Vec::new());
        for number in (0..count).chain(0..count) {
            let payload = (0..bytes).map(|at| (at.wrapping_mul(131) ^ number.wrapping_mul(29)) as u8);
            head(&mut frames, 0x80, bytes);
            frames.extend(MASK);
            frames.extend(payload.clone().zip(MASK.into_iter().cycle()).map(|(byte, key)| byte ^ key));
            head(&mut echoes, 0, bytes);
            echoes.extend(payload);
        }
        let size = |stream: &[u8]| (stream.len() / count / 2) as u64;
        Self { count: count as u64, frame: size(&frames), echo: size(&echoes), frames, echoes }
    }

    /// The bytes that `messages` take on their way out.
    pub fn outgoing(&self, messages: u64) -> u64 {
        messages * self.frame
    }

    /// The bytes from one place to another, at most one round.
    pub fn to_send(&self, from: u64, to: u64) -> &[u8] {
        let round = self.count * self.frame;
        let start = (from % round) as usize;
        &self.frames[start..start + (to - from).min(round) as usize]
    }

    /// Whether something may be sent here that is none of the ring's.
    pub fn is_between_frames(&self, sent: u64) -> bool {
        sent.is_multiple_of(self.frame)
    }

    /// Whether these bytes are what must come at this place.
    pub fn expects(&self, received: u64, bytes: &[u8]) -> bool {
        let round = (self.count * self.echo) as usize;
        let start = (received % round as u64) as usize;
        // A whole round is as good as any other, so all pieces start at the same place.
        bytes.chunks(round).all(|piece| self.echoes[start..start + piece.len()] == *piece)
    }

    /// How many bytes are missing to the end of the frame that this place is in; none between two frames.
    pub fn missing(&self, received: u64) -> u64 {
        received.next_multiple_of(self.echo) - received
    }

    /// How many whole messages came within so many bytes.
    pub fn messages(&self, received: u64) -> u64 {
        received / self.echo
    }

    /// The size of an incoming frame.
    pub fn echo(&self) -> u64 {
        self.echo
    }
}

/// The first bytes of a whole binary frame.
fn head(into: &mut Vec<u8>, mask_bit: u8, len: usize) {
    into.push(0x82);
    match len {
        0..=125 => into.push(mask_bit | len as u8),
        126..=0xffff => {
            into.push(mask_bit | 126);
            into.extend((len as u16).to_be_bytes());
        }
        _ => {
            into.push(mask_bit | 127);
            into.extend((len as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_known_by_its_bytes() {
        let ring = Ring::new(3, 200);
        let two_rounds: Vec<u8> = ring.echoes.clone();
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
}
