//! Checks `examples/axum`: its tests, with only the features that the package names, and its page in Chrome, which shares the
//! port with the API and a native client.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use websocket_peer::{Packet, PeerOptions, ReadyState, WebSocketPeer};

use crate::checks::suites::Suites;
use crate::demo::native::until;
use crate::project::Project;
use crate::report::Outcome;
use crate::service::Service;
use crate::webdriver::Page;

/// The package, and its program.
const NAME: &str = "axum-upgrade";

/// The deadline of one step.
const LIMIT: Duration = Duration::from_secs(60);

pub async fn run(project: &Project) -> Result<Outcome> {
    let cargo = |command: &str| project.command("cargo").args([command, "--package", NAME]);
    let suites = Suites::run(cargo("test").arg("--no-fail-fast")).await?;
    suites.require(&["tests/echo.rs"])?;

    let server = cargo("run").args(["--quiet", "--", "127.0.0.1:0"]);
    let server = Service::start(server, |line| Some(line.strip_prefix("Listening on http://")?.to_owned()));
    let server = server.await?;
    let page = Page::open(project, &format!("http://{}/", server.address)).await?;
    let outcome = play(&page, server, &project.target().join("integrations")).await;
    page.close().await?;
    outcome?;
    Ok(Outcome::PassedWith(format!("{} tests; the page plays on the port of the API", suites.passed())))
}

/// Plays in the page, then with a native client beside it, until the server ends.
async fn play(page: &Page, server: Service<String>, pictures: &Path) -> Result<()> {
    can_send(page, true).await?;
    page.fill("input", "hello, <b>game</b> ✓").await?;
    page.click("button").await?;
    shows(page, "#echo", "hello, <b>game</b> ✓").await?;
    shows(page, "#players", "1").await?;

    let mut native = WebSocketPeer::with_options(PeerOptions::default().protocols(["echo.v1"]));
    native.connect(&format!("ws://{}/game", server.address))?;
    until(&mut native, "opening", |native| native.state() == ReadyState::Open).await?;
    native.send_text("hello, native ✓")?;
    // Before it answers, the server has counted the client.
    until(&mut native, "the echo", |native| native.available() > 0).await?;
    let echo = native.recv();
    ensure!(echo == Some(Packet::text("hello, native ✓")), "the native client received {echo:?}");
    page.fill("input", "hello again").await?;
    page.click("button").await?;
    shows(page, "#echo", "hello again").await?;
    shows(page, "#players", "2").await?;

    fs::create_dir_all(pictures).with_context(|| format!("cannot make {}", pictures.display()))?;
    page.screenshot(&pictures.join("axum.png")).await?;
    let mut errors = page.console_errors().await?;
    // Browsers ask for it. The page has none, to be short.
    errors.retain(|error| !error.contains("/favicon.ico "));
    ensure!(errors.is_empty(), "errors in the browser console: {errors:?}");
    drop(server);
    shows(page, "#echo", "the connection has ended (code 1006)").await?;
    can_send(page, false).await
}

/// Waits until an element has exactly this text.
async fn shows(page: &Page, selector: &str, expected: &str) -> Result<()> {
    let text = format!("document.querySelector('{selector}')?.textContent");
    let what = format!("{selector} to be {expected:?}");
    page.wait_for(&what, LIMIT, &text, vec![], |text| text == expected).await.map(|_| ())
}

/// Waits until the button to send can or cannot be used.
async fn can_send(page: &Page, can: bool) -> Result<()> {
    let disabled = "document.querySelector('button')?.disabled";
    let what = format!("the button to be {}", if can { "enabled" } else { "disabled" });
    page.wait_for(&what, LIMIT, disabled, vec![], |disabled| *disabled == !can).await.map(|_| ())
}
