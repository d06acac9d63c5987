//! Gets and starts the Autobahn test suite, the reference test suite of WebSocket implementations. The Python package
//! `kosoku` has Autobahn's own cases and needs neither Python 2 nor a container.
//!
//! Its fuzzing client examines a server, with one connection per case. Its fuzzing server examines a client that asks
//! for the cases. [`verdict`] reads the reports.

pub mod verdict;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::Cmd;
use crate::project::Project;
use crate::service::{self, Service};

/// The version to install, with the hashes of the accepted files.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The excluded cases: only those of compression, which this crate does not support.
const EXCLUDED: [&str; 2] = ["12.*", "13.*"];

/// The deadline for all cases of one role. They take about 20 seconds, half of which the cases wait by design.
pub const LIMIT: Duration = Duration::from_secs(5 * 60);

/// The installed suite.
pub struct Suite<'a> {
    project: &'a Project,
    /// A separate Python environment.
    home: PathBuf,
}

impl<'a> Suite<'a> {
    /// Installs the suite if this version is missing.
    pub async fn get(project: &'a Project) -> Result<Self> {
        let suite = Self { project, home: project.target().join("tools").join("kosoku") };
        // This copy is written last, so it shows that the installation is complete, and which version it has.
        let installed = suite.home.join("requirements.txt");
        let is_installed = fs::read_to_string(&installed).is_ok_and(|text| text == REQUIREMENTS);
        if !is_installed || !suite.works().await {
            suite.install().await.context("cannot install the Autobahn test suite")?;
            fs::write(&installed, REQUIREMENTS)?;
        }
        Ok(suite)
    }

    /// Examines the server at this URL and writes the reports to `reports`. Returns an error if a case fails.
    pub async fn examine_server(&self, url: &str, reports: &Path) -> Result<()> {
        self.kosoku("fuzzingclient", reports).arg(url).limit(LIMIT).run().await
    }

    /// Starts the server that examines a client. It writes the reports to `reports` and exits.
    pub async fn start_client_examiner(&self, reports: &Path) -> Result<Service<String>> {
        let server = self.kosoku("fuzzingserver", reports).arg("127.0.0.1:0");
        Service::start(server, service::websocket_url).await
    }

    fn kosoku(&self, mode: &str, reports: &Path) -> Cmd {
        let command = self.command("kosoku").args(["--mode", mode, "--outdir"]).arg(reports);
        EXCLUDED.iter().fold(command, |command, cases| command.args(["--exclude", cases]))
    }

    /// Returns `false` if the system's Python was replaced, which breaks the environment.
    async fn works(&self) -> bool {
        self.command("python").args(["-c", "import kosoku"]).query().await.is_ok()
    }

    async fn install(&self) -> Result<()> {
        let python = if cfg!(windows) { "python" } else { "python3" };
        self.project.command(python).args(["-m", "venv", "--clear"]).arg(&self.home).run().await?;
        // The source file of `REQUIREMENTS`.
        let requirements: PathBuf = ["xtask", "src", "autobahn", "requirements.txt"].iter().collect();
        let pip = self.command("python").args(["-m", "pip", "--disable-pip-version-check", "--no-input"]);
        let pip = pip.args(["install", "--quiet", "--only-binary", ":all:", "--require-hashes"]);
        pip.arg("--requirement").arg(requirements).run().await
    }

    /// Returns a command that runs a program of the environment.
    fn command(&self, program: &str) -> Cmd {
        let programs = self.home.join(if cfg!(windows) { "Scripts" } else { "bin" });
        self.project.command(&programs.join(program).to_string_lossy())
    }
}
