//! How a program finds out that a connection is dead where the platform sends no pings.

use std::time::Duration;

use super::{check_time, setters};
use crate::{error::Error, packet::Packet};

/// A question of the program's own, to find a connection that is dead: [`PeerOptions::liveness`](super::PeerOptions::liveness).
///
/// After a silence the `probe` is sent, and then *any* packet must be received within the `timeout`, or the connection ends
/// with [`Timeout::Liveness`](crate::Timeout::Liveness). The other end's program must answer the probe, as its protocol
/// has it: the answer is a packet like any other, and is read with `recv`. Pings and pongs are no packets.
///
/// Choose a `timeout` in which what may stand before the probe and its answer gets through: a full outbox at this end, a
/// large packet of the other end's.
///
/// Platform: natively each part of a message that is received counts as a packet does. A browser shows a message only when
/// it is complete. There `silence` and `timeout` together must be longer than the largest message takes to arrive, or the
/// connection ends in the middle of it.
///
/// ```
/// use std::time::Duration;
/// use websocket_peer::{Liveness, PeerOptions, Packet};
///
/// let liveness = Liveness::new(Packet::text(r#"{"type":"ping"}"#)).silence(Duration::from_secs(15));
/// let options = PeerOptions::default().liveness(liveness);
/// assert_eq!(options.liveness.unwrap().timeout, Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Liveness {
    /// The packet that is sent, at most [`outbound_buffer_size`](super::PeerOptions::outbound_buffer_size) bytes. It counts in
    /// [`Stats`](crate::Stats) and in [`buffered`](crate::WebSocketPeer::buffered) as others do; but it is sent, behind
    /// the others, even if the outbox has no room. So a program that goes on sending finds out, too. There is never more
    /// than one that is unanswered.
    pub probe: Packet,
    /// How long nothing has been received when it is sent. Default: 20 s.
    pub silence: Duration,
    /// The time within which a packet must be received afterwards. Default: 10 s.
    pub timeout: Duration,
}

impl Liveness {
    /// Returns the default times with this probe.
    pub fn new(probe: Packet) -> Self {
        Self { probe, silence: Duration::from_secs(20), timeout: Duration::from_secs(10) }
    }

    setters! {
        silence: Duration,
        timeout: Duration,
    }

    pub(super) fn check(&self, largest: usize) -> Result<(), Error> {
        let option = "liveness";
        if self.probe.len() > largest {
            let why = "the probe is larger than `outbound_buffer_size`";
            return Err(Error::InvalidOption { option, reason: why });
        }
        check_time(option, self.silence, false)?;
        check_time(option, self.timeout, false)
    }
}
