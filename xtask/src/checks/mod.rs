//! `cargo xtask test`: runs every check that a change must pass, one after the other.

mod autobahn;
mod contract;
mod contract_miniquad;
mod hosting;
mod integrations;
mod interop;
mod javascript;
mod languages;
mod native;
mod other_targets;
mod proxies;
mod size;
mod soak;
mod suites;
mod tutorial;

use anyhow::Result;
use clap::ValueEnum;

pub use self::integrations::Integration;
use crate::browser::Engine;
use crate::demo;
use crate::project::Project;
use crate::report::{Outcome, Report};
use crate::tools;

/// Runs every step except the contract in the other two engines. Returns `true` if all passed.
pub async fn everything(project: &Project) -> bool {
    let mut report = Report::default();
    report.step("rustfmt", native::format(project)).await;
    report.step("clippy, native", native::lint(project)).await;
    report.step("clippy, benches", native::lint_benches(project)).await;
    report.step("rustdoc, native", native::document(project)).await;
    report.step("Python and Node", languages::run(project)).await;
    report.step("tests, native, all features", native::test(project)).await;
    report.step("tests, native, default features", native::test_default_features(project)).await;
    report.step("Autobahn, our server", autobahn::server(project)).await;
    report.step("Autobahn, our client", autobahn::client(project)).await;
    report.step("interop with Godot", interop::run(project)).await;
    report.step("short soak", soak::run(project)).await;

    report.step("tools for the web", async { tools::web(project).await.map(|()| Outcome::Passed) }).await;
    report.step("clippy, web", native::lint_web(project)).await;
    report.step("rustdoc, web", native::document_web(project)).await;
    report.step("contract in Chrome", contract::run(project, Engine::Chrome)).await;
    report.step("contract in Chrome, without wasm-bindgen", contract_miniquad::run(project)).await;
    report.step("JavaScript and TypeScript", javascript::run(project)).await;
    report.step("tutorial", tutorial::run(project)).await;
    report.step("size of a page", size::run(project)).await;
    for integration in Integration::value_variants() {
        integration.step(project, &mut report).await;
    }
    report
        .step("demo", async { demo::run(project, &demo::Options::check()).await.map(|()| Outcome::Passed) })
        .await;
    report.step("nginx and Caddy", proxies::run(project)).await;
    report.step("hosting", hosting::run(project)).await;

    report.step("oldest Rust", other_targets::oldest_rust(project)).await;
    for target in other_targets::TARGETS {
        report.step(format!("check for {}", target.name), other_targets::check(project, &target)).await;
    }
    report.step("package", native::package(project)).await;
    report.conclude()
}

/// Runs only the contract, in these engines; in Chrome also without wasm-bindgen. Returns `true` if all passed.
pub async fn contract_in(project: &Project, engines: &[Engine]) -> bool {
    let mut report = Report::default();
    if engines.contains(&Engine::Chrome) {
        report.step("contract in Chrome, without wasm-bindgen", contract_miniquad::run(project)).await;
    }
    for &engine in engines {
        report.step(format!("contract in {}", engine.name()), contract::run(project, engine)).await;
    }
    report.conclude()
}

/// Runs only the check of a page's size, and prints what each use of the library adds. Returns `true` if it passed.
pub async fn size(project: &Project) -> Result<bool> {
    let mut report = Report::default();
    report.step("size of a page", size::run(project)).await;
    size::print(project).await?;
    Ok(report.conclude())
}

/// Runs only the Autobahn test suite, in both roles. Returns `true` if all passed.
pub async fn autobahn(project: &Project) -> bool {
    let mut report = Report::default();
    report.step("Python and Node", languages::run(project)).await;
    report.step("Autobahn, our server", autobahn::server(project)).await;
    report.step("Autobahn, our client", autobahn::client(project)).await;
    report.conclude()
}

/// Runs only the checks of `docs/hosting`. Returns `true` if all passed.
pub async fn hosting(project: &Project) -> bool {
    let mut report = Report::default();
    report.step("hosting", hosting::run(project)).await;
    report.conclude()
}

/// Runs only the checks of these integrations, or of all. Returns `true` if all passed.
pub async fn integrations(project: &Project, names: &[Integration]) -> bool {
    let mut report = Report::default();
    for integration in if names.is_empty() { Integration::value_variants() } else { names } {
        integration.step(project, &mut report).await;
    }
    report.conclude()
}
