//! The first page: its four doors lead to the pages, and each shows the line for a terminal.

use anyhow::{Result, ensure};
use serde_json::json;

use super::screenshots::Screenshots;
use super::steps::{ready, step, until};
use crate::demo::lines::{Entry, entries};
use crate::demo::servers::Demo;
use crate::webdriver::Page;

pub async fn visit(demo: &Demo, page: &Page, screenshots: &Screenshots) -> Result<()> {
    page.go_to(&demo.index_url()).await?;
    let entries = entries(demo);
    step("the first page shows four doors, and a line for a terminal at each", doors(page, &entries)).await?;
    for entry in &entries {
        let what =
            format!("the door “{}” leads to its page, with the server's address, and back", entry.name);
        step(&what, leads(page, demo, entry)).await?;
    }
    step("screenshots of the first page", screenshots.take(page, "index")).await
}

async fn doors(page: &Page, entries: &[Entry]) -> Result<()> {
    let links =
        page.eval("[...document.querySelectorAll('main a')].map(a => a.dataset.demo)", vec![]).await?;
    ensure!(links == json!(["echo", "chat", "game", "rooms"]), "the doors are {links}");
    for Entry { name, line, .. } in entries {
        let shown = page.text(&format!("[data-line={name}]")).await?;
        ensure!(shown == *line, "the page shows `{shown}`, the program `{line}`");
    }
    Ok(())
}

async fn leads(page: &Page, demo: &Demo, entry: &Entry) -> Result<()> {
    page.click(&format!("main a[data-demo={}]", entry.name)).await?;
    let arrived = "document.documentElement.dataset.server === arguments[0]";
    until(page, "the other page", arrived, vec![json!(entry.name)]).await?;
    ready(page).await?;
    let address = page.eval("document.querySelector('#address').value", vec![]).await?;
    ensure!(address == entry.url, "the address field has {address}");

    page.click("a[data-demo=index]").await?;
    let back = "new URL(arguments[0]).pathname === location.pathname && document.readyState === 'complete'";
    until(page, "the first page", back, vec![json!(demo.index_url())]).await?;
    doors(page, &entries(demo)).await
}
