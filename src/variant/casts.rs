//! Converts and parses numbers as Godot does. Where C++ does not define the result, it is that of x86-64.

/// Rounds to a 64-bit integer, towards zero. A number that does not fit, or NaN, becomes the smallest integer.
pub(super) fn to_i64(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

/// Rounds to a 32-bit integer, towards zero. A number that does not fit, or NaN, becomes the smallest integer.
pub(super) fn to_i32(number: f64) -> i32 {
    const LIMIT: f64 = 2_147_483_648.0;
    if (-LIMIT..LIMIT).contains(&number.trunc()) { number as i32 } else { i32::MIN }
}

/// Parses an integer as Godot's `String.to_int` does: all digits before the first point; other characters are ignored.
pub(super) fn read_int(text: &str) -> i64 {
    let whole = text.split('.').next().unwrap_or_default();
    let (mut number, mut sign) = (0_u64, 1_i64);
    for byte in whole.bytes() {
        match byte {
            b'0'..=b'9' => {
                if number > i64::MAX as u64 / 10 {
                    return if sign > 0 { i64::MAX } else { i64::MIN };
                }
                // The last digit may overflow, which changes the sign.
                number = number * 10 + u64::from(byte - b'0');
            }
            b'-' if number == 0 => sign = -sign,
            _ => {}
        }
    }
    (number as i64).wrapping_mul(sign)
}

/// Parses a number as Godot's `String.to_float` does. That uses only the first 18 digits and multiplies powers of ten,
/// so the result is not always the nearest number.
pub(super) fn read_float(text: &str) -> f64 {
    let text = text.trim_start_matches([' ', '\t', '\n']).as_bytes();
    let (is_negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let magnitude = read_magnitude(text);
    if is_negative { -magnitude } else { magnitude }
}

fn read_magnitude(text: &[u8]) -> f64 {
    /// The number of digits that are used.
    const DIGITS: usize = 18;

    let (mut digits, mut point, mut end) = (Vec::new(), None, 0);
    for byte in text {
        match byte {
            b'0'..=b'9' => digits.push(byte - b'0'),
            b'.' if point.is_none() => point = Some(digits.len()),
            _ => break,
        }
        end += 1;
    }
    let before_point = point.unwrap_or(digits.len());
    digits.truncate(DIGITS);
    if digits.is_empty() {
        return 0.0;
    }
    let (high, low) = digits.split_at(digits.len().saturating_sub(9));
    let value = |digits: &[u8]| digits.iter().fold(0.0, |value, digit| value * 10.0 + f64::from(*digit));
    let fraction = 1e9 * value(high) + value(low);

    let shift = before_point as i64 - digits.len() as i64;
    scale(fraction, shift.saturating_add(read_exponent(&text[end..])))
}

/// Parses the exponent after the digits; 0 if there is none.
fn read_exponent(text: &[u8]) -> i64 {
    let [b'e' | b'E', rest @ ..] = text else { return 0 };
    let (sign, rest) = match rest {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, rest),
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    // The limit is far beyond the exponents of a float.
    sign * digits.fold(0_i64, |value, digit| (value * 10 + i64::from(digit - b'0')).min(1_000_000))
}

/// Multiplies with, or divides by, a power of ten, computed from those whose exponents are powers of two.
fn scale(fraction: f64, exponent: i64) -> f64 {
    const LARGEST: u64 = 511;
    const POWERS: [f64; 9] = [1e1, 1e2, 1e4, 1e8, 1e16, 1e32, 1e64, 1e128, 1e256];
    let magnitude = exponent.unsigned_abs().min(LARGEST);
    let mut power = 1.0;
    for (bit, factor) in POWERS.iter().enumerate() {
        if magnitude >> bit & 1 == 1 {
            power *= factor;
        }
    }
    if exponent < 0 { fraction / power } else { fraction * power }
}
