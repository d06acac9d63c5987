//! Builds the library as a WebAssembly module with its JavaScript, in `www/pkg`, for the page in `www`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::project::Project;
use crate::tools;

/// The directory of the page's own files.
pub fn directory(project: &Project) -> PathBuf {
    project.root().join("www")
}

/// The directory that wasm-pack writes to and the page loads from.
pub fn package(project: &Project) -> PathBuf {
    directory(project).join("pkg")
}

pub async fn build(project: &Project) -> Result<()> {
    tools::web(project).await?;
    let wasm_pack = project.command("wasm-pack").args([
        "build",
        "--target",
        "web",
        "--release",
        "--out-dir",
        "www/pkg",
        "--",
        "--features",
        "js",
    ]);
    wasm_pack.run().await?;
    shrink(project, &package(project).join("websocket_peer_bg.wasm")).await
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

fn size(module: &Path) -> Result<u64> {
    let metadata =
        fs::metadata(module).with_context(|| format!("wasm-pack did not make {}", module.display()))?;
    Ok(metadata.len())
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
