//! Checks `integrations/egui`: the chat without a window, and its page in Chrome, which chats with a native client. Both count
//! the frames, of which there must be none while nothing happens.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::time::sleep;
use websocket_peer::{PeerOptions, ReadyState, WebSocketPeer};

use super::{cargo, format, linting, test};
use crate::project::Project;
use crate::report::Outcome;
use crate::serve::PageServer;
use crate::service::{Service, websocket_url};
use crate::targets::WASM;
use crate::tools;
use crate::wait::within;
use crate::webdriver::Page;

const NAME: &str = "egui";

/// The deadline of one step.
const LIMIT: Duration = Duration::from_secs(60);

/// The time between two polls of a native client.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A cursor that blinks is drawn four times in it.
const SILENCE: Duration = Duration::from_secs(2);

/// The number of times that the browser may draw for a reason of its own, such as the focus.
const TRIES: usize = 5;

/// Counts frames before the page's own script runs: egui clears the canvas once in each.
const COUNT_FRAMES: &str = "
    window.frames = 0;
    for (const { prototype } of [WebGLRenderingContext, WebGL2RenderingContext]) {
        const clear = prototype.clear;
        prototype.clear = function (...args) {
            window.frames += 1;
            return clear.apply(this, args);
        };
    }";

pub async fn run(project: &Project) -> Result<Outcome> {
    format(project, NAME).await?;
    let passed = test(project, NAME, "", &["unittests src/main.rs"]).await?;
    build(project).await?;

    let chat = ["--quiet", "--package", "chat", "--bin", "chat_server"];
    project.command("cargo").arg("build").args(chat).run().await?;
    let server = project.command("cargo").arg("run").args(chat).args(["--", "127.0.0.1:0"]);
    let server = Service::start(server, websocket_url).await?;
    let pages = PageServer::start(0, &project.root().join("integrations").join(NAME), &[])?;
    let page = Page::open_with_webgl(project, "about:blank").await?;
    let url = pages.url(&format!("/?server={}", server.address));
    let outcome = play(&page, &url, server, &project.target().join("integrations")).await;
    page.close().await?;
    let frames = outcome?;
    Ok(Outcome::PassedWith(format!(
        "{passed} tests; in Chrome {frames} frames for a line, and none in silence"
    )))
}

/// Lints and builds the page's module, without optimizations, which would take minutes.
async fn build(project: &Project) -> Result<()> {
    tools::web(project).await?;
    linting(cargo(project, NAME, &format!("build --locked --target {WASM}"))).run().await?;
    let output =
        project.target().join("integrations").join(NAME).join(WASM).join("debug").join("egui-chat.wasm");
    let bindgen = project.command("wasm-bindgen").args(["--target", "web", "--no-typescript", "--out-dir"]);
    bindgen.arg(project.root().join("integrations").join(NAME).join("pkg")).arg(output).run().await
}

/// Chats between the page and a native client, until the server ends. Returns the frames that one line takes.
async fn play(page: &Page, url: &str, server: Service<String>, pictures: &Path) -> Result<u64> {
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": COUNT_FRAMES })).await?;
    let mut native = WebSocketPeer::with_options(PeerOptions::default().protocols(["demo-chat"]));
    native.connect(&server.address)?;
    within(LIMIT, "opening", async {
        while native.poll() != ReadyState::Open {
            ensure!(native.state() == ReadyState::Connecting, "the native client cannot connect");
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    })
    .await?;

    page.go_to(url).await?;
    let line = next_line(&mut native).await?;
    let id = line.strip_suffix(" connected").with_context(|| format!("received {line:?}"))?;
    silence(page).await?;
    let before = picture(page, pictures, "egui.png").await?;

    let mut counts = Vec::new();
    for number in 0..3 {
        let frames = drawn(page).await?;
        native.send_text(&format!("hello, page {number} ✓"))?;
        native.poll();
        later_than(page, frames).await?;
        counts.push(silence(page).await? - frames);
    }
    // A frame for another reason may come in between, but not each time.
    let frames = counts.into_iter().min().unwrap_or_default();
    ensure!(frames <= 2, "the page draws {frames} frames for one line");
    ensure!(picture(page, pictures, "egui.png").await? != before, "the page has not drawn the lines");

    click_field(page).await?;
    page.devtools("Input.insertText", json!({ "text": "hello, native ✓" })).await?;
    for kind in ["keyDown", "keyUp"] {
        let key = json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13 });
        page.devtools("Input.dispatchKeyEvent", key).await?;
    }
    let line = next_line(&mut native).await?;
    ensure!(line == format!("{id} Says: hello, native ✓"), "the native client received {line:?}");
    let frames_of_chat = silence(page).await?;
    let errors = page.console_errors().await?;
    ensure!(errors.is_empty(), "errors in the browser console: {errors:?}");

    // The size of a phone.
    page.devtools(
        "Emulation.setDeviceMetricsOverride",
        json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true }),
    )
    .await?;
    later_than(page, frames_of_chat).await?;
    let frames_of_phone = silence(page).await?;
    let before = picture(page, pictures, "egui-phone.png").await?;
    drop(server);
    later_than(page, frames_of_phone).await?;
    silence(page).await?;
    ensure!(picture(page, pictures, "egui-end.png").await? != before, "the page has not drawn the end");
    Ok(frames)
}

/// Clicks into the field at the bottom of the page.
async fn click_field(page: &Page) -> Result<()> {
    let height = page.eval("window.innerHeight", vec![]).await?;
    let y = height.as_f64().context("the page has no height")? - 16.0;
    for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
        let (button, clicks) = if kind == "mouseMoved" { ("none", 0) } else { ("left", 1) };
        let event = json!({ "type": kind, "x": 300, "y": y, "button": button, "clickCount": clicks });
        page.devtools("Input.dispatchMouseEvent", event).await?;
    }
    Ok(())
}

/// Waits until the page has drawn nothing for a while. Returns the number of frames until then.
async fn silence(page: &Page) -> Result<u64> {
    let mut counts = vec![drawn(page).await?];
    for _ in 0..TRIES {
        sleep(SILENCE).await;
        let now = drawn(page).await?;
        if counts.last() == Some(&now) {
            return Ok(now);
        }
        counts.push(now);
    }
    anyhow::bail!("the page draws while nothing happens; its frames each {SILENCE:?}: {counts:?}")
}

/// Waits for a frame after this number of them.
async fn later_than(page: &Page, frames: u64) -> Result<()> {
    let is_later = |now: &serde_json::Value| now.as_u64().is_some_and(|now| now > frames);
    page.wait_for("a frame", LIMIT, "window.frames", vec![], is_later).await.map(|_| ())
}

async fn drawn(page: &Page) -> Result<u64> {
    let frames = page.eval("window.frames", vec![]).await?;
    frames.as_u64().with_context(|| format!("the page has counted {frames}"))
}

/// Takes a screenshot, which stays for people to look at, and returns its bytes.
async fn picture(page: &Page, pictures: &Path, name: &str) -> Result<Vec<u8>> {
    let path = pictures.join(name);
    page.screenshot(&path).await?;
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Waits for the next line that the native client receives.
async fn next_line(native: &mut WebSocketPeer) -> Result<String> {
    within(LIMIT, "a line for the native client", async {
        loop {
            native.poll();
            if let Some(packet) = native.recv() {
                return packet.as_text().map(str::to_owned).context("a packet without text");
            }
            ensure!(native.close_info().is_none(), "the native client was disconnected");
            sleep(POLL_INTERVAL).await;
        }
    })
    .await
}
