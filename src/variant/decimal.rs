//! Formats floating-point numbers with a fixed number of decimals, as C's `printf` does, with exact integer arithmetic.
//!
//! One packet of an untrusted peer can contain tens of thousands of numbers, so the time per number must be small for
//! all numbers. The standard library takes about ten microseconds for the largest.

/// A number of at least 2^53 has no fraction.
const NO_FRACTION: f64 = 9_007_199_254_740_992.0;

/// The largest number of decimals.
pub(super) const MAX_DECIMALS: u32 = 14;

const FRACTION_BITS: u32 = 52;

/// Formats a finite number with `decimals` decimals, rounded to the nearest, ties to even. Trailing zeros are removed,
/// except the first after the point.
pub(super) fn fixed(number: f64, decimals: u32) -> String {
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number.abs() >= NO_FRACTION {
        return format!("{sign}{}.0", whole(number));
    }
    let decimals = decimals.min(MAX_DECIMALS);
    let one = 10_u128.pow(decimals);
    let units = rounded(number, one);
    if decimals == 0 {
        return format!("{sign}{units}");
    }
    let mut text = format!("{sign}{}.{:0width$}", units / one, units % one, width = decimals as usize);
    text.truncate(text.trim_end_matches('0').len());
    if text.ends_with('.') {
        text.push('0');
    }
    text
}

/// Returns the magnitude of a finite number as an integer and the exponent of a power of two.
fn parts(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let exponent = (bits >> FRACTION_BITS & 0x7ff) as i32;
    // Subnormal numbers have no hidden bit.
    let significand = if exponent == 0 { fraction } else { fraction | 1 << FRACTION_BITS };
    (significand, exponent.max(1) - 1023 - FRACTION_BITS as i32)
}

/// Returns the magnitude of a number below 2^53, times `one`, rounded to an integer.
fn rounded(number: f64, one: u128) -> u128 {
    let (significand, exponent) = parts(number);
    // The product is below 2^53 · 2^47.
    let product = u128::from(significand) * one;
    let shift = match exponent.unsigned_abs() {
        0 => return product,
        // The result is less than one half.
        u128::BITS.. => return 0,
        shift => shift,
    };
    let (floor, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1 << (shift - 1));
    let is_up = rest > half || rest == half && floor % 2 == 1;
    floor + u128::from(is_up)
}

/// Returns the digits of the magnitude of a number without a fraction.
fn whole(number: f64) -> String {
    /// The base of `places`.
    const PLACE: u64 = 1_000_000_000;

    let (significand, exponent) = parts(number);
    let shift = exponent.unsigned_abs();
    if shift < u128::BITS - FRACTION_BITS {
        return (u128::from(significand) << shift).to_string();
    }
    // Little-endian: the lowest 32 bits are at index 0.
    let mut limbs = vec![0_u32; shift as usize / 32];
    let mut high = u128::from(significand) << (shift % 32);
    while high > 0 {
        limbs.push(high as u32);
        high >>= 32;
    }
    let mut places = Vec::with_capacity(limbs.len() + limbs.len() / 8);
    while !limbs.is_empty() {
        let mut rest = 0;
        for limb in limbs.iter_mut().rev() {
            let part = rest << 32 | u64::from(*limb);
            (*limb, rest) = ((part / PLACE) as u32, part % PLACE);
        }
        places.push(rest);
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
    }
    let mut digits = places.pop().map(|first| first.to_string()).unwrap_or_default();
    for place in places.iter().rev() {
        digits.push_str(&format!("{place:09}"));
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Formats with the standard library.
    fn expected(number: f64, decimals: u32) -> String {
        let text = format!("{number:.*}", decimals as usize);
        match text.split_once('.') {
            Some((whole, fraction)) => {
                let fraction = fraction.trim_end_matches('0');
                format!("{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
            }
            None => text,
        }
    }

    #[track_caller]
    fn assert_all(number: f64) {
        for number in [number, -number] {
            let large = number.abs() >= NO_FRACTION;
            for decimals in if large { 1..=1 } else { 0..=MAX_DECIMALS } {
                assert_eq!(fixed(number, decimals), expected(number, decimals), "{number:e}, {decimals}");
            }
        }
    }

    #[test]
    fn numbers_of_every_magnitude_have_the_digits_of_the_standard_library() {
        let mut state = 1_u64;
        for exponent in 0..0x7ff {
            for _ in 0..2 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                assert_all(f64::from_bits(exponent << FRACTION_BITS | state >> 12));
            }
            assert_all(f64::from_bits(exponent << FRACTION_BITS));
            assert_all(f64::from_bits(exponent << FRACTION_BITS | ((1 << FRACTION_BITS) - 1)));
        }
    }

    #[test]
    fn ties_are_rounded_to_even() {
        for halves in 0..200 {
            for power in 0..40 {
                assert_all(f64::from(halves) / f64::from(power).exp2());
            }
        }
        assert_eq!((fixed(0.5, 0), fixed(1.5, 0), fixed(2.5, 0)), ("0".into(), "2".into(), "2".into()));
        assert_eq!(fixed(0.125, 2), "0.12");
        assert_eq!(fixed(0.375, 2), "0.38");
    }

    #[test]
    fn the_largest_numbers_have_all_digits() {
        assert_eq!(fixed(f64::MAX, 14), format!("{:.1}", f64::MAX));
        assert_eq!(fixed(f32::MAX.into(), 14), "340282346638528859811704183484516925440.0");
        assert_eq!(fixed(-0.0, 4), "-0.0");
    }
}
