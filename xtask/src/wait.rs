//! Waiting, never for ever.

use std::fmt;
use std::time::Duration;

use anyhow::{Result, bail};

/// The outcome of `work`, or an error that says what took longer than `limit`.
pub async fn within<T, E: Into<anyhow::Error>>(
    limit: Duration,
    what: impl fmt::Display,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T> {
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(_) => bail!("{what} took longer than {}", Spoken(limit)),
    }
}

/// A length of time as people write it: `0.4 s`, `12.3 s`, `3 min 20 s`.
pub struct Spoken(pub Duration);

impl fmt::Display for Spoken {
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
    fn times_read_well() {
        let spoken = |millis| Spoken(Duration::from_millis(millis)).to_string();
        assert_eq!(spoken(420), "0.4 s");
        assert_eq!(spoken(59_900), "59.9 s");
        assert_eq!(spoken(120_000), "2 min");
        assert_eq!(spoken(200_500), "3 min 20 s");
    }
}
