//! The messages, and a check of their length, first and last letter. The letters differ between neighbours. A full
//! comparison would be work that has nothing to do with a socket.

/// The letters of messages with even and with odd numbers. ASCII, so that text and binary messages have the same bytes.
const LETTERS: [u8; 2] = *b"ab";

/// The two messages, which are sent alternately.
pub struct Messages {
    text: [String; 2],
    pub is_text: bool,
}

impl Messages {
    pub fn new(bytes: usize, is_text: bool) -> Self {
        Self { text: LETTERS.map(|letter| char::from(letter).to_string().repeat(bytes)), is_text }
    }

    /// Returns the message with this number.
    pub fn get(&self, number: u32) -> &str {
        &self.text[number as usize % 2]
    }

    /// Returns `true` if this may be the message with this number.
    pub fn matches(&self, number: u32, received: &[u8]) -> bool {
        let sent = self.get(number).as_bytes();
        received.len() == sent.len() && received.first() == sent.first() && received.last() == sent.last()
    }
}

/// The progress of a run.
#[derive(Default)]
pub struct Progress {
    /// Counted over the whole connection, so that message numbers continue.
    pub sent: u32,
    pub received: u32,
    /// The value of `received` at which the run ends.
    pub end: u32,
}

impl Progress {
    /// Starts a run of `count` messages. No message may be in flight.
    pub fn begin(&mut self, count: u32) {
        self.end = self.received + count;
    }

    pub fn is_over(&self) -> bool {
        self.received == self.end
    }
}
