//! The checks of `integrations/`, `packages/` and `examples/axum`: a step for each of them. Each folder in `integrations/` is a
//! cargo workspace of its own, which builds into a folder of its own, so that it can be cached.

pub mod axum;
pub mod bevy;
pub mod egui;
pub mod macroquad;
pub mod npm;

use std::env;

use anyhow::Result;
use clap::ValueEnum;

use super::suites::Suites;
use crate::process::Cmd;
use crate::project::Project;
use crate::report::Report;

/// One of the integrations.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Integration {
    Axum,
    Bevy,
    Egui,
    Macroquad,
    Npm,
}

impl Integration {
    /// Runs its step.
    pub async fn step(self, project: &Project, report: &mut Report) {
        match self {
            Self::Axum => report.step("axum", axum::run(project)).await,
            Self::Bevy => report.step("Bevy", bevy::run(project)).await,
            Self::Egui => report.step("egui", egui::run(project)).await,
            Self::Macroquad => report.step("macroquad", macroquad::run(project)).await,
            Self::Npm => report.step("npm", npm::run(project)).await,
        }
    }
}

/// Returns the cargo command `line` for the workspace `integrations/{name}`, in which warnings are errors. What cargo passes on,
/// after `--`, can be added to it.
fn cargo(project: &Project, name: &str, line: &str) -> Cmd {
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    let manifest = format!("integrations/{name}/Cargo.toml");
    let target = project.target().join("integrations").join(name);
    let cargo = project.command("cargo").args([command, "--manifest-path", &manifest]);
    let cargo = cargo.args(rest.split_whitespace()).env("CARGO_TARGET_DIR", target);
    // In every command, because cargo builds all again when the flags change.
    let inherited = env::var("RUSTFLAGS").unwrap_or_default();
    cargo.env("RUSTFLAGS", format!("{inherited} --deny warnings").trim_start())
}

/// Lints what a command compiles of its workspace while it compiles it. The dependencies are compiled once, in place of once for
/// the lints and once for the programs. Only debug builds use this, because clippy-driver does not optimize like rustc.
fn linting(command: Cmd) -> Cmd {
    command.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
}

/// Checks the formatting of a workspace.
async fn format(project: &Project, name: &str) -> Result<()> {
    cargo(project, name, "fmt --all --check").run().await
}

/// Lints what the arguments select of a workspace. It fails if the lock file is not current. What [`test()`] and [`linting`]
/// compile needs no command of its own.
async fn lint(project: &Project, name: &str, selection: &str) -> Result<()> {
    cargo(project, name, &format!("clippy --locked {selection}")).run().await
}

/// Lints and runs the tests that the arguments select of a workspace, and returns their number. Each of these suites must have tests; the
/// unit tests are named by their file, too.
async fn test(project: &Project, name: &str, selection: &str, required: &[&str]) -> Result<usize> {
    let command = cargo(project, name, &format!("test --locked --no-fail-fast {selection}"));
    let suites = Suites::run_natively(linting(command)).await?;
    suites.require(required)?;
    Ok(suites.passed())
}
