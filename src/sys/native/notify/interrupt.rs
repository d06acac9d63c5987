//! Wakes a thread that sleeps in the system's queue of ready sockets.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::Wake,
};

use mio::{Registry, Token};

/// The token of its events. No socket has it.
pub(in super::super) const INTERRUPT: Token = Token(usize::MAX - 1);

/// Wakes a sleeper, for a program by [`Wake`], or for the library by [`nudge`](Self::nudge).
#[derive(Debug, Default)]
pub(in super::super) struct Interrupt {
    /// `true` if the program used the waker, and no wait has ended since.
    is_asked: AtomicBool,
    /// Made together with the queue.
    waker: OnceLock<mio::Waker>,
}

impl Interrupt {
    /// Sets the queue whose sleeper it wakes.
    pub(in super::super) fn connect(&self, registry: &Registry) -> io::Result<()> {
        let waker = mio::Waker::new(registry, INTERRUPT)?;
        debug_assert!(self.waker.get().is_none(), "it has a queue already");
        self.waker.get_or_init(|| waker);
        Ok(())
    }

    /// Wakes the sleeper, so that it checks again.
    pub(in super::super) fn nudge(&self) {
        if let Some(Err(error)) = self.waker.get().map(mio::Waker::wake) {
            log::error!("a sleeping thread cannot be woken: {error}");
        }
    }

    /// Returns `true` if the program used the waker since the last call.
    pub(in super::super) fn take(&self) -> bool {
        // SeqCst: either the sleeper sees the flag, or `nudge` wakes the sleeper.
        self.is_asked.swap(false, Ordering::SeqCst)
    }
}

impl Wake for Interrupt {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_asked.store(true, Ordering::SeqCst);
        self.nudge();
    }
}
