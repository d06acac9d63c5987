//! The WebAssembly module of the package, with the JavaScript and the declarations that wasm-bindgen makes for it.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};

use crate::project::Project;
use crate::targets;
use crate::tools;
use crate::wasm;
use crate::wasm_opt;

/// The profile of modules that are loaded over a network.
const PROFILE: &str = "page";

pub struct Module {
    pub wasm: Vec<u8>,
    pub javascript: String,
    pub declarations: String,
}

/// Builds the library with its classes for JavaScript, and makes it small.
pub async fn build(project: &Project) -> Result<Module> {
    tools::web(project).await?;
    // Without an rlib beside it, the module is optimized at link time.
    let cargo = project.command("cargo").args(["rustc", "--package", "websocket-peer", "--lib"]);
    let cargo =
        cargo.args(["--crate-type", "cdylib", "--no-default-features", "--features", "js,multiplayer"]);
    cargo.args(["--profile", PROFILE, "--target", targets::WASM]).run().await?;
    let built = project.target().join(targets::WASM).join(PROFILE).join("websocket_peer.wasm");

    let home = project.target().join("npm").join("wasm-bindgen");
    let bindgen = project.command("wasm-bindgen").args(["--target", "web", "--out-name", "websocket_peer"]);
    // The package's own JavaScript decides where the module is.
    let bindgen = bindgen.arg("--omit-default-module-path").arg("--out-dir").arg(&home);
    bindgen.arg(&built).run().await?;

    let bound = home.join("websocket_peer_bg.wasm");
    let module = read(&bound)?;
    let small = home.join("websocket_peer_small.wasm");
    fs::write(&small, wasm::without_names(&module)?)
        .with_context(|| format!("cannot write {}", small.display()))?;
    wasm_opt::shrink(project, &small).await?;
    Ok(Module {
        wasm: read(&small)?,
        javascript: without_types_comment(&fs::read_to_string(home.join("websocket_peer.js"))?),
        declarations: fs::read_to_string(home.join("websocket_peer.d.ts"))?,
    })
}

fn read(module: &Path) -> Result<Vec<u8>> {
    fs::read(module).with_context(|| format!("wasm-bindgen did not make {}", module.display()))
}

/// Returns the size of bytes that are compressed by gzip.
pub fn gzipped(bytes: &[u8]) -> Result<usize> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?.len())
}

/// Removes the comment that names wasm-bindgen's declarations, which are not in the package.
fn without_types_comment(javascript: &str) -> String {
    let lines = javascript.split_inclusive('\n').filter(|line| !line.starts_with("/* @ts-self-types="));
    lines.collect()
}
