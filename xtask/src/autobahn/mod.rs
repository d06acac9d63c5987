//! The Autobahn test suite: what every WebSocket implementation is held against. It is run by the Python package `kosoku`,
//! which has Autobahn's own cases and needs neither Python 2 nor a container.
//!
//! Its fuzzing client examines a server, one connection a case; its fuzzing server examines a client that comes to ask for
//! the cases. Here is how it is got and started; [`verdict`] reads what it found, [`service`] runs what listens.

pub mod service;
pub mod verdict;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::project::Project;
use crate::sh::Cmd;
use service::Service;

/// What pip is to install: the version, and the hashes of the files that may be taken for it.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Compression, which this crate does not speak. Nothing else is left out.
const LEFT_OUT: [&str; 2] = ["12.*", "13.*"];

/// How long all cases of one role may take. It is some 20 seconds, half of which the cases wait by design.
pub const LIMIT: Duration = Duration::from_secs(5 * 60);

/// The suite, installed.
pub struct Suite<'a> {
    project: &'a Project,
    /// A Python environment of its own.
    home: PathBuf,
}

impl<'a> Suite<'a> {
    /// Gets the suite, unless it is here in this version.
    pub async fn get(project: &'a Project) -> Result<Self> {
        let suite = Self { project, home: project.target().join("tools").join("kosoku") };
        // The copy is made last: it says which version is here, and that all of it is.
        let installed = suite.home.join("requirements.txt");
        let is_here = fs::read_to_string(&installed).is_ok_and(|text| text == REQUIREMENTS);
        if !is_here || !suite.works().await {
            suite.install().await.context("cannot get the Autobahn test suite")?;
            fs::write(&installed, REQUIREMENTS)?;
        }
        Ok(suite)
    }

    /// Examines the server at this URL, and leaves the reports in `reports`. A case that fails is an error already.
    pub async fn examine_server(&self, url: &str, reports: &Path) -> Result<()> {
        self.kosoku("fuzzingclient", reports).arg(url).limit(LIMIT).run().await
    }

    /// Starts the server that examines a client. It ends when it has left the reports in `reports`.
    pub async fn wait_for_client(&self, reports: &Path) -> Result<Service> {
        Service::start(self.kosoku("fuzzingserver", reports).arg("127.0.0.1:0")).await
    }

    fn kosoku(&self, mode: &str, reports: &Path) -> Cmd {
        let command = self.command("kosoku").args(["--mode", mode, "--outdir"]).arg(reports);
        LEFT_OUT.iter().fold(command, |command, cases| command.args(["--exclude", cases]))
    }

    /// A system that got another Python leaves the environment without one.
    async fn works(&self) -> bool {
        self.command("python").args(["-c", "import kosoku"]).ask().await.is_ok()
    }

    async fn install(&self) -> Result<()> {
        let python = if cfg!(windows) { "python" } else { "python3" };
        self.project.command(python).args(["-m", "venv", "--clear"]).arg(&self.home).run().await?;
        // This is what `REQUIREMENTS` was read from.
        let wanted: PathBuf = ["xtask", "src", "autobahn", "requirements.txt"].iter().collect();
        let pip = self.command("python").args(["-m", "pip", "--disable-pip-version-check", "--no-input"]);
        let pip = pip.args(["install", "--quiet", "--only-binary", ":all:", "--require-hashes"]);
        pip.arg("--requirement").arg(wanted).run().await
    }

    /// A program of the environment.
    fn command(&self, program: &str) -> Cmd {
        let programs = self.home.join(if cfg!(windows) { "Scripts" } else { "bin" });
        self.project.command(&programs.join(program).to_string_lossy())
    }
}
