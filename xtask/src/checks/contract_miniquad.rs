//! Runs the contract tests in a page without wasm-bindgen, against the scripted server in this process.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::contract::{native_count, with_server};
use crate::project::Project;
use crate::report::Outcome;
use crate::serve::PageServer;
use crate::targets::WASM;
use crate::tools;
use crate::wasm;
use crate::webdriver::Page;

/// The package of the tests, and its module.
const PACKAGE: &str = "contract-miniquad";
const MODULE: &str = "contract_miniquad.wasm";

/// The deadline for all tests in the browser.
const LIMIT: Duration = Duration::from_secs(600);

pub async fn run(project: &Project) -> Result<Outcome> {
    tools::web(project).await?;
    let expected = native_count(project).await?;
    let build = project.command("cargo").args(["build", "--quiet", "--package", PACKAGE, "--target", WASM]);
    let (_server, build) = with_server(build)?;
    build.run().await?;
    let modules = project.target().join(WASM).join("debug");
    let path = modules.join(MODULE);
    let module = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    check_imports(&module)?;

    let root = project.root().join("testkit").join("miniquad").join("page");
    let backend = project.root().join("src").join("sys").join("miniquad");
    let pages = PageServer::start(0, &root, &[("/backend", &backend), ("/module", &modules)])?;
    let page = Page::open(project, &pages.url("/")).await?;
    let report =
        page.wait_for("the end of the tests", LIMIT, "report", vec![], |report| report["isDone"] == true);
    let report = report.await;
    page.close().await?;
    conclude(&report?, expected)
}

/// Checks that the module can be loaded without wasm-bindgen.
fn check_imports(module: &[u8]) -> Result<()> {
    for import in wasm::imports(module)? {
        ensure!(import.module == "env", "the module imports {import:?}, which no plugin offers");
    }
    let traces = ["wbindgen", "wasm_bindgen"];
    let found =
        traces.iter().find(|trace| module.windows(trace.len()).any(|bytes| bytes == trace.as_bytes()));
    ensure!(found.is_none(), "the module has traces of wasm-bindgen: {found:?}");
    Ok(())
}

/// Checks the report of the page.
fn conclude(report: &Value, expected: usize) -> Result<Outcome> {
    ensure!(report["error"].is_null(), "the tests could not run: {}", report["error"]);
    let failures = report["failures"].as_array().context("the page reports no failures")?;
    for failure in failures {
        println!("FAILED {}", failure.as_str().unwrap_or_default());
    }
    ensure!(failures.is_empty(), "{} tests failed", failures.len());
    let passed = |kind: &str| report["passed"][kind].as_u64().context("the page reports no count");
    let (contract, interface) = (passed("contract")?, passed("interface")?);
    ensure!(contract == expected as u64, "{contract} tests here and {expected} natively");
    ensure!(interface > 0, "no test of the interface ran");
    Ok(Outcome::PassedWith(format!("{contract} tests, as many as natively; {interface} of the interface")))
}
