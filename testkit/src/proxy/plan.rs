//! What a proxy does to the bytes of each direction.

use std::time::Duration;

/// What happens to the bytes of every connection. The default forwards them unchanged.
///
/// ```
/// use std::time::Duration;
/// use testkit::proxy::{Fault, Plan, DirectionPlan};
///
/// let slow_and_cut = Plan::default()
///     .seed(7)
///     .to_server(DirectionPlan::default().split())
///     .to_client(DirectionPlan::default().delay(Duration::from_millis(5), Duration::from_millis(3)).after(100, Fault::Cut));
/// # let _ = slow_and_cut;
/// ```
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub(super) to_server: DirectionPlan,
    pub(super) to_client: DirectionPlan,
    pub(super) seed: u64,
    pub(super) is_recorded: bool,
}

impl Plan {
    /// The same plan for both directions.
    pub fn both(direction: DirectionPlan) -> Self {
        Self { to_server: direction.clone(), to_client: direction, ..Self::default() }
    }

    /// Sets the plan for bytes from the client to the server.
    #[must_use]
    pub fn to_server(mut self, direction: DirectionPlan) -> Self {
        self.to_server = direction;
        self
    }

    /// Sets the plan for bytes from the server to the client.
    #[must_use]
    pub fn to_client(mut self, direction: DirectionPlan) -> Self {
        self.to_client = direction;
        self
    }

    /// Sets the seed. The same plan draws the same random numbers for the same connection.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Records the forwarded bytes, for [`Proxy::into_transcripts`](super::Proxy::into_transcripts).
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.is_recorded = true;
        self
    }
}

/// What happens to the bytes of one direction. Chunking, delay and faults can be combined.
#[derive(Debug, Clone, Default)]
pub struct DirectionPlan {
    pub(super) chunking: Chunking,
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    /// Sorted by position.
    pub(super) faults: Vec<(u64, Fault)>,
}

/// The number of bytes of each write.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Chunking {
    #[default]
    /// As they were read.
    Unchanged,
    /// One byte for each of the first bytes, then unchanged.
    Split { first: u64 },
    /// `bytes` together, or fewer if no more arrive within the time.
    Joined { bytes: usize, within: Duration },
}

/// A fault at a certain byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is forwarded for this time.
    Pause(Duration),
    /// Nothing more is forwarded, and TCP does not end.
    Stall,
    /// TCP ends in order at both ends, in both directions. Bytes in transit are dropped.
    Cut,
    /// TCP ends in order for the receiver of this direction. Later bytes of its sender are dropped; the other direction
    /// continues.
    HalfClose,
    /// TCP ends with a reset at both ends.
    Reset,
}

impl DirectionPlan {
    /// Writes each byte separately.
    #[must_use]
    pub fn split(self) -> Self {
        self.split_first(u64::MAX)
    }

    /// Writes each of the first bytes separately; later ones are forwarded unchanged. A megabyte byte by byte takes
    /// seconds.
    #[must_use]
    pub fn split_first(mut self, bytes: u64) -> Self {
        self.chunking = Chunking::Split { first: bytes };
        self
    }

    /// Holds bytes back until there are this many, or until the first of them has waited this long; then writes them at
    /// once.
    #[must_use]
    pub fn join(mut self, bytes: usize, within: Duration) -> Self {
        self.chunking = Chunking::Joined { bytes, within };
        self
    }

    /// Delays the bytes of a read by `delay`, and spreads their writes randomly over `jitter`.
    #[must_use]
    pub fn delay(mut self, delay: Duration, jitter: Duration) -> Self {
        (self.delay, self.jitter) = (delay, jitter);
        self
    }

    /// Adds a fault after this many bytes. With 0 it happens when a client connects.
    #[must_use]
    pub fn after(mut self, bytes: u64, fault: Fault) -> Self {
        self.faults.push((bytes, fault));
        self.faults.sort_by_key(|(position, _)| *position);
        self
    }
}
