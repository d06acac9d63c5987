//! The host of the game that the page's `GamePlayer`s join, on a separate thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use game::{Host, HostOptions};

/// The interval at which the thread checks whether to stop.
const STEP: Duration = Duration::from_millis(50);

/// What every roll shows.
const ROLL: u32 = 42;

/// A running game. Dropping this stops it.
pub struct GameTable {
    url: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl GameTable {
    pub fn start() -> Result<Self> {
        let options = HostOptions { dice: Box::new(|| ROLL), ..HostOptions::default() };
        let mut host = Host::bind("127.0.0.1:0", options)?;
        let url = format!("ws://{}", host.local_addr()?);
        let stop = Arc::<AtomicBool>::default();
        let thread = thread::Builder::new().name("game".into()).spawn({
            let stop = Arc::clone(&stop);
            move || {
                while !stop.load(Ordering::Relaxed) {
                    if let Err(error) = host.frame(STEP) {
                        eprintln!("game: {error}");
                        return;
                    }
                }
            }
        })?;
        Ok(Self { url, stop, thread: Some(thread) })
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for GameTable {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed.
            let _ = thread.join();
        }
    }
}
