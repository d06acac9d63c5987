//! The steps that are one cargo command: formatting, lints, documentation, native tests, the package.

use std::env;

use anyhow::{Result, ensure};

use super::suites::Suites;
use crate::project::Project;
use crate::report::Outcome;
use crate::targets::WASM;

const LIBRARY: [&str; 2] = ["--package", "websocket-peer"];

pub async fn format(project: &Project) -> Result<Outcome> {
    cargo(project, "fmt --all --check").await
}

pub async fn lint(project: &Project) -> Result<Outcome> {
    cargo(project, "clippy --workspace --all-targets --all-features -- --deny warnings").await?;
    // The code must also compile without the features.
    let minimal = "clippy --package websocket-peer --all-targets --no-default-features";
    cargo(project, &format!("{minimal} -- --deny warnings")).await?;
    cargo(project, &format!("{minimal} --features variant,serde -- --deny warnings")).await
}

/// Lints the benches, which are a separate workspace.
pub async fn lint_benches(project: &Project) -> Result<Outcome> {
    cargo(project, "clippy --manifest-path bench/Cargo.toml --workspace --all-targets -- --deny warnings")
        .await
}

pub async fn lint_web(project: &Project) -> Result<Outcome> {
    let command =
        project.command("cargo").arg("clippy").args(LIBRARY).args(["--target", WASM, "--features", "js"]);
    command.args(["--lib", "--tests", "--examples", "--", "--deny", "warnings"]).run().await?;
    // The class `WebSocketPeer` alone, and the library without any feature.
    for features in ["js", ""] {
        let command = project.command("cargo").arg("clippy").args(LIBRARY).args(["--target", WASM, "--lib"]);
        let command = command.args(["--no-default-features", "--features", features]);
        command.args(["--", "--deny", "warnings"]).run().await?;
    }
    // The pages, and the contract without wasm-bindgen, for which the library is compiled with the feature `miniquad`.
    for package in ["pages", "contract-miniquad"] {
        let command = project.command("cargo").args(["clippy", "--package", package, "--target", WASM]);
        command.args(["--", "--deny", "warnings"]).run().await?;
    }
    let miniquad = project.command("cargo").arg("clippy").args(LIBRARY).args(["--target", WASM, "--lib"]);
    miniquad.args(["--features", "miniquad", "--", "--deny", "warnings"]).run().await?;
    Ok(Outcome::Passed)
}

pub async fn document(project: &Project) -> Result<Outcome> {
    let command = project.command("cargo").args(["doc", "--workspace", "--no-deps", "--all-features"]);
    command.env("RUSTDOCFLAGS", "--deny warnings").run().await?;
    Ok(Outcome::Passed)
}

pub async fn document_web(project: &Project) -> Result<Outcome> {
    let command = project.command("cargo").args(["doc", "--no-deps", "--target", WASM, "--features", "js"]);
    command.args(LIBRARY).env("RUSTDOCFLAGS", "--deny warnings").run().await?;
    Ok(Outcome::Passed)
}

pub async fn test(project: &Project) -> Result<Outcome> {
    count_tests(project, "test --workspace --all-features --no-fail-fast").await
}

/// Runs the tests of what differs between the default features and all features: options, errors and TLS.
pub async fn test_default_features(project: &Project) -> Result<Outcome> {
    let suites = "--lib --test contract --test errors --test tls";
    count_tests(project, &format!("test --package websocket-peer {suites} --no-fail-fast")).await
}

/// Makes the package as it would be published and builds it. Outside CI the working tree may have uncommitted changes.
pub async fn package(project: &Project) -> Result<Outcome> {
    let command = project.command("cargo").arg("package").args(LIBRARY).arg("--locked");
    let command = if env::var_os("CI").is_some() { command } else { command.arg("--allow-dirty") };
    command.run().await?;
    Ok(Outcome::Passed)
}

async fn cargo(project: &Project, line: &str) -> Result<Outcome> {
    project.command("cargo").args(line.split(' ')).run().await?;
    Ok(Outcome::Passed)
}

async fn count_tests(project: &Project, line: &str) -> Result<Outcome> {
    let suites = Suites::run_natively(project.command("cargo").args(line.split(' '))).await?;
    let passed = suites.passed();
    ensure!(passed > 0, "no test ran");
    Ok(Outcome::PassedWith(format!("{passed} tests")))
}
