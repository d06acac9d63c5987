//! Makes WebAssembly modules small with the `wasm-opt` of Binaryen, in the version that the documents describe.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result};

use crate::node;
use crate::project::Project;

/// The package of npm with the current `wasm-opt`. Debian's is older, and breaks modules.
const BINARYEN: &str = "132.0.0";

/// The features that Rust's wasm32 target uses. The module does not always declare them.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// The size is what counts, and no browser reads the names of compilers and features. Names of functions are removed, too.
const PASSES: [&str; 3] = ["-Oz", "--strip-producers", "--strip-target-features"];

/// Makes a module smaller, in its place. The last result for a module of this name is kept, because large ones take half a
/// minute.
pub async fn shrink(project: &Project, module: &Path) -> Result<()> {
    let name = module.file_name().context("a module without a name")?;
    let home = project.target().join("wasm-opt").join(format!("{BINARYEN}-{:x}", options())).join(name);
    fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
    let [large, unfinished, small] =
        ["large.wasm", "unfinished.wasm", "small.wasm"].map(|name| home.join(name));
    let given = read(module)?;
    if !small.exists() || fs::read(&large).ok().as_ref() != Some(&given) {
        // An interrupted run must not leave a result that does not belong to the module.
        if small.exists() {
            fs::remove_file(&small).with_context(|| format!("cannot remove {}", small.display()))?;
        }
        fs::write(&large, &given).with_context(|| format!("cannot write {}", large.display()))?;
        let binaryen = node::Package { name: "binaryen", version: BINARYEN };
        let wasm_opt = node::script(project, node::NODE, binaryen, "bin/wasm-opt").await?;
        wasm_opt.args(FEATURES).args(PASSES).arg(&large).arg("-o").arg(&unfinished).run().await?;
        fs::rename(&unfinished, &small).context("wasm-opt made no module")?;
    }
    let after = read(&small)?;
    fs::write(module, &after).with_context(|| format!("cannot write {}", module.display()))?;
    println!("module: {} bytes, {} after wasm-opt", given.len(), after.len());
    Ok(())
}

/// Makes a module smaller if Node is installed and npm gets Binaryen. The module works without that, too.
pub async fn shrink_if_possible(project: &Project, module: &Path) -> Result<()> {
    let reason = if node::is_available(project) {
        match shrink(project, module).await {
            Ok(()) => return Ok(()),
            Err(error) => format!("{error:#}"),
        }
    } else {
        "wasm-opt needs Node with npm".to_owned()
    };
    println!("module: {} bytes, not shrunk: {reason}", read(module)?.len());
    Ok(())
}

/// Differs between results that were made in different ways.
fn options() -> u64 {
    let mut hasher = DefaultHasher::new();
    (FEATURES, PASSES).hash(&mut hasher);
    hasher.finish()
}

fn read(module: &Path) -> Result<Vec<u8>> {
    fs::read(module).with_context(|| format!("cannot read {}", module.display()))
}
