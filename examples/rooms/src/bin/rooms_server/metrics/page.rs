//! The page in Prometheus's text format. Its names and labels are fixed, so the number of time series is bounded.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet, prometheus_text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use websocket_peer::Histogram;

use super::Snapshot;

/// Returns the page.
///
/// # Errors
/// None that a `String` has. The encoder passes on those of its target.
pub fn text(
    snapshot: &Snapshot,
    started: SystemTime,
    resident_memory: Option<u64>,
) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    let snapshot = snapshot.clone();
    registry.register_collector(Box::new(Page { snapshot, started, resident_memory }));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Page {
    snapshot: Snapshot,
    started: SystemTime,
    resident_memory: Option<u64>,
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let (rooms, server) = (&self.snapshot.stats, &self.snapshot.stats.server);
        let mut page = Writer(encoder);
        page.labelled_gauge(
            "rooms_build_info",
            "The version of the server.",
            [("version", env!("CARGO_PKG_VERSION"))],
        )?;
        page.gauge("rooms_up", "1 while the server accepts players, 0 while it shuts down.", {
            f64::from(u8::from(!self.snapshot.is_stopping))
        })?;

        page.gauge("rooms_open", "Rooms that are open, the lobby included.", rooms.rooms as f64)?;
        page.counter("rooms_opened", "Rooms that were opened.", rooms.opened)?;
        page.counter("rooms_closed", "Rooms that were closed.", rooms.closed)?;
        page.counter("rooms_moves", "Moves of players to another room.", rooms.moves)?;

        page.gauge("rooms_peers", "Peers that are open or closing, in all rooms.", server.peers as f64)?;
        page.gauge("rooms_handshakes", "Handshakes that are under way.", server.pending as f64)?;
        page.counter("rooms_connections_accepted", "Accepted TCP connections.", server.accepted)?;
        let help = "Connections that ended before they opened: rejected, timed out or lost.";
        page.counter("rooms_connections_rejected", help, server.rejected)?;
        page.counter("rooms_http_answered", "Requests answered over HTTP.", server.answered)?;
        page.counter("rooms_peers_opened", "Peers that have opened.", server.opened)?;
        page.counter("rooms_peers_closed", "Peers that have opened and closed.", server.closed)?;

        let help = "Peers that have opened and closed, by cause.";
        page.counters("rooms_closes", help, "cause", server.closes.iter())?;
        let help = "Rejected requests, by HTTP status.";
        page.counters("rooms_rejections", help, "status", server.rejections.iter())?;
        let help = "Times of the server's polls in seconds, without sleep and without the work of the games.";
        page.histogram("rooms_poll_seconds", help, &server.poll_times)?;

        page.counter("rooms_packets_received", "Packets from peers.", server.packets_received)?;
        page.counter("rooms_packets_sent", "Packets to peers, each once per peer.", server.packets_sent)?;
        page.counter("rooms_received_bytes", "Payload bytes from peers.", server.bytes_received)?;
        page.counter("rooms_sent_bytes", "Payload bytes to peers.", server.bytes_sent)?;
        let help = "Memory of packets, partial messages and requests, as limited by max_buffered_bytes.";
        page.gauge("rooms_buffered_bytes", help, server.memory as f64)?;

        if let Some(expiry) = self.snapshot.certificate_expiry {
            let help = "When the certificate in use expires, in seconds since 1970.";
            page.gauge("rooms_certificate_expiry_timestamp_seconds", help, seconds(expiry))?;
        }
        let help = "When the process started, in seconds since 1970.";
        page.gauge("process_start_time_seconds", help, seconds(self.started))?;
        if let Some(bytes) = self.resident_memory {
            let help = "Resident memory of the process.";
            page.gauge("process_resident_memory_bytes", help, bytes as f64)?;
        }
        Ok(())
    }
}

/// Writes one metric after the other. The encoder adds `_total` to counters.
struct Writer<'a>(DescriptorEncoder<'a>);

impl Writer<'_> {
    fn counter(&mut self, name: &str, help: &str, value: u64) -> Result<(), fmt::Error> {
        let counter = ConstCounter::new(value);
        counter.encode(self.0.encode_descriptor(name, help, None, MetricType::Counter)?)
    }

    /// Writes a counter for each value of a label.
    fn counters<V: fmt::Display>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        counts: impl Iterator<Item = (V, u64)>,
    ) -> Result<(), fmt::Error> {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (value, count) in counts {
            let labels = [(label, value.to_string())];
            ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn histogram(&mut self, name: &str, help: &str, times: &Histogram) -> Result<(), fmt::Error> {
        // The encoder adds up the buckets itself.
        let mut before = 0;
        let buckets: Vec<(f64, u64)> = times
            .buckets()
            .map(|(bound, total)| (bound, total - std::mem::replace(&mut before, total)))
            .collect();
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        metric.encode_histogram::<NoLabelSet>(times.sum().as_secs_f64(), times.count(), &buckets, None)
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) -> Result<(), fmt::Error> {
        let gauge = ConstGauge::new(value);
        gauge.encode(self.0.encode_descriptor(name, help, None, MetricType::Gauge)?)
    }

    /// Writes a gauge of 1 with labels, as for information that does not change.
    fn labelled_gauge<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: [(&str, &str); N],
    ) -> Result<(), fmt::Error> {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(1_i64).encode(metric.encode_family(&labels)?)
    }
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since: Duration| since.as_secs_f64())
}
