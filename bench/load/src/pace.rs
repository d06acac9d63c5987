//! Some play: they send at a rate, whatever comes of it.

use std::{
    collections::VecDeque,
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::crowd::Crowd;

/// Who sends, and how often.
#[derive(Debug)]
pub struct Pace {
    /// Which of the crowd.
    pub players: Range<usize>,
    /// How many messages each of these sends in a second.
    pub hz: u32,
}

impl Pace {
    /// They send for so long, evenly spread over each period. `speaker` tells whose messages a listener hears. Returns how
    /// long each message was on its way, when all have come.
    ///
    /// # Errors
    /// Messages do not come as they should.
    pub fn keep(
        &self,
        crowd: &mut Crowd,
        time: Duration,
        speaker: impl Fn(usize) -> usize,
    ) -> Result<Vec<Duration>> {
        let (first, count) = (self.players.start, self.players.len());
        let step = Duration::from_secs(1) / self.hz / count as u32;
        let total = (time.as_nanos() / step.as_nanos()) as usize;
        let mut sent = vec![VecDeque::new(); count];
        let mut latencies = Vec::with_capacity(total);
        let start = Instant::now();
        let mut turns = 0;
        while latencies.len() < total {
            let now = Instant::now();
            while turns < total && start + step * turns as u32 <= now {
                let player = turns % count;
                sent[player].push_back(Instant::now());
                crowd.send(first + player, 1)?;
                turns += 1;
            }
            let wait = (start + step * turns as u32).saturating_duration_since(now);
            let wait = if turns < total { wait } else { Duration::from_millis(100) };
            crowd.turn(wait, |listener, messages| {
                let times = sent[speaker(listener) - first].drain(..messages as usize);
                latencies.extend(times.map(|sent: Instant| sent.elapsed()));
                0
            })?;
            crowd.insist()?;
        }
        Ok(latencies)
    }
}

/// In microseconds: half of them took no longer, nor did 99 %, nor 99.9 %.
pub fn latency_us(mut latencies: Vec<Duration>) -> [f64; 3] {
    latencies.sort_unstable();
    [0.5, 0.99, 0.999].map(|part| percentile(&latencies, part).as_secs_f64() * 1e6)
}

/// Of sorted times.
fn percentile(sorted: &[Duration], part: f64) -> Duration {
    let index = (sorted.len() as f64 * part) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<_> = (0..1000).map(Duration::from_micros).collect();
        assert_eq!(percentile(&times, 0.5), Duration::from_micros(500));
        assert_eq!(percentile(&times, 0.999), Duration::from_micros(999));
        assert_eq!(percentile(&times[..1], 0.999), Duration::ZERO);
    }
}
