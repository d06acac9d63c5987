//! What is sent, and how one looks at what comes back: its length, and its first and last letter. The letters tell neighbours
//! apart. To compare all of it would be work that has nothing to do with a socket.

/// The letters that messages with odd and with even numbers are made of; ASCII, so that text and binary are alike.
const LETTERS: [u8; 2] = *b"ab";

/// The two messages that are sent in turn.
pub struct Messages {
    text: [String; 2],
    pub is_text: bool,
}

impl Messages {
    pub fn new(bytes: usize, is_text: bool) -> Self {
        Self { text: LETTERS.map(|letter| char::from(letter).to_string().repeat(bytes)), is_text }
    }

    /// The message with this number.
    pub fn get(&self, number: u32) -> &str {
        &self.text[number as usize % 2]
    }

    /// Whether this may be the message with this number.
    pub fn is(&self, number: u32, came: &[u8]) -> bool {
        let sent = self.get(number).as_bytes();
        came.len() == sent.len() && came.first() == sent.first() && came.last() == sent.last()
    }
}

/// How far a run has come.
#[derive(Default)]
pub struct Progress {
    /// Messages of the whole connection, so that numbers never begin anew.
    pub sent: u32,
    pub received: u32,
    /// When it is over.
    pub end: u32,
}

impl Progress {
    /// So many messages more. Nothing may be in flight.
    pub fn begin(&mut self, count: u32) {
        self.end = self.received + count;
    }

    pub fn is_over(&self) -> bool {
        self.received == self.end
    }
}
