//! Debian's engine, in a root folder of its own: it is newer than what this machine's own Debian has, and shares nothing with it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::apt::Apt;
use crate::project::Project;

/// Where Debian puts what will be its next release; it has Godot 4.6.
const SUITE: &str = "unstable";

/// What takes room and is not needed to run: manuals, and messages in other languages.
const LEFT_OUT: &str = "path-exclude=/usr/share/{man,doc,locale}/*";

/// The root folder with the engine in it. It is installed unless it is here.
pub async fn get(project: &Project, mirror: &str) -> Result<PathBuf> {
    let folder = project.target().join("godot");
    let root = folder.join(SUITE);
    if !root.exists() {
        println!("Godot is not here yet: it is installed once, into {}, which takes minutes", root.display());
        let unfinished = root.with_extension("unfinished");
        remove(project, &unfinished).await?;
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        install(project, mirror, &unfinished).await?;
        // The last step: a folder of this name is whole.
        std::fs::rename(&unfinished, &root).with_context(|| format!("cannot make {}", root.display()))?;
    }
    Ok(root)
}

async fn install(project: &Project, mirror: &str, root: &Path) -> Result<()> {
    if project.which("mmdebstrap").is_none() {
        let Some(apt) = Apt::find(project).await else {
            bail!("it takes the program mmdebstrap: install it");
        };
        apt.install(&["mmdebstrap"]).await?;
    }
    let command = project
        .command("mmdebstrap")
        .args(["--mode=root", "--variant=essential", "--include=godot"])
        // A mirror may be a frozen copy, whose lists are past their date by design.
        .args(["--aptopt=Acquire::Check-Valid-Until \"false\"", "--aptopt=APT::Install-Recommends \"false\""])
        .arg(format!("--dpkgopt={LEFT_OUT}"))
        .arg(SUITE)
        .arg(root)
        .arg(mirror);
    command.run().await?;
    let version =
        project.command("chroot").arg(root).args(["godot", "--headless", "--version"]).ask().await?;
    ensure!(version.starts_with("4."), "this is not the engine that is wanted: {version:?}");
    Ok(())
}

/// Removes what an installation left that was stopped. It may have left something of this system mounted there.
async fn remove(project: &Project, unfinished: &Path) -> Result<()> {
    if unfinished.exists() {
        let command = project.command("rm").args(["--recursive", "--force", "--one-file-system"]);
        command.arg(unfinished).run().await?;
    }
    Ok(())
}
