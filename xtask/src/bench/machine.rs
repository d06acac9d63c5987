//! The machine, the date and the versions of a run.

use std::fmt;
use std::fs;
use std::thread;

use anyhow::{Context, Result};

use super::document::Table;
use super::{cpp, javascript};
use crate::project::Project;

/// The facts that measurements depend on.
pub struct Machine {
    facts: Vec<(&'static str, String)>,
}

/// The other crates.
const COMPETITORS: [&str; 8] = [
    cpp::CRATE,
    "tungstenite",
    "tokio-tungstenite",
    "fastwebsockets",
    "tokio-websockets",
    "yawc",
    "sockudo-ws",
    "ewebsock",
];

impl Machine {
    pub async fn examine(project: &Project) -> Result<Self> {
        let query = async |program: &str, args: &[&str]| project.command(program).args(args).query().await;
        let cpu = fs::read_to_string("/proc/cpuinfo").context("cannot read /proc/cpuinfo")?;
        let facts = vec![
            ("date", query("date", &["-u", "+%Y-%m-%d"]).await?),
            ("processor", processor(&cpu).unwrap_or("unknown").to_owned()),
            ("cores", thread::available_parallelism()?.to_string()),
            ("kernel", query("uname", &["-sr"]).await?),
            ("compiler", query("rustc", &["--version"]).await?),
            ("websocket-peer", project.locked_version("", "websocket-peer")?),
        ];
        let competitors =
            COMPETITORS.into_iter().map(|name| Ok((name, project.locked_version("bench", name)?)));
        let mut facts = facts.into_iter().map(Ok).chain(competitors).collect::<Result<Vec<_>>>()?;
        let missing = || "not installed".to_owned();
        // A run of one part may need none of these.
        facts.push(("g++", query("g++", &["-dumpfullversion"]).await.unwrap_or_else(|_| missing())));
        facts.push(("Boost", cpp::boost_version().unwrap_or_else(missing)));
        facts.push(("OpenSSL", cpp::openssl_version().unwrap_or_else(missing)));
        facts.push(("Node", query("node", &["--version"]).await.unwrap_or_else(|_| missing())));
        facts.extend(javascript::PACKAGES.map(|package| (package.name, package.version.to_owned())));
        Ok(Self { facts })
    }
}

impl Machine {
    /// Returns one of the facts.
    pub fn fact(&self, name: &str) -> &str {
        self.facts.iter().find(|(fact, _)| *fact == name).map_or("unknown", |(_, value)| value)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(["", "this run"]);
        self.facts.iter().for_each(|(name, value)| table.row([*name, value]));
        table.fmt(f)
    }
}

fn processor(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_processor_is_read() {
        assert_eq!(processor("vendor_id\t: X\nmodel name\t: Fast One\n"), Some("Fast One"));
        assert_eq!(processor(""), None);
    }
}
