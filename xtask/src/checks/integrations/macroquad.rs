//! Checks `integrations/macroquad`: the game's server and packets natively, and its page in Chrome, which plays with a native
//! client. The page uses no wasm-bindgen. Its size is reported.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use tokio::time::sleep;
use websocket_peer::{ReadyState, WebSocketPeer};

use super::{cargo, format, lint, test};
use crate::project::Project;
use crate::report::Outcome;
use crate::serve::PageServer;
use crate::service::{Service, websocket_url};
use crate::targets::WASM;
use crate::wait::within;
use crate::webdriver::Page;

const NAME: &str = "macroquad";

/// The deadline of one step.
const LIMIT: Duration = Duration::from_secs(60);

/// The time between two polls of a client.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The module of the page.
const MODULE: &str = "circles.wasm";

pub async fn run(project: &Project) -> Result<Outcome> {
    format(project, NAME).await?;
    lint(project, NAME, &format!("--target {WASM}")).await?;
    let passed = test(project, NAME, "", &["tests/players.rs"]).await?;
    let site = build(project).await?;

    let server = cargo(project, NAME, "run --quiet --locked --bin server");
    let server = Service::start(server.args(["--", "127.0.0.1:0"]), websocket_url).await?;
    fs::write(site.join("server.txt"), &server.address)?;
    let pages = PageServer::start(0, &site, &[])?;
    let page = Page::open_with_webgl(project, &pages.url("/")).await?;
    let outcome =
        play(&page, &server.address, &project.target().join("integrations").join("macroquad.png")).await;
    page.close().await?;
    outcome?;
    let module = fs::read(site.join(MODULE))?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&module)?;
    let (raw, gzipped) = (module.len(), gzip.finish()?.len());
    Ok(Outcome::PassedWith(format!("{passed} tests; the module has {raw} bytes, {gzipped} with gzip")))
}

/// Builds the module, and puts it beside the page, miniquad's loader and the library's JavaScript. Returns the folder.
async fn build(project: &Project) -> Result<PathBuf> {
    cargo(project, NAME, &format!("build --locked --release --bin circles --target {WASM}")).run().await?;
    let output = project.target().join("integrations").join(NAME);
    let site = output.join("site");
    fs::create_dir_all(&site)?;
    let copy = |from: PathBuf| {
        let name = from.file_name().context("a file without a name")?;
        fs::copy(&from, site.join(name)).with_context(|| format!("cannot copy {}", from.display()))
    };
    copy(output.join(WASM).join("release").join(MODULE))?;
    copy(loader(project)?)?;
    copy(project.root().join("src").join("sys").join("miniquad").join("websocket_peer.js"))?;
    copy(project.root().join("integrations").join(NAME).join("index.html"))?;
    Ok(site)
}

/// Returns the path of miniquad's loader, in the version of the lock file. macroquad's own bundle has plugins that the game does
/// not use, one of which fails.
fn loader(project: &Project) -> Result<PathBuf> {
    let manifest = project.root().join("integrations").join(NAME).join("Cargo.toml");
    let metadata =
        MetadataCommand::new().manifest_path(manifest).other_options(["--locked".to_owned()]).exec()?;
    let miniquad = metadata.packages.into_iter().find(|package| *package.name == "miniquad");
    let miniquad = miniquad.context("macroquad does not depend on miniquad")?.manifest_path;
    let folder = miniquad.parent().context("miniquad has no folder")?;
    Ok(folder.join("js").join("gl.js").into_std_path_buf())
}

/// Moves the circle of the page, which a native client must receive, and that of the native client, which the page must draw.
async fn play(page: &Page, server: &str, screenshot: &Path) -> Result<()> {
    let mut native = WebSocketPeer::new();
    native.connect(server)?;
    let (width, height) = (size(page, "window.innerWidth").await?, size(page, "window.innerHeight").await?);
    // The native client learns from this packet that the page has connected. The mouse moves until it arrives.
    let mut moves = 0.0;
    let id = within(LIMIT, "a position of the page, in the middle of its height", async {
        loop {
            moves += 1.0;
            let x = width * (0.25 + 0.001 * (moves % 100.0));
            let event = json!({ "type": "mouseMoved", "x": x, "y": height / 2.0 });
            page.devtools("Input.dispatchMouseEvent", event).await?;
            sleep(POLL_INTERVAL).await;
            ensure!(native.poll() != ReadyState::Closed, "the native client was disconnected");
            // A first position may be that of a mouse that has not moved.
            while let Some(packet) = native.recv() {
                let y = packet.get(12..16).context("a short packet")?;
                if (f32::from_le_bytes(y.try_into()?) - 0.5).abs() < 0.02 {
                    return Ok(packet[..8].to_vec());
                }
            }
        }
    })
    .await?;
    ensure!(id.iter().any(|&byte| byte != 0), "the page has no id");

    let before = still(page, screenshot).await?;
    native.send(&[0.75_f32.to_le_bytes(), 0.25_f32.to_le_bytes()].concat())?;
    native.poll();
    changed(page, screenshot, &before).await?;
    let with_circle = still(page, screenshot).await?;
    fs::copy(screenshot, screenshot.with_file_name("macroquad-two.png"))?;
    drop(native);
    changed(page, screenshot, &with_circle).await?;
    ensure!(still(page, screenshot).await? == before, "the circle of a player that has left is still drawn");
    let errors = page.console_errors().await?;
    ensure!(errors.is_empty(), "errors in the browser console: {errors:?}");
    Ok(())
}

async fn size(page: &Page, expression: &str) -> Result<f64> {
    page.eval(expression, vec![]).await?.as_f64().context("the page has no size")
}

/// Takes screenshots until two are equal, and returns it.
async fn still(page: &Page, screenshot: &Path) -> Result<Vec<u8>> {
    within(LIMIT, "a picture that does not change", async {
        let mut last = Vec::new();
        loop {
            page.screenshot(screenshot).await?;
            let now = fs::read(screenshot)?;
            if now == last {
                return anyhow::Ok(now);
            }
            last = now;
            sleep(POLL_INTERVAL).await;
        }
    })
    .await
}

/// Takes screenshots until one differs from `before`.
async fn changed(page: &Page, screenshot: &Path, before: &[u8]) -> Result<()> {
    within(LIMIT, "another picture", async {
        loop {
            page.screenshot(screenshot).await?;
            if fs::read(screenshot)? != before {
                return anyhow::Ok(());
            }
            sleep(POLL_INTERVAL).await;
        }
    })
    .await
}
