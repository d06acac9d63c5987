//! Parts of a line with a colour.

use std::{borrow::Cow, fmt::Write};

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span<'a> {
    text: Cow<'a, str>,
    color: Option<Color>,
}

/// A colour that can be read on dark and on light terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// For what is less important.
    Dim,
    /// For what is important.
    Bold,
    /// For what went wrong.
    Red,
    /// One of several colours, equal for equal numbers, so that people can be distinguished.
    Numbered(u32),
}

/// Colours of the 256-colour palette with enough contrast on black and on white.
const NUMBERED: [u8; 10] = [32, 35, 67, 97, 99, 133, 136, 167, 169, 172];

impl<'a> Span<'a> {
    /// Creates a part without a colour.
    pub fn plain(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), color: None }
    }

    /// Creates a part with a colour.
    pub fn colored(text: impl Into<Cow<'a, str>>, color: Color) -> Self {
        Self { text: text.into(), color: Some(color) }
    }
}

impl<'a> From<&'a str> for Span<'a> {
    fn from(text: &'a str) -> Self {
        Self::plain(text)
    }
}

impl From<String> for Span<'_> {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

/// Returns the line as it is printed, without an end. No control characters of the text are in it.
pub(crate) fn render(spans: &[Span<'_>], has_color: bool) -> String {
    let mut line = String::new();
    for span in spans {
        let text =
            span.text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|&c| !is_control(c));
        let (start, end) = span.color.filter(|_| has_color).map(Color::codes).unwrap_or_default();
        line.push_str(&start);
        line.extend(text);
        line.push_str(end);
    }
    line
}

impl Color {
    /// Returns the sequences that turn it on and off (ECMA-48, SGR).
    fn codes(self) -> (String, &'static str) {
        let mut start = String::new();
        let end = match self {
            Self::Dim => {
                start.push_str("\x1b[2m");
                "\x1b[22m"
            }
            Self::Bold => {
                start.push_str("\x1b[1m");
                "\x1b[22m"
            }
            Self::Red => {
                start.push_str("\x1b[31m");
                "\x1b[39m"
            }
            Self::Numbered(number) => {
                let color = NUMBERED[number as usize % NUMBERED.len()];
                // Writing to a string does not fail.
                let _ = write!(start, "\x1b[38;5;{color}m");
                "\x1b[39m"
            }
        };
        (start, end)
    }
}

/// Returns `true` for characters that would change what else is shown: control characters, line separators, and those
/// that reverse the direction of text.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_sequences_are_in_a_line() {
        let hostile = "\u{1b}[2J\u{9b}31m\r\nx\u{7}\u{202e}\t\u{0}y";
        let spans = [Span::colored(hostile, Color::Red), Span::from(hostile)];
        assert_eq!(render(&spans, true), "\u{1b}[31m[2J31m  x y\u{1b}[39m[2J31m  x y");
        assert_eq!(render(&spans, false), "[2J31m  x y[2J31m  x y");
    }

    #[test]
    fn equal_numbers_have_equal_colours() {
        let codes = |number| Color::Numbered(number).codes().0;
        assert_eq!(codes(3), codes(3));
        assert_ne!(codes(3), codes(4));
        assert_eq!(codes(u32::MAX), codes(u32::MAX % 10));
    }
}
