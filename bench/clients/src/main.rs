//! Measures one client: the messages per second that go to a server and back, as one line of JSON.
//!
//! The server runs on one core, and all threads of the client on another.

mod ewebsock_events;
mod ewebsock_polled;
mod ours;
mod plan;
mod tungstenite_blocking;

use std::{ffi::OsString, time::Duration};

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser, ValueExt};
use load::{
    cores::{Cores, allow_descriptors},
    server::Server,
};
use plan::Plan;

const HELP: &str = "clients CLIENT --bytes N --in-flight N --seconds S -- SERVER ARGS…";

fn main() -> Result<()> {
    let (mut bytes, mut in_flight, mut seconds) = (64, 1, 1.0);
    let mut positional: Vec<OsString> = Vec::new();
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("bytes") => bytes = parser.value()?.parse()?,
            Arg::Long("in-flight") => in_flight = parser.value()?.parse()?,
            Arg::Long("seconds") => seconds = parser.value()?.parse()?,
            Arg::Value(value) => positional.push(value),
            other => bail!("{}\n{HELP}", other.unexpected()),
        }
    }
    let (client, command) = positional.split_first().context(HELP)?;
    let run = match client.to_str() {
        Some("websocket-peer") => ours::run,
        Some("ewebsock") => ewebsock_events::run,
        Some("ewebsock-polled") => ewebsock_polled::run,
        Some("tungstenite") => tungstenite_blocking::run,
        _ => bail!(HELP),
    };

    allow_descriptors(1)?;
    let server = Server::start(Cores::find()?, command)?;
    let time = Duration::from_secs_f64(seconds);
    let plan = Plan::new(format!("ws://{}/", server.addr()), bytes, in_flight, time);
    let rate = run(&plan)?;
    println!("{}", serde_json::json!({ "messages_per_second": rate }));
    Ok(())
}
