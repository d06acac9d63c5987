//! Building the page: the library as a WebAssembly module with its JavaScript, in `www/pkg`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::project::Project;
use crate::tools;

/// The page's own files.
pub fn directory(project: &Project) -> PathBuf {
    project.root().join("www")
}

/// What wasm-pack makes, where the page looks for it.
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

/// Older versions of wasm-opt break modules that use reference types.
const OLDEST_WASM_OPT: u32 = 116;

/// What Rust's wasm32 target uses. The module does not always say so itself.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Makes the module smaller where a wasm-opt is at hand that can. It works just as well without.
pub async fn shrink(project: &Project, module: &Path) -> Result<()> {
    let before = size(module)?;
    match wasm_opt_version(project).await {
        Some(version) if version >= OLDEST_WASM_OPT => {
            project
                .command("wasm-opt")
                .args(WASM_FEATURES)
                .arg("-Os")
                .arg(module)
                .arg("-o")
                .arg(module)
                .run()
                .await?;
            println!("the module: {before} bytes, {} after wasm-opt {version}", size(module)?);
        }
        Some(version) => println!(
            "the module: {before} bytes, not shrunk: wasm-opt {version} is too old, {OLDEST_WASM_OPT} is needed"
        ),
        None => println!("the module: {before} bytes, not shrunk: there is no wasm-opt on PATH"),
    }
    Ok(())
}

async fn wasm_opt_version(project: &Project) -> Option<u32> {
    project.which("wasm-opt")?;
    version_in(&project.command("wasm-opt").arg("--version").ask().await.ok()?)
}

/// The number in `wasm-opt version 116 (version_116)`.
fn version_in(answer: &str) -> Option<u32> {
    answer.split_whitespace().find_map(|word| word.parse().ok())
}

fn size(module: &Path) -> Result<u64> {
    let metadata = fs::metadata(module).with_context(|| format!("wasm-pack made no {}", module.display()))?;
    Ok(metadata.len())
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn the_version_of_wasm_opt_is_a_number() {
        assert_eq!(version_in("wasm-opt version 116 (version_116)\n"), Some(116));
        assert_eq!(version_in("wasm-opt version 108"), Some(108));
        assert_eq!(version_in("something else"), None);
    }
}
