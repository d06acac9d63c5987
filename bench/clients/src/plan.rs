//! The load of every client: a number of messages in flight, a new one for each that comes back, and a check of each.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

/// The parameters of a measurement.
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
        // Long enough for caches and the processor's frequency.
        let warm_up = (time / 3).min(Duration::from_secs(1));
        Self { url, in_flight, payloads: [payload(1), payload(2)], warm_up, time }
    }

    /// Returns the message with this number, which differs from its neighbours.
    pub fn payload(&self, number: u64) -> &[u8] {
        &self.payloads[(number % 2) as usize]
    }

    /// Compares a received message with the one of this number.
    ///
    /// # Errors
    /// They differ.
    pub fn check(&self, number: u64, received: &[u8]) -> Result<()> {
        ensure!(self.payload(number) == received, "message {number} was changed");
        Ok(())
    }

    /// Measures the rate of messages. `step` returns the number of messages that have come back so far.
    ///
    /// # Errors
    /// Those of `step`, or no message comes back.
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
            bail!("no message came back");
        }
        Ok((after - before) as f64 / (end - start).as_secs_f64())
    }
}
