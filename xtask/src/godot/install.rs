//! Installs Debian's engine in its own root folder. It is newer than the one of this machine's release, and shares
//! nothing with the system.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::apt::Apt;
use crate::project::Project;

/// Debian's development suite, which has Godot 4.6.
const SUITE: &str = "unstable";

/// Excludes manuals and translations, which are not needed to run.
const EXCLUDED: &str = "path-exclude=/usr/share/{man,doc,locale}/*";

/// Returns the root folder with the engine. Installs the engine if it is missing.
pub async fn get(project: &Project, mirror: &str) -> Result<PathBuf> {
    let folder = project.target().join("godot");
    let root = folder.join(SUITE);
    if !root.exists() {
        println!("installing Godot once, into {}, which takes minutes", root.display());
        let unfinished = root.with_extension("unfinished");
        remove(project, &unfinished).await?;
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        install(project, mirror, &unfinished).await?;
        // The last step: a folder with this name is complete.
        std::fs::rename(&unfinished, &root).with_context(|| format!("cannot make {}", root.display()))?;
    }
    Ok(root)
}

async fn install(project: &Project, mirror: &str, root: &Path) -> Result<()> {
    if project.which("mmdebstrap").is_none() {
        let Some(apt) = Apt::find(project).await else {
            bail!("the program mmdebstrap is missing: install it");
        };
        apt.install(&["mmdebstrap"]).await?;
    }
    let command = project
        .command("mmdebstrap")
        .args(["--mode=root", "--variant=essential", "--include=godot"])
        // A mirror may be a frozen copy, whose lists have expired by design.
        .args(["--aptopt=Acquire::Check-Valid-Until \"false\"", "--aptopt=APT::Install-Recommends \"false\""])
        .arg(format!("--dpkgopt={EXCLUDED}"))
        .arg(SUITE)
        .arg(root)
        .arg(mirror);
    command.run().await?;
    let version =
        project.command("chroot").arg(root).args(["godot", "--headless", "--version"]).query().await?;
    ensure!(version.starts_with("4."), "unexpected engine version: {version:?}");
    Ok(())
}

/// Removes an unfinished installation. Folders of this system may still be mounted in it, so the removal stays on one
/// file system.
async fn remove(project: &Project, unfinished: &Path) -> Result<()> {
    if unfinished.exists() {
        let command = project.command("rm").args(["--recursive", "--force", "--one-file-system"]);
        command.arg(unfinished).run().await?;
    }
    Ok(())
}
