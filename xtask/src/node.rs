//! Programs for Node: each in a directory of its own in `target/tools`, in exactly the version that is asked for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::project::Project;

/// The directory of a package, which is got first when it is not here in this version.
pub async fn package(project: &Project, name: &str, version: &str) -> Result<PathBuf> {
    let home = project.target().join("tools").join("node").join(name);
    let package = home.join("node_modules").join(name);
    if installed(&package).as_deref() != Some(version) {
        let npm =
            project.command("npm").args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]);
        npm.arg(&home).arg(format!("{name}@{version}")).run().await?;
        let got = installed(&package).with_context(|| format!("npm installed no {name}"))?;
        ensure!(got == version, "npm installed {name} {got} in place of {version}");
    }
    Ok(package)
}

#[derive(Deserialize)]
struct Manifest {
    version: String,
}

/// `None` when the package is not there, or only a part of it is.
fn installed(package: &Path) -> Option<String> {
    let text = fs::read_to_string(package.join("package.json")).ok()?;
    Some(serde_json::from_str::<Manifest>(&text).ok()?.version)
}
