//! A server on a thread of its own, which stops when it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};

/// A running thread. Dropping this stops the thread and waits for its end.
pub struct ServerThread {
    stop: Arc<AtomicBool>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    /// Runs `serve` until its argument is `true`. `waker` ends its sleep.
    pub fn start(name: &str, waker: Waker, serve: impl FnOnce(&AtomicBool) + Send + 'static) -> Result<Self> {
        let stop = Arc::<AtomicBool>::default();
        let thread = thread::Builder::new().name(name.to_owned()).spawn({
            let stop = Arc::clone(&stop);
            move || serve(&stop)
        });
        let thread = thread.with_context(|| format!("cannot start the thread of the {name}"))?;
        Ok(Self { stop, waker, thread: Some(thread) })
    }

    /// Ends the current sleep of the server, or else the next one.
    pub fn wake(&self) {
        self.waker.wake_by_ref();
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed.
            let _ = thread.join();
        }
    }
}

/// Returns `true` if the server is to stop.
pub fn is_stopping(stop: &AtomicBool) -> bool {
    stop.load(Ordering::Relaxed)
}
