//! The options that a connection needs after its start.

use std::time::Duration;

use super::pump;
use crate::{
    ledger::Ledger,
    options::{PeerOptions, RateLimits},
};

/// The options that are needed after the start.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) nodelay: bool,
    /// When it must be open.
    pub(super) connect_due: Duration,
    pub(super) close_timeout: Duration,
    pub(super) pump: pump::Settings,
    /// What a server's strangers are held to.
    pub(super) limits: Option<Box<(RateLimits, Duration)>>,
    /// Counts the bytes that several of a server's connections send.
    pub(super) ledger: Option<Ledger>,
}

impl Settings {
    pub(super) fn new(options: &PeerOptions, is_server: bool, now: Duration) -> Self {
        Self {
            nodelay: options.nodelay,
            connect_due: now + options.connect_timeout,
            close_timeout: options.close_timeout,
            pump: pump::Settings::new(options, is_server),
            limits: None,
            ledger: None,
        }
    }
}
