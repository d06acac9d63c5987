//! What every client does: so many messages in flight, a new one for each that comes back, and a look at each.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

/// What to do.
#[derive(Clone)]
pub struct Plan {
    pub url: String,
    pub in_flight: usize,
    payloads: [Vec<u8>; 2],
    warm_up: Duration,
    time: Duration,
}

impl Plan {
    pub fn new(url: String, bytes: usize, in_flight: usize, time: Duration) -> Self {
        let payload = |first: usize| (0..bytes).map(|at| (at.wrapping_mul(131) ^ first) as u8).collect();
        // Caches are warm long before that, and so is the processor.
        let warm_up = (time / 3).min(Duration::from_secs(1));
        Self { url, in_flight, payloads: [payload(1), payload(2)], warm_up, time }
    }

    /// The message with this number. Neighbours differ.
    pub fn payload(&self, number: u64) -> &[u8] {
        &self.payloads[(number % 2) as usize]
    }

    /// # Errors
    /// What came is not the message with this number.
    pub fn check(&self, number: u64, came: &[u8]) -> Result<()> {
        ensure!(self.payload(number) == came, "message {number} did not come back as it was sent");
        Ok(())
    }

    /// Goes on as long as it takes. `step` returns how many messages have come back so far; the result is their rate.
    ///
    /// # Errors
    /// Those of `step`, or nothing comes back.
    pub fn measure(&self, mut step: impl FnMut() -> Result<u64>) -> Result<f64> {
        let mut until = |end: Instant| {
            let mut count = step()?;
            while Instant::now() < end {
                count = step()?;
            }
            Ok::<_, anyhow::Error>((count, Instant::now()))
        };
        let (before, start) = until(Instant::now() + self.warm_up)?;
        let (after, end) = until(start + self.time)?;
        if after == before {
            bail!("nothing came back");
        }
        Ok((after - before) as f64 / (end - start).as_secs_f64())
    }
}
