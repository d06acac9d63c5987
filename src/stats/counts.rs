//! How the connections of a server have ended, and how requests were rejected, as numbers.

use std::fmt;

use crate::close::{CloseCause, Limit, Timeout};

/// The names of the kinds of causes. [`kind`] returns the index.
const KINDS: [&str; 18] = [
    "local",
    "remote",
    "aborted",
    "connection_lost",
    "protocol",
    "message_too_big",
    "close_timeout",
    "heartbeat_timeout",
    "liveness_timeout",
    "message_timeout",
    "packet_rate",
    "byte_rate",
    "control_frame_rate",
    "fragments",
    "slow_reader",
    "rejected_packet_rate",
    "session_backlog",
    "other",
];

/// The range of the statuses that reject a request.
const STATUSES: std::ops::RangeInclusive<u16> = 400..=599;

/// The number of a server's peers that have closed, by [`CloseCause`]. Timeouts and limits are counted one by one.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct CloseCounts([u64; KINDS.len()]);

impl CloseCounts {
    /// Returns the number of peers that closed for this cause. Causes that a server cannot have, such as a name without
    /// an address, have one number together.
    pub fn of(&self, cause: &CloseCause) -> u64 {
        self.0[kind(cause)]
    }

    /// Returns all kinds of causes, also those with the number 0, and the number of peers that closed for each. The name
    /// of a kind fits as a label in metrics, and never changes: `local`, `connection_lost`, `heartbeat_timeout`,
    /// `slow_reader`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        KINDS.into_iter().zip(self.0)
    }

    /// Counts the end of a peer.
    pub(crate) fn count(&mut self, cause: &CloseCause) {
        self.0[kind(cause)] += 1;
    }
}

impl fmt::Debug for CloseCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().filter(|(_, count)| *count > 0)).finish()
    }
}

fn kind(cause: &CloseCause) -> usize {
    match cause {
        CloseCause::Local => 0,
        CloseCause::Remote => 1,
        CloseCause::Aborted => 2,
        CloseCause::ConnectionLost => 3,
        CloseCause::Protocol => 4,
        CloseCause::MessageTooBig => 5,
        CloseCause::TimedOut(Timeout::Close) => 6,
        CloseCause::TimedOut(Timeout::Heartbeat) => 7,
        CloseCause::TimedOut(Timeout::Liveness) => 8,
        CloseCause::TimedOut(Timeout::Message) => 9,
        CloseCause::LimitExceeded(Limit::PacketRate) => 10,
        CloseCause::LimitExceeded(Limit::ByteRate) => 11,
        CloseCause::LimitExceeded(Limit::ControlFrameRate) => 12,
        CloseCause::LimitExceeded(Limit::Fragments) => 13,
        CloseCause::LimitExceeded(Limit::SlowReader) => 14,
        CloseCause::LimitExceeded(Limit::RejectedPacketRate) => 15,
        CloseCause::LimitExceeded(Limit::SessionBacklog) => 16,
        CloseCause::DnsFailed
        | CloseCause::Refused { .. }
        | CloseCause::HandshakeFailed { .. }
        | CloseCause::Tls(_)
        | CloseCause::TimedOut(Timeout::Connect)
        | CloseCause::InboxOverflow => 17,
    }
}

/// The number of requests that a server has rejected, by HTTP status, from 400 to 599. Requests that the program
/// [answered](crate::Admission::respond) are not included.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RejectCounts([u64; 200]);

impl RejectCounts {
    /// Returns the number of requests that were rejected with this status.
    pub fn of(&self, status: u16) -> u64 {
        index(status).map_or(0, |index| self.0[index])
    }

    /// Returns the statuses that have occurred, in order, and how often each has.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u64)> {
        STATUSES.zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// Counts a rejection.
    pub(crate) fn count(&mut self, status: u16) {
        if let Some(index) = index(status) {
            self.0[index] += 1;
        }
    }
}

impl Default for RejectCounts {
    fn default() -> Self {
        Self([0; 200])
    }
}

impl fmt::Debug for RejectCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

fn index(status: u16) -> Option<usize> {
    STATUSES.contains(&status).then(|| usize::from(status - STATUSES.start()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::TlsFailure;

    #[test]
    fn each_kind_of_cause_has_a_number_of_its_own() {
        let limits = [
            Limit::PacketRate,
            Limit::ByteRate,
            Limit::ControlFrameRate,
            Limit::Fragments,
            Limit::SlowReader,
            Limit::RejectedPacketRate,
            Limit::SessionBacklog,
        ];
        let timeouts = [Timeout::Close, Timeout::Heartbeat, Timeout::Liveness, Timeout::Message];
        let causes = [
            CloseCause::Local,
            CloseCause::Remote,
            CloseCause::Aborted,
            CloseCause::ConnectionLost,
            CloseCause::Protocol,
            CloseCause::MessageTooBig,
        ];
        let causes = causes
            .into_iter()
            .chain(timeouts.map(CloseCause::TimedOut))
            .chain(limits.map(CloseCause::LimitExceeded))
            .chain([CloseCause::Tls(TlsFailure::Expired)]);
        let mut counts = CloseCounts::default();
        for (index, cause) in causes.enumerate() {
            (0..=index).for_each(|_| counts.count(&cause));
            assert_eq!(counts.of(&cause), index as u64 + 1, "{cause}");
        }
        let numbers: Vec<u64> = counts.iter().map(|(_, count)| count).collect();
        assert_eq!(numbers, (1..=KINDS.len() as u64).collect::<Vec<_>>());
        counts.count(&CloseCause::DnsFailed);
        assert_eq!(counts.iter().last(), Some(("other", KINDS.len() as u64 + 1)));
    }

    #[test]
    fn the_names_of_kinds_fit_as_labels_and_agree_with_the_causes() {
        for name in KINDS {
            assert!(name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()), "{name}");
        }
        let named = |cause: CloseCause| KINDS[kind(&cause)];
        assert_eq!(named(CloseCause::TimedOut(Timeout::Heartbeat)), "heartbeat_timeout");
        assert_eq!(named(CloseCause::TimedOut(Timeout::Message)), "message_timeout");
        assert_eq!(named(CloseCause::LimitExceeded(Limit::SlowReader)), "slow_reader");
        assert_eq!(named(CloseCause::LimitExceeded(Limit::SessionBacklog)), "session_backlog");
        assert_eq!(named(CloseCause::ConnectionLost), "connection_lost");
        assert_eq!(format!("{:?}", CloseCounts::default()), "{}");
    }

    #[test]
    fn rejections_are_counted_by_status() {
        let mut counts = RejectCounts::default();
        for status in [400, 404, 404, 599, 600, 399, 0, u16::MAX] {
            counts.count(status);
        }
        assert_eq!(counts.iter().collect::<Vec<_>>(), [(400, 1), (404, 2), (599, 1)]);
        assert_eq!((counts.of(404), counts.of(403), counts.of(600), counts.of(0)), (2, 0, 0, 0));
        assert_eq!(format!("{counts:?}"), "{400: 1, 404: 2, 599: 1}");
    }
}
