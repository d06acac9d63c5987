//! The paths of the repository, its target directory and xtask's tools, and the versions in Cargo.lock.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
use serde::Deserialize;

use crate::process::Cmd;

/// The repository that this program was built from.
pub struct Project {
    root: PathBuf,
    target: PathBuf,
    search_path: OsString,
    may_install: bool,
}

impl Project {
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent directory")?;
        let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
        let target = metadata.target_directory.into_std_path_buf();

        let tools = target.join("tools").join("bin");
        let inherited = env::var_os("PATH").unwrap_or_default();
        let search_path = env::join_paths([tools].into_iter().chain(env::split_paths(&inherited)))
            .context("PATH has a directory that cannot be passed on")?;
        Ok(Self { root: root.to_owned(), target, search_path, may_install: false })
    }

    /// Sets whether system packages may be installed without asking (`--install`).
    pub fn allow_install(mut self, may_install: bool) -> Self {
        self.may_install = may_install;
        self
    }

    pub fn may_install(&self) -> bool {
        self.may_install
    }

    /// Returns the same project with only this folder on PATH.
    #[cfg(test)]
    pub fn with_search_path(mut self, folder: PathBuf) -> Self {
        self.search_path = folder.into_os_string();
        self
    }

    /// The directory of the main Cargo.toml.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's target directory. All output goes there.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// PATH with `target/tools/bin` first, so that every program started from here finds those tools.
    pub fn search_path(&self) -> &OsStr {
        &self.search_path
    }

    /// Returns the path of the program that [`Project::command`] would start.
    pub fn which(&self, program: &str) -> Option<PathBuf> {
        which::which_in(program, Some(&self.search_path), &self.root).ok()
    }

    /// Returns a command that runs at the root of the repository.
    pub fn command(&self, program: &str) -> Cmd {
        Cmd::new(self, program)
    }

    /// Returns the version of a package in Cargo.lock.
    pub fn locked_version(&self, package: &str) -> Result<String> {
        let path = self.root.join("Cargo.lock");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        locked_version(&text, package)
    }
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    version: String,
}

fn locked_version(lock: &str, package: &str) -> Result<String> {
    let lock: Lock = toml::from_str(lock).context("cannot parse Cargo.lock")?;
    let mut found = lock.package.into_iter().filter(|locked| locked.name == package);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only.version),
        (None, _) => bail!("Cargo.lock has no package `{package}`"),
        (Some(_), Some(_)) => bail!("Cargo.lock has more than one version of `{package}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    const LOCK: &str = "version = 4\n\
        [[package]]\nname = \"one\"\nversion = \"1.2.3\"\n\
        [[package]]\nname = \"two\"\nversion = \"1.0.0\"\n\
        [[package]]\nname = \"two\"\nversion = \"2.0.0\"\n";

    #[test]
    fn a_version_must_be_unique() {
        assert_eq!(locked_version(LOCK, "one").unwrap(), "1.2.3");
        assert!(locked_version(LOCK, "two").unwrap_err().to_string().contains("more than one"));
        assert!(locked_version(LOCK, "three").unwrap_err().to_string().contains("no package"));
    }
}
