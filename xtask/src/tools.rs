//! Installs the command-line tools for the web in exact versions, in `target/tools`, without touching global ones.

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

/// Installs what building and testing for the web needs: the target, wasm-pack, and the wasm-bindgen version of
/// Cargo.lock.
pub async fn web(project: &Project) -> Result<()> {
    targets::add(project, targets::WASM).await?;
    let wasm_bindgen = Tool {
        package: "wasm-bindgen-cli",
        version: project.locked_version("", "wasm-bindgen")?,
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
    };
    let wasm_pack = Tool { package: "wasm-pack", version: WASM_PACK.to_owned(), programs: &["wasm-pack"] };
    install(project, &wasm_bindgen).await?;
    install(project, &wasm_pack).await
}

/// Returns the path of Firefox's WebDriver program, which Debian does not package. Installs the program if it is
/// missing.
pub async fn geckodriver(project: &Project) -> Result<PathBuf> {
    let tool = Tool { package: "geckodriver", version: GECKODRIVER.to_owned(), programs: &["geckodriver"] };
    install(project, &tool).await?;
    project.which("geckodriver").ok_or_else(|| anyhow!("geckodriver was installed but is not found"))
}

async fn install(project: &Project, tool: &Tool) -> Result<()> {
    if is_installed(project, tool).await {
        return Ok(());
    }
    let tools = project.target().join("tools");
    println!("building {} {} once, which takes minutes", tool.package, tool.version);
    let command = project
        .command("cargo")
        .args(["install", "--locked", "--force", "--root"])
        .arg(&tools)
        .args([tool.package, "--version", &tool.version])
        // The tools share dependencies, so they share a target directory. They are built for a short build time.
        .env("CARGO_TARGET_DIR", tools.join("build"))
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    command.run().await.with_context(|| format!("cannot install {} {}", tool.package, tool.version))
}

/// Returns `true` if the tool's programs on PATH, which includes `target/tools`, have the wanted version.
async fn is_installed(project: &Project, tool: &Tool) -> bool {
    for program in tool.programs {
        // A program that is missing or does not run counts as one of another version.
        let answer = project.command(program).arg("--version").query().await.unwrap_or_default();
        if version_in(&answer) != Some(&tool.version) {
            return false;
        }
    }
    true
}

/// Reads the version in answers such as `wasm-pack 0.15.1` and `geckodriver 0.37.1 (abc 2026-01-01)`.
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
