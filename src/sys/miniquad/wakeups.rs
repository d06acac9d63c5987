//! Wakes the program when JavaScript calls it with the id of a connection.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
    time::Duration,
};

use super::imports::{self, Id};
use crate::sys::page::{Expiry, WakeDeadline, WakeSignal};

/// The wake-ups of one connection.
pub(super) struct Wakeups {
    id: Id,
    pub(super) signal: WakeSignal,
    pub(super) deadline: WakeDeadline,
}

/// Why JavaScript wakes the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WakeReason {
    /// An event of the connection or the page.
    Event,
    /// The task has ended in which another poll was found to be needed.
    TaskEnded,
    /// The timer has fired.
    Timer,
}

thread_local! {
    /// The connections of this thread. A program has few.
    static CONNECTIONS: RefCell<Vec<Weak<Wakeups>>> = const { RefCell::new(Vec::new()) };
}

/// Creates the wake-ups of a new connection.
pub(super) fn register(id: Id) -> Rc<Wakeups> {
    let wakeups = Rc::new(Wakeups { id, signal: WakeSignal::default(), deadline: WakeDeadline::new() });
    CONNECTIONS.with_borrow_mut(|connections| {
        connections.retain(|connection| connection.strong_count() > 0);
        connections.push(Rc::downgrade(&wakeups));
    });
    wakeups
}

/// Wakes the program for a connection, unless that is gone.
pub(super) fn wake(id: Id, reason: WakeReason) {
    let connection = CONNECTIONS
        .with_borrow(|connections| connections.iter().filter_map(Weak::upgrade).find(|found| found.id == id));
    // The hook may do anything, so nothing is borrowed here.
    let Some(connection) = connection else { return };
    match reason {
        WakeReason::Event => connection.signal.notify(),
        WakeReason::TaskEnded => connection.signal.notify_pending(),
        WakeReason::Timer => match connection.deadline.expire() {
            Expiry::None => {}
            Expiry::Early(wait) => connection.start_timer(wait),
            Expiry::Due => connection.signal.notify(),
        },
    }
}

impl Wakeups {
    /// Replaces the timer of the connection.
    pub(super) fn start_timer(&self, wait: Duration) {
        // Rounded up, because a timer that fires too early has to be set again.
        let milliseconds = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).saturating_add(1);
        imports::start_timer(self.id, milliseconds);
    }
}
