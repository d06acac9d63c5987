//! Floating-point numbers with all of their digits, or with some behind the point: what C's `printf` writes, from exact integers.
//!
//! Numbers come from strangers, by the ten thousand. So each takes a few multiplications, whatever it is; the formatting of the
//! standard library takes some ten microseconds for the largest.

/// From here on a number has no fraction.
const NO_FRACTION: f64 = 9_007_199_254_740_992.0;

/// The most digits behind the point.
pub(super) const MAX_DECIMALS: u32 = 14;

const FRACTION_BITS: u32 = 52;

/// Returns the digits of a finite number with so many of them behind the point, rounded to the nearest, and of two to the even one.
/// The zeros at the end are left out, but for one behind the point.
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

/// The magnitude of a finite number as an integer times a power of two.
fn parts(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let exponent = (bits >> FRACTION_BITS & 0x7ff) as i32;
    // The least ones have no hidden bit.
    let significand = if exponent == 0 { fraction } else { fraction | 1 << FRACTION_BITS };
    (significand, exponent.max(1) - 1023 - FRACTION_BITS as i32)
}

/// How many times a part of one goes into the magnitude of a number below 2^53: `one` is how many of those parts make up one.
fn rounded(number: f64, one: u128) -> u128 {
    let (significand, exponent) = parts(number);
    // Below 2^53 · 2^47.
    let product = u128::from(significand) * one;
    let shift = match exponent.unsigned_abs() {
        0 => return product,
        // Less than a half.
        u128::BITS.. => return 0,
        shift => shift,
    };
    let (floor, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1 << (shift - 1));
    let is_up = rest > half || rest == half && floor % 2 == 1;
    floor + u128::from(is_up)
}

/// The digits of the magnitude of a number without a fraction.
fn whole(number: f64) -> String {
    /// What a decimal place of `places` counts to.
    const PLACE: u64 = 1_000_000_000;

    let (significand, exponent) = parts(number);
    let shift = exponent.unsigned_abs();
    if shift < u128::BITS - FRACTION_BITS {
        return (u128::from(significand) << shift).to_string();
    }
    // The lowest 32 bits come first.
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

    /// By the standard library.
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
    fn of_two_that_are_as_near_the_even_one_is_written() {
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
    fn the_largest_is_written_out() {
        assert_eq!(fixed(f64::MAX, 14), format!("{:.1}", f64::MAX));
        assert_eq!(fixed(f32::MAX.into(), 14), "340282346638528859811704183484516925440.0");
        assert_eq!(fixed(-0.0, 4), "-0.0");
    }
}
