//! Medians and the formatting of numbers.

/// Returns the median of the values; of an even number of values, the upper of the two in the middle. NaN if there are
/// none.
pub fn median<M>(measured: &[M], value: impl Fn(&M) -> f64) -> f64 {
    let mut values: Vec<f64> = measured.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns the median of the ratios in each round: a slow change of the machine affects both programs of a round. NaN if
/// there are none.
pub fn median_ratio<M>(ours: &[M], others: &[M], value: impl Fn(&M) -> f64) -> f64 {
    let ratios: Vec<f64> = ours.iter().zip(others).map(|(ours, other)| value(ours) / value(other)).collect();
    median(&ratios, |&ratio| ratio)
}

/// Formats the median of the values, and in parentheses the least and the largest of them if they look different.
pub fn spread<M>(measured: &[M], value: impl Fn(&M) -> f64, format: impl Fn(f64) -> String) -> String {
    let least = format(measured.iter().map(&value).fold(f64::NAN, f64::min));
    let largest = format(measured.iter().map(&value).fold(f64::NAN, f64::max));
    let median = format(median(measured, value));
    if least == largest { median } else { format!("{median} ({least}–{largest})") }
}

/// Returns the largest value, or NaN if there are none.
pub fn best(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::max)
}

/// Formats three significant digits, with commas between thousands: `1,230,000`, `45.6`, `0.789`.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let magnitude = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    if magnitude < 2 {
        // At most three decimal places.
        let digits = (2 - magnitude).clamp(0, 3) as usize;
        return format!("{value:.digits$}");
    }
    let unit = 10_f64.powi(magnitude - 2);
    grouped(((value / unit).round() * unit).round() as i64)
}

/// Formats a count, with commas between thousands: `1,234`.
pub fn whole(value: f64) -> String {
    if value.is_finite() { grouped(value.round() as i64) } else { "–".to_owned() }
}

/// Formats a ratio.
pub fn ratio(value: f64) -> String {
    if value.is_finite() { format!("{value:.2}") } else { "–".to_owned() }
}

/// Formats a share as a percentage.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn grouped(value: i64) -> String {
    let digits = value.abs().to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_measured_value() {
        assert_eq!(median(&[3.0, 1.0, 2.0], |&value| value), 2.0);
        assert_eq!(median(&[1.0, 2.0], |&value| value), 2.0);
    }

    #[test]
    fn a_ratio_compares_the_programs_of_each_round() {
        // The machine was half as fast in the second round, and disturbed one program in the third.
        assert_eq!(median_ratio(&[3.0, 1.5, 3.0], &[2.0, 1.0, 0.5], |&rate| rate), 1.5);
        assert!(median_ratio(&[1.0], &[], |&rate| rate).is_nan());
    }

    #[test]
    fn a_spread_is_shown_if_there_is_one() {
        assert_eq!(spread(&[3.0, 1.0, 2.0], |&value| value, short), "2.00 (1.00–3.00)");
        assert_eq!(spread(&[0.5001, 0.5], |&value| value, percent), "50.0 %");
        assert_eq!(spread(&[], |&value: &f64| value, short), "–");
    }

    #[test]
    fn numbers_have_three_significant_digits() {
        let numbers = [0.0, 0.0789, 0.789, 4.56, 45.64, 456.4, 4564.0, 1_234_567.0, f64::NAN];
        let formatted = ["0.00", "0.079", "0.789", "4.56", "45.6", "456", "4,560", "1,230,000", "–"];
        assert_eq!(numbers.map(short), formatted);
    }

    #[test]
    fn counts_have_no_decimal_places() {
        assert_eq!([0.0, 8.0, 3199.6, f64::NAN].map(whole), ["0", "8", "3,200", "–"]);
    }

    #[test]
    fn the_best_of_no_values_is_not_a_number() {
        assert_eq!(best(&[1.0, 3.0, 2.0]), 3.0);
        assert_eq!(ratio(best(&[])), "–");
    }
}
