//! `cargo xtask bench`: the server and the client beside others, on this machine, in one run.
//!
//! `bench/` has the programs: the other servers, what loads them, the other clients, and the page for the browser. Here they
//! are built and take turns; [`echo`], [`idle`], [`broadcast`], [`multiplayer`], [`client`] and [`browser`] say who does what,
//! and make a [`section`](paper::Section) of it. The whole of a full run is written to `docs/performance.md`, and nothing else.

mod broadcast;
mod browser;
mod client;
mod contest;
mod echo;
mod idle;
mod machine;
mod multiplayer;
mod numbers;
mod paper;
mod rival;

use std::str::FromStr;

use anyhow::{Result, bail, ensure};

use crate::project::Project;
use contest::Contest;
use machine::Machine;
use paper::Section;

/// What `cargo xtask bench` was asked for.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// Everything once and briefly: to see that it works, not how fast.
    pub quick: bool,
    /// One part instead of all.
    pub only: Option<Part>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    Echo,
    Idle,
    Broadcast,
    Multiplayer,
    Client,
    Browser,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::Echo, Self::Idle, Self::Broadcast, Self::Multiplayer, Self::Client, Self::Browser];

    fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Idle => "idle",
            Self::Broadcast => "broadcast",
            Self::Multiplayer => "multiplayer",
            Self::Client => "client",
            Self::Browser => "browser",
        }
    }

    async fn measure(self, contest: &Contest<'_>) -> Result<Section> {
        match self {
            Self::Echo => echo::measure(contest).await,
            Self::Idle => idle::measure(contest).await,
            Self::Broadcast => broadcast::measure(contest).await,
            Self::Multiplayer => multiplayer::measure(contest).await,
            Self::Client => client::measure(contest).await,
            Self::Browser => browser::measure(contest).await,
        }
    }
}

impl FromStr for Part {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|part| part.name() == name) {
            Some(part) => Ok(part),
            None => bail!("there is no part `{name}`: {} are known", Self::ALL.map(Self::name).join(", ")),
        }
    }
}

pub async fn run(project: &Project, options: &Options) -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the benchmark pins processes and reads /proc, and so needs Linux");
    let contest = Contest::prepare(project, options.quick).await?;
    let mut sections = Vec::new();
    for part in Part::ALL {
        if options.only.is_none_or(|only| only == part) {
            let section = part.measure(&contest).await?;
            println!("\n{section}");
            sections.push(section);
        }
    }
    if options.quick || options.only.is_some() {
        println!("Only a full run is written to {}.", paper::PATH);
        return Ok(());
    }
    let machine = Machine::examine(project).await?;
    paper::write(project, &machine, &sections)
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn parts_have_names() {
        for part in Part::ALL {
            assert_eq!(part.name().parse::<Part>().unwrap(), part);
        }
        assert!("fast".parse::<Part>().unwrap_err().to_string().contains("echo, idle"));
    }
}
