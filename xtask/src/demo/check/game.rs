//! The game: a page, a terminal and a bot play three rounds. Then the host disappears, and comes back.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use super::screenshots::Screenshots;
use super::steps::{ready, shows, step, until};
use super::terminal::Terminal;
use crate::demo::engine;
use crate::demo::lines::{BOT, PLAYER};
use crate::demo::servers::Demo;
use crate::project::Project;
use crate::webdriver::Page;

/// The player in the page, in the terminal, and the bot.
pub const PAGE: &str = "Ann";
const TERMINAL: &str = "Cid";
const BOT_NAME: &str = "Bot";

const ROUNDS: usize = 3;

/// The deadline of all rounds. An engine thinks about each of its turns.
const GAME_LIMIT: Duration = Duration::from_secs(60);

/// The interval at which the page is looked at.
const STEP: Duration = Duration::from_millis(30);

/// Records whose turn it was and whether the buttons were there, after each change of the page: a turn may be too short for
/// a look from outside.
const RECORD: &str = "(() => {
    window.turns = [];
    const record = () => {
        const row = document.querySelector('#players tr[data-turn=true] .name');
        window.turns.push([row?.textContent ?? null, document.querySelector('#roll').checkVisibility()]);
    };
    record();
    new MutationObserver(record).observe(document.body, { subtree: true, childList: true, attributes: true });
})()";

/// The view of the page: whether its buttons are there, the rolls in the log, and the turns since the last view.
const VIEW: &str = "(() => {
    const roll = (line) => [line.querySelector('.name').textContent, line.dataset.value];
    return {
        hasButtons: document.querySelector('#roll').checkVisibility(),
        rolls: [...document.querySelectorAll('#log li[data-kind=roll]')].map(roll),
        turns: window.turns?.splice(0) ?? [],
    };
})()";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct View {
    has_buttons: bool,
    rolls: Vec<(String, String)>,
    turns: Vec<(Option<String>, bool)>,
}

pub async fn visit(project: &Project, demo: &mut Demo, page: &Page, screenshots: &Screenshots) -> Result<()> {
    page.go_to(&demo.page_url("game", &demo.game_url())).await?;
    step("the game's page gets ready", ready(page)).await?;
    step("the page joins the game", joins(page)).await?;
    let url = demo.game_url();
    let mut terminal = Terminal::start(project, "game_player", &PLAYER, &[&url, "--name", TERMINAL])?;
    let bot = Terminal::start(project, "game_bot", &BOT, &[&url, "--name", BOT_NAME, "--pace", "20"])?;
    let mut players = vec![PAGE, TERMINAL, BOT_NAME];
    if demo.godot().is_some() {
        players.push(engine::NAME);
    }
    step("a terminal and a bot join it, and the page shows them", shows_players(page, &players)).await?;
    let rounds = format!("they finish {ROUNDS} rounds, and the page has its buttons only in its own turn");
    step(&rounds, play(page, &mut terminal, &players)).await?;
    step("the page and the terminal show the same rolls", agree(page, &mut terminal)).await?;
    step("screenshots of the game", screenshots.take(page, "game")).await?;

    demo.stop_game();
    step("the host disappears, and the page shows why", ends(page)).await?;
    step("the terminal and the bot exit by themselves", async {
        terminal.exits().await?;
        bot.exits().await.map(drop)
    })
    .await?;
    step("screenshots of the end of the game", screenshots.take(page, "game-over")).await?;
    demo.restart_game(project).await?;
    step("the host is back, and the page joins again", joins_again(page)).await?;
    step("a page that is left in its turn leaves the game, and the next player has the turn", async {
        let mut terminal = Terminal::start(project, "game_player", &PLAYER, &[&url, "--name", TERMINAL])?;
        shows_players(page, &[PAGE, TERMINAL]).await?;
        until(page, "the page's turn", "document.querySelector('#roll').checkVisibility()", vec![]).await?;
        page.go_to(&demo.index_url()).await?;
        terminal.prints(&format!("- {PAGE}")).await?;
        terminal.prints("it is your turn").await.map(drop)
    })
    .await
}

/// Joins under the page's name, and waits until the host has announced it.
pub async fn joins(page: &Page) -> Result<()> {
    page.fill("#name", PAGE).await?;
    joins_again(page).await
}

async fn joins_again(page: &Page) -> Result<()> {
    page.click("#join").await?;
    shows(page, "#state", "Open").await?;
    shows_players(page, &[PAGE]).await
}

/// Waits until all of these are at the table.
pub async fn shows_players(page: &Page, players: &[&str]) -> Result<()> {
    let rows = "[...document.querySelectorAll('#players .name')].map((name) => name.textContent)";
    let all = format!("((names) => arguments[0].every((name) => names.includes(name)))({rows})");
    until(page, &format!("{players:?} at the table"), &all, vec![json!(players)]).await
}

async fn view(page: &Page) -> Result<View> {
    Ok(serde_json::from_value(page.eval(VIEW, vec![]).await?)?)
}

/// Plays until each player has rolled in each round, and it is the page's turn again.
async fn play(page: &Page, terminal: &mut Terminal, players: &[&str]) -> Result<()> {
    let start = Instant::now();
    page.eval(RECORD, vec![]).await?;
    // The page may have been alone at the table: it may even have the turn.
    let before = view(page).await?.rolls.len();
    let mut waits = 0;
    loop {
        let view = view(page).await?;
        for (current, has_buttons) in &view.turns {
            let is_own = current.as_deref() == Some(PAGE);
            ensure!(is_own || !has_buttons, "the page has its buttons in another turn: {view:?}");
            waits += usize::from(!has_buttons && current.is_some() && !is_own);
        }
        let has_rolled = |player: &&str| {
            let rolls = view.rolls.iter().skip(before).filter(|(name, _)| name == player);
            rolls.count() >= ROUNDS
        };
        if view.has_buttons && players.iter().all(has_rolled) {
            ensure!(waits > 0, "the page was never seen without its turn");
            return Ok(());
        }
        ensure!(start.elapsed() < GAME_LIMIT, "the rounds did not end; the page has {view:?}");
        if view.has_buttons {
            page.click("#roll").await?;
        }
        if terminal.lines().iter().any(|line| line.contains("it is your turn")) {
            terminal.enter("roll")?;
        }
        sleep(STEP).await;
    }
}

/// Checks that the dice and the terminal show what the page's log has. It is the page's turn, so nothing changes.
async fn agree(page: &Page, terminal: &mut Terminal) -> Result<()> {
    let rolls = view(page).await?.rolls;
    let lines = rolls.iter().map(|(name, value)| format!("{name}: rolls {value}"));
    let lines: Vec<String> = lines.collect();
    // The terminal may print the last ones only now. It joined after the page, so it has fewer.
    while !is_same_end(&lines, terminal.seen()) {
        let printed = terminal.prints(": rolls ").await;
        printed.with_context(|| format!("the page has {lines:?}, the terminal {:?}", terminal.seen()))?;
    }
    let (name, value) = rolls.last().cloned().unwrap_or_default();
    shows(page, "#result", &format!("{name} rolls {value}")).await
}

/// Returns `true` if the terminal has all rounds, and its last rolls are those of the page.
fn is_same_end(page: &[String], terminal: &[String]) -> bool {
    let printed: Vec<&String> = terminal.iter().filter(|line| line.contains(": rolls ")).collect();
    let are_same = page.iter().rev().zip(printed.iter().rev()).all(|(one, other)| one == *other);
    printed.len() >= ROUNDS * 3 && are_same
}

async fn ends(page: &Page) -> Result<()> {
    shows(page, "#state", "Closed").await?;
    until(page, "the cause", "document.querySelector('#close-info').checkVisibility()", vec![]).await?;
    let logged = "document.querySelector('#log li:last-child').dataset.kind === 'closed'";
    until(page, "the end in the log", logged, vec![]).await?;
    let view = view(page).await?;
    ensure!(!view.has_buttons, "the page has its buttons after the end");
    ensure!(page.text("#close-info").await?.len() > 10, "the page shows no cause");
    Ok(())
}
