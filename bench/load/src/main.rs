//! Runs one measurement of one server. The result is the only line of output, as JSON.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser, ValueExt};
use load::{broadcast, echo, idle, relay, rooms};
use serde::Serialize;

const HELP: &str = "\
load echo      --connections N --in-flight N --bytes N --seconds S [--tls]   -- SERVER ARGS…
load idle      --connections N --active N --hz N --seconds S [--final-line]   -- SERVER ARGS…
load broadcast --connections N --bytes N --times N [--trace FILE]   -- SERVER ARGS…
load relay     --active N --hz N --in-flight N… --seconds S --connections N --burst N… --times N --bytes N --joining N
               -- SERVER ARGS…
load rooms     --rooms N… --active N --hz N --bytes N --seconds S --limit-ms N [--processes]   -- SERVER ARGS…
load room-costs --rooms N --nodes N --active N   -- SERVER ARGS…
Options with … can be repeated.";

fn main() -> Result<()> {
    let mut args = Args::default();
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("connections") => args.connections = parser.value()?.parse()?,
            Arg::Long("in-flight") => args.in_flight.push(parser.value()?.parse()?),
            Arg::Long("bytes") => args.bytes = parser.value()?.parse()?,
            Arg::Long("seconds") => args.seconds = parser.value()?.parse()?,
            Arg::Long("active") => args.active = parser.value()?.parse()?,
            Arg::Long("hz") => args.hz = parser.value()?.parse()?,
            Arg::Long("times") => args.times = parser.value()?.parse()?,
            Arg::Long("burst") => args.bursts.push(parser.value()?.parse()?),
            Arg::Long("joining") => args.joining = parser.value()?.parse()?,
            Arg::Long("trace") => args.trace = Some(parser.value()?.into()),
            Arg::Long("final-line") => args.final_line = true,
            Arg::Long("rooms") => args.rooms.push(parser.value()?.parse()?),
            Arg::Long("nodes") => args.nodes = parser.value()?.parse()?,
            Arg::Long("limit-ms") => args.limit_ms = parser.value()?.parse()?,
            Arg::Long("tls") => args.tls = true,
            Arg::Long("processes") => args.processes = true,
            Arg::Value(value) => args.positional.push(value),
            other => bail!("{}\n{HELP}", other.unexpected()),
        }
    }
    let (scenario, server) = args.positional.split_first().context(HELP)?;
    match scenario.to_str() {
        Some("echo") => print(&echo::run(&args.echo()?, server)?),
        Some("idle") => print(&idle::run(&args.idle(), server)?),
        Some("broadcast") => print(&broadcast::run(&args.broadcast(), server)?),
        Some("relay") => print(&relay::run(&args.relay(), server)?),
        Some("rooms") => print(&rooms::run(&args.rooms(), server)?),
        Some("room-costs") => print(&rooms::costs::run(&args.room_costs()?, server)?),
        _ => bail!(HELP),
    }
}

fn print(measured: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(measured)?);
    Ok(())
}

/// The command line.
#[derive(Default)]
struct Args {
    /// The load, then the server's command line.
    positional: Vec<OsString>,
    connections: usize,
    in_flight: Vec<usize>,
    bytes: usize,
    seconds: f64,
    active: usize,
    hz: u32,
    times: usize,
    bursts: Vec<usize>,
    joining: usize,
    trace: Option<PathBuf>,
    final_line: bool,
    rooms: Vec<usize>,
    nodes: usize,
    limit_ms: f64,
    processes: bool,
    tls: bool,
}

impl Args {
    fn echo(&self) -> Result<echo::Plan> {
        let &[in_flight] = &*self.in_flight else { bail!("one number of messages in flight is needed") };
        Ok(echo::Plan {
            connections: self.connections,
            in_flight,
            bytes: self.bytes,
            warm_up: self.warm_up(),
            time: Duration::from_secs_f64(self.seconds),
            tls: self.tls,
        })
    }

    fn idle(&self) -> idle::Plan {
        idle::Plan {
            idle: self.connections,
            active: self.active,
            hz: self.hz,
            warm_up: self.warm_up(),
            time: Duration::from_secs_f64(self.seconds),
            final_line: self.final_line,
        }
    }

    fn broadcast(&self) -> broadcast::Plan {
        broadcast::Plan {
            peers: self.connections,
            bytes: self.bytes,
            times: self.times,
            trace: self.trace.clone(),
        }
    }

    fn relay(&self) -> relay::Plan {
        relay::Plan {
            players: self.active,
            hz: self.hz,
            in_flight: self.in_flight.clone(),
            members: self.connections,
            bursts: self.bursts.clone(),
            times: self.times,
            bytes: self.bytes,
            joining: self.joining,
            warm_up: self.warm_up(),
            time: Duration::from_secs_f64(self.seconds),
        }
    }

    fn rooms(&self) -> rooms::Plan {
        rooms::Plan {
            rooms: self.rooms.clone(),
            players: self.active,
            hz: self.hz,
            bytes: self.bytes,
            warm_up: self.warm_up(),
            time: Duration::from_secs_f64(self.seconds),
            limit: Duration::from_secs_f64(self.limit_ms / 1000.0),
            processes: self.processes,
        }
    }

    fn room_costs(&self) -> Result<rooms::costs::Plan> {
        let &[rooms] = &*self.rooms else { bail!("one number of rooms is needed") };
        Ok(rooms::costs::Plan { rooms, nodes: self.nodes, players: self.active })
    }

    /// Long enough for caches and the processor's frequency.
    fn warm_up(&self) -> Duration {
        Duration::from_secs_f64((self.seconds / 3.0).min(1.0))
    }
}
