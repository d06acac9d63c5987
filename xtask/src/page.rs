//! Builds the one WebAssembly module of all pages, the package `pages`, with its JavaScript, in `www/pkg`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::project::Project;
use crate::tools;
use crate::wasm;
use crate::wasm_opt;

/// The directory of the pages' own files.
pub fn directory(project: &Project) -> PathBuf {
    project.root().join("www")
}

/// The directory that wasm-pack writes to and the pages load from.
pub fn package(project: &Project) -> PathBuf {
    directory(project).join("pkg")
}

/// Builds the module, with a profile of its own in Cargo.toml: it is loaded over a network, so it must be small.
pub async fn build(project: &Project) -> Result<()> {
    tools::web(project).await?;
    let wasm_pack = project.command("wasm-pack").args(["build", "examples/pages", "--target", "web"]);
    let wasm_pack = wasm_pack.args(["--profile", "page", "--out-name", "websocket_peer"]);
    wasm_pack.arg("--out-dir").arg(package(project)).run().await?;
    let module = package(project).join("websocket_peer_bg.wasm");
    fs::write(&module, wasm::without_names(&read(&module)?)?)?;
    wasm_opt::shrink_if_possible(project, &module).await
}

fn read(module: &Path) -> Result<Vec<u8>> {
    fs::read(module).with_context(|| format!("wasm-pack did not make {}", module.display()))
}
