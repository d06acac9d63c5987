//! The scenarios with a real Godot engine.

use std::env;

use anyhow::{Context, Result, bail};

use super::suites::Suites;
use crate::godot::{self, Found};
use crate::interop;
use crate::project::Project;
use crate::report::Outcome;

/// What the program calls itself where cargo's tests tell the name of their file.
const SUITE: &str = "interop";

pub async fn run(project: &Project) -> Result<Outcome> {
    // There nobody reads a summary, so what is missing must be a failure.
    let must = env::var_os("CI").is_some() && godot::can_install(project).await;
    let engine = match godot::get(project).await {
        Ok(Found::Here(engine)) => engine,
        Ok(Found::NotHere(why)) if must => bail!("there is no Godot engine here: {why}"),
        Ok(Found::NotHere(why)) => return Ok(Outcome::LeftOut(why)),
        Err(error) if must || env::var_os("GODOT").is_some() => return Err(error),
        Err(error) => return Ok(Outcome::LeftOut(format!("{error:#}"))),
    };
    let version = engine.version(project).await?;
    let suites = interop::play(project, &engine, &[], Suites::run).await?;
    let passed = suites.passed_in(SUITE).context("the scenarios were not all played")?;
    Ok(Outcome::PassedWith(format!("{passed} scenarios, Godot {version}")))
}
