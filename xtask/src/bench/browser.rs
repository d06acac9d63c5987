//! Our client in a browser, beside plain JavaScript in the same page.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use super::contest::Contest;
use super::machine::Lock;
use super::numbers::{median, short, times};
use super::paper::{Section, Table};
use crate::autobahn::service::Service;
use crate::serve::PageServer;
use crate::tools;
use crate::webdriver::Page;

/// As the page knows them, and as the table does.
const CLIENTS: [(&str, &str); 5] = [
    ("woken", "websocket-peer, woken"),
    ("events", "JavaScript, in its events"),
    ("ours", "websocket-peer, polled"),
    ("polled", "JavaScript, polled"),
    ("ewebsock", "ewebsock, in its events"),
];

/// How many loads the page has, each once with binary messages and once with text.
const ROWS: u32 = 8;

/// How long the page may take beyond what is expected.
const LIMIT: Duration = Duration::from_secs(180);

const TEXT: &str = "
One page of headless Chrome has all of the clients, and they take turns in slices of time, more often than elsewhere; the
median is told. The server is the plain tungstenite loop. Chrome and the server share all cores as the system likes.

Ours and plain JavaScript are there twice. Once at their fastest, where each message is answered in the browser's event: ours
by the hook of `on_wake`, which polls at once. And once as a game has it, which polls once a frame. Sixty frames a second would
limit every client to the same rate, so here both are polled as fast as a page can do that without keeping the browser from its
own work: by `scheduler.postTask`, in a task of its own each time; plain JavaScript has a queue that is emptied then. The
ratios show what our code costs in either way. What polling itself costs or gains is between the ways: a page that polls never
has to be woken, but keeps a core busy that the browser and the server may need. ewebsock is answered in its events. All look
at the length and at the first and the last letter of what comes; ours and ewebsock then have it in WebAssembly's memory, where
a game in Rust needs it, and text as UTF-8, which plain JavaScript never makes.
";

#[derive(Deserialize)]
struct Reached {
    browser: String,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    bytes: usize,
    in_flight: usize,
    is_text: bool,
    rates: BTreeMap<String, Vec<f64>>,
    overtaken: u32,
}

pub async fn measure(contest: &Contest<'_>) -> Result<Section> {
    build(contest).await?;
    let (rounds, slice) = (contest.full_or_quick(5, 1), contest.full_or_quick(400, 50));
    let server = contest.program("plain").args(["127.0.0.1:0", "--max-message", "1048576"]);
    let server = Service::start(server).await?;
    let page_server =
        PageServer::start(0, &contest.project.root().join("bench").join("page").join("www"), &[])?;
    let url = page_server.url(&format!("/?server={}&rounds={rounds}&slice={slice}", server.url));
    let page = Page::open(contest.project, &url).await?;
    // Whoever asks a page something disturbs it, so nobody asks before it is about to be done.
    sleep(Duration::from_millis(slice * (rounds + 1)) * ROWS * CLIENTS.len() as u32).await;
    let reached = reached(&page).await;
    page.close().await?;
    Ok(section(&reached?))
}

async fn build(contest: &Contest<'_>) -> Result<()> {
    let project = contest.project;
    // One wasm-bindgen serves both workspaces.
    let (theirs, ours) =
        (Lock::read(project)?.newest("wasm-bindgen")?, project.locked_version("wasm-bindgen")?);
    ensure!(
        theirs == ours,
        "bench/Cargo.lock has wasm-bindgen {theirs} and Cargo.lock {ours}: make them the same, with js-sys and web-sys"
    );
    tools::web(project).await?;
    let wasm_pack =
        project.command("wasm-pack").args(["build", "bench/page", "--target", "web", "--release"]);
    wasm_pack.args(["--no-typescript", "--no-pack", "--out-dir", "www/pkg"]).run().await
}

async fn reached(page: &Page) -> Result<Reached> {
    let told = "document.documentElement.dataset.result ?? document.documentElement.dataset.failure ?? null";
    let told = page.wait_for("the page to be done", LIMIT, told, vec![], Value::is_string).await?;
    let told = told.as_str().unwrap_or_default();
    match serde_json::from_str(told) {
        Ok(reached) => Ok(reached),
        Err(_) => bail!("the page says: {told}"),
    }
}

fn section(reached: &Reached) -> Section {
    let ratios = ["woken / JavaScript's events", "polled / JavaScript, polled"];
    let names = CLIENTS.map(|(_, name)| name);
    let mut table = Table::new(["kind, bytes × in flight"].into_iter().chain(names).chain(ratios));
    for row in &reached.rows {
        let rates =
            CLIENTS.map(|(name, _)| median(row.rates.get(name).map_or(&[][..], Vec::as_slice), |&rate| rate));
        let cells = rates.map(short);
        let [woken, events, ours, polled, _] = rates;
        let ratios = [woken / events, ours / polled].map(times);
        let kind = if row.is_text { "text" } else { "binary" };
        let name = format!("{kind}, {} × {}", row.bytes, row.in_flight);
        table.row([name].into_iter().chain(cells).chain(ratios));
    }
    let overtaken: Vec<String> =
        reached.rows.iter().filter(|row| row.overtaken > 0).map(Row::disorder).collect();
    let mut text = format!("{}\nThe browser was {}.\n", TEXT.trim(), chrome(&reached.browser));
    if !overtaken.is_empty() {
        text.push_str(&format!(
            "\newebsock, which reads binary messages as `Blob`s, let messages overtake each other: {}.\n",
            overtaken.join(", ")
        ));
    }
    let title = "Client, in a browser";
    Section { title, text, tables: vec![("Messages a second:".to_owned(), table)] }
}

impl Row {
    fn disorder(&self) -> String {
        format!("{} at {} × {}", self.overtaken, self.bytes, self.in_flight)
    }
}

/// The name and version in the browser's own words.
fn chrome(user_agent: &str) -> &str {
    user_agent.split_whitespace().find(|word| word.contains("Chrome/")).unwrap_or(user_agent)
}

#[cfg(test)]
mod tests {
    use super::chrome;

    #[test]
    fn the_browser_is_known_by_its_own_words() {
        let words =
            "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0.0.0 Safari/537.36";
        assert_eq!(chrome(words), "HeadlessChrome/150.0.0.0");
    }
}
