//! The rules for names and lines. Text from the network is made safe here before a person reads it.

use std::fmt;

/// The longest line, in characters.
pub const MAX_LINE: usize = 500;

/// The longest name, in characters.
pub const MAX_NAME: usize = 20;

/// Names that clients show for the server, and for the own lines.
const RESERVED: [&str; 2] = ["server", "you"];

/// Returns the name as members see it: trimmed, and checked.
///
/// # Errors
/// The rule that it breaks.
pub fn check_name(name: &str) -> Result<&str, NameError> {
    let name = name.trim();
    if comparable(name).is_empty() {
        return Err(NameError::Empty);
    }
    if name.chars().any(|c| is_control(c) || is_invisible(c)) {
        return Err(NameError::Invisible);
    }
    if name.contains(['[', ']']) {
        return Err(NameError::Bracket);
    }
    if name.chars().count() > MAX_NAME {
        return Err(NameError::TooLong);
    }
    if RESERVED.iter().any(|reserved| is_same_name(reserved, name)) {
        return Err(NameError::Reserved);
    }
    Ok(name)
}

/// Returns `true` if members would take the names for the same: they differ at most in upper and lower case, and in
/// how their characters are joined.
pub fn is_same_name(one: &str, other: &str) -> bool {
    comparable(one) == comparable(other)
}

/// Returns the text as one line that is safe to show, in a page and in a terminal: line ends and tabs are spaces,
/// other control characters and those that reverse the direction of text are removed, and so are spaces around it.
pub fn clean_line(text: &str) -> String {
    let clean: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|&c| !is_control(c)).collect();
    clean.trim().to_owned()
}

/// Returns the text [as a safe line](clean_line) of at most `max` characters. A longer one ends with `…`.
pub fn clean_within(text: &str, max: usize) -> String {
    let clean = clean_line(text);
    if clean.chars().count() <= max {
        return clean;
    }
    clean.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

/// Returns the characters of a name that make it another one.
fn comparable(name: &str) -> String {
    name.to_lowercase().chars().filter(|&c| !is_joiner(c)).collect()
}

/// Returns `true` for characters that join or choose the shapes of others, as in emoji.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Returns `true` for characters that no line may contain: they would change what else is shown.
fn is_control(c: char) -> bool {
    // Line and paragraph separators; embeddings, overrides and isolates of the direction.
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns `true` for characters without a shape, with which two names could look the same.
fn is_invisible(c: char) -> bool {
    let has_no_shape = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}');
    has_no_shape && !is_joiner(c)
}

/// The rule that a name breaks. `Display` writes it as a sentence without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// It has no characters.
    Empty,
    /// It has more than [`MAX_NAME`] characters.
    TooLong,
    /// It has control characters, or characters without a shape.
    Invisible,
    /// It has square brackets, in which messages have ids.
    Bracket,
    /// It belongs to the server, or means the reader.
    Reserved,
    /// Another member has it.
    Taken,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty | Self::TooLong => write!(f, "a name has 1 to {MAX_NAME} characters"),
            Self::Invisible => f.write_str("a name has no invisible characters"),
            Self::Bracket => f.write_str("a name has no square brackets"),
            Self::Reserved => f.write_str("this name cannot be chosen"),
            Self::Taken => f.write_str("this name is taken"),
        }
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_1_to_20_visible_characters() {
        let longest = "ñ".repeat(MAX_NAME);
        for name in ["A", "Ann B", "Jürgen", "李雷", "🦀", "❤\u{fe0f}", "O'Neil", longest.as_str()] {
            assert_eq!(check_name(name), Ok(name));
            assert_eq!(check_name(&format!(" \t{name}\n")), Ok(name), "it is trimmed");
        }
        let too_long = "x".repeat(MAX_NAME + 1);
        for (name, error) in [
            ("", NameError::Empty),
            (" \n ", NameError::Empty),
            ("\u{200d}\u{fe0f}", NameError::Empty),
            (&too_long, NameError::TooLong),
            ("A\nB", NameError::Invisible),
            ("A\tB", NameError::Invisible),
            ("\u{1b}[31mA", NameError::Invisible),
            ("A\u{7f}", NameError::Invisible),
            ("A\u{9b}31m", NameError::Invisible),
            ("\u{202e}nnA", NameError::Invisible),
            ("A\u{2066}B", NameError::Invisible),
            ("An\u{200b}n", NameError::Invisible),
            ("\u{3164}", NameError::Invisible),
            ("A\u{2028}B", NameError::Invisible),
            ("[7] Ann", NameError::Bracket),
            ("Ann]", NameError::Bracket),
            ("Server", NameError::Reserved),
            (" SERVER ", NameError::Reserved),
            ("You", NameError::Reserved),
        ] {
            assert_eq!(check_name(name), Err(error), "{name:?}");
        }
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        assert!(is_same_name("Ann", "aNN") && is_same_name("ÄRGER", "ärger"));
        assert!(is_same_name("Ann", "A\u{200d}nn\u{fe0f}"));
        assert!(!is_same_name("Ann", "Anne"));
    }

    #[test]
    fn a_line_keeps_text_and_loses_control_characters() {
        for (text, clean) in [
            ("hello", "hello"),
            ("  hello  there \r\n", "hello  there"),
            ("one\ntwo\tthree\u{2028}four", "one two three four"),
            ("\u{1b}[2J\u{7}beep\u{0}", "[2Jbeep"),
            ("\u{9b}2J", "2J"),
            ("abc\u{202e}fed\u{2069}", "abcfed"),
            ("👩\u{200d}🚀 שלום é", "👩\u{200d}🚀 שלום é"),
            ("\u{202e}\n", ""),
        ] {
            assert_eq!(clean_line(text), clean, "{text:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(clean_within("ñandú", 5), "ñandú");
        assert_eq!(clean_within("ñandú", 4), "ñan…");
        assert_eq!(clean_within("a\u{0}b\u{0}c", 3), "abc", "what is removed does not count");
        assert_eq!(clean_within("abc", 1), "…");
    }
}
