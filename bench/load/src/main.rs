//! One measurement of one server: what was measured is the only line of output, as JSON.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser, ValueExt};
use load::{broadcast, echo, idle, relay};
use serde::Serialize;

const HELP: &str = "\
load echo      --connections N --in-flight N --bytes N --seconds S   -- SERVER ARGS…
load idle      --connections N --active N --hz N --seconds S [--last-words]   -- SERVER ARGS…
load broadcast --connections N --bytes N --times N [--trace FILE]   -- SERVER ARGS…
load relay     --active N --hz N --in-flight N… --seconds S --connections N --burst N… --times N --bytes N --joining N
               -- SERVER ARGS…
An option with … can be given several times.";

fn main() -> Result<()> {
    let mut asked = Asked::default();
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("connections") => asked.connections = parser.value()?.parse()?,
            Arg::Long("in-flight") => asked.in_flight.push(parser.value()?.parse()?),
            Arg::Long("bytes") => asked.bytes = parser.value()?.parse()?,
            Arg::Long("seconds") => asked.seconds = parser.value()?.parse()?,
            Arg::Long("active") => asked.active = parser.value()?.parse()?,
            Arg::Long("hz") => asked.hz = parser.value()?.parse()?,
            Arg::Long("times") => asked.times = parser.value()?.parse()?,
            Arg::Long("burst") => asked.bursts.push(parser.value()?.parse()?),
            Arg::Long("joining") => asked.joining = parser.value()?.parse()?,
            Arg::Long("trace") => asked.trace = Some(parser.value()?.into()),
            Arg::Long("last-words") => asked.last_words = true,
            Arg::Value(value) => asked.words.push(value),
            other => bail!("{}\n{HELP}", other.unexpected()),
        }
    }
    let (scenario, server) = asked.words.split_first().context(HELP)?;
    match scenario.to_str() {
        Some("echo") => tell(&echo::run(&asked.echo()?, server)?),
        Some("idle") => tell(&idle::run(&asked.idle(), server)?),
        Some("broadcast") => tell(&broadcast::run(&asked.broadcast(), server)?),
        Some("relay") => tell(&relay::run(&asked.relay(), server)?),
        _ => bail!(HELP),
    }
}

fn tell(measured: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(measured)?);
    Ok(())
}

/// The command line.
#[derive(Default)]
struct Asked {
    /// What to do, then the server's own command line.
    words: Vec<OsString>,
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
    last_words: bool,
}

impl Asked {
    fn echo(&self) -> Result<echo::Plan> {
        let &[in_flight] = &*self.in_flight else { bail!("one number of messages in flight is needed") };
        Ok(echo::Plan {
            connections: self.connections,
            in_flight,
            bytes: self.bytes,
            warm_up: self.warm_up(),
            time: Duration::from_secs_f64(self.seconds),
        })
    }

    fn idle(&self) -> idle::Plan {
        idle::Plan {
            idle: self.connections,
            active: self.active,
            hz: self.hz,
            warm_up: self.warm_up(),
            time: Duration::from_secs_f64(self.seconds),
            last_words: self.last_words,
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
            audience: self.connections,
            bursts: self.bursts.clone(),
            times: self.times,
            bytes: self.bytes,
            joining: self.joining,
            warm_up: self.warm_up(),
            time: Duration::from_secs_f64(self.seconds),
        }
    }

    /// Caches are warm long before that, and so is the processor.
    fn warm_up(&self) -> Duration {
        Duration::from_secs_f64((self.seconds / 3.0).min(1.0))
    }
}
