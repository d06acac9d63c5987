//! The command-line tools that the web half needs, in exactly the versions that fit, in `target/tools`: nothing global is touched.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};

use crate::project::Project;
use crate::targets;

const WASM_PACK: &str = "0.15.1";
const GECKODRIVER: &str = "0.37.1";

/// A package of command-line programs.
struct Tool {
    package: &'static str,
    version: String,
    programs: &'static [&'static str],
}

/// What it takes to build and test for the web: the target, wasm-pack, and the wasm-bindgen that matches Cargo.lock.
pub async fn web(project: &Project) -> Result<()> {
    targets::add(project, targets::WASM).await?;
    let wasm_bindgen = Tool {
        package: "wasm-bindgen-cli",
        version: project.locked_version("wasm-bindgen")?,
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
    };
    let wasm_pack = Tool { package: "wasm-pack", version: WASM_PACK.to_owned(), programs: &["wasm-pack"] };
    get(project, &wasm_bindgen).await?;
    get(project, &wasm_pack).await
}

/// Firefox's WebDriver program, which Debian does not package.
pub async fn geckodriver(project: &Project) -> Result<PathBuf> {
    let tool = Tool { package: "geckodriver", version: GECKODRIVER.to_owned(), programs: &["geckodriver"] };
    get(project, &tool).await?;
    project.which("geckodriver").ok_or_else(|| anyhow!("geckodriver was installed and is not found"))
}

async fn get(project: &Project, tool: &Tool) -> Result<()> {
    if is_here(project, tool).await {
        return Ok(());
    }
    let tools = project.target().join("tools");
    println!("{} {} is not here yet: it is built once, which takes minutes", tool.package, tool.version);
    let install = project
        .command("cargo")
        .args(["install", "--locked", "--force", "--root"])
        .arg(&tools)
        .args([tool.package, "--version", &tool.version])
        // They share much, so they are built in one place; and quickly rather than for the best speed.
        .env("CARGO_TARGET_DIR", tools.join("build"))
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    install.run().await.with_context(|| format!("cannot get {} {}", tool.package, tool.version))
}

/// Whether the programs that a child of ours would find are of the wanted version, in `target/tools` or elsewhere on PATH.
async fn is_here(project: &Project, tool: &Tool) -> bool {
    for program in tool.programs {
        // A program that is missing or does not work is as good as one of another version: it will be installed.
        let answer = project.command(program).arg("--version").ask().await.unwrap_or_default();
        if version_in(&answer) != Some(&tool.version) {
            return false;
        }
    }
    true
}

/// The version in answers such as `wasm-pack 0.15.1` and `geckodriver 0.37.1 (abc 2026-01-01)`.
fn version_in(answer: &str) -> Option<&str> {
    answer.split_whitespace().nth(1)
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn the_version_is_the_second_word() {
        assert_eq!(version_in("wasm-pack 0.15.1\n"), Some("0.15.1"));
        assert_eq!(version_in("geckodriver 0.37.1 (abc 2026-01-01)\n\nThe source …"), Some("0.37.1"));
        assert_eq!(version_in(""), None);
    }
}
