//! What a connection needs when it is its turn.

use std::time::Duration;

use crate::{rate::Arrival, sys::server::Budget};

/// A time, and the socket's owner's scratch memory. What is left in that after a call is nobody's.
pub(crate) struct PollContext<'a> {
    /// The time that deadlines are measured by.
    pub(crate) now: Duration,
    /// The time that rates are measured by.
    pub(crate) arrival: Arrival,
    pub(crate) scratch: &'a mut [u8],
    pub(crate) budget: Budget,
    /// How many bytes the socket has given so far in this turn.
    pub(crate) read: usize,
}
