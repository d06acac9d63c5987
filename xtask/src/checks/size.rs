//! Builds the smallest client in a page, `examples/smallest`, as a user would by `docs/platforms.md`. It must not grow, and it
//! must work in Chrome. `cargo xtask size` prints what further uses of the library add to it.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use websocket_peer::{Admission, ServerOptions};

use crate::demo::echo::EchoServer;
use crate::project::Project;
use crate::report::Outcome;
use crate::serve::PageServer;
use crate::tools;
use crate::wasm_opt;
use crate::webdriver::Page;

/// The limit of the module, in bytes, gzipped: 22 KiB.
const LIMIT: usize = 22_528;

/// The deadline for the page to show a line.
const PATIENCE: Duration = Duration::from_secs(60);

/// The uses that are measured, and the features of the package that have them.
const USES: [(&str, &str); 8] = [
    ("connect, send, receive, the text of the end", ""),
    ("the same, with the default features", "websocket-peer/default"),
    ("a sub-protocol", "protocols"),
    ("`on_wake`", "on-wake"),
    ("`liveness`", "liveness"),
    ("`Variant`, both ways", "variant"),
    ("`WebSocketMultiplayerPeer`, beside the client", "mid-level"),
    ("`SceneMultiplayer` and a remote method, beside the client", "scene"),
];

/// The sizes of a page's module and of its JavaScript, in bytes.
struct Size {
    module: usize,
    module_gzipped: usize,
    javascript_gzipped: usize,
}

/// Checks the size of the smallest client, and uses it in Chrome.
pub async fn run(project: &Project) -> Result<Outcome> {
    let size = build(project, "").await?;
    play(project).await?;
    let Size { module_gzipped, javascript_gzipped, .. } = size;
    ensure!(
        module_gzipped <= LIMIT,
        "the smallest client has {module_gzipped} bytes, gzipped; at most {LIMIT} are allowed. \
         `cargo xtask size` shows what each use adds"
    );
    Ok(Outcome::PassedWith(format!("{module_gzipped} bytes and {javascript_gzipped} of JavaScript, gzipped")))
}

/// Measures every use, and prints the table of `docs/platforms.md`.
pub async fn print(project: &Project) -> Result<()> {
    let mut rows = Vec::new();
    for (name, features) in USES {
        rows.push((name, build(project, features).await?));
    }
    println!("\n| page | module, bytes | gzipped | JavaScript, gzipped | more than the smallest |");
    println!("|---|---|---|---|---|");
    let smallest = rows.first().map_or(0, |(_, size)| size.module_gzipped);
    for (name, Size { module, module_gzipped, javascript_gzipped }) in rows {
        let more = module_gzipped.saturating_sub(smallest);
        println!("| {name} | {module} | {module_gzipped} | {javascript_gzipped} | {more} |");
    }
    Ok(())
}

fn directory(project: &Project) -> PathBuf {
    project.root().join("examples").join("smallest")
}

/// Builds the page with these features of the package.
async fn build(project: &Project, features: &str) -> Result<Size> {
    tools::web(project).await?;
    let wasm_pack = project.command("wasm-pack").args(["build", "examples/smallest", "--target", "web"]);
    wasm_pack.args(["--no-pack", "--profile", "page", "--", "--features", features]).run().await?;
    let pkg = directory(project).join("pkg");
    let module = pkg.join("smallest_page_bg.wasm");
    wasm_opt::shrink(project, &module).await?;
    Ok(Size {
        module: read(&module)?.len(),
        module_gzipped: gzipped(&module)?,
        javascript_gzipped: gzipped(&pkg.join("smallest_page.js"))?,
    })
}

/// Sends a text in the page, which receives it back, and sees the connection end.
async fn play(project: &Project) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot listen")?;
    let server = EchoServer::start(listener, ServerOptions::default(), |_| Admission::accept())?;
    let pages = PageServer::start(0, &directory(project), &[])?;
    let page = Page::open(project, &pages.url(&format!("/?server={}", server.url()))).await?;
    let outcome = use_page(&page, server).await;
    page.close().await?;
    outcome
}

async fn use_page(page: &Page, server: EchoServer) -> Result<()> {
    let disabled = "document.querySelector('button').disabled";
    page.wait_for("the button to be enabled", PATIENCE, disabled, vec![], |is| *is == false).await?;
    page.fill("input", "hello, <b>page</b> ✓").await?;
    page.click("button").await?;
    shows(page, &["hello, <b>page</b> ✓"]).await?;
    let mut errors = page.console_errors().await?;
    // Browsers ask for it. The page has none, to be short.
    errors.retain(|error| !error.contains("/favicon.ico "));
    ensure!(errors.is_empty(), "errors in the browser console: {errors:?}");
    drop(server);
    shows(page, &["hello, <b>page</b> ✓", "closed by the other end (code 1001)"]).await
}

/// Waits until the page shows exactly these lines.
async fn shows(page: &Page, expected: &[&str]) -> Result<()> {
    const LINES: &str = "[...document.querySelectorAll('#lines p')].map((line) => line.textContent)";
    let what = format!("the lines {expected:?}");
    page.wait_for(&what, PATIENCE, LINES, vec![], |lines| *lines == json!(expected)).await.map(|_| ())
}

fn gzipped(path: &Path) -> Result<usize> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&read(path)?)?;
    Ok(gzip.finish()?.len())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
