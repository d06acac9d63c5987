//! The options that a connection needs after its start.

use std::time::Duration;

use super::open;
use crate::{
    options::{PeerOptions, RateLimits},
    shared_bytes::SharedBytes,
};

/// The options of a connection.
#[derive(Debug)]
pub(super) struct ConnectionSettings {
    pub(super) nodelay: bool,
    /// The deadline for opening.
    pub(super) connect_due: Duration,
    pub(super) close_timeout: Duration,
    pub(super) open: open::OpenSettings,
    /// The limits of a server's clients, with the slow-reader timeout.
    pub(super) limits: Option<Box<(RateLimits, Duration)>>,
    /// Counts the bytes that wait in several send queues of a server.
    pub(super) shared_bytes: Option<SharedBytes>,
}

impl ConnectionSettings {
    pub(super) fn new(options: &PeerOptions, is_server: bool, now: Duration) -> Self {
        Self {
            nodelay: options.nodelay,
            connect_due: now + options.connect_timeout,
            close_timeout: options.close_timeout,
            open: open::OpenSettings::new(options, is_server),
            limits: None,
            shared_bytes: None,
        }
    }
}
