//! What a proxy does to the bytes, one way and the other.

use std::time::Duration;

/// What happens to the bytes of every connection. The default passes them on as they come.
///
/// ```
/// use std::time::Duration;
/// use testkit::proxy::{Fault, Plan, Way};
///
/// let slow_and_cut = Plan::default()
///     .seed(7)
///     .to_server(Way::default().split())
///     .to_client(Way::default().delay(Duration::from_millis(5), Duration::from_millis(3)).after(100, Fault::Cut));
/// # let _ = slow_and_cut;
/// ```
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub(super) to_server: Way,
    pub(super) to_client: Way,
    pub(super) seed: u64,
    pub(super) is_recorded: bool,
}

impl Plan {
    /// The same both ways.
    pub fn both(way: Way) -> Self {
        Self { to_server: way.clone(), to_client: way, ..Self::default() }
    }

    /// What happens on the way from the client to the server.
    #[must_use]
    pub fn to_server(mut self, way: Way) -> Self {
        self.to_server = way;
        self
    }

    /// What happens on the way from the server to the client.
    #[must_use]
    pub fn to_client(mut self, way: Way) -> Self {
        self.to_client = way;
        self
    }

    /// Where its random numbers begin. The same plan draws the same ones for the same connection.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Keeps what has passed, for [`Proxy::into_transcripts`](super::Proxy::into_transcripts).
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.is_recorded = true;
        self
    }
}

/// What happens to the bytes of one direction. Grain, delay and faults go together in any way.
#[derive(Debug, Clone, Default)]
pub struct Way {
    pub(super) grain: Grain,
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    /// By position.
    pub(super) faults: Vec<(u64, Fault)>,
}

/// How many bytes a write takes along.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Grain {
    #[default]
    AsItComes,
    /// One byte for each of the first; then as it comes.
    Split { first: u64 },
    /// As many as came within the time, or so many.
    Joined { bytes: usize, within: Duration },
}

/// What goes wrong at a certain byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing passes for this long.
    Pause(Duration),
    /// Nothing passes any more, and nobody is told.
    Stall,
    /// TCP ends in order, for both ends and both ways. What was still under way is dropped.
    Cut,
    /// TCP ends in order for whoever receives here. What its sender still says goes nowhere; the other way goes on.
    HalfClose,
    /// TCP ends with a reset for both ends.
    Reset,
}

impl Way {
    /// Writes each byte by itself, with no waiting for others to share a segment.
    #[must_use]
    pub fn split(self) -> Self {
        self.split_first(u64::MAX)
    }

    /// The same for so many bytes; what follows is passed on as it comes. A megabyte byte by byte takes seconds.
    #[must_use]
    pub fn split_first(mut self, bytes: u64) -> Self {
        self.grain = Grain::Split { first: bytes };
        self
    }

    /// Holds bytes back until there are so many, or until the first of them has waited so long; then writes them at once.
    #[must_use]
    pub fn join(mut self, bytes: usize, within: Duration) -> Self {
        self.grain = Grain::Joined { bytes, within };
        self
    }

    /// Lets what was read at once begin to leave after `delay`, and spreads its writes at random over `jitter`.
    #[must_use]
    pub fn delay(mut self, delay: Duration, jitter: Duration) -> Self {
        (self.delay, self.jitter) = (delay, jitter);
        self
    }

    /// Passes so many bytes before this happens: with none, it happens as soon as somebody connects.
    #[must_use]
    pub fn after(mut self, bytes: u64, fault: Fault) -> Self {
        self.faults.push((bytes, fault));
        self.faults.sort_by_key(|(position, _)| *position);
        self
    }
}
