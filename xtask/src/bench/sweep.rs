//! Measures the cost of a message as connections or bytes grow.

use anyhow::Result;
use serde::Deserialize;

use super::comparison::{Comparison, OURS, PLAIN, Server, UWEBSOCKETS};
use super::curves::{Curve, Curves};
use super::document::{Figure, Section, Summary, Table};
use super::echo::{args, size};
use super::numbers::{median, short, whole};

const CANDIDATES: [Server; 3] = [OURS, UWEBSOCKETS, PLAIN];

const CONNECTIONS: [usize; 5] = [1, 10, 100, 1_000, 10_000];

/// The size of a message where the number of connections grows, in bytes.
const BYTES: usize = 64;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A packet of 4 KiB or more is shared, and buffers have 64 KiB.
const SIZES: [usize; 11] =
    [16, 64, 256, KIB, 4 * KIB - 1, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];

/// The connections, and the messages in flight on each, where messages grow.
const LANES: (usize, usize) = (4, 2);

/// The same for messages that arrive many at a time, as they do when many players are in a match, and their sizes. A packet of
/// 76 bytes or more has memory of its own.
const DEEP_LANES: (usize, usize) = (32, 16);
const DEEP_SIZES: [usize; 5] = [64, 128, 512, KIB, 4 * KIB];

const TEXT: &str = "
The CPU time of the server for each message that it receives and sends back, as the number of connections grows and as
messages grow. The cost of a message should not depend on the number of connections, and the cost of a byte should fall to
a constant without a step. Each connection has one message in flight in the first table, two in the second, and 16 in the
third: many messages arrive in one read there.
";

#[derive(Deserialize)]
struct Measured {
    cpu_us_per_message: f64,
}

pub async fn measure(comparison: &Comparison<'_>) -> Result<Section> {
    let connections = comparison.by_mode(&CONNECTIONS[..], &CONNECTIONS[..3]);
    let by_connections =
        costs(comparison, connections.iter().map(|&connections| (connections, 1, BYTES))).await?;
    let by_bytes = costs(comparison, SIZES.iter().map(|&bytes| (LANES.0, LANES.1, bytes))).await?;
    let deep = DEEP_SIZES.iter().map(|&bytes| (DEEP_LANES.0, DEEP_LANES.1, bytes));
    let by_bytes_deep = costs(comparison, deep).await?;

    let mut connection_table =
        Table::new(["connections"].into_iter().chain(CANDIDATES.map(|server| server.name)));
    for (connections, costs) in connections.iter().zip(&by_connections) {
        connection_table.row([whole(*connections as f64)].into_iter().chain(costs.map(short)));
    }
    let tables = vec![
        (format!("µs of CPU per message of {BYTES} bytes:"), connection_table),
        (size_caption(LANES), size_table(&SIZES, &by_bytes)),
        (size_caption(DEEP_LANES), size_table(&DEEP_SIZES, &by_bytes_deep)),
    ];
    let figures = vec![
        Figure {
            title: "CPU time per message as connections grow",
            path: "images/sweep-connections.svg",
            svg: curves(
                "connections",
                "µs of CPU per message of 64 B",
                connections,
                &by_connections,
                |cost, _| cost,
            ),
        },
        Figure {
            title: "CPU time per byte as messages grow",
            path: "images/sweep-bytes.svg",
            svg: curves("bytes in a message", "ns of CPU per byte", &SIZES, &by_bytes, per_byte),
        },
    ];
    let (title, text) = ("Server: cost as it grows", TEXT.to_owned());
    Ok(Section { title, text, tables, figures, summary: Summary::default() })
}

fn size_caption((connections, in_flight): (usize, usize)) -> String {
    format!("{connections} connections × {in_flight} in flight. µs of CPU per message · ns per byte:")
}

fn size_table(sizes: &[usize], costs: &[[f64; CANDIDATES.len()]]) -> Table {
    let mut table = Table::new(["bytes"].into_iter().chain(CANDIDATES.map(|server| server.name)));
    for (&bytes, costs) in sizes.iter().zip(costs) {
        let cells = costs.map(|cost| format!("{} · {}", short(cost), short(per_byte(cost, bytes))));
        table.row([size(bytes)].into_iter().chain(cells));
    }
    table
}

/// Returns the cost of a message in microseconds, for each load and candidate.
async fn costs(
    comparison: &Comparison<'_>,
    loads: impl Iterator<Item = (usize, usize, usize)>,
) -> Result<Vec<[f64; CANDIDATES.len()]>> {
    let mut costs = Vec::new();
    for load in loads {
        let (args, bytes) = (args(&load, comparison.by_mode("0.6", "0.1"), false), load.2.to_string());
        let command = |server: &_| comparison.measuring("load", &args, server, &["--max-message", &bytes]);
        let measured: Vec<Vec<Measured>> =
            comparison.run_rounds(comparison.rounds(), &CANDIDATES, command).await?;
        costs.push(std::array::from_fn(|index| median(&measured[index], |round| round.cpu_us_per_message)));
    }
    Ok(costs)
}

/// Returns nanoseconds per byte.
fn per_byte(us_per_message: f64, bytes: usize) -> f64 {
    us_per_message * 1000.0 / bytes as f64
}

/// Draws a curve for each candidate.
fn curves(
    across: &'static str,
    up: &'static str,
    positions: &[usize],
    costs: &[[f64; CANDIDATES.len()]],
    value: impl Fn(f64, usize) -> f64,
) -> String {
    let curve = |(index, server): (usize, &Server)| {
        let values = positions.iter().zip(costs).map(|(&at, costs)| (at as f64, value(costs[index], at)));
        Curve { name: server.name, points: values.collect() }
    };
    Curves { across, up, curves: CANDIDATES.iter().enumerate().map(curve).collect() }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_has_a_point_for_each_measurement() {
        let svg = curves("bytes", "ns", &[10, 1000], &[[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]], per_byte);
        assert_eq!(svg.matches("<circle").count(), 2 * CANDIDATES.len());
        assert_eq!(per_byte(2.0, 1000), 2.0);
    }
}
