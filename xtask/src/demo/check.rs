//! `cargo xtask demo --check`: uses the demo through WebDriver as a user would.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use websocket_peer::PeerOptions;

use super::{Demo, native, picture};
use crate::project::Project;
use crate::webdriver::Page;

/// The deadline for the page to get ready.
const READY: Duration = Duration::from_secs(30);

/// The deadline for the page to show the result of an action.
pub(super) const RESULT_LIMIT: Duration = Duration::from_secs(10);

const TEXT: &str = "a page, ✓";
const HEX: &str = "00 7f 80 ff";
const CODE: &str = "4001";
const REASON: &str = "bye";

pub(super) async fn run(project: &Project, demo: &Demo, picture: Option<&Path>) -> Result<()> {
    let page = Page::open(project, &demo.console_url()).await?;
    let outcome = visit(project, demo, &page, picture).await;
    // Errors in the console often explain why a step failed.
    let errors = page.console_errors().await;
    page.close().await?;

    let errors = errors?;
    for error in &errors {
        println!("browser console: {error}");
    }
    outcome?;
    ensure!(errors.is_empty(), "the page works, but has errors in the browser console");
    println!("\nthe demo works; screenshots are in {}", screenshots(project).display());
    Ok(())
}

async fn visit(project: &Project, demo: &Demo, page: &Page, picture: Option<&Path>) -> Result<()> {
    step("the page gets ready", ready(page)).await?;
    step("the address field has the URL of the echo server", offers_address(page, demo)).await?;
    step("the page connects", connects(page)).await?;
    step("the page sends text and binary packets and shows the echoes", exchanges(page)).await?;
    let url = demo.echo_url();
    let exchange = native::exchange(&url, PeerOptions::default());
    step("a native client exchanges packets with the same server", exchange).await?;
    step("the example does the same", native::example(project, &url)).await?;
    step("taking screenshots", take_screenshots(project, page)).await?;
    step("the page closes with a code and a reason, and shows them", closes(page)).await?;
    if let Some(path) = picture {
        step("taking the picture", picture::take(project, &demo.console_url(), path)).await?;
    }
    Ok(())
}

async fn step(what: &str, work: impl Future<Output = Result<()>>) -> Result<()> {
    println!("… {what}");
    work.await.with_context(|| format!("failed: {what}"))
}

pub(super) async fn ready(page: &Page) -> Result<()> {
    let phase = "document.documentElement.dataset.phase";
    let phase = page.wait_for("the page to load", READY, phase, vec![], |phase| *phase != "loading").await?;
    if phase != "ready" {
        anyhow::bail!("the page is in phase {phase}: {}", page.text("#failure").await?);
    }
    Ok(())
}

async fn offers_address(page: &Page, demo: &Demo) -> Result<()> {
    let offered = page.eval("document.querySelector('#address').value", vec![]).await?;
    ensure!(offered == demo.echo_url(), "the address field has {offered}");
    Ok(())
}

async fn connects(page: &Page) -> Result<()> {
    page.click("#connect").await?;
    shows(page, "#state", "Open").await
}

async fn exchanges(page: &Page) -> Result<()> {
    page.fill("#text", TEXT).await?;
    page.click("#send-text").await?;
    logged(page, "text", TEXT).await?;

    page.fill("#hex", HEX).await?;
    page.click("#send-hex").await?;
    logged(page, "binary", HEX).await?;

    let bytes = (TEXT.len() + HEX.split_whitespace().count()).to_string();
    for direction in ["sent", "received"] {
        shows(page, &format!("#packets-{direction}"), "2").await?;
        shows(page, &format!("#bytes-{direction}"), &bytes).await?;
    }
    shows(page, "#buffered", "0").await
}

/// Waits until the log has a packet of this kind and content in both directions.
async fn logged(page: &Page, kind: &str, content: &str) -> Result<()> {
    for direction in ["out", "in"] {
        let entries = "[...document.querySelectorAll(arguments[0])].map(entry => entry.textContent)";
        let selector = format!("#log li[data-direction={direction}][data-kind={kind}]");
        let holds = |entries: &Value| {
            entries.as_array().is_some_and(|entries| {
                entries.iter().any(|entry| entry.as_str().is_some_and(|entry| entry.contains(content)))
            })
        };
        let what = format!("“{content}” in the log ({kind}, {direction})");
        page.wait_for(&what, RESULT_LIMIT, entries, vec![json!(selector)], holds).await?;
    }
    Ok(())
}

async fn closes(page: &Page) -> Result<()> {
    page.fill("#close-code", CODE).await?;
    page.fill("#close-reason", REASON).await?;
    page.click("#close").await?;
    shows(page, "#state", "Closed").await?;
    let info = page.text("#close-info").await?;
    ensure!(info.contains(CODE) && info.contains(REASON), "the page shows another close: {info}");
    Ok(())
}

/// Waits until the text of an element is `expected`.
pub(super) async fn shows(page: &Page, selector: &str, expected: &str) -> Result<()> {
    let text = "document.querySelector(arguments[0])?.textContent.trim()";
    let what = format!("{selector} to be “{expected}”");
    page.wait_for(&what, RESULT_LIMIT, text, vec![json!(selector)], |text| text == expected).await.map(|_| ())
}

fn screenshots(project: &Project) -> PathBuf {
    project.target().join("demo")
}

async fn take_screenshots(project: &Project, page: &Page) -> Result<()> {
    let directory = screenshots(project);
    fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let phone = json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true });

    colour_scheme(page, "light").await?;
    page.screenshot(&directory.join("desktop-light.png")).await?;
    colour_scheme(page, "dark").await?;
    page.screenshot(&directory.join("desktop-dark.png")).await?;
    page.devtools("Emulation.setDeviceMetricsOverride", phone).await?;
    page.screenshot(&directory.join("phone-dark.png")).await?;
    fits_the_screen(page).await?;
    colour_scheme(page, "light").await?;
    page.screenshot(&directory.join("phone-light.png")).await?;
    page.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await
}

/// Checks that the page needs no horizontal scrolling on a phone.
async fn fits_the_screen(page: &Page) -> Result<()> {
    let excess = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let excess = page.eval(excess, vec![]).await?;
    ensure!(excess == 0, "on a phone the page is {excess} pixels wider than the screen");
    Ok(())
}

pub(super) async fn colour_scheme(page: &Page, scheme: &str) -> Result<()> {
    let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    page.devtools("Emulation.setEmulatedMedia", features).await
}
