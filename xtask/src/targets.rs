//! Installs Rust's standard library for other targets.

use std::path::Path;

use anyhow::{Context, Result};

use crate::project::Project;

/// The target of browsers.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Installs the standard library for `target` with rustup if it is missing.
pub async fn add(project: &Project, target: &str) -> Result<()> {
    if is_installed(project, target).await? {
        return Ok(());
    }
    let added = project.command("rustup").args(["target", "add", target]).run().await;
    added.with_context(|| format!("Rust's standard library for {target} is missing and could not be added"))
}

/// Asks the compiler, not rustup: there are distributions whose Rust comes without rustup.
async fn is_installed(project: &Project, target: &str) -> Result<bool> {
    let libraries =
        project.command("rustc").args(["--print", "target-libdir", "--target", target]).query().await?;
    Ok(Path::new(libraries.trim()).is_dir())
}
