//! Runs the Autobahn test suite on the echo server and on the echoing client of the examples.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::autobahn::{self, Suite, verdict};
use crate::process::Cmd;
use crate::project::Project;
use crate::report::Outcome;
use crate::service::{Service, websocket_url};

/// The size of the suite's largest messages, in bytes.
const MAX_MESSAGE: &str = "16777216";

/// Has the fuzzing client examine the echo server.
pub async fn server(project: &Project) -> Result<Outcome> {
    let suite = Suite::get(project).await?;
    let reports = empty_directory(project, "server")?;
    let server = example(project, "echo_server").await?.args(["127.0.0.1:0", "--max-message", MAX_MESSAGE]);
    let server = Service::start(server, websocket_url).await?;
    let outcome = suite.examine_server(&server.address, &reports).await;
    ensure!(server.is_running(), "the echo server exited during the examination");
    conclude(outcome, &reports)
}

/// Has the fuzzing server examine the client.
pub async fn client(project: &Project) -> Result<Outcome> {
    let suite = Suite::get(project).await?;
    let reports = empty_directory(project, "client")?;
    let client = example(project, "autobahn_client").await?;
    let server = suite.start_client_examiner(&reports).await?;
    client.arg(&server.address).limit(autobahn::LIMIT).run().await?;
    conclude(server.exited().await, &reports)
}

/// Builds an example and returns the command that runs it. A debug build is as fast here and catches overflows.
async fn example(project: &Project, name: &str) -> Result<Cmd> {
    let package = ["--package", "websocket-peer", "--example", name];
    project.command("cargo").arg("build").args(package).run().await?;
    Ok(project.command("cargo").args(["run", "--quiet"]).args(package).arg("--"))
}

/// Returns the directory for the reports of a role, without those of the last run.
fn empty_directory(project: &Project, role: &str) -> Result<PathBuf> {
    let directory = project.target().join("autobahn").join(role);
    if directory.exists() {
        fs::remove_dir_all(&directory)
            .with_context(|| format!("cannot remove the old {}", directory.display()))?;
    }
    Ok(directory)
}

/// Combines the outcome of the run with the reports, which have the details.
fn conclude(outcome: Result<()>, reports: &Path) -> Result<Outcome> {
    println!("the reports are in {}", reports.join("index.html").display());
    match (outcome, verdict::read(reports)) {
        (Ok(()), verdict) => verdict.map(Outcome::PassedWith),
        (Err(error), Ok(_)) => Err(error),
        (Err(error), Err(verdict)) => Err(error.context(format!("{verdict:#}"))),
    }
}
