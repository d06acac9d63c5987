//! Gets Node packages in exact versions, each in its own directory under `target/tools`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::project::Project;

/// Returns the directory of a package. Installs the package if this version is missing.
pub async fn package(project: &Project, name: &str, version: &str) -> Result<PathBuf> {
    let home = project.target().join("tools").join("node").join(name);
    let package = home.join("node_modules").join(name);
    if installed_version(&package).as_deref() != Some(version) {
        let npm =
            project.command("npm").args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]);
        npm.arg(&home).arg(format!("{name}@{version}")).run().await?;
        let got = installed_version(&package).with_context(|| format!("npm did not install {name}"))?;
        ensure!(got == version, "npm installed {name} {got} in place of {version}");
    }
    Ok(package)
}

#[derive(Deserialize)]
struct Manifest {
    version: String,
}

/// Returns `None` if the package is missing or incomplete.
fn installed_version(package: &Path) -> Option<String> {
    let text = fs::read_to_string(package.join("package.json")).ok()?;
    Some(serde_json::from_str::<Manifest>(&text).ok()?.version)
}
