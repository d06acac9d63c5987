//! The escapes of untrusted text. The standard library's need its tables of Unicode, which would be in every page.

use std::fmt::{self, Write as _};

/// Writes untrusted text. Quotes, backslashes, and characters that could change how the text around it reads are escaped.
pub(super) fn write(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars().try_for_each(|c| write_char(c, f))
}

fn write_char(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match c {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        '\'' | '"' | '\\' => {
            f.write_char('\\')?;
            f.write_char(c)
        }
        _ if c.is_control() || is_invisible(c) => {
            f.write_str("\\u{")?;
            write_hexadecimal(c.into(), f)?;
            f.write_char('}')
        }
        _ => f.write_char(c),
    }
}

fn write_hexadecimal(number: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if number >= 16 {
        write_hexadecimal(number / 16, f)?;
    }
    char::from_digit(number % 16, 16).map_or(Ok(()), |digit| f.write_char(digit))
}

/// Returns `true` for separators of lines, and for format characters, such as those that set the direction of writing: the
/// Unicode categories Zl, Zp and Cf, and everything from U+E0000 on (tags, variation selectors, private use).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..)
}

#[cfg(test)]
mod tests {
    use std::fmt;

    struct Shown(&'static str);

    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            super::write(self.0, f)
        }
    }

    #[test]
    fn text_cannot_change_how_the_text_around_it_reads() {
        for (text, escaped) in [
            ("enough, grüße ✓ 😀", "enough, grüße ✓ 😀"),
            ("it's \"x\" \\", "it\\'s \\\"x\\\" \\\\"),
            ("a\nb\t\r\0", "a\\nb\\t\\r\\u{0}"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("\u{7f}\u{9b}", "\\u{7f}\\u{9b}"),
            ("\u{202e}\u{2066}\u{200f}\u{feff}", "\\u{202e}\\u{2066}\\u{200f}\\u{feff}"),
            ("\u{2028}\u{e0001}\u{10ffff}", "\\u{2028}\\u{e0001}\\u{10ffff}"),
        ] {
            assert_eq!(Shown(text).to_string(), escaped);
        }
    }
}
