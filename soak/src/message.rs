//! The messages. Both ends count them, so that a lost, duplicated, changed or reordered message shows by its number.

/// The shortest numbered message.
pub const SHORTEST: usize = 8;

/// Returns the message with this number, in `len` bytes.
pub fn numbered(number: u64, len: usize) -> Vec<u8> {
    let mut message = vec![filler(number); len.max(SHORTEST)];
    message[..SHORTEST].copy_from_slice(&number.to_be_bytes());
    message
}

/// Returns the number of a message, or `None` if the message is invalid.
pub fn number_of(message: &[u8]) -> Option<u64> {
    let (number, rest) = message.split_first_chunk()?;
    let number = u64::from_be_bytes(*number);
    rest.iter().all(|byte| *byte == filler(number)).then_some(number)
}

fn filler(number: u64) -> u8 {
    (number % 251) as u8
}

/// Requests far more messages than a client that does not read can buffer.
pub const FLOOD: &str = "flood";

/// Returns the last message of an end: the number of numbered messages that it has sent.
pub fn last_message(count: u64) -> String {
    format!("{LAST}{count}")
}

/// Returns the count in a last message.
pub fn last_message_of(text: &str) -> Option<u64> {
    text.strip_prefix(LAST)?.parse().ok()
}

const LAST: &str = "last ";

/// Returns a broadcast of the server, with a number that only grows.
pub fn tick(number: u64) -> String {
    format!("{TICK}{number}")
}

/// Returns the number of a broadcast.
pub fn tick_of(text: &str) -> Option<u64> {
    text.strip_prefix(TICK)?.parse().ok()
}

const TICK: &str = "tick ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_message_is_invalid() {
        for len in [0, 8, 9, 1000] {
            assert_eq!(number_of(&numbered(300, len)), Some(300));
        }
        let mut changed = numbered(300, 100);
        changed[99] ^= 1;
        assert_eq!(number_of(&changed), None);
        assert_eq!(number_of(b"short"), None);
    }

    #[test]
    fn texts_are_parsed() {
        assert_eq!((last_message_of(&last_message(7)), tick_of(&tick(8))), (Some(7), Some(8)));
        assert_eq!((last_message_of("last"), tick_of("last 7")), (None, None));
    }
}
