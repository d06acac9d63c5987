//! `cargo xtask bench`: measures the server and the client beside others, on this machine, in one run.
//!
//! `bench/` has the programs: the other servers, the load for servers, the other clients, and the page for the browser.
//! [`comparison`] builds and runs them; [`echo`], [`idle`], [`broadcast`], [`multiplayer`], [`client`] and [`browser`]
//! each measure one [`section`](document::Section). A full run writes [`document`]: `docs/performance.md` and its
//! [`chart`].

mod broadcast;
mod browser;
mod chart;
mod client;
mod comparison;
mod document;
mod echo;
mod godot_server;
mod idle;
mod machine;
mod multiplayer;
mod numbers;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use crate::project::Project;
use comparison::Comparison;
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
    Idle,
    Broadcast,
    Multiplayer,
    Client,
    Browser,
}

impl Part {
    async fn measure(self, comparison: &Comparison<'_>) -> Result<Section> {
        match self {
            Self::Echo => echo::measure(comparison).await,
            Self::Idle => idle::measure(comparison).await,
            Self::Broadcast => broadcast::measure(comparison).await,
            Self::Multiplayer => multiplayer::measure(comparison).await,
            Self::Client => client::measure(comparison).await,
            Self::Browser => browser::measure(comparison).await,
        }
    }
}

pub async fn run(project: &Project, options: &Options) -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the benchmark needs Linux: it pins processes and reads /proc");
    let comparison = Comparison::prepare(project, options.quick).await?;
    let mut sections = Vec::new();
    for part in Part::value_variants() {
        if options.only.is_none_or(|only| only == *part) {
            let section = part.measure(&comparison).await?;
            println!("\n{section}");
            sections.push(section);
        }
    }
    if options.quick || options.only.is_some() {
        println!("Only a full run is written to {}.", document::PATH);
        return Ok(());
    }
    let machine = Machine::examine(project).await?;
    document::write(project, &machine, &sections)
}
