//! The chat: two pages and a terminal write to each other, in both modes. One page is removed, loses its connection, and
//! comes back each time.

use anyhow::{Result, ensure};
use chat::Mode;
use serde_json::{Value, json};

use super::cable::Cable;
use super::screenshots::{Screenshots, screen};
use super::steps::{mentions, ready, shows, step, until};
use super::terminal::Terminal;
use crate::demo::chat::{Chat, url_at};
use crate::demo::lines::CHAT;
use crate::demo::servers::Demo;
use crate::demo::{GodotRole, engine};
use crate::project::Project;
use crate::webdriver::{ENTER, Page};

/// The people in the two pages, and in the terminal.
pub const PAGE: &str = "Ann";
const OTHER: &str = "Bob";
const TERMINAL: &str = "Cid";

const KICK_REASON: &str = "please be kind";

pub async fn visit(
    project: &Project,
    demo: &Demo,
    [page, other]: [&Page; 2],
    screenshots: &Screenshots,
) -> Result<()> {
    let url = demo.chat_url();
    // The connection of the other page can be cut.
    let cable = Cable::start(demo.chat().addr())?;
    page.go_to(&demo.page_url("chat", &url)).await?;
    other.go_to(&demo.page_url("chat", &url_at(cable.addr()))).await?;
    step("both pages of the chat get ready", async {
        ready(page).await?;
        ready(other).await
    })
    .await?;
    step("screenshots of the chat's form", screenshots.take(page, "chat-join")).await?;
    step("both pages join the chat", async {
        joins(page, PAGE).await?;
        joins(other, OTHER).await
    })
    .await?;
    let mut terminal = Terminal::start(project, "chat", &CHAT, &[&url, "--name", TERMINAL])?;
    let mut people = vec![PAGE, OTHER, TERMINAL];
    if demo.godot() == Some(GodotRole::Join) {
        people.push(engine::NAME);
    }
    step("a terminal joins, and the pages list everyone", async {
        lists(page, &people).await?;
        lists(other, &people).await
    })
    .await?;

    step("they write to each other", talk([page, other], &mut terminal)).await?;
    step("lines that arrive do not disturb what is typed", type_on(page, other, &mut terminal)).await?;
    step("lines that arrive do not move what is read", read_on(page, demo.chat())).await?;
    step("screenshots of the chat", screenshots.take(page, "chat")).await?;

    step("the server removes a page, which shows why", async {
        demo.chat().kick(OTHER, KICK_REASON)?;
        ends(other, KICK_REASON).await?;
        says(page, "notice", "", "Bob left").await
    })
    .await?;
    step("screenshots of the end of a chat", screenshots.take(other, "chat-ended")).await?;
    step("the page connects again", comes_back(other, page)).await?;
    step("the connection is lost, and the page shows it", async {
        cable.cut();
        ends(other, "").await
    })
    .await?;
    step("the page connects again", comes_back(other, page)).await?;
    step("the terminal leaves", async {
        terminal.enter("/quit")?;
        terminal.exits().await?;
        says(page, "notice", "", "Cid left").await
    })
    .await?;
    step("a page that is left leaves the chat", async {
        page.go_to(&demo.index_url()).await?;
        says(other, "notice", "", "Ann left").await
    })
    .await?;
    step("a page and a terminal chat on the mid level, too", mid_level(project, demo, page)).await
}

/// Joins under a name.
pub async fn joins(page: &Page, name: &str) -> Result<()> {
    page.fill("#name", name).await?;
    page.click("#join").await?;
    is_open(page).await
}

async fn is_open(page: &Page) -> Result<()> {
    shows(page, "#state", "Connected").await
}

/// Waits until the page lists all of these people.
pub async fn lists(page: &Page, people: &[&str]) -> Result<()> {
    let names = "[...document.querySelectorAll('#members .name')].map((name) => name.textContent)";
    let all = format!("((names) => arguments[0].every((name) => names.includes(name)))({names})");
    until(page, &format!("{people:?} among the members"), &all, vec![json!(people)]).await
}

/// Writes a line, as a person does.
pub async fn writes(page: &Page, line: &str) -> Result<()> {
    page.type_into("#line", line).await?;
    page.type_into("#line", ENTER).await
}

/// Waits until the page shows a line of this kind and author with this text.
pub async fn says(page: &Page, kind: &str, author: &str, text: &str) -> Result<()> {
    const FOUND: &str = "[...document.querySelectorAll(`#lines li[data-kind=${arguments[0]}]`)].some((line) =>
        (line.querySelector('.author')?.textContent ?? '') === arguments[1] && line.textContent.includes(arguments[2]))";
    until(
        page,
        &format!("“{text}” ({kind}) of {author}"),
        FOUND,
        vec![json!(kind), json!(author), json!(text)],
    )
    .await
}

async fn talk([page, other]: [&Page; 2], terminal: &mut Terminal) -> Result<()> {
    writes(page, "Good morning, everyone").await?;
    says(page, "own", "You", "Good morning, everyone").await?;
    says(other, "line", PAGE, "Good morning, everyone").await?;
    printed(terminal, PAGE, "Good morning, everyone").await?;

    writes(other, "<b>hello</b> & ✓").await?;
    says(page, "line", OTHER, "<b>hello</b> & ✓").await?;
    printed(terminal, OTHER, "<b>hello</b> & ✓").await?;

    terminal.enter("Hello from a terminal")?;
    for page in [page, other] {
        says(page, "line", TERMINAL, "Hello from a terminal").await?;
    }
    Ok(())
}

/// Waits until the terminal prints this line with its author.
async fn printed(terminal: &mut Terminal, author: &str, text: &str) -> Result<()> {
    let line = terminal.prints(text).await?;
    ensure!(line.contains(author), "the terminal does not name {author}: {line}");
    Ok(())
}

/// Types a line in two parts. In between other lines arrive, while the caret is in the middle.
async fn type_on(page: &Page, other: &Page, terminal: &mut Terminal) -> Result<()> {
    const CARET: &str =
        "(({ id, value, selectionStart, selectionEnd }) => [id, value, selectionStart, selectionEnd])
        (document.activeElement)";
    page.type_into("#line", "I am writing this ").await?;
    page.eval("document.querySelector('#line').setSelectionRange(5, 12)", vec![]).await?;
    let before = page.eval(CARET, vec![]).await?;
    ensure!(before == json!(["line", "I am writing this ", 5, 12]), "the field is {before}");
    for line in ["What is new?", "Has anyone seen my glasses?"] {
        writes(other, line).await?;
        says(page, "line", OTHER, line).await?;
    }
    terminal.enter("They are on your nose")?;
    says(page, "line", TERMINAL, "They are on your nose").await?;
    let after = page.eval(CARET, vec![]).await?;
    ensure!(after == before, "the field was {before}, and is {after}");
    page.eval("document.querySelector('#line').setSelectionRange(18, 18)", vec![]).await?;
    writes(page, "while you write").await?;
    says(other, "line", PAGE, "I am writing this while you write").await?;
    terminal.prints("I am writing this while you write").await.map(drop)
}

/// Scrolls to the first lines. Lines that arrive then neither move them nor are lost: a button leads to the newest.
async fn read_on(page: &Page, chat: &Chat) -> Result<()> {
    const TOP: &str = "document.querySelector('#log-view').scrollTop";
    const TO_NEWEST: &str = "document.querySelector('#to-newest').checkVisibility()";
    // On a low screen a few lines need scrolling.
    screen(page, 800, 420, false).await?;
    let is_high = "document.querySelector('#log-view').scrollHeight > document.querySelector('#log-view').clientHeight + 60";
    until(page, "a log that scrolls", is_high, vec![]).await?;
    page.eval("document.querySelector('#log-view').scrollTo(0, 0)", vec![]).await?;
    until(page, "a button to the newest line", TO_NEWEST, vec![]).await?;
    for line in ["The server is well", "It has a lot of memory left"] {
        chat.say(line)?;
        says(page, "server", "Server", line).await?;
    }
    let top = page.eval(TOP, vec![]).await?;
    ensure!(top == 0, "the view has moved to {top}");
    page.click("#to-newest").await?;
    until(page, "the newest line", &format!("!{TO_NEWEST} && {TOP} > 0"), vec![]).await?;
    page.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await
}

/// Waits until the page shows that its connection has ended, with this in the cause, and offers to connect again.
async fn ends(page: &Page, cause: &str) -> Result<()> {
    until(page, "a way back", "document.querySelector('#reconnect').checkVisibility()", vec![]).await?;
    mentions(page, "#ending-text", cause).await?;
    let shown = page.text("#ending-text").await?;
    ensure!(shown.trim().len() > 10, "the page shows no cause: “{shown}”");
    let has_lines = page.eval("document.querySelectorAll('#lines li').length > 5", vec![]).await?;
    ensure!(has_lines == Value::Bool(true), "the lines of the chat are gone");
    Ok(())
}

async fn comes_back(other: &Page, page: &Page) -> Result<()> {
    other.click("#reconnect").await?;
    is_open(other).await?;
    lists(page, &[PAGE, OTHER]).await?;
    let line = "Here I am again";
    writes(other, line).await?;
    says(page, "line", OTHER, line).await
}

async fn mid_level(project: &Project, demo: &Demo, page: &Page) -> Result<()> {
    let chat = Chat::start(0, Mode::Multiplayer)?;
    page.go_to(&demo.page_url("chat", &format!("{}&mode=multiplayer", chat.url()))).await?;
    ready(page).await?;
    joins(page, PAGE).await?;
    let args = [&chat.url(), "--multiplayer", "--name", TERMINAL];
    let mut terminal = Terminal::start(project, "chat", &CHAT, &args)?;
    lists(page, &[PAGE, TERMINAL]).await?;
    terminal.enter("Hello from the mid level")?;
    says(page, "line", TERMINAL, "Hello from the mid level").await?;
    writes(page, "Hello back").await?;
    printed(&mut terminal, PAGE, "Hello back").await
}
