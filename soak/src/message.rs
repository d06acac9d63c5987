//! What is said. Both ends count: a message that is lost, doubled, changed or out of turn is noticed by its number.

/// The shortest numbered message.
pub const SHORTEST: usize = 8;

/// The message with this number, in so many bytes.
pub fn numbered(number: u64, len: usize) -> Vec<u8> {
    let mut message = vec![filler(number); len.max(SHORTEST)];
    message[..SHORTEST].copy_from_slice(&number.to_be_bytes());
    message
}

/// The number of a message; `None` if it is none.
pub fn number_of(message: &[u8]) -> Option<u64> {
    let (number, rest) = message.split_first_chunk()?;
    let number = u64::from_be_bytes(*number);
    rest.iter().all(|byte| *byte == filler(number)).then_some(number)
}

fn filler(number: u64) -> u8 {
    (number % 251) as u8
}

/// Asks the server for far more than a client could read that does not read.
pub const POUR: &str = "pour";

/// The last word of both: how many numbered messages the speaker has sent.
pub fn farewell(count: u64) -> String {
    format!("{FAREWELL}{count}")
}

/// The count of a farewell.
pub fn farewell_of(text: &str) -> Option<u64> {
    text.strip_prefix(FAREWELL)?.parse().ok()
}

const FAREWELL: &str = "farewell ";

/// What the server calls out to all, with a number that only grows.
pub fn tick(number: u64) -> String {
    format!("{TICK}{number}")
}

/// The number of a tick.
pub fn tick_of(text: &str) -> Option<u64> {
    text.strip_prefix(TICK)?.parse().ok()
}

const TICK: &str = "tick ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_was_changed_is_noticed() {
        for len in [0, 8, 9, 1000] {
            assert_eq!(number_of(&numbered(300, len)), Some(300));
        }
        let mut changed = numbered(300, 100);
        changed[99] ^= 1;
        assert_eq!(number_of(&changed), None);
        assert_eq!(number_of(b"short"), None);
    }

    #[test]
    fn words_are_understood() {
        assert_eq!((farewell_of(&farewell(7)), tick_of(&tick(8))), (Some(7), Some(8)));
        assert_eq!((farewell_of("farewell"), tick_of("farewell 7")), (None, None));
    }
}
