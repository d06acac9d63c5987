//! The paths of the repository, its target directory and xtask's tools, and the versions in Cargo.lock.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_lock::Lockfile;
use cargo_metadata::{Metadata, MetadataCommand, Package};

use crate::process::Cmd;

/// The repository that this program was built from.
pub struct Project {
    root: PathBuf,
    metadata: Metadata,
    search_path: OsString,
    may_install: bool,
}

impl Project {
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent directory")?;
        let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
        let tools = metadata.target_directory.join("tools").join("bin").into_std_path_buf();
        let inherited = env::var_os("PATH").unwrap_or_default();
        let search_path = env::join_paths([tools].into_iter().chain(env::split_paths(&inherited)))
            .context("PATH has a directory that cannot be passed on")?;
        Ok(Self { root: root.to_owned(), metadata, search_path, may_install: false })
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
        self.metadata.target_directory.as_std_path()
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

    /// Returns the version of a package in the Cargo.lock of a workspace: `""` is the main one. If there are several versions,
    /// returns the newest.
    pub fn locked_version(&self, workspace: &str, package: &str) -> Result<String> {
        let path = self.root.join(workspace).join("Cargo.lock");
        let lock = Lockfile::load(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let versions = lock.packages.into_iter().filter(|locked| locked.name.as_str() == package);
        let newest = versions.map(|locked| locked.version).max();
        let newest = newest.with_context(|| format!("{} has no package `{package}`", path.display()))?;
        Ok(newest.to_string())
    }

    /// Returns the URL of the repository, if Cargo.toml has it.
    pub fn repository(&self) -> Option<&str> {
        self.library()?.repository.as_deref()
    }

    /// Returns the oldest Rust version that the library supports, without the patch number.
    pub fn oldest_rust(&self) -> Result<String> {
        let version = self.library().and_then(|library| library.rust_version.as_ref());
        let version = version.context("Cargo.toml has no rust-version")?;
        Ok(format!("{}.{}", version.major, version.minor))
    }

    fn library(&self) -> Option<&Package> {
        self.metadata.packages.iter().find(|package| *package.name == "websocket-peer")
    }
}

#[cfg(test)]
mod tests {
    use super::Project;

    #[test]
    fn versions_are_read_from_the_manifests() {
        let project = Project::find().unwrap();
        assert_eq!(project.locked_version("", "xtask").unwrap(), env!("CARGO_PKG_VERSION"));
        assert!(project.locked_version("bench", "no-such-package").is_err());
        assert!(project.oldest_rust().unwrap().starts_with("1."));
    }
}
