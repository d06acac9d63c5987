//! The queue of ready sockets, and what the program's thread shares with the one that calls the hook.

use std::{
    fmt, io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use mio::{Events, Poll, Registry, Token};

use super::{Interrupt, Wants, errors::ErrorLog};
use crate::sys;

/// How many events one look takes: of the sockets of one connection, and of the interrupt.
const EVENTS: usize = 32;

/// What the system can count in milliseconds, and far less.
const LONGEST_SLEEP: Duration = Duration::from_secs(60 * 60);

/// A deadline that is reckoned anew comes out a little earlier or later.
const SLACK: Duration = Duration::from_millis(1);

/// A queue of ready sockets with one sleeper at a time.
///
/// Events and nudges are told once, so each must reach the sleeper it is for. Sleepers decide to sleep only while they
/// hold the queue, by what the state says then; and every change that a sleeper's decision does not know of is followed by
/// a nudge. So a nudge can only be taken by a sleeper that it is for, or before the decision that takes the change into
/// account. The queue is locked before the state, never while the state is.
#[derive(Debug)]
pub(super) struct WakeQueue {
    pub(super) registry: Registry,
    pub(super) interrupt: Arc<Interrupt>,
    queue: Mutex<Queue>,
    state: Mutex<State>,
    /// The state has changed.
    changed: Condvar,
}

#[derive(Debug)]
pub(super) struct Queue {
    poll: Poll,
    events: Events,
    /// Of the thread's sleep.
    pub(super) errors: ErrorLog,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) hook: Option<SharedHook>,
    /// Counts the hooks. A thread serves one.
    pub(super) generation: u64,
    /// The thread that serves the hook, if it runs.
    pub(super) thread: Option<JoinHandle<()>>,
    pub(super) has_thread: bool,
    /// `true` while that thread calls the hook.
    pub(super) is_calling: bool,
    /// Until when a thread sleeps in the queue, be it this hook's or an older one's.
    pub(super) sleeps_until: Option<Duration>,
    /// The program sleeps in the queue itself.
    pub(super) is_waiting: bool,
    pub(super) watch: WatchState,
}

/// What the hook is to be called for.
#[derive(Debug, Default)]
pub(super) enum WatchState {
    /// There is no connection.
    #[default]
    Detached,
    /// The program polls.
    Polling,
    For(Target),
    /// It was called, and the program has not polled since.
    Called {
        at: Duration,
    },
}

/// What a connection waits for. Times are the wall's.
#[derive(Debug)]
pub(super) struct Target {
    /// The token of its sockets' events. Events with another are about what was waited for before.
    pub(super) token: usize,
    pub(super) wants: Wants,
    pub(super) due: Duration,
}

impl Target {
    /// Returns `true` if the program is to poll now.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.wants.is_now() || now >= self.due
    }

    /// Returns `true` if something of these would be missed.
    pub(super) fn misses(&self, wants: &Wants, due: Duration) -> bool {
        let more = |old: bool, new: bool| new && !old;
        more(self.wants.now, wants.now)
            || more(self.wants.read, wants.read)
            || more(self.wants.write, wants.write)
            || due.saturating_add(SLACK) < self.due
    }
}

/// The program's hook. One call at a time: it need not be `Sync`.
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
    /// Sleeps until something happens.
    pub(super) fn sleep(&mut self, at_most: Duration) -> io::Result<()> {
        self.poll.poll(&mut self.events, Some(at_most.min(LONGEST_SLEEP)))
    }

    /// Returns `true` if the last sleep found the sockets ready that were registered with this token.
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

    /// No code of the program's runs while this is held.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the thread look at the state again, wherever it sleeps.
    pub(super) fn wake_all(&self) {
        self.changed.notify_all();
        self.interrupt.nudge();
    }

    /// Watches for something else.
    pub(super) fn watch(&self, mut state: MutexGuard<'_, State>, target: Target, now: Duration) {
        let is_sooner = state.sleeps_until.is_some_and(|until| target.is_due(now) || target.due < until);
        state.watch = WatchState::For(target);
        drop(state);
        self.changed.notify_all();
        if is_sooner {
            self.interrupt.nudge();
        }
    }

    /// Sleeps until the state changes.
    pub(super) fn park<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the queue, once the other sleeper has left it.
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the program sleep in the queue itself.
    pub(super) fn with_queue<T>(&self, work: impl FnOnce(&mut Queue) -> T) -> T {
        let mut state = self.lock();
        state.is_waiting = true;
        let is_taken = state.sleeps_until.is_some();
        drop(state);
        // A thread that takes the queue from here on does not sleep in it.
        if is_taken {
            self.interrupt.nudge();
        }
        let result = work(&mut self.queue());
        self.lock().is_waiting = false;
        self.changed.notify_all();
        result
    }
}
