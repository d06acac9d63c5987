//! The queue of ready sockets, and the state that the program's thread shares with the thread that calls the hook.

use std::{
    fmt, io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use mio::{Events, Poll, Registry, Token};

use super::{Interrupt, Wants, errors::ErrorLog};
use crate::sys;

/// The number of events that a sleep reports: those of the sockets of one connection, and of the interrupt.
const EVENTS: usize = 32;

/// A time that every system can count in milliseconds.
const LONGEST_SLEEP: Duration = Duration::from_secs(60 * 60);

/// Deadlines that differ less than this are the same: a deadline that is computed again differs a little.
const SLACK: Duration = Duration::from_millis(1);

/// A queue of ready sockets with one sleeper at a time.
///
/// Events and nudges are reported once, so each must reach the right sleeper. A sleeper decides to sleep only while it
/// holds the queue, by the state at that time, and every change that its decision does not consider is followed by a
/// nudge. So a nudge wakes either the right sleeper, or one that decides again and considers the change. The queue is
/// locked before the state, never while the state is locked.
#[derive(Debug)]
pub(super) struct WakeQueue {
    pub(super) registry: Registry,
    pub(super) interrupt: Arc<Interrupt>,
    queue: Mutex<Queue>,
    state: Mutex<HookState>,
    /// Signals a change of the state.
    changed: Condvar,
}

#[derive(Debug)]
pub(super) struct Queue {
    poll: Poll,
    events: Events,
    /// The errors of the thread's sleep.
    pub(super) errors: ErrorLog,
}

#[derive(Debug, Default)]
pub(super) struct HookState {
    pub(super) hook: Option<SharedHook>,
    /// The number of the hook. A thread serves one hook.
    pub(super) generation: u64,
    /// The thread that serves the hook, if it runs.
    pub(super) thread: Option<JoinHandle<()>>,
    pub(super) has_thread: bool,
    /// `true` while that thread calls the hook.
    pub(super) is_calling: bool,
    /// The time until which a thread sleeps in the queue: the thread of this hook or of an older one.
    pub(super) sleeps_until: Option<Duration>,
    /// `true` while the program itself sleeps in the queue.
    pub(super) is_waiting: bool,
    pub(super) watch: WatchState,
}

/// What the hook is called for.
#[derive(Debug, Default)]
pub(super) enum WatchState {
    /// There is no connection.
    #[default]
    Detached,
    /// The program polls.
    Polling,
    For(WakeTarget),
    /// The hook was called, and the program has not polled since.
    Called {
        at: Duration,
    },
}

/// The events that a connection waits for. Times are those of the monotonic clock.
#[derive(Debug)]
pub(super) struct WakeTarget {
    /// The token of its sockets' events. Events with another token belong to an earlier registration.
    pub(super) token: usize,
    pub(super) wants: Wants,
    pub(super) due: Duration,
}

impl WakeTarget {
    /// Returns `true` if the program has to poll now.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.wants.is_now() || now >= self.due
    }

    /// Returns `true` if this target would miss some of these events.
    pub(super) fn misses(&self, wants: &Wants, due: Duration) -> bool {
        let more = |old: bool, new: bool| new && !old;
        more(self.wants.now, wants.now)
            || more(self.wants.read, wants.read)
            || more(self.wants.write, wants.write)
            || due.saturating_add(SLACK) < self.due
    }
}

/// The program's hook. Calls do not overlap, so it need not be `Sync`.
#[derive(Clone)]
pub(super) struct SharedHook(Arc<Mutex<sys::WakeHook>>);

impl SharedHook {
    pub(super) fn new(hook: sys::WakeHook) -> Self {
        Self(Arc::new(Mutex::new(hook)))
    }

    pub(super) fn call(&self) {
        (self.0.lock().unwrap_or_else(PoisonError::into_inner))();
    }
}

impl fmt::Debug for SharedHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedHook")
    }
}

impl Queue {
    /// Sleeps until an event occurs.
    pub(super) fn sleep(&mut self, at_most: Duration) -> io::Result<()> {
        self.poll.poll(&mut self.events, Some(at_most.min(LONGEST_SLEEP)))
    }

    /// Returns `true` if the last sleep reported an event with this token.
    pub(super) fn has(&self, token: usize) -> bool {
        self.events.iter().any(|event| event.token() == Token(token))
    }
}

impl WakeQueue {
    pub(super) fn new(interrupt: &Arc<Interrupt>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        interrupt.connect(&registry)?;
        Ok(Self {
            registry,
            interrupt: Arc::clone(interrupt),
            queue: Mutex::new(Queue {
                poll,
                events: Events::with_capacity(EVENTS),
                errors: ErrorLog::default(),
            }),
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// Locks the state. No code of the program runs while it is locked.
    pub(super) fn lock(&self) -> MutexGuard<'_, HookState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the thread, so that it checks the state again.
    pub(super) fn wake_all(&self) {
        self.changed.notify_all();
        self.interrupt.nudge();
    }

    /// Replaces what the hook is called for.
    pub(super) fn watch(&self, mut state: MutexGuard<'_, HookState>, target: WakeTarget, now: Duration) {
        let is_sooner = state.sleeps_until.is_some_and(|until| target.is_due(now) || target.due < until);
        state.watch = WatchState::For(target);
        drop(state);
        self.changed.notify_all();
        if is_sooner {
            self.interrupt.nudge();
        }
    }

    /// Sleeps until the state changes.
    pub(super) fn park<'a>(&self, state: MutexGuard<'a, HookState>) -> MutexGuard<'a, HookState> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the queue, after the other sleeper has left it.
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the program itself sleep in the queue.
    pub(super) fn with_queue<T>(&self, work: impl FnOnce(&mut Queue) -> T) -> T {
        let mut state = self.lock();
        state.is_waiting = true;
        let is_taken = state.sleeps_until.is_some();
        drop(state);
        // A thread that takes the queue from now on does not sleep in it.
        if is_taken {
            self.interrupt.nudge();
        }
        let result = work(&mut self.queue());
        self.lock().is_waiting = false;
        self.changed.notify_all();
        result
    }
}
