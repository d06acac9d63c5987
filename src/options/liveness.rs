//! Detection of dead connections by packets of the application, where the platform sends no pings.

use std::{
    any::Any,
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    time::Duration,
};

use super::{InvalidValue, check_time, setters};
use crate::packet::Packet;

/// A probe packet that detects dead connections: [`PeerOptions::liveness`](super::PeerOptions::liveness).
///
/// The `probe` is sent after a silence. Then *any* packet must arrive within the `timeout`, or the connection ends with
/// [`Timeout::Liveness`](crate::Timeout::Liveness). The other end's program must answer the probe, in terms of its own
/// protocol. The answer is an ordinary packet, read with `recv`. Pings and pongs do not count.
///
/// Choose a `timeout` that allows for the data that is queued before the probe and its answer: a full send queue at
/// this end, a large packet at the other end.
///
/// Platform: natively each part of a message counts. A browser reports a message only when it is complete. There
/// `silence` and `timeout` together must be longer than the largest message takes to arrive, or the connection ends in
/// the middle of it.
///
/// ```
/// use std::time::Duration;
/// use websocket_peer::{Liveness, PeerOptions, Packet};
///
/// let liveness = Liveness::new(Packet::text(r#"{"type":"ping"}"#)).silence(Duration::from_secs(15));
/// let options = PeerOptions::default().liveness(liveness);
/// assert_eq!(options.liveness.unwrap().timeout, Duration::from_secs(10));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Liveness {
    /// The packet to send, of at most [`outbound_buffer_size`](super::PeerOptions::outbound_buffer_size) bytes.
    ///
    /// It counts in [`Stats`](crate::Stats) and in [`buffered`](crate::WebSocketPeer::buffered). It is queued even if
    /// the send queue is full, so that a program that keeps sending to a dead connection detects it. At most one probe
    /// is unanswered.
    pub probe: Packet,
    /// The time without incoming packets after which the probe is sent. Default: 20 s.
    #[cfg_attr(
        feature = "serde",
        serde(with = "crate::serialization::seconds", default = "default_silence")
    )]
    pub silence: Duration,
    /// The time limit for a packet to arrive after the probe. Default: 10 s.
    #[cfg_attr(
        feature = "serde",
        serde(with = "crate::serialization::seconds", default = "default_timeout")
    )]
    pub timeout: Duration,
    #[cfg_attr(feature = "serde", serde(skip, default = "Liveness::starter"))]
    pub(crate) starter: Starter,
}

/// The value that the backend begins the probe with. Only the backend knows its type.
#[derive(Clone, Copy)]
pub(crate) struct Starter {
    #[allow(dead_code, reason = "natively each connection has the code of the probe")]
    pub(crate) value: &'static (dyn Any + Send + Sync + UnwindSafe + RefUnwindSafe),
}

/// The layer of the backends implements it for [`Liveness`]. Only code that makes a `Liveness` calls it, so a program
/// without one need not contain what the starter refers to.
pub(crate) trait HasStarter {
    fn starter() -> Starter;
}

const fn default_silence() -> Duration {
    Duration::from_secs(20)
}

const fn default_timeout() -> Duration {
    Duration::from_secs(10)
}

impl Liveness {
    /// Creates settings with this probe and the default times.
    pub fn new(probe: Packet) -> Self {
        Self { probe, silence: default_silence(), timeout: default_timeout(), starter: Self::starter() }
    }

    setters! {
        silence: Duration,
        timeout: Duration,
    }

    pub(super) fn check(&self, outbound_buffer_size: usize) -> Result<(), InvalidValue> {
        let option = "liveness";
        if self.probe.len() > outbound_buffer_size {
            let reason = "the probe is larger than `outbound_buffer_size`";
            return Err(InvalidValue { option, reason });
        }
        check_time(option, self.silence, false)?;
        check_time(option, self.timeout, false)
    }
}

/// All are equal, because a build has one.
impl PartialEq for Starter {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Starter {}

impl fmt::Debug for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { probe, silence, timeout, starter: _ } = self;
        f.debug_struct("Liveness")
            .field("probe", probe)
            .field("silence", silence)
            .field("timeout", timeout)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_changes_nothing_for_a_program() {
        fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe + Send + Sync>(_: &T) {}
        let liveness = Liveness::new(Packet::text("?"));
        is_unwind_safe(&liveness);
        assert_eq!(liveness, liveness.clone());
        assert!(!format!("{liveness:?}").contains("tarter"));
    }
}
