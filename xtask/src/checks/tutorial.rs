//! Builds the page of the tutorial, `examples/tutorial`, and chats between it and a native client. The
//! tutorial has the size of its module, so that is reported.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use websocket_peer::{Packet, PeerOptions, ReadyState, WebSocketPeer};

use crate::demo::native::until;
use crate::project::Project;
use crate::report::Outcome;
use crate::serve::PageServer;
use crate::service::{Service, websocket_url};
use crate::tools;
use crate::webdriver::Page;

/// The deadline for the page to show a line.
const LIMIT: Duration = Duration::from_secs(30);

/// The text of the lines that the page shows.
const LINES: &str = "[...document.querySelectorAll('#lines p')].map((line) => line.textContent)";

pub async fn run(project: &Project) -> Result<Outcome> {
    tools::web(project).await?;
    let tutorial = project.root().join("examples").join("tutorial");
    let build =
        project.command("wasm-pack").args(["build", "examples/tutorial", "--target", "web", "--release"]);
    build.run().await?;
    let module = tutorial.join("pkg").join("little_chat_bg.wasm");

    // Builds it, for which `Service` has too little time.
    let package = ["--quiet", "--package", "little-chat", "--bin", "server"];
    project.command("cargo").arg("build").args(package).run().await?;
    let server = project.command("cargo").arg("run").args(package).args(["--", "127.0.0.1:0"]);
    let server = Service::start(server, websocket_url).await?;
    let pages = PageServer::start(0, &tutorial, &[])?;
    let page = Page::open(project, &pages.url(&format!("/?server={}", server.address))).await?;
    let outcome = play(&page, server).await;
    page.close().await?;
    outcome?;
    Ok(Outcome::PassedWith(format!("the module has {} bytes, gzip", gzipped(&module)?)))
}

/// Chats between the page and a native client, until each has disconnected.
async fn play(page: &Page, server: Service<String>) -> Result<()> {
    can_send(page, true).await?;
    let mut native = WebSocketPeer::with_options(PeerOptions::default().protocols(["demo-chat"]));
    native.connect(&server.address)?;
    until(&mut native, "opening", |native| native.state() == ReadyState::Open).await?;
    native.send_text("hello, <b>page</b>")?;
    let mut expected = vec!["[2] connected", "[2] Says: hello, <b>page</b>"];
    shows(page, &expected).await?;

    page.fill("input", "hello, terminal ✓").await?;
    page.click("button").await?;
    until(&mut native, "a line of the page", |native| native.available() > 0).await?;
    let line = native.recv();
    ensure!(line == Some(Packet::text("[1] Says: hello, terminal ✓")), "the native client received {line:?}");
    let field = page.eval("document.querySelector('input').value", vec![]).await?;
    ensure!(field == "", "the field still has {field}");

    native.close();
    until(&mut native, "closing", |native| native.state() == ReadyState::Closed).await?;
    expected.extend(["me: hello, terminal ✓", "[2] disconnected"]);
    shows(page, &expected).await?;
    let mut errors = page.console_errors().await?;
    // Browsers ask for it. The tutorial has none, to be short.
    errors.retain(|error| !error.contains("/favicon.ico "));
    ensure!(errors.is_empty(), "errors in the browser console: {errors:?}");

    drop(server);
    expected.push("the connection was lost");
    shows(page, &expected).await?;
    can_send(page, false).await
}

/// Waits until the page shows exactly these lines.
async fn shows(page: &Page, expected: &[&str]) -> Result<()> {
    let shown = |lines: &serde_json::Value| *lines == json!(expected);
    page.wait_for(&format!("the lines {expected:?}"), LIMIT, LINES, vec![], shown).await.map(|_| ())
}

/// Waits until the button to send can or cannot be used.
async fn can_send(page: &Page, can: bool) -> Result<()> {
    let disabled = "document.querySelector('button').disabled";
    let what = format!("the button to be {}", if can { "enabled" } else { "disabled" });
    page.wait_for(&what, LIMIT, disabled, vec![], |disabled| *disabled == !can).await.map(|_| ())
}

fn gzipped(module: &Path) -> Result<usize> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    gzip.write_all(&bytes)?;
    Ok(gzip.finish()?.len())
}
