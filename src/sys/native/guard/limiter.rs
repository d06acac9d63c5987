//! Rate limits: packets, bytes and control frames per second. It uses no socket and no clock.

use crate::{
    close::Limit,
    options::RateLimits,
    rate::{self, Arrival, Bucket},
};

/// Counts the packets, bytes and control frames of a peer. The limits are shared by all peers that have the same.
#[derive(Debug, Default)]
pub(super) struct RateLimiter {
    packets: Bucket,
    bytes: Bucket,
    control_frames: Bucket,
}

impl RateLimiter {
    /// Counts a packet with its [cost](rate::cost).
    pub(super) fn count_packet(&mut self, cost: u64, arrival: Arrival) -> Result<(), Limit> {
        self.packets.take(cost, arrival).then_some(()).ok_or(Limit::PacketRate)
    }

    pub(super) fn count_bytes(
        &mut self,
        limits: &RateLimits,
        len: usize,
        arrival: Arrival,
    ) -> Result<(), Limit> {
        let cost = rate::cost(limits.max_bytes_per_second, len as u64);
        self.bytes.take(cost, arrival).then_some(()).ok_or(Limit::ByteRate)
    }

    /// Counts a ping, a pong, or an empty fragment.
    pub(super) fn count_control_frame(&mut self, limits: &RateLimits, arrival: Arrival) -> Result<(), Limit> {
        let cost = rate::cost(limits.max_control_frames_per_second, 1);
        self.control_frames.take(cost, arrival).then_some(()).ok_or(Limit::ControlFrameRate)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits(packets: u32, bytes: u32) -> RateLimits {
        RateLimits::default().max_packets_per_second(packets).max_bytes_per_second(bytes)
    }

    fn packet_cost(limits: &RateLimits) -> u64 {
        rate::cost(limits.max_packets_per_second, 1)
    }

    fn at(millis: u64) -> Arrival {
        let at = Duration::from_millis(millis);
        Arrival::between(at.saturating_sub(Duration::from_millis(10)), at)
    }

    #[test]
    fn a_burst_may_have_the_packets_of_two_seconds() {
        let (mut limiter, limits) = (RateLimiter::default(), limits(10, 0));
        let taken =
            (0..100).take_while(|_| limiter.count_packet(packet_cost(&limits), at(0)).is_ok()).count();
        assert_eq!(taken, 20);
        assert_eq!(limiter.count_packet(packet_cost(&limits), at(0)), Err(Limit::PacketRate));
    }

    #[test]
    fn a_steady_sender_within_the_rate_is_never_limited() {
        let (mut limiter, limits) = (RateLimiter::default(), limits(10, 0));
        for tenth in 0..10_000 {
            assert_eq!(limiter.count_packet(packet_cost(&limits), at(tenth * 100)), Ok(()));
        }
    }

    #[test]
    fn silence_does_not_save_up_packets() {
        let (mut limiter, limits) = (RateLimiter::default(), limits(10, 0));
        let taken = (0..100)
            .take_while(|_| limiter.count_packet(packet_cost(&limits), at(3_600_000)).is_ok())
            .count();
        assert_eq!(taken, 20);
    }

    #[test]
    fn packets_that_arrived_between_two_polls_count_over_the_whole_time() {
        let (mut limiter, limits) = (RateLimiter::default(), limits(10, 0));
        let late = Arrival::between(Duration::from_secs(100), Duration::from_secs(160));
        let taken =
            (0..10_000).take_while(|_| limiter.count_packet(packet_cost(&limits), late).is_ok()).count();
        assert_eq!(taken, 62 * 10);
    }

    #[test]
    fn the_byte_rate_counts_each_byte() {
        let (mut limiter, limits) = (RateLimiter::default(), limits(0, 1000));
        assert_eq!(limiter.count_bytes(&limits, 2000, at(0)), Ok(()));
        assert_eq!(limiter.count_bytes(&limits, 1, at(0)), Err(Limit::ByteRate));
        assert_eq!(limiter.count_packet(packet_cost(&limits), at(0)), Ok(()), "packets have no limit");
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let (mut limiter, limits) = (RateLimiter::default(), limits(0, 0).max_control_frames_per_second(0));
        for _ in 0..10_000 {
            assert_eq!(limiter.count_packet(packet_cost(&limits), at(0)), Ok(()));
            assert_eq!(limiter.count_bytes(&limits, usize::MAX, at(0)), Ok(()));
            assert_eq!(limiter.count_control_frame(&limits, at(0)), Ok(()));
        }
    }
}
