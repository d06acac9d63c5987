//! The metrics: a page in Prometheus's text format, which is made at most once a second and served from the hook of
//! requests.

mod page;
mod process;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use websocket_peer::multiplayer::RoomServerStats;

/// The media type of the page.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The time between two pages. Counting visits each connection, so it has a price.
const INTERVAL: Duration = Duration::from_secs(1);

/// The page that the hook serves. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MetricsPage(Arc<Mutex<String>>);

impl MetricsPage {
    /// Returns the current page.
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Makes the page.
#[derive(Debug)]
pub struct Metrics {
    page: MetricsPage,
    started: SystemTime,
    next: Instant,
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The counters of the library.
    pub stats: RoomServerStats,
    /// When the certificate in use expires, for a server with TLS.
    pub certificate_expiry: Option<SystemTime>,
    /// `true` after a signal to end.
    pub is_stopping: bool,
}

impl Metrics {
    /// Creates an empty page, of which the first content is due.
    pub fn new(now: Instant) -> Self {
        Self { page: MetricsPage::default(), started: SystemTime::now(), next: now }
    }

    /// Returns the page for the hook.
    pub fn page(&self) -> MetricsPage {
        self.page.clone()
    }

    /// Returns the time until [`update`](Self::update) makes another page.
    pub fn time_to_update(&self, now: Instant) -> Duration {
        self.next.saturating_duration_since(now)
    }

    /// Makes another page if it is time.
    pub fn update(&mut self, now: Instant, snapshot: impl FnOnce() -> Snapshot) {
        if now < self.next {
            return;
        }
        self.next = now + INTERVAL;
        match page::text(&snapshot(), self.started, process::resident_memory()) {
            Ok(text) => *self.page.0.lock().unwrap_or_else(PoisonError::into_inner) = text,
            Err(error) => log::error!("the metrics cannot be written: {error}"),
        }
    }
}
