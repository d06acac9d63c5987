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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::task::Wake;

    use super::*;

    struct Signal(mpsc::SyncSender<()>);

    impl Wake for Signal {
        fn wake(self: Arc<Self>) {
            self.0.send(()).unwrap();
        }
    }

    #[test]
    fn a_dropped_server_is_woken_and_stops() {
        let (signal, woken) = mpsc::sync_channel(1);
        let (report, reports) = mpsc::channel();
        let thread = ServerThread::start("test", Waker::from(Arc::new(Signal(signal))), move |stop| {
            woken.recv().unwrap();
            report.send(is_stopping(stop)).unwrap();
        });
        drop(thread.unwrap());
        assert_eq!(reports.recv(), Ok(true));
    }
}
