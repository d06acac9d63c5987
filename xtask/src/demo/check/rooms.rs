//! The rooms: pages create one, find it in the list, by its code and by its link, and play a turn there. Then the room is
//! full, a link leads nowhere, and the server disappears.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::game::shows_players;
use super::screenshots::{Screenshots, fits_the_screen, screen};
use super::steps::{mentions, ready, shows, step, until};
use super::terminal::Terminal;
use crate::demo::lines::PLAYER;
use crate::demo::rooms::CAPACITY;
use crate::demo::servers::Demo;
use crate::project::Project;
use crate::webdriver::Page;

/// The players in the pages. The third one comes by a link, without a name.
const CREATOR: &str = "Ann";
const OTHER: &str = "Bob";
const BY_LINK: &str = "Player";

const TITLE: &str = "Friday night";

/// The width of a small phone, in CSS pixels.
const SMALL_PHONE: u32 = 360;

pub async fn visit(
    project: &Project,
    demo: &mut Demo,
    [page, other]: [&Page; 2],
    screenshots: &Screenshots,
) -> Result<()> {
    for (page, name) in [(page, CREATOR), (other, OTHER)] {
        step(&format!("{name}'s page is in the lobby"), enters_lobby(page, demo, name)).await?;
    }
    let code = step("a page creates a room, and is in it", creates(page)).await?;
    step("the other page joins it from its live list", joins_from_list(other, &code)).await?;
    step("both play a turn, and see each other's roll", play_turns(page, other)).await?;
    step("screenshots of a room", take(screenshots, page, "room")).await?;

    step("the other page leaves, and is in the lobby again", leaves(page, other)).await?;
    step("screenshots of the lobby", take(screenshots, other, "lobby")).await?;
    step("it joins by the code, in lower case", joins_by_code(other, &code)).await?;
    step("both play on", play_turns(page, other)).await?;
    let link = page.text("#room-link").await?;
    let third = Page::open(project, &link).await?;
    let outcome = async {
        step("a third page joins by the link", async {
            ready(&third).await?;
            is_in_room(&third, &code).await?;
            shows_players(&third, &[CREATOR, OTHER, BY_LINK]).await
        })
        .await?;
        step("a full room cannot be joined", fills_up(project, demo, page, other, &code)).await
    };
    let outcome = outcome.await;
    if outcome.is_err() {
        screenshots.take_one(&third, "failed-3").await?;
    }
    third.close().await?;
    outcome?;

    step("a link to a room that does not exist leads to the lobby, with the reason", async {
        let unknown = if code == "ZZZZ" { "YYYY" } else { "ZZZZ" };
        for wrong in [unknown, "AB1D", "lobby"] {
            let url = format!("{}&room={wrong}", demo.page_url("rooms", &demo.rooms_url()));
            other.go_to(&url).await?;
            ready(other).await?;
            mentions(other, "#close-info", &format!("There is no room {}", wrong.to_uppercase())).await?;
            is_in_lobby(other).await?;
        }
        take(screenshots, other, "no-room").await?;
        expect_connection_errors(other).await
    })
    .await?;

    demo.stop_rooms();
    step("the server disappears, and the pages show it", ends(page, other)).await?;
    step("screenshots of the end of a room", take(screenshots, page, "room-over")).await
}

/// Takes all screenshots of a page, which must also fit on a small phone.
async fn take(screenshots: &Screenshots, page: &Page, name: &str) -> Result<()> {
    screenshots.take(page, &format!("rooms-{name}")).await?;
    screen(page, SMALL_PHONE, 740, true).await?;
    screenshots.take_one(page, &format!("rooms-{name}-small")).await?;
    fits_the_screen(page).await?;
    page.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await
}

async fn enters_lobby(page: &Page, demo: &Demo, name: &str) -> Result<()> {
    page.go_to(&demo.page_url("rooms", &demo.rooms_url())).await?;
    ready(page).await?;
    is_in_lobby(page).await?;
    page.fill("#name", name).await
}

async fn creates(page: &Page) -> Result<String> {
    page.fill("#title", TITLE).await?;
    page.click("#create").await?;
    is_in_view(page, "room").await?;
    shows_players(page, &[CREATOR]).await?;
    let code = page.text("#room-code").await?;
    ensure!(code.len() == 4 && code.chars().all(|c| c.is_ascii_uppercase()), "the code is {code}");
    let link = page.text("#room-link").await?;
    ensure!(link.ends_with(&format!("&room={code}")), "the link is {link}");
    Ok(code)
}

async fn joins_from_list(page: &Page, code: &str) -> Result<()> {
    let row = format!("#rooms tr[data-code={code}]");
    mentions(page, &row, TITLE).await?;
    shows(page, &format!("{row} td:nth-child(3)"), &format!("1 of {CAPACITY}")).await?;
    page.click(&format!("{row} button")).await?;
    is_in_room(page, code).await?;
    shows_players(page, &[CREATOR, OTHER]).await
}

async fn joins_by_code(page: &Page, code: &str) -> Result<()> {
    page.fill("#code", &code.to_lowercase()).await?;
    page.click("#join").await?;
    is_in_room(page, code).await?;
    shows_players(page, &[CREATOR, OTHER]).await
}

/// Each of the pages rolls once. It is the turn of one of them.
async fn play_turns(page: &Page, other: &Page) -> Result<()> {
    const HAS_TURN: &str = "document.querySelector('#roll').checkVisibility()";
    const ROLLS: &str = "document.querySelectorAll('#log li[data-kind=roll]').length";
    let last = "[...document.querySelectorAll('#log li[data-kind=roll] p')].at(-1)?.textContent";
    for _ in 0..2 {
        let either = async {
            loop {
                for (one, name) in [(page, CREATOR), (other, OTHER)] {
                    if one.eval(HAS_TURN, vec![]).await? == true {
                        return anyhow::Ok((one, name));
                    }
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        let (one, name) = crate::wait::within(super::steps::RESULT_LIMIT, "a turn of either", either).await?;
        let before = one.eval(ROLLS, vec![]).await?;
        one.click("#roll").await?;
        until(one, "the roll", &format!("{ROLLS} > arguments[0]"), vec![before]).await?;
        let rolled: Value = one.eval(last, vec![]).await?;
        let rolled = rolled.as_str().context("there is no roll")?.to_owned();
        ensure!(rolled.starts_with(name), "{name} has rolled, and the log has {rolled}");
        for page in [page, other] {
            until(page, "the same roll", &format!("{last} === arguments[0]"), vec![json!(rolled)]).await?;
        }
    }
    Ok(())
}

async fn leaves(page: &Page, other: &Page) -> Result<()> {
    other.click("#leave").await?;
    is_in_lobby(other).await?;
    let gone =
        "![...document.querySelectorAll('#players .name')].some((name) => name.textContent === arguments[0])";
    until(page, "the other player to be gone", gone, vec![json!(OTHER)]).await
}

/// Two terminals take the last places; the page that has left finds the room full.
async fn fills_up(project: &Project, demo: &Demo, page: &Page, other: &Page, code: &str) -> Result<()> {
    leaves(page, other).await?;
    let url = format!("{}/room/{code}", demo.rooms_url());
    let names = ["Cid", "Dora"];
    let terminals = names.map(|name| Terminal::start(project, name, &PLAYER, &[&url, "--name", name]));
    let _terminals = terminals.into_iter().collect::<Result<Vec<_>>>()?;
    shows_players(page, &[CREATOR, BY_LINK, names[0], names[1]]).await?;
    shows(other, &format!("#rooms tr[data-code={code}] button"), "Full").await?;
    other.fill("#code", code).await?;
    other.click("#join").await?;
    mentions(other, "#close-info", &format!("Room {code} is full")).await?;
    is_in_lobby(other).await
}

async fn ends(page: &Page, other: &Page) -> Result<()> {
    for page in [page, other] {
        shows(page, "#state", "Closed").await?;
        until(page, "the cause", "document.querySelector('#close-info').checkVisibility()", vec![]).await?;
    }
    other.click("#connect").await?;
    mentions(other, "#close-info", "There is no server at this address").await?;
    expect_connection_errors(other).await
}

async fn is_in_lobby(page: &Page) -> Result<()> {
    is_in_view(page, "lobby").await?;
    until(page, "the list of rooms", "!document.querySelector('#create').disabled", vec![]).await
}

async fn is_in_room(page: &Page, code: &str) -> Result<()> {
    is_in_view(page, "room").await?;
    shows(page, "#room-code", code).await?;
    shows(page, "#state", "Open").await
}

async fn is_in_view(page: &Page, view: &str) -> Result<()> {
    until(
        page,
        &format!("the page to show the {view}"),
        "document.documentElement.dataset.view === arguments[0]",
        vec![json!(view)],
    )
    .await
}

/// Chrome reports each connection that did not open in its console. There are such errors, and no others.
async fn expect_connection_errors(page: &Page) -> Result<()> {
    let errors = page.console_errors().await?;
    ensure!(!errors.is_empty(), "the connections did not fail");
    for error in errors {
        let is_expected =
            error.contains("WebSocket connection to") || error.contains("ERR_CONNECTION_REFUSED");
        ensure!(is_expected, "an error in the browser console: {error}");
    }
    Ok(())
}
