//! A time limit that can pause.

use std::time::Duration;

/// Measures how long something lasts, less the pauses, against a limit.
#[derive(Debug)]
pub(super) struct Stopwatch {
    /// Zero: no limit.
    limit: Duration,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Reset,
    /// It would have begun then, had there been no pause.
    Running {
        since: Duration,
    },
    Paused {
        spent: Duration,
    },
}

impl Stopwatch {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, state: State::Reset }
    }

    /// Begins, running or paused; one that has begun goes on as it is.
    pub(super) fn start(&mut self, now: Duration, runs: bool) {
        if !self.has_started() {
            let spent = Duration::ZERO;
            self.state = if runs { State::Running { since: now } } else { State::Paused { spent } };
        }
    }

    pub(super) fn has_started(&self) -> bool {
        !matches!(self.state, State::Reset)
    }

    /// Goes on, or pauses.
    pub(super) fn run(&mut self, runs: bool, now: Duration) {
        self.state = match self.state {
            State::Running { since } if !runs => State::Paused { spent: now.saturating_sub(since) },
            State::Paused { spent } if runs => State::Running { since: now.saturating_sub(spent) },
            state => state,
        };
    }

    pub(super) fn reset(&mut self) {
        self.state = State::Reset;
    }

    /// Returns when the limit is reached, if nothing pauses it before.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.state {
            State::Running { since } if !self.limit.is_zero() => Some(since + self.limit),
            _ => None,
        }
    }
}
