//! Rate limits: packets, bytes and control frames per second. It uses no socket and no clock.

use crate::{
    close::Limit,
    options::RateLimits,
    rate::{Arrival, Rate},
};

/// Counts the packets, bytes and control frames of a peer.
#[derive(Debug)]
pub(super) struct RateLimiter {
    packets: Rate,
    bytes: Rate,
    control_frames: Rate,
}

impl RateLimiter {
    /// Returns `None` if there is no limit.
    pub(super) fn new(limits: &RateLimits) -> Option<Self> {
        let this = Self {
            packets: Rate::new(limits.max_packets_per_second),
            bytes: Rate::new(limits.max_bytes_per_second),
            control_frames: Rate::new(limits.max_control_frames_per_second),
        };
        let has_limit =
            [&this.packets, &this.bytes, &this.control_frames].iter().any(|rate| rate.is_limited());
        has_limit.then_some(this)
    }

    pub(super) fn count_packet(&mut self, arrival: Arrival) -> Result<(), Limit> {
        self.packets.take(1, arrival).then_some(()).ok_or(Limit::PacketRate)
    }

    pub(super) fn count_bytes(&mut self, len: usize, arrival: Arrival) -> Result<(), Limit> {
        self.bytes.take(len as u64, arrival).then_some(()).ok_or(Limit::ByteRate)
    }

    /// Counts a ping, a pong, or an empty fragment.
    pub(super) fn count_control_frame(&mut self, arrival: Arrival) -> Result<(), Limit> {
        self.control_frames.take(1, arrival).then_some(()).ok_or(Limit::ControlFrameRate)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limiter(packets: u32, bytes: u32) -> RateLimiter {
        let limits = RateLimits::default().max_packets_per_second(packets).max_bytes_per_second(bytes);
        RateLimiter::new(&limits).expect("limits")
    }

    fn at(millis: u64) -> Arrival {
        let at = Duration::from_millis(millis);
        Arrival { since: at.saturating_sub(Duration::from_millis(10)), at }
    }

    #[test]
    fn a_burst_may_have_the_packets_of_two_seconds() {
        let mut limiter = limiter(10, 0);
        let taken = (0..100).take_while(|_| limiter.count_packet(at(0)).is_ok()).count();
        assert_eq!(taken, 20);
        assert_eq!(limiter.count_packet(at(0)), Err(Limit::PacketRate));
    }

    #[test]
    fn a_steady_sender_within_the_rate_is_never_limited() {
        let mut limiter = limiter(10, 0);
        for tenth in 0..10_000 {
            assert_eq!(limiter.count_packet(at(tenth * 100)), Ok(()));
        }
    }

    #[test]
    fn silence_does_not_save_up_packets() {
        let mut limiter = limiter(10, 0);
        let taken = (0..100).take_while(|_| limiter.count_packet(at(3_600_000)).is_ok()).count();
        assert_eq!(taken, 20);
    }

    #[test]
    fn packets_that_arrived_between_two_polls_count_over_the_whole_time() {
        let mut limiter = limiter(10, 0);
        let late = Arrival { since: Duration::from_secs(100), at: Duration::from_secs(160) };
        let taken = (0..10_000).take_while(|_| limiter.count_packet(late).is_ok()).count();
        assert_eq!(taken, 62 * 10);
    }

    #[test]
    fn the_byte_rate_counts_each_byte() {
        let mut limiter = limiter(0, 1000);
        assert_eq!(limiter.count_bytes(2000, at(0)), Ok(()));
        assert_eq!(limiter.count_bytes(1, at(0)), Err(Limit::ByteRate));
        assert_eq!(limiter.count_packet(at(0)), Ok(()), "packets have no limit");
    }

    #[test]
    fn without_limits_nothing_is_counted() {
        let limits = RateLimits::default()
            .max_packets_per_second(0)
            .max_bytes_per_second(0)
            .max_control_frames_per_second(0);
        assert!(RateLimiter::new(&limits).is_none());
    }
}
