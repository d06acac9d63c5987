//! The Autobahn test suite on both halves: our echo server, and a client of ours that echoes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::autobahn::{self, Suite, service::Service, verdict};
use crate::project::Project;
use crate::report::Outcome;
use crate::sh::Cmd;

/// What the largest messages of the suite have, in bytes.
const MAX_MESSAGE: &str = "16777216";

/// Our server, examined by a fuzzing client.
pub async fn server(project: &Project) -> Result<Outcome> {
    let suite = Suite::get(project).await?;
    let reports = empty_directory(project, "server")?;
    let server = example(project, "echo_server").await?.args(["127.0.0.1:0", "--max-message", MAX_MESSAGE]);
    let server = Service::start(server).await?;
    let examined = suite.examine_server(&server.url, &reports).await;
    ensure!(server.is_running(), "the echo server ended while it was examined");
    conclude(examined, &reports)
}

/// Our client, examined by a fuzzing server.
pub async fn client(project: &Project) -> Result<Outcome> {
    let suite = Suite::get(project).await?;
    let reports = empty_directory(project, "client")?;
    let client = example(project, "autobahn_client").await?;
    let server = suite.wait_for_client(&reports).await?;
    client.arg(&server.url).limit(autobahn::LIMIT).run().await?;
    conclude(server.end().await, &reports)
}

/// The command that runs an example, which is built now. Not for release: that is as fast here, and overflows are caught.
async fn example(project: &Project, name: &str) -> Result<Cmd> {
    let package = ["--package", "websocket-peer", "--example", name];
    project.command("cargo").arg("build").args(package).run().await?;
    Ok(project.command("cargo").args(["run", "--quiet"]).args(package).arg("--"))
}

/// Where the reports of a role are kept, without those of the last run.
fn empty_directory(project: &Project, role: &str) -> Result<PathBuf> {
    let directory = project.target().join("autobahn").join(role);
    if directory.exists() {
        fs::remove_dir_all(&directory)
            .with_context(|| format!("cannot remove the old {}", directory.display()))?;
    }
    Ok(directory)
}

/// `ended` says no more than that something failed; the reports say what.
fn conclude(ended: Result<()>, reports: &Path) -> Result<Outcome> {
    println!("the reports are in {}", reports.join("index.html").display());
    match (ended, verdict::read(reports)) {
        (Ok(()), verdict) => verdict.map(Outcome::PassedWith),
        (Err(ended), Ok(_)) => Err(ended),
        (Err(ended), Err(verdict)) => Err(ended.context(format!("{verdict:#}"))),
    }
}
