//! Medians, and numbers as people read them.

/// The middle one of what `value` finds in each; of an even number the upper of the two. There is at least one.
pub fn median<M>(measured: &[M], value: impl Fn(&M) -> f64) -> f64 {
    let mut values: Vec<f64> = measured.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The largest, if there is one.
pub fn best(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::max)
}

/// Three digits that count, and commas between thousands: `1,230,000`, `45.6`, `0.789`.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let magnitude = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    if magnitude < 2 {
        // Nothing that is measured here has more than three digits behind the point.
        let digits = (2 - magnitude).clamp(0, 3) as usize;
        return format!("{value:.digits$}");
    }
    let unit = 10_f64.powi(magnitude - 2);
    grouped(((value / unit).round() * unit).round() as i64)
}

/// A ratio.
pub fn times(value: f64) -> String {
    if value.is_finite() { format!("{value:.2}") } else { "–".to_owned() }
}

/// A part of something, in percent.
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
    fn the_median_is_one_that_was_measured() {
        assert_eq!(median(&[3.0, 1.0, 2.0], |&value| value), 2.0);
        assert_eq!(median(&[1.0, 2.0], |&value| value), 2.0);
    }

    #[test]
    fn three_digits_count() {
        let numbers = [0.0, 0.0789, 0.789, 4.56, 45.64, 456.4, 4564.0, 1_234_567.0, f64::NAN];
        let read = ["0.00", "0.079", "0.789", "4.56", "45.6", "456", "4,560", "1,230,000", "–"];
        assert_eq!(numbers.map(short), read);
    }

    #[test]
    fn the_best_of_none_is_no_number() {
        assert_eq!(best(&[1.0, 3.0, 2.0]), 3.0);
        assert_eq!(times(best(&[])), "–");
    }
}
