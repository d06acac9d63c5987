//! What wakes a thread that sleeps in the system's queue of ready sockets.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::Wake,
};

use mio::{Registry, Token};

/// The token of its events, which no socket has.
pub(in super::super) const INTERRUPT: Token = Token(usize::MAX - 1);

/// Wakes a sleeper, for a program by [`Wake`], or for the library by [`nudge`](Self::nudge).
#[derive(Debug, Default)]
pub(in super::super) struct Interrupt {
    /// The program has asked for it, and no wait has ended for that yet.
    is_asked: AtomicBool,
    /// Made with the queue that is slept in.
    waker: OnceLock<mio::Waker>,
}

impl Interrupt {
    /// Wakes from now on what sleeps in this queue.
    pub(in super::super) fn connect(&self, registry: &Registry) -> io::Result<()> {
        let waker = mio::Waker::new(registry, INTERRUPT)?;
        debug_assert!(self.waker.get().is_none(), "it wakes one sleeper");
        self.waker.get_or_init(|| waker);
        Ok(())
    }

    /// Lets the sleeper look again.
    pub(in super::super) fn nudge(&self) {
        if let Some(Err(error)) = self.waker.get().map(mio::Waker::wake) {
            log::error!("a thread that sleeps cannot be woken: {error}");
        }
    }

    /// Returns `true` if the program has asked for it since the last call.
    pub(in super::super) fn take(&self) -> bool {
        // In one order with the sleeper's coming: either it sees the flag, or `nudge` sees it.
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
