//! The chat servers that the page's `ChatClient`s join, one for each mode, on a separate thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;
use chat::{ChatServer, Mode};

/// The interval at which the thread checks whether to stop.
const STEP: Duration = Duration::from_millis(10);

/// The running servers. Dropping this stops them.
pub struct Chats {
    urls: [String; 2],
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Chats {
    pub fn start() -> Result<Self> {
        let bind = |mode| ChatServer::bind("127.0.0.1:0", mode);
        let mut servers = [bind(Mode::Plain)?, bind(Mode::Multiplayer)?];
        let url = |server: &ChatServer| server.local_addr().map(|address| format!("ws://{address}"));
        let urls = [url(&servers[0])?, url(&servers[1])?];
        let stop = Arc::<AtomicBool>::default();
        let thread = thread::Builder::new().name("chats".into()).spawn({
            let stop = Arc::clone(&stop);
            move || {
                while !stop.load(Ordering::Relaxed) {
                    for server in &mut servers {
                        server.frame(STEP);
                    }
                }
            }
        })?;
        Ok(Self { urls, stop, thread: Some(thread) })
    }

    /// The URL of the server in the mode plain, and of the one in the mode multiplayer.
    pub fn urls(&self) -> &[String; 2] {
        &self.urls
    }
}

impl Drop for Chats {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed.
            let _ = thread.join();
        }
    }
}
