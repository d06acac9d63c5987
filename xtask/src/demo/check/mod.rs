//! `cargo xtask demo --check`: uses the pages and the programs in terminals as users would.

mod cable;
mod chat;
mod console;
mod game;
mod index;
mod pictures;
mod rooms;
mod screenshots;
mod steps;
mod terminal;

use std::time::Instant;

use anyhow::{Result, ensure};

use super::Options;
use super::lines::{BOT, CHAT, CLIENT, PLAYER, Program};
use super::servers::Demo;
use crate::project::Project;
use crate::wait::Human;
use crate::webdriver::Page;
use screenshots::Screenshots;

/// The programs that the check starts in terminals. They are built first, so that no step waits for a build.
const PROGRAMS: [&Program; 4] = [&CLIENT, &CHAT, &PLAYER, &BOT];

pub(super) async fn run(project: &Project, demo: &mut Demo, options: &Options) -> Result<()> {
    for program in PROGRAMS {
        let selection = program.selection.split(' ');
        project.command("cargo").args(["build", "--quiet"]).args(selection).run().await?;
    }
    let start = Instant::now();
    let screenshots = Screenshots::new(project)?;
    let url = demo.index_url();
    let pages = [Page::open(project, &url).await?, Page::open(project, &url).await?];
    // Before the check, so that the pictures have the same people each time.
    let outcome = async {
        if let Some(folder) = &options.pictures {
            pictures::take(project, demo, &pages[0], folder).await?;
        }
        visit(project, demo, &pages, &screenshots).await
    }
    .await;

    let mut errors = Vec::new();
    for (number, page) in (1..).zip(pages) {
        let end = finish(page, &screenshots, outcome.is_err().then_some(number)).await;
        match end {
            Ok(new) => errors.extend(new),
            // A browser that has crashed is the consequence, not the cause.
            Err(error) if outcome.is_err() => println!("page {number}: {error:#}"),
            Err(error) => return Err(error),
        }
    }
    for error in &errors {
        println!("browser console: {error}");
    }
    outcome?;
    ensure!(errors.is_empty(), "the pages work, but have errors in the browser console");
    let folder = screenshots.folder().display();
    println!("\nthe demo works, checked in {}; screenshots are in {folder}", Human(start.elapsed()));
    Ok(())
}

/// Closes a page. Returns the errors in its console, which often explain why a step failed, and so does a screenshot.
async fn finish(page: Page, screenshots: &Screenshots, failed: Option<u32>) -> Result<Vec<String>> {
    let errors = page.console_errors().await?;
    if let Some(number) = failed {
        screenshots.take_one(&page, &format!("failed-{number}")).await?;
    }
    page.close().await?;
    Ok(errors)
}

async fn visit(
    project: &Project,
    demo: &mut Demo,
    [page, other]: &[Page; 2],
    screenshots: &Screenshots,
) -> Result<()> {
    index::visit(demo, page, screenshots).await?;
    console::visit(project, demo, page, screenshots).await?;
    chat::visit(project, demo, [page, other], screenshots).await?;
    game::visit(project, demo, page, screenshots).await?;
    rooms::visit(project, demo, [page, other], screenshots).await
}
