//! A project that has installed the package, in a temporary folder, where no other package is found.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context, Result, ensure};
use testkit::Server;

use super::hosts::ChatHost;
use crate::node;
use crate::npm::Package;
use crate::process::Cmd;
use crate::project::Project;

const TYPESCRIPT: node::Package = node::Package { name: "typescript", version: "7.0.2" };
const VITE: node::Package = node::Package { name: "vite", version: "8.4.0" };
const PUBLINT: node::Package = node::Package { name: "publint", version: "0.3.25" };

/// The Node that the programs run in, because the machine's own may be too old. An LTS version.
const NODE: &str = "24.21.0";

/// The addresses in the README, which are replaced.
const GAME: &str = "ws://127.0.0.1:9080";
const ECHO: &str = "ws://127.0.0.1:9001";

/// Files of `packages/npm/tests` that the project has.
const TESTS: [&str; 7] = [
    "types.ts",
    "sources.ts",
    "tsconfig.bundler.json",
    "tsconfig.nodenext.json",
    "index.html",
    "app.ts",
    "node.test.js",
];

/// The project. Dropping this removes its folder.
pub struct Consumer {
    folder: PathBuf,
    readme: String,
    node: PathBuf,
}

impl Consumer {
    pub async fn install(project: &Project, package: &Package) -> Result<Self> {
        let node = node::runtime(project, NODE).await?;
        let folder = env::temp_dir().join(format!("websocket-peer-npm-{}", process::id()));
        // A run that was killed may have left the folder, under the same number.
        remove(&folder)?;
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut consumer = Self { folder, readme: String::new(), node };
        consumer.write("package.json", "{ \"private\": true, \"type\": \"module\" }\n")?;
        let npm = project.command("npm").args(["install", "--offline", "--no-audit", "--no-fund"]);
        npm.arg("--ignore-scripts")
            .arg("--prefix")
            .arg(consumer.folder())
            .arg(&package.tarball)
            .run()
            .await?;
        consumer.readme = fs::read_to_string(consumer.file("node_modules/websocket-peer/README.md"))
            .context("the package was not installed with its README")?;

        let tests = project.root().join("packages").join("npm").join("tests");
        for name in TESTS {
            let text = fs::read_to_string(tests.join(name)).with_context(|| format!("cannot read {name}"))?;
            consumer.write(name, &text)?;
        }
        Ok(consumer)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns a command that runs a program of the project in Node.
    pub fn node(&self, project: &Project, program: &str) -> Cmd {
        project.command(&self.node.to_string_lossy()).arg(self.file(program))
    }

    /// Checks the manifest: that every path in it exists, and that all tools find the same.
    pub async fn check_package(&self, project: &Project, package: &Package) -> Result<()> {
        let publint = node::script(project, node::NODE, PUBLINT, "src/cli.js").await?;
        publint.arg(&package.tarball).arg("--strict").run().await
    }

    /// Runs the tests of what differs in Node.
    pub async fn test_in_node(&self, project: &Project, server: &Server) -> Result<()> {
        // After a failed test, its connections would keep the program running.
        let tests = project.command(&self.node.to_string_lossy()).arg("--test-force-exit");
        let tests = tests.arg(self.file("node.test.js"));
        tests.env("SERVER", server.url("")).run().await
    }

    /// Writes the programs of the README, with the addresses of running servers.
    pub fn write_programs(&self, host: &ChatHost, server: &Server) -> Result<()> {
        let [bot, client] = self.blocks("ts")?;
        let [page] = self.blocks("html")?;
        for (name, text, address, replacement) in [
            ("bot.ts", bot, GAME, host.url()),
            ("page.html", page, GAME, host.url()),
            ("client.ts", client, ECHO, &server.url("")),
        ] {
            ensure!(text.matches(address).count() == 1, "the README's {name} does not have {address} once");
            self.write(name, &text.replace(address, replacement))?;
        }
        Ok(())
    }

    /// Returns the script of the README for Godot.
    pub fn script(&self) -> Result<String> {
        let [script] = self.blocks("gdscript")?;
        Ok(script.to_owned())
    }

    /// Compiles programs without output, for bundlers and for Node.
    pub async fn check_types(&self, project: &Project) -> Result<()> {
        for configuration in ["tsconfig.bundler.json", "tsconfig.nodenext.json"] {
            let tsc = node::script(project, node::NODE, TYPESCRIPT, "bin/tsc").await?;
            tsc.arg("--project").arg(self.file(configuration)).run().await?;
        }
        Ok(())
    }

    /// Bundles `index.html` with Vite, and returns the folder of the bundle.
    pub async fn bundle(&self, project: &Project) -> Result<PathBuf> {
        let vite = node::script(project, &self.node.to_string_lossy(), VITE, "bin/vite.js").await?;
        vite.arg("build").arg("--emptyOutDir").arg(self.folder()).run().await?;
        Ok(self.file("dist"))
    }

    /// Returns the code blocks of the README in this language.
    fn blocks<const N: usize>(&self, language: &str) -> Result<[&str; N]> {
        let fence = format!("\n```{language}\n");
        let blocks = self.readme.split(&fence).skip(1);
        let blocks: Vec<&str> = blocks.filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
        let found = blocks.len();
        blocks
            .try_into()
            .ok()
            .with_context(|| format!("the README has {found} blocks of {language}, not {N}"))
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        fs::write(self.file(name), text).with_context(|| format!("cannot write {name}"))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.folder) {
            println!("{error:#}");
        }
    }
}

/// Removes a folder, if it exists.
fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
