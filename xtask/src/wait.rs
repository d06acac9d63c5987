//! Deadlines for asynchronous work.

use std::fmt;
use std::time::Duration;

use anyhow::{Result, bail};

/// Returns the outcome of `work`, or an error that names `what` if it takes longer than `limit`.
pub async fn within<T, E: Into<anyhow::Error>>(
    limit: Duration,
    what: impl fmt::Display,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T> {
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(_) => bail!("{what} took longer than {}", Human(limit)),
    }
}

/// A duration in human-readable form: `0.4 s`, `12.3 s`, `3 min 20 s`.
pub struct Human(pub Duration);

impl fmt::Display for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match (seconds / 60, seconds % 60) {
            (0, _) => write!(f, "{:.1} s", self.0.as_secs_f64()),
            (minutes, 0) => write!(f, "{minutes} min"),
            (minutes, seconds) => write!(f, "{minutes} min {seconds} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_human_readable() {
        let human = |millis| Human(Duration::from_millis(millis)).to_string();
        assert_eq!(human(420), "0.4 s");
        assert_eq!(human(59_900), "59.9 s");
        assert_eq!(human(120_000), "2 min");
        assert_eq!(human(200_500), "3 min 20 s");
    }
}
