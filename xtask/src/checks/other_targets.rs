//! Compiles the library for systems on which these tests do not run, and with the oldest supported Rust.

use std::env;

use anyhow::Result;

use crate::project::Project;
use crate::report::Outcome;
use crate::targets::{self, WASM};

/// A target, and the C compiler for it. Feature `tls` needs the compiler, for ring.
pub struct Target {
    pub name: &'static str,
    c_compiler: &'static str,
}

pub const TARGETS: [Target; 4] = [
    Target { name: "x86_64-pc-windows-gnu", c_compiler: "x86_64-w64-mingw32-gcc" },
    Target { name: "aarch64-apple-darwin", c_compiler: "xcrun" },
    Target { name: "aarch64-apple-ios", c_compiler: "xcrun" },
    Target { name: "aarch64-linux-android", c_compiler: "aarch64-linux-android-clang" },
];

pub async fn check(project: &Project, target: &Target) -> Result<Outcome> {
    if let Err(error) = targets::add(project, target.name).await {
        return Ok(Outcome::Skipped(format!("{error:#}")));
    }
    let command = project.command("cargo").args(["check", "--package", "websocket-peer", "--lib"]);
    let command = command.args(["--target", target.name]);
    if has_c_compiler(project, target) {
        command.run().await?;
        return Ok(Outcome::Passed);
    }
    command.arg("--no-default-features").run().await?;
    Ok(Outcome::PassedWith(format!("without `tls`: {} is not installed", target.c_compiler)))
}

fn has_c_compiler(project: &Project, target: &Target) -> bool {
    let variable = format!("CC_{}", target.name.replace('-', "_"));
    env::var_os(variable).is_some() || project.which(target.c_compiler).is_some()
}

/// Compiles the library with the `rust-version` of Cargo.toml, natively and for both kinds of pages.
pub async fn oldest_rust(project: &Project) -> Result<Outcome> {
    let version = project.oldest_rust()?;
    let rustup = |args: &[&str]| project.command("rustup").args(args);
    let install = rustup(&["toolchain", "install", &version, "--profile", "minimal", "--no-self-update"]);
    install.args(["--target", WASM]).run().await?;
    for selection in [
        &["--all-features"][..],
        &["--target", WASM, "--features", "js,serde"],
        &["--target", WASM, "--features", "miniquad"],
    ] {
        let check = rustup(&["run", &version, "cargo", "check", "--package", "websocket-peer", "--lib"]);
        check.args(selection).run().await?;
    }
    Ok(Outcome::PassedWith(format!("{version}, natively and for pages")))
}
