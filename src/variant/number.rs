//! Formats floating-point numbers as Godot's `var_to_str` does.

use std::fmt;

/// A number with more digits before the point is written with an exponent.
const MAX_DIGITS: i32 = 15;
/// A number with more zeros after `0.` is written with an exponent.
const MAX_ZEROS: i32 = 3;

/// Displays a number with the fewest digits that identify it, among 32-bit floats if it is one, else among 64-bit
/// floats.
pub(super) struct Number(pub(super) f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = *self;
        if number == 0.0 {
            // -0 has no sign in Godot's output.
            f.write_str("0")
        } else if number.is_nan() {
            f.write_str("nan")
        } else if number.is_infinite() {
            f.write_str(if number > 0.0 { "inf" } else { "inf_neg" })
        } else {
            let short = number as f32;
            let scientific =
                if f64::from(short) == number { format!("{short:e}") } else { format!("{number:e}") };
            write_digits(&scientific, f)
        }
    }
}

/// Rewrites Rust's `-1.23e-4` in the format of C's `%g`.
fn write_digits(scientific: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(positive) => ("-", positive),
        None => ("", mantissa),
    };
    let (first, others) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{first}{others}");
    // The number of digits before the point.
    let before = exponent.parse::<i32>().unwrap_or_default() + 1;
    f.write_str(sign)?;
    match usize::try_from(before) {
        Ok(before) if before > 0 && before <= MAX_DIGITS as usize => match digits.split_at_checked(before) {
            Some((whole, "")) => f.write_str(whole),
            Some((whole, rest)) => write!(f, "{whole}.{rest}"),
            None => write!(f, "{digits:0<before$}"),
        },
        _ if (-MAX_ZEROS..=0).contains(&before) => {
            write!(f, "0.{}{digits}", &"000"[..before.unsigned_abs() as usize])
        }
        _ => {
            let point = if others.is_empty() { "" } else { "." };
            let exponent = before - 1;
            let direction = if exponent < 0 { '-' } else { '+' };
            write!(f, "{first}{point}{others}e{direction}{:02}", exponent.unsigned_abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_godot_does() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-2.25, "-2.25"),
            (f64::from(0.1f32), "0.1"),
            (0.1, "0.1"),
            (0.001, "0.001"),
            (0.0001, "0.0001"),
            (0.000_123, "0.000123"),
            (0.000_012_3, "1.23e-05"),
            (123_456.789, "123456.789"),
            (1e14, "100000000000000"),
            (123_456_789_012_345.0, "123456789012345"),
            (1_234_567_890_123_456.0, "1.234567890123456e+15"),
            (1e15, "1e+15"),
            (1e300, "1e+300"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "inf_neg"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(Number(number).to_string(), text);
        }
    }
}
