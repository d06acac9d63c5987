//! Runs the scenarios with a real Godot engine.

use std::env;

use anyhow::{Context, Result, bail};

use super::suites::Suites;
use crate::godot::{self, Availability};
use crate::interop;
use crate::project::Project;
use crate::report::Outcome;

/// The name in the program's output, where cargo's tests have the name of their file.
const SUITE: &str = "interop";

pub async fn run(project: &Project) -> Result<Outcome> {
    // In CI a missing engine must be a failure, because the summary is not read there.
    let is_required = env::var_os("CI").is_some() && godot::can_install(project).await;
    let engine = match godot::get(project).await {
        Ok(Availability::Available(engine)) => engine,
        Ok(Availability::Unavailable(reason)) if is_required => bail!("no Godot engine: {reason}"),
        Ok(Availability::Unavailable(reason)) => return Ok(Outcome::Skipped(reason)),
        Err(error) if is_required || env::var_os("GODOT").is_some() => return Err(error),
        Err(error) => return Ok(Outcome::Skipped(format!("{error:#}"))),
    };
    let version = engine.version(project).await?;
    let suites = interop::run_with(project, &engine, &[], Suites::run).await?;
    let passed = suites.passed_in(SUITE).context("not all scenarios ran")?;
    Ok(Outcome::PassedWith(format!("{passed} scenarios, Godot {version}")))
}
