//! A server of this crate on a separate thread, which the page's clients connect to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;

/// The longest sleep of a server, after which the thread checks whether to stop.
pub const STEP: Duration = Duration::from_millis(50);

/// A running server. Dropping this stops it.
pub struct Host {
    url: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    /// Calls `step` until the end. It sleeps for at most [`STEP`].
    pub fn run(address: SocketAddr, mut step: impl FnMut() + Send + 'static) -> Result<Self> {
        let stop = Arc::<AtomicBool>::default();
        let thread = thread::Builder::new().name("host".into()).spawn({
            let stop = Arc::clone(&stop);
            move || {
                while !stop.load(Ordering::Relaxed) {
                    step();
                }
            }
        })?;
        Ok(Self { url: format!("ws://{address}"), stop, thread: Some(thread) })
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed.
            let _ = thread.join();
        }
    }
}
