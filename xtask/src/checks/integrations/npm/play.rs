//! The programs of the README join a game: the bot in Node, the page without a bundler, and both TypeScript programs as a
//! bundle in a page. Screenshots of both pages are kept in `target/npm`.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::sync::mpsc::UnboundedReceiver;

use super::consumer::Consumer;
use super::hosts::ChatHost;
use crate::process::Running;
use crate::project::Project;
use crate::serve::PageServer;
use crate::wait::within;
use crate::webdriver::Page;

/// The deadline of each thing that must happen.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs all programs, and then ends the game.
pub async fn run(project: &Project, consumer: &Consumer, mut host: ChatHost) -> Result<()> {
    let mut client = Program::start(project, consumer, "client.ts")?;
    client.prints(|line| line == "Hello!", "the echo").await?;
    client.exits().await?;

    let mut bot = Program::start(project, consumer, "bot.ts")?;
    bot.prints(|line| line == "1: Welcome!", "the greeting").await?;
    host.receives("Thanks!").await?;

    let pages = PageServer::start(0, consumer.folder(), &[])?;
    let page = Page::open(project, &pages.url("/page.html")).await?;
    shows(&page, "1: Welcome!\n").await?;
    page.fill("input", "hello from a page ✓").await?;
    page.click("button").await?;
    host.receives("hello from a page ✓").await?;
    // By the relay of the game, and by `callLocal`.
    bot.prints(|line| line.ends_with(": hello from a page ✓"), "the line of the page").await?;
    shows(&page, ": hello from a page ✓\n").await?;

    let bundle = PageServer::start(0, &consumer.bundle(project).await?, &[])?;
    let bundled = Page::open(project, &bundle.url("/")).await?;
    host.receives("Thanks!").await?;
    for line in ["peer 1 is here\n", "1: Welcome!\n", "Hello!\n"] {
        shows(&bundled, line).await?;
    }

    for (page, name) in [(&page, "page.png"), (&bundled, "bundle.png")] {
        page.screenshot(&project.target().join("npm").join(name)).await?;
    }
    drop(host);
    for page in [&page, &bundled] {
        shows(page, "connection").await?;
    }
    bot.prints(|line| line.contains("connection"), "the end of the game").await?;
    bot.exits().await?;
    for page in [page, bundled] {
        let mut errors = page.console_errors().await?;
        // Browsers ask for it. The pages have none, to be short.
        errors.retain(|error| !error.contains("/favicon.ico "));
        page.close().await?;
        ensure!(errors.is_empty(), "errors in the browser console: {errors:?}");
    }
    Ok(())
}

/// Waits until the page's text contains this.
async fn shows(page: &Page, text: &str) -> Result<()> {
    let all = "document.querySelector('pre').textContent";
    let has = |shown: &serde_json::Value| shown.as_str().is_some_and(|shown| shown.contains(text));
    page.wait_for(&format!("the text {text:?}"), LIMIT, all, vec![], has).await.map(|_| ())
}

/// A program in Node. Dropping this stops it.
struct Program {
    name: &'static str,
    running: Running,
    lines: UnboundedReceiver<String>,
}

impl Program {
    fn start(project: &Project, consumer: &Consumer, name: &'static str) -> Result<Self> {
        let (running, lines) = consumer.node(project, name).start()?;
        Ok(Self { name, running, lines })
    }

    /// Waits for a line.
    async fn prints(&mut self, mut is_wanted: impl FnMut(&str) -> bool, what: &str) -> Result<()> {
        let name = self.name;
        let printed = async {
            loop {
                let line = self.lines.recv().await.with_context(|| format!("{name} has ended"))?;
                println!("{name}: {line}");
                if is_wanted(&line) {
                    return anyhow::Ok(());
                }
            }
        };
        within(LIMIT, format_args!("waiting for {what} in {name}"), printed).await
    }

    /// Waits until the program ends by itself, without an error.
    async fn exits(mut self) -> Result<()> {
        self.running.succeed(LIMIT).await
    }
}
