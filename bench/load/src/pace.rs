//! Some clients send at a fixed rate, independent of the responses.

use std::{
    collections::VecDeque,
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::pool::ClientPool;

/// The senders and their rate.
#[derive(Debug)]
pub struct Pace {
    /// The senders' indices in the pool.
    pub players: Range<usize>,
    /// The messages per second of each sender.
    pub hz: u32,
}

impl Pace {
    /// Sends for `time`, evenly spread over each period. `sender` maps a receiver to the client whose messages it
    /// receives. Recount_sent the latency of each message, when all have arrived.
    ///
    /// # Errors
    /// Messages are late or wrong.
    pub fn run(
        &self,
        pool: &mut ClientPool,
        time: Duration,
        sender: impl Fn(usize) -> usize,
    ) -> Result<Vec<Duration>> {
        let (first, count) = (self.players.start, self.players.len());
        let step = Duration::from_secs(1) / self.hz / count as u32;
        let total = (time.as_nanos() / step.as_nanos()) as usize;
        let mut sent = vec![VecDeque::new(); count];
        let mut latencies = Vec::with_capacity(total);
        let start = Instant::now();
        let mut count_sent = 0;
        while latencies.len() < total {
            let now = Instant::now();
            while count_sent < total && start + step * count_sent as u32 <= now {
                let player = count_sent % count;
                sent[player].push_back(Instant::now());
                pool.send(first + player, 1)?;
                count_sent += 1;
            }
            let wait = (start + step * count_sent as u32).saturating_duration_since(now);
            let wait = if count_sent < total { wait } else { Duration::from_millis(100) };
            pool.poll_once(wait, |receiver, messages| {
                let times = sent[sender(receiver) - first].drain(..messages as usize);
                latencies.extend(times.map(|sent: Instant| sent.elapsed()));
                0
            })?;
            pool.check_timeout()?;
        }
        Ok(latencies)
    }
}

/// Returns the median and the percentiles 99 and 99.9, in microseconds.
pub fn latency_us(mut latencies: Vec<Duration>) -> [f64; 3] {
    latencies.sort_unstable();
    [0.5, 0.99, 0.999].map(|part| percentile(&latencies, part).as_secs_f64() * 1e6)
}

/// Returns a percentile of sorted times.
fn percentile(sorted: &[Duration], part: f64) -> Duration {
    let index = (sorted.len() as f64 * part) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_measured_time() {
        let times: Vec<_> = (0..1000).map(Duration::from_micros).collect();
        assert_eq!(percentile(&times, 0.5), Duration::from_micros(500));
        assert_eq!(percentile(&times, 0.999), Duration::from_micros(999));
        assert_eq!(percentile(&times[..1], 0.999), Duration::ZERO);
    }
}
