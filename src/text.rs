//! Texts with numbers in them. The standard library's formatting of numbers would be in every page, for its errors.

use std::fmt;

/// Writes these parts of a sentence.
pub(crate) fn write_parts(f: &mut fmt::Formatter<'_>, parts: &[&str]) -> fmt::Result {
    parts.iter().try_for_each(|part| f.write_str(part))
}

/// Returns a number in decimal.
pub(crate) fn decimal(number: usize) -> String {
    let mut text = if number < 10 { String::new() } else { decimal(number / 10) };
    // The cast is exact, because a remainder has one digit.
    text.push((b'0' + (number % 10) as u8).into());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_by_the_standard_library() {
        for number in [0, 1, 9, 10, 11, 99, 100, 1_000, 65_535, usize::MAX / 10, usize::MAX] {
            assert_eq!(decimal(number), number.to_string());
        }
    }
}
