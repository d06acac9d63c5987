//! Gets the programs nginx and Caddy.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::project::Project;

/// The folders of programs in Debian's packages.
const FOLDERS: [&str; 2] = ["usr/bin", "usr/sbin"];

/// Returns a proxy's program: the system's own, or the one in Debian's package of that name, which is only unpacked
/// into `target`, because installing the package would start a web server on this machine. Returns `None` if there is
/// neither.
pub async fn get(project: &Project, name: &str) -> Result<Option<PathBuf>> {
    if let Some(program) = project.which(name) {
        return Ok(Some(program));
    }
    let directory = project.target().join("tools").join(name);
    if let Some(program) = find(&directory, name) {
        return Ok(Some(program));
    }
    if project.which("apt-get").is_none() || project.which("dpkg").is_none() {
        return Ok(None);
    }
    unpack(project, name, &directory).await.with_context(|| format!("cannot get Debian's {name}"))?;
    Ok(find(&directory, name))
}

fn find(directory: &Path, name: &str) -> Option<PathBuf> {
    FOLDERS.iter().map(|folder| directory.join(folder).join(name)).find(|program| program.is_file())
}

async fn unpack(project: &Project, name: &str, directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)?;
    // apt-get downloads into the working directory.
    let chdir = format!("--chdir={}", directory.display());
    project.command("env").arg(chdir).args(["apt-get", "download", name]).run().await?;
    for entry in fs::read_dir(directory)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "deb") {
            project.command("dpkg").arg("--extract").arg(&file).arg(directory).run().await?;
            fs::remove_file(&file)?;
        }
    }
    Ok(())
}
