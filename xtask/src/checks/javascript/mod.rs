//! Tests the classes for JavaScript, the library's and those of the examples: `tests/js` has a page that uses them as a web
//! developer would, and TypeScript programs that check their declarations.

mod chat;
pub mod host;
mod mid_level;
mod rooms;
mod session;
mod table;

use std::path::Path;
use std::time::Duration;

use ::chat::Mode;
use anyhow::{Result, ensure};
use testkit::Server;

use crate::node;
use crate::page;
use crate::project::Project;
use crate::report::Outcome;
use crate::serve::PageServer;
use crate::webdriver::Page;

const TYPESCRIPT: &str = "7.0.2";

/// The deadline of the page.
const LIMIT: Duration = Duration::from_secs(120);

pub async fn run(project: &Project) -> Result<Outcome> {
    let tests = project.root().join("tests").join("js");
    page::build(project).await?;
    compile(project, &tests).await?;

    let values = project.root().join("tests").join("variant");
    let (package, www) = (page::package(project), page::directory(project));
    let mounts = [("/pkg", &*package), ("/variant", &*values), ("/www", &*www)];
    let pages = PageServer::start(0, &tests, &mounts)?;
    let (server, mid_level) = (Server::start()?, mid_level::host()?);
    let (session, closed, table) = (session::host(false)?, session::host(true)?, table::host()?);
    let rooms = rooms::host()?;
    let (plain, multiplayer) = (chat::host(Mode::Plain)?, chat::host(Mode::Multiplayer)?);
    let hosts = format!("mid-level={}&session={}&closed={}", mid_level.url(), session.url(), closed.url());
    let chats = format!("chat={}&chat-multiplayer={}", plain.url(), multiplayer.url());
    let games = format!("game={}&rooms={}", table.url(), rooms.url());
    let servers = format!("server={}&{hosts}&{chats}&{games}", server.url(""));
    let page = Page::open(project, &pages.url(&format!("/?{servers}"))).await?;
    let outcome = outcome(&page).await;
    page.close().await?;
    outcome
}

/// Type-checks the TypeScript programs, without output.
async fn compile(project: &Project, tests: &Path) -> Result<()> {
    let typescript = node::Package { name: "typescript", version: TYPESCRIPT };
    let compiler = node::script(project, node::NODE, typescript, "bin/tsc").await?;
    compiler.arg("--project").arg(tests).run().await
}

/// Reads the page's verdict in `<html data-result>`, and prints the report in `#report`.
async fn outcome(page: &Page) -> Result<Outcome> {
    let result = "document.documentElement.dataset.result ?? null";
    let verdict = page.wait_for("the tests to end", LIMIT, result, vec![], |result| !result.is_null()).await;
    println!("{}", page.text("#report").await?.trim_end());
    for error in page.console_errors().await? {
        println!("browser console: {error}");
    }
    ensure!(verdict? == "passed", "the page reports failed tests");
    Ok(Outcome::Passed)
}
