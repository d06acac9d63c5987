//! The console: connects, exchanges packets, draws its graphs, and closes.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use websocket_peer::PeerOptions;

use super::screenshots::Screenshots;
use super::steps::{RESULT_LIMIT, ready, shows, step};
use super::terminal::Terminal;
use crate::demo::lines::CLIENT;
use crate::demo::native;
use crate::demo::servers::Demo;
use crate::project::Project;
use crate::webdriver::Page;

const TEXT: &str = "a page, ✓";
const HEX: &str = "00 7f 80 ff";
const CODE: &str = "4001";
const REASON: &str = "bye";

pub async fn visit(project: &Project, demo: &Demo, page: &Page, screenshots: &Screenshots) -> Result<()> {
    let url = demo.echo_url();
    page.go_to(&demo.page_url("console", &url)).await?;
    step("the console gets ready", ready(page)).await?;
    step("the console connects", connects(page)).await?;
    step("the console sends text and binary packets and shows the echoes", exchanges(page)).await?;
    let exchange = native::exchange(&url, PeerOptions::default());
    step("a native client exchanges packets with the same server", exchange).await?;
    step("the example does the same", example(project, &url)).await?;
    step("the graphs move", graphs(page)).await?;
    step("screenshots of the console", screenshots.take(page, "console")).await?;
    step("the console closes with a code and a reason, and shows them", closes(page)).await
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

/// Runs the example as a user would. It must exit by itself and print a clean close.
async fn example(project: &Project, url: &str) -> Result<()> {
    let lines = Terminal::start(project, "minimal_client", &CLIENT, &[url])?.exits().await?;
    let clean = "WebSocket closed with code: 1000. Clean: true";
    ensure!(lines.iter().any(|line| line == clean), "minimal_client did not print `{clean}`");
    Ok(())
}

/// Sends probes until each graph has a new shape twice, so that it is drawn again and again.
async fn graphs(page: &Page) -> Result<()> {
    page.click("#probe").await?;
    for line in ["round-trip-line", "rate-sent-line", "rate-received-line"] {
        let shape = "document.getElementById(arguments[0]).getAttribute('d') ?? ''";
        let mut last = page.eval(shape, vec![json!(line)]).await?;
        for _ in 0..2 {
            let is_new = |shape: &Value| *shape != "" && *shape != last;
            let what = format!("#{line} to move");
            last = page.wait_for(&what, RESULT_LIMIT, shape, vec![json!(line)], is_new).await?;
        }
    }
    let shown = page.text("#round-trip-median").await?;
    ensure!(shown.ends_with("ms") || shown.ends_with('s'), "the median of the round trips is “{shown}”");
    page.click("#probe").await
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
