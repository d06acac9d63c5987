//! `cargo xtask bench`: measures the server and the client beside others, on this machine, in one run.
//!
//! `bench/` has the programs: the other servers, the load for servers, the other clients, and the page for the browser.
//! [`comparison`] builds and runs them, with [`cpp`] and [`javascript`] for the servers that are not in Rust; [`echo`],
//! [`sweep`], [`idle`], [`broadcast`], [`multiplayer`], [`rooms`], [`client`] and [`browser`] each measure one
//! [`section`](document::Section). A full run writes [`document`]: `docs/performance.md` and its [`chart`] and
//! [`curves`]. A run of one part writes its section.

mod broadcast;
mod browser;
mod chart;
mod client;
mod comparison;
mod cpp;
mod curves;
mod document;
mod echo;
mod godot_server;
mod idle;
mod javascript;
mod machine;
mod multiplayer;
mod numbers;
mod rooms;
mod sweep;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use crate::project::Project;
use comparison::{Comparison, ProgramSet};
use document::Section;
use machine::Machine;

#[derive(Args, Debug, PartialEq)]
pub struct Options {
    /// Runs everything once and briefly, to see that it works
    #[arg(long)]
    pub quick: bool,
    /// Measures one part only
    #[arg(long, value_name = "NAME")]
    pub only: Option<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Part {
    Echo,
    Sweep,
    Idle,
    Broadcast,
    Multiplayer,
    Rooms,
    Client,
    Browser,
}

impl Part {
    /// The name on the command line.
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    async fn measure(self, comparison: &Comparison<'_>) -> Result<Section> {
        match self {
            Self::Echo => echo::measure(comparison).await,
            Self::Sweep => sweep::measure(comparison).await,
            Self::Idle => idle::measure(comparison).await,
            Self::Broadcast => broadcast::measure(comparison).await,
            Self::Multiplayer => multiplayer::measure(comparison).await,
            Self::Rooms => rooms::measure(comparison).await,
            Self::Client => client::measure(comparison).await,
            Self::Browser => browser::measure(comparison).await,
        }
    }
}

pub async fn run(project: &Project, options: &Options) -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the benchmark needs Linux: it pins processes and reads /proc");
    let programs = match options.only {
        Some(Part::Multiplayer | Part::Rooms) => ProgramSet::Sessions,
        Some(Part::Client | Part::Browser) => ProgramSet::Clients,
        _ => ProgramSet::All,
    };
    let comparison = Comparison::prepare(project, options.quick, programs).await?;
    let mut sections = Vec::new();
    for part in Part::value_variants() {
        if options.only.is_none_or(|only| only == *part) {
            let section = part.measure(&comparison).await?;
            println!("\n{section}");
            sections.push(section);
        }
    }
    if options.quick {
        println!("A quick run is not written to {}.", document::PATH);
        return Ok(());
    }
    let machine = Machine::examine(project).await?;
    match (options.only, &*sections) {
        (Some(part), [section]) => document::replace(project, &machine, &part.name(), section),
        _ => document::write(project, &machine, &sections),
    }
}
