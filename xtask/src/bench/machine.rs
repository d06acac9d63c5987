//! The machine, the date and the versions of a run.

use std::fmt;
use std::fs;
use std::thread;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::document::Table;
use crate::project::Project;

/// The facts that measurements depend on.
pub struct Machine {
    facts: Vec<(&'static str, String)>,
}

/// The other crates.
const COMPETITORS: [&str; 5] =
    ["tungstenite", "tokio-tungstenite", "fastwebsockets", "tokio-websockets", "ewebsock"];

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
            ("websocket-peer", project.locked_version("websocket-peer")?),
        ];
        let lock = Lock::read(project)?;
        let competitors = COMPETITORS.into_iter().map(|name| Ok((name, lock.newest(name)?)));
        Ok(Self { facts: facts.into_iter().map(Ok).chain(competitors).collect::<Result<_>>()? })
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

/// The lock file of `bench/`.
#[derive(Deserialize)]
pub struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

impl Lock {
    pub fn read(project: &Project) -> Result<Self> {
        let path = project.root().join("bench").join("Cargo.lock");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).context("cannot parse the lock file of bench/")
    }

    /// Returns the version of a package. If the lock file has several, returns the newest.
    pub fn newest(&self, name: &str) -> Result<String> {
        let versions =
            self.package.iter().filter(|package| package.name == name).map(|package| &package.version);
        let newest = versions.max_by_key(|version| {
            let numbers = version.split(['.', '-', '+']).map_while(|number| number.parse().ok());
            numbers.collect::<Vec<u64>>()
        });
        newest.cloned().with_context(|| format!("the lock file of bench/ has no {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let package = |version: &str| Package { name: "one".to_owned(), version: version.to_owned() };
        let lock = Lock { package: ["0.9.0", "0.30.0", "0.24.1"].map(package).into() };
        assert_eq!(lock.newest("one").unwrap(), "0.30.0");
        assert!(lock.newest("two").is_err());
    }

    #[test]
    fn the_name_of_the_processor_is_read() {
        assert_eq!(processor("vendor_id\t: X\nmodel name\t: Fast One\n"), Some("Fast One"));
        assert_eq!(processor(""), None);
    }
}
