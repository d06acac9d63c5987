//! The pictures of the documents: the chat and the game, with several people in each.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::time::sleep;

use super::screenshots::{colour_scheme, screen};
use super::steps::{ready, step, until};
use super::terminal::Terminal;
use super::{chat, game};
use crate::demo::lines::{BOT, CHAT};
use crate::demo::servers::Demo;
use crate::project::Project;
use crate::webdriver::Page;

/// The width of the pictures, in pixels.
const WIDTH: u32 = 960;

/// Enough for a line that was written to be shown everywhere before the next.
const PAUSE: Duration = Duration::from_millis(300);

/// Writes both pictures to this folder.
pub async fn take(project: &Project, demo: &Demo, page: &Page, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    scrollbars(page, false).await?;
    colour_scheme(page, "light").await?;
    screen(page, WIDTH, 640, false).await?;
    step("the picture of the chat", chat_picture(project, demo, page, &folder.join("chat.png"))).await?;
    screen(page, WIDTH, 760, false).await?;
    step("the picture of the game", game_picture(project, demo, page, &folder.join("game.png"))).await?;
    scrollbars(page, true).await?;
    page.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await
}

/// Shows the scrollbars, or hides them.
async fn scrollbars(page: &Page, visible: bool) -> Result<()> {
    page.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": !visible })).await
}

async fn chat_picture(project: &Project, demo: &Demo, page: &Page, path: &Path) -> Result<()> {
    page.go_to(&demo.page_url("chat", &demo.chat_url())).await?;
    ready(page).await?;
    let url = demo.chat_url();
    let mut bob = Terminal::start(project, "Bob", &CHAT, &[&url, "--name", "Bob"])?;
    bob.prints("You are called Bob").await?;
    chat::joins(page, chat::PAGE).await?;
    let mut cid = Terminal::start(project, "Cid", &CHAT, &[&url, "--name", "Cid"])?;
    chat::lists(page, &[chat::PAGE, "Bob", "Cid"]).await?;
    chat::writes(page, "Good morning! I am in a page.").await?;
    sleep(PAUSE).await;
    writes(page, &mut bob, "And I am in a terminal.").await?;
    writes(page, &mut bob, "It is the same program, only without the colours ☺").await?;
    writes(page, &mut cid, "Is there a Godot engine, too?").await?;
    chat::writes(page, "One can join: these are the messages of its own demo.").await?;
    demo.chat().say("There is cake in the kitchen")?;
    chat::says(page, "server", "Server", "There is cake").await?;
    page.type_into("#line", "On my way").await?;
    page.screenshot(path).await
}

/// Writes a line in a terminal, and waits until the page shows it.
async fn writes(page: &Page, terminal: &mut Terminal, line: &str) -> Result<()> {
    terminal.enter(line)?;
    chat::says(page, "line", terminal.name(), line).await
}

async fn game_picture(project: &Project, demo: &Demo, page: &Page, path: &Path) -> Result<()> {
    page.go_to(&demo.page_url("game", &demo.game_url())).await?;
    ready(page).await?;
    game::joins(page).await?;
    let names = ["Bob", "Cid", "Dora"];
    let url = demo.game_url();
    let bots =
        names.map(|name| Terminal::start(project, name, &BOT, &[&url, "--name", name, "--pace", "20"]));
    let _bots = bots.into_iter().collect::<Result<Vec<_>>>()?;
    game::shows_players(page, &names).await?;
    // Everyone rolls twice, and then it is the page's turn again.
    for rolls in [0, 4] {
        own_turn(page, rolls).await?;
        page.click("#roll").await?;
    }
    own_turn(page, 8).await?;
    // The mouse is on the button.
    page.click("h1").await?;
    page.screenshot(path).await
}

/// Waits until the page has its buttons, there were this number of rolls, and the dice lie still.
async fn own_turn(page: &Page, rolls: usize) -> Result<()> {
    const RESTS: &str = "document.querySelector('#roll').checkVisibility()
        && document.querySelectorAll('#log li[data-kind=roll]').length >= arguments[0]
        && !document.querySelector('#dice').classList.contains('tumbling')";
    until(page, "the page's turn", RESTS, vec![json!(rolls)]).await
}
