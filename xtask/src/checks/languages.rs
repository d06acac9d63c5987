//! Installs Python and Node, whose WebSocket packages and compilers the tests use.

use std::env;

use anyhow::{Result, bail};

use crate::apt::Apt;
use crate::node;
use crate::project::Project;
use crate::report::Outcome;

/// Installs both, and the modules that they need to get packages. The tests get the packages themselves.
pub async fn run(project: &Project) -> Result<Outcome> {
    let mut packages = Vec::new();
    if !has_python(project).await {
        // Debian's Python lacks the module that makes environments.
        packages.extend(["python3", "python3-venv"]);
    }
    if !node::is_available(project) {
        packages.extend(node::DEBIAN_PACKAGES);
    }
    if packages.is_empty() {
        return Ok(Outcome::Passed);
    }
    let Some(apt) = Apt::find(project).await else {
        bail!("the tests need Python 3 with its modules venv and ensurepip, and Node with npm: install them");
    };
    apt.install(&packages).await?;
    Ok(Outcome::PassedWith(format!("installed {}", packages.join(" "))))
}

async fn has_python(project: &Project) -> bool {
    let python = if env::consts::OS == "windows" { "python" } else { "python3" };
    project.command(python).args(["-c", "import venv, ensurepip"]).query().await.is_ok()
}
