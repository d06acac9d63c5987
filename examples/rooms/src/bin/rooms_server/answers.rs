//! The answers over HTTP that need no room: `/health` and `/metrics`.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ipnet::IpNet;
use websocket_peer::{Request, multiplayer::Placement};

use crate::metrics::{MEDIA_TYPE, MetricsPage};

/// The header fields by which proxies report the client.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// Answers requests within the hook.
pub struct Answers {
    metrics: MetricsPage,
    metrics_from: Vec<IpNet>,
    health: Health,
}

/// The health that is reported. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health {
    is_stopping: Arc<AtomicBool>,
}

impl Health {
    /// Reports from now on that the server shuts down.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Returns `true` after [`stop`](Self::stop).
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}

impl Answers {
    /// Creates the answers of a server with this page of metrics, which clients of these networks may read.
    pub fn new(health: Health, metrics: MetricsPage, metrics_from: Vec<IpNet>) -> Self {
        Self { metrics, metrics_from, health }
    }

    /// Returns the answer to a request for one of these paths.
    pub fn answer(&self, request: &Request) -> Option<Placement> {
        match request.path() {
            "/health" => Some(match self.health.is_stopping() {
                false => uncached(Placement::respond(200, "ok\n")),
                true => uncached(Placement::respond(503, "shutting down\n")),
            }),
            "/metrics" if self.may_read_metrics(request) => {
                let text = self.metrics.text();
                Some(uncached(Placement::respond(200, text)).header("Content-Type", MEDIA_TYPE))
            }
            "/metrics" => {
                log::debug!("{} may not read the metrics: see `metrics.from`", request.addr());
                Some(Placement::reject(403))
            }
            _ => None,
        }
    }

    /// A request that came through a proxy has the proxy's address, which is no proof of where the client is.
    fn may_read_metrics(&self, request: &Request) -> bool {
        let is_forwarded = FORWARDED.iter().any(|field| request.header(field).is_some());
        !is_forwarded && contains(&self.metrics_from, request.addr().ip())
    }
}

fn uncached(placement: Placement) -> Placement {
    placement.header("Cache-Control", "no-store")
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    // A listener for both families reports IPv4 clients as IPv6.
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MetricsAccess;

    #[test]
    fn by_default_loopback_and_private_networks_read_the_metrics() {
        let networks = MetricsAccess::default().from;
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.9",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(contains(&networks, address.parse().expect("an address")), "{address}");
        }
        for address in [
            "0.0.0.0",
            "8.8.8.8",
            "172.32.0.1",
            "192.169.0.1",
            "100.64.0.1",
            "::",
            "2001:db8::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(!contains(&networks, address.parse().expect("an address")), "{address}");
        }
        assert!(!contains(&[], [127, 0, 0, 1].into()));
    }
}
