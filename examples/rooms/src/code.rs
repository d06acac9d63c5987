//! The code of a room: four letters that people can read to each other and type.

use std::{error, fmt, str::FromStr};

/// The letters of a code. `I` and `O` are missing, because they look like digits.
pub const LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The number of letters of a code.
pub const LENGTH: usize = 4;

/// The number of codes.
pub const COUNT: usize = LETTERS.len().pow(LENGTH as u32);

/// The code of a room, such as `ABCD`. It is shown in upper case, and read in any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomCode([u8; LENGTH]);

/// A text is not the code of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidCode;

impl RoomCode {
    /// Returns a random code for which `is_taken` returns `false`. `None` if all codes are taken.
    ///
    /// A few random codes are tried first, and then all codes after a random one. So it ends, also if few are free.
    pub fn random(is_taken: impl Fn(Self) -> bool) -> Option<Self> {
        const TRIES: usize = 16;
        let free = |code: &Self| !is_taken(*code);
        let any = || fastrand::usize(..COUNT);
        let guesses = std::iter::repeat_with(|| Self::nth(any())).take(TRIES);
        let start = any();
        let all = (0..COUNT).map(|offset| Self::nth(start + offset));
        guesses.chain(all).find(free)
    }

    /// Returns the code as text, in upper case.
    pub fn as_str(&self) -> &str {
        // All bytes are letters of `LETTERS`.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns one of all codes. The number is taken modulo [`COUNT`].
    fn nth(number: usize) -> Self {
        let mut rest = number % COUNT;
        Self([(); LENGTH].map(|()| {
            let letter = LETTERS[rest % LETTERS.len()];
            rest /= LETTERS.len();
            letter
        }))
    }
}

impl FromStr for RoomCode {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        let letters: [u8; LENGTH] = text.as_bytes().try_into().map_err(|_| InvalidCode)?;
        let letters = letters.map(|letter| letter.to_ascii_uppercase());
        let is_code = letters.iter().all(|letter| LETTERS.contains(letter));
        if is_code { Ok(Self(letters)) } else { Err(InvalidCode) }
    }
}

impl fmt::Display for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for InvalidCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a code has four letters of A to Z, without I and O")
    }
}

impl error::Error for InvalidCode {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_code_is_read_in_any_case_and_shown_in_upper_case() {
        for text in ["ABCD", "abcd", "aBcD"] {
            assert_eq!(text.parse::<RoomCode>().map(|code| code.to_string()).as_deref(), Ok("ABCD"));
        }
    }

    #[test]
    fn other_texts_are_not_codes() {
        for text in ["", "ABC", "ABCDE", "ABIO", "AB1D", "AB D", " ABC", "ABC\n", "ÄÖ", "🎲", "ABC\0", "%41B"]
        {
            assert_eq!(text.parse::<RoomCode>(), Err(InvalidCode), "{text:?}");
        }
    }

    #[test]
    fn random_codes_are_valid_and_differ() {
        let codes: BTreeSet<RoomCode> = (0..200).filter_map(|_| RoomCode::random(|_| false)).collect();
        assert!(codes.len() > 190, "{} codes of 200", codes.len());
        assert!(codes.iter().all(|code| code.as_str().parse() == Ok(*code)));
    }

    #[test]
    fn the_last_free_code_is_found_and_then_there_is_none() {
        let last: RoomCode = "ZZZY".parse().expect("it is a code");
        assert_eq!(RoomCode::random(|code| code != last), Some(last));
        assert_eq!(RoomCode::random(|_| true), None);
    }
}
