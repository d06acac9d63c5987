//! Runs the smallest game, `examples/greeter`, natively and in a page. Both must print the same.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use testkit::Server;

use crate::page;
use crate::project::Project;
use crate::report::Outcome;
use crate::serve::PageServer;
use crate::tools;
use crate::webdriver::Page;

/// The deadline of the game.
const LIMIT: Duration = Duration::from_secs(60);

pub async fn run(project: &Project) -> Result<Outcome> {
    tools::web(project).await?;
    let game = project.root().join("examples").join("greeter");
    let build =
        project.command("wasm-pack").args(["build", "examples/greeter", "--target", "web", "--release"]);
    build.run().await?;
    let module = game.join("pkg").join("greeter_bg.wasm");
    page::shrink(project, &module).await?;

    let server = Server::start()?;
    let url = server.url("/echo");
    let native = project.command("cargo").args(["run", "--quiet", "--package", "greeter", "--", &url]);
    let native = native.read().await?;
    let pages = PageServer::start(0, &game, &[])?;
    let page = Page::open(project, &pages.url(&format!("/?server={url}"))).await?;
    let shown = play(&page).await;
    page.close().await?;
    let shown = shown?;
    ensure!(native.len() == 3, "the native game printed {native:?}");
    ensure!(shown == native, "the page shows {shown:?}, the native game printed {native:?}");
    Ok(Outcome::PassedWith(format!("the module has {} bytes, gzip", gzipped(&module)?)))
}

/// Returns the lines that the page shows when the game is over.
async fn play(page: &Page) -> Result<Vec<String>> {
    let over = "document.documentElement.dataset.over ?? null";
    page.wait_for("the game to be over", LIMIT, over, vec![], |over| !over.is_null()).await?;
    let lines = "[...document.querySelectorAll('#lines li')].map((line) => line.textContent)";
    serde_json::from_value(page.eval(lines, vec![]).await?).context("the page shows no list")
}

fn gzipped(module: &Path) -> Result<usize> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&fs::read(module)?)?;
    Ok(gzip.finish()?.len())
}
