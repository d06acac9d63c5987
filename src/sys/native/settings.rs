//! The options that a connection needs after its start. The connections of a server share them.

use std::{sync::Arc, time::Duration};

use super::{
    frames::{BufferPool, MessageLimits},
    guard::GuardLimits,
    heartbeat::HeartbeatTimes,
};
use crate::{
    options::{Liveness, PeerOptions},
    sys::server::PeerSettings,
};

/// The options of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ConnectionSettings {
    pub(super) is_server: bool,
    pub(super) nodelay: bool,
    pub(super) close_timeout: Duration,
    pub(super) heartbeat: Arc<HeartbeatTimes>,
    pub(super) liveness: Option<Liveness>,
    max_message_size: usize,
    /// The limits of a server's clients.
    pub(super) limits: Option<Arc<GuardLimits>>,
    /// The memory of a server for large messages.
    pub(super) pool: Option<BufferPool>,
}

impl ConnectionSettings {
    pub(super) fn new(options: &PeerOptions, is_server: bool) -> Self {
        Self {
            is_server,
            nodelay: options.nodelay,
            close_timeout: options.close_timeout,
            heartbeat: Arc::new(HeartbeatTimes::new(options)),
            liveness: options.liveness.clone(),
            max_message_size: options.max_message_size,
            limits: None,
            pool: None,
        }
    }

    fn of_server(settings: PeerSettings<'_>, pool: &BufferPool) -> Self {
        let limits = GuardLimits::new(settings.rate_limits, settings.slow_reader_timeout);
        Self { limits: Some(Arc::new(limits)), pool: Some(pool.clone()), ..Self::new(settings.options, true) }
    }

    pub(super) fn message_limits(&self) -> MessageLimits {
        let fragments = self.limits.as_ref().map_or(0, |limits| limits.rates.max_fragments);
        MessageLimits { message: self.max_message_size, fragments }
    }
}

/// The number of different settings that are kept for later connections. A server has one, or a few kinds of peers.
const KEPT: usize = 8;

/// The settings of a server's connections. Connections with equal settings share them.
#[derive(Debug, Default)]
pub(super) struct SharedSettings {
    kept: Vec<Arc<ConnectionSettings>>,
    pub(super) pool: BufferPool,
}

impl SharedSettings {
    /// Returns the settings of a connection.
    pub(super) fn get(&mut self, settings: PeerSettings<'_>) -> Arc<ConnectionSettings> {
        let wanted = ConnectionSettings::of_server(settings, &self.pool);
        if let Some(shared) = self.kept.iter().find(|shared| ***shared == wanted) {
            return Arc::clone(shared);
        }
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        let wanted = Arc::new(wanted);
        self.kept.push(Arc::clone(&wanted));
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::RateLimits;

    #[test]
    fn connections_with_equal_settings_share_them() {
        let mut shared = SharedSettings::default();
        let mut get = |close_timeout: usize, packets: u32| {
            let options = PeerOptions::for_server().close_timeout(Duration::from_secs(close_timeout as u64));
            shared.get(PeerSettings {
                options: &options,
                rate_limits: RateLimits::default().max_packets_per_second(packets),
                slow_reader_timeout: Duration::ZERO,
            })
        };
        let first = get(1, 1);
        assert!(Arc::ptr_eq(&first, &get(1, 1)));
        assert!(!Arc::ptr_eq(&first, &get(1, 2)) && !Arc::ptr_eq(&first, &get(2, 1)));
        (0..KEPT).for_each(|number| _ = get(10 + number, 1));
        assert!(!Arc::ptr_eq(&first, &get(1, 1)), "only some are kept");
        assert_eq!(shared.kept.len(), KEPT);
    }
}
