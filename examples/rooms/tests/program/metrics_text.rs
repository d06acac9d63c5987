//! A strict reader of Prometheus's text format, version 0.0.4: names, types, labels, and the order of lines.

use std::collections::BTreeMap;

/// The samples of a page, by name and labels as they are written.
#[derive(Debug)]
pub struct Samples(BTreeMap<String, f64>);

impl Samples {
    /// Reads a page. It panics if the format does not allow it.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line must end");
        let mut samples = BTreeMap::new();
        let mut types = BTreeMap::new();
        let mut family = None;
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let mut words = comment.splitn(3, ' ');
                let (kind, name, rest) = (words.next(), words.next(), words.next());
                let (name, rest) = (name.unwrap_or_default(), rest.unwrap_or_default());
                assert!(is_name(name), "{line}");
                match kind {
                    Some("HELP") => assert!(!rest.is_empty(), "{line}"),
                    Some("TYPE") => {
                        assert!(["counter", "gauge", "histogram"].contains(&rest), "{line}");
                        assert_eq!(types.insert(name, rest), None, "two types: {line}");
                        family = Some(name);
                    }
                    _ => panic!("an unknown comment: {line}"),
                }
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
            let name = series.split('{').next().unwrap_or_default();
            check_labels(series, name);
            let family = family.unwrap_or_else(|| panic!("no type before {line}"));
            let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} is in {family}"));
            match types[family] {
                "counter" => assert!(suffix.is_empty() && name.ends_with("_total"), "{line}"),
                "gauge" => assert!(suffix.is_empty(), "{line}"),
                _ => assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{line}"),
            }
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
            assert!(value >= 0.0, "{line}");
            assert_eq!(samples.insert(series.to_owned(), value), None, "twice: {line}");
        }
        let samples = Self(samples);
        for name in types.iter().filter(|(_, kind)| **kind == "histogram").map(|(name, _)| name) {
            samples.check_histogram(name);
        }
        samples
    }

    /// Returns the value of a series, which must be there.
    #[track_caller]
    pub fn value(&self, series: &str) -> f64 {
        *self.0.get(series).unwrap_or_else(|| panic!("there is no {series} in {:#?}", self.0))
    }

    /// Returns the sum of a metric over all labels.
    pub fn sum(&self, name: &str) -> f64 {
        let start = format!("{name}{{");
        self.0.iter().filter(|(series, _)| series.starts_with(&start)).map(|(_, value)| value).sum()
    }

    /// The buckets grow with their bounds, and the last has all values.
    fn check_histogram(&self, name: &str) {
        let start = format!("{name}_bucket{{le=\"");
        let mut buckets: Vec<(f64, f64)> = self
            .0
            .iter()
            .filter_map(|(series, count)| {
                let bound = series.strip_prefix(&start)?.strip_suffix("\"}")?;
                Some((bound.parse().expect("a bound"), *count))
            })
            .collect();
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{buckets:?}");
        let last = buckets.last().expect("a histogram has buckets");
        assert_eq!(*last, (f64::INFINITY, self.value(&format!("{name}_count"))));
        self.value(&format!("{name}_sum"));
    }
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Labels as this server has them: without quotes or commas in values.
fn check_labels(series: &str, name: &str) {
    assert!(is_name(name), "{series}");
    let Some(labels) = series.strip_prefix(name).filter(|labels| !labels.is_empty()) else { return };
    let labels = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix('}'));
    for label in labels.unwrap_or_else(|| panic!("{series}")).split(',') {
        let (key, value) = label.split_once('=').unwrap_or_else(|| panic!("{series}"));
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        assert!(is_name(key) && value.is_some_and(|value| !value.contains(['"', '\\'])), "{series}");
    }
}

#[test]
fn pages_that_the_format_does_not_allow_are_refused() {
    const GOOD: &str = "# HELP a A gauge.\n# TYPE a gauge\na 1\n# HELP b_total B.\n# TYPE b_total counter\nb_total{c=\"d\"} 2\n# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n";
    assert_eq!(Samples::parse(GOOD).sum("b_total"), 2.0);
    for (good, bad) in [
        ("h_count 2\n", "h_count 2"),
        ("# TYPE a gauge\n", ""),
        ("a 1\n", "a 1\na 1\n"),
        ("a 1\n", "a one\n"),
        ("a 1\n", "x 1\n"),
        ("a 1\n", "a-b 1\n"),
        ("{c=\"d\"}", "{c=d}"),
        ("le=\"0.5\"} 1", "le=\"0.5\"} 3"),
        ("h_count 2", "h_count 3"),
        ("h_sum 3\n", ""),
        ("counter\nb_total{", "counter\nb{"),
        ("# HELP a A gauge.", "# HELP a"),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let text = GOOD.replacen(good, bad, 1);
        assert!(std::panic::catch_unwind(|| Samples::parse(&text)).is_err(), "{text}");
    }
}
