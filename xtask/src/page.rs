//! Builds the one WebAssembly module of all pages, the package `pages`, with its JavaScript, in `www/pkg`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::project::Project;
use crate::tools;
use crate::wasm;

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
    shrink(project, &module).await
}

/// The oldest usable version. Older ones break modules that use reference types.
const MIN_WASM_OPT: u32 = 116;

/// The features that Rust's wasm32 target uses. The module does not always declare them.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Makes the module smaller if a usable wasm-opt is installed. The module works without that, too.
pub async fn shrink(project: &Project, module: &Path) -> Result<()> {
    let before = size(module)?;
    match wasm_opt_version(project).await {
        Some(version) if version >= MIN_WASM_OPT => {
            project
                .command("wasm-opt")
                .args(WASM_FEATURES)
                .arg("-Os")
                .arg(module)
                .arg("-o")
                .arg(module)
                .run()
                .await?;
            println!("module: {before} bytes, {} after wasm-opt {version}", size(module)?);
        }
        Some(version) => {
            println!("module: {before} bytes, not shrunk: wasm-opt {version} is older than {MIN_WASM_OPT}")
        }
        None => println!("module: {before} bytes, not shrunk: wasm-opt is not on PATH"),
    }
    Ok(())
}

async fn wasm_opt_version(project: &Project) -> Option<u32> {
    project.which("wasm-opt")?;
    version_in(&project.command("wasm-opt").arg("--version").query().await.ok()?)
}

/// Reads the number in `wasm-opt version 116 (version_116)`.
fn version_in(answer: &str) -> Option<u32> {
    answer.split_whitespace().find_map(|word| word.parse().ok())
}

fn read(module: &Path) -> Result<Vec<u8>> {
    fs::read(module).with_context(|| format!("wasm-pack did not make {}", module.display()))
}

fn size(module: &Path) -> Result<usize> {
    Ok(read(module)?.len())
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn the_version_of_wasm_opt_is_read() {
        assert_eq!(version_in("wasm-opt version 116 (version_116)\n"), Some(116));
        assert_eq!(version_in("wasm-opt version 108"), Some(108));
        assert_eq!(version_in("something else"), None);
    }
}
