//! What a poll hands to a connection.

use std::time::Duration;

use crate::{rate::Arrival, sys::server::Budget};

/// The time, the budget and the scratch memory of a poll.
pub(crate) struct PollContext<'a> {
    /// The time that deadlines are measured by.
    pub(crate) now: Duration,
    /// The time that rates are measured by.
    pub(crate) arrival: Arrival,
    /// Memory to read into. Its content is undefined between calls.
    pub(crate) scratch: &'a mut [u8],
    pub(crate) budget: Budget,
    /// The number of bytes that the socket has returned in this poll.
    pub(crate) read: usize,
}
