//! `cargo xtask npm`: builds the npm package `websocket-peer` from `packages/npm` and the library's classes for
//! JavaScript.
//!
//! The folder `target/npm/package` is what `npm publish` takes, and `target/npm` has the tarball.

mod declarations;
mod module;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::node;
use crate::project::Project;

/// The WebAssembly module in the package.
pub const MODULE: &str = "dist/websocket_peer.wasm";

/// What stands in `packages/npm/package.json` in place of the version.
const NO_VERSION: &str = r#""version": "0.0.0""#;

/// A packed package.
pub struct Package {
    pub tarball: PathBuf,
    /// The paths in the package, in alphabetical order.
    pub files: Vec<String>,
    /// The bytes of the tarball.
    pub size: u64,
    /// The bytes of the module, as built and compressed by gzip.
    pub module: (usize, usize),
}

/// Builds and packs the package, and prints its size.
pub async fn run(project: &Project) -> Result<()> {
    let package = pack(project).await?;
    let (module, gzipped) = package.module;
    println!("\n{}: {} bytes", package.tarball.display(), package.size);
    println!("its module: {module} bytes, {gzipped} compressed by gzip");
    Ok(())
}

/// Builds the package's folder, and packs it as `npm publish` would.
pub async fn pack(project: &Project) -> Result<Package> {
    node::require(project).await?;
    let home = project.target().join("npm");
    let folder = home.join("package");
    let module = build(project, &folder).await?;
    let npm = project.command("npm").args(["pack", "--json", "--pack-destination"]).arg(&home).arg(&folder);
    let report = npm.read().await?.join("\n");
    let packed: [Packed; 1] = serde_json::from_str(&report).context("cannot read the report of npm pack")?;
    let [Packed { filename, size, files }] = packed;
    let mut files: Vec<String> = files.into_iter().map(|file| file.path).collect();
    files.sort();
    Ok(Package { tarball: home.join(filename), files, size, module })
}

/// What `npm pack --json` reports.
#[derive(Deserialize)]
struct Packed {
    filename: String,
    size: u64,
    files: Vec<PackedFile>,
}

#[derive(Deserialize)]
struct PackedFile {
    path: String,
}

/// Builds the package's folder. Returns the sizes of the module.
async fn build(project: &Project, folder: &Path) -> Result<(usize, usize)> {
    let source = project.root().join("packages").join("npm");
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let dist = folder.join("dist");
    fs::create_dir_all(&dist).with_context(|| format!("cannot make {}", dist.display()))?;

    let module = module::build(project).await?;
    write(&folder.join(MODULE), &module.wasm)?;
    write(&dist.join("websocket_peer.js"), &module.javascript)?;
    let init = read(&source.join("src").join("init.d.ts"))?;
    write(&dist.join("index.d.ts"), declarations::with_init(&module.declarations, &init)?)?;
    for script in ["index.js", "node.js", "load.js", "classes.js"] {
        write(&dist.join(script), read(&source.join("src").join(script))?)?;
    }
    write(&folder.join("README.md"), read(&source.join("README.md"))?)?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        write(&folder.join(licence), read(&project.root().join(licence))?)?;
    }
    write(&folder.join("package.json"), manifest(project, &read(&source.join("package.json"))?)?)?;
    Ok((module.wasm.len(), module::gzipped(&module.wasm)?))
}

/// Adds what Cargo.toml decides: the version and, if it is known, the repository. All else stays as it is, because the
/// order of the conditions in `exports` has a meaning.
fn manifest(project: &Project, source: &str) -> Result<String> {
    let version = Value::from(project.locked_version("", "websocket-peer")?);
    let mut fields = format!("\"version\": {version}");
    if let Some(repository) = project.repository() {
        fields.push_str(&format!(",\n  \"repository\": {}", Value::from(repository)));
    }
    ensure!(source.matches(NO_VERSION).count() == 1, "packages/npm/package.json lacks `{NO_VERSION}`");
    Ok(source.replace(NO_VERSION, &fields))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}
