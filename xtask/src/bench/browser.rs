//! Measures our client in a browser, beside plain JavaScript in the same page.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use super::comparison::Comparison;
use super::document::{Section, Summary, Table};
use super::numbers::{median, ratio, short};
use crate::serve::PageServer;
use crate::service::{Service, websocket_url};
use crate::tools;
use crate::webdriver::Page;

/// The names for the page and for the table.
const CLIENTS: [(&str, &str); 5] = [
    ("woken", "websocket-peer, woken"),
    ("events", "JavaScript, in its events"),
    ("ours", "websocket-peer, polled"),
    ("polled", "JavaScript, polled"),
    ("ewebsock", "ewebsock, in its events"),
];

/// The number of the page's loads, each with binary messages and with text.
const ROWS: u32 = 8;

/// The deadline of the page after the expected time.
const LIMIT: Duration = Duration::from_secs(180);

const TEXT: &str = "
One page in headless Chrome has all clients. They take turns in short slices of time, for more rounds than elsewhere,
and the table shows medians. The server is the plain tungstenite loop. Chrome and the server share all cores.

Ours and plain JavaScript are measured twice. First at their fastest, answering each message in the browser's event:
ours polls in the hook of `on_wake`. Then polled, as in a game. Sixty frames a second would limit every client to the
same rate, so both are polled as often as a page can without blocking the browser: by `scheduler.postTask`, in a new
task each time; plain JavaScript empties a queue then. The ratios show the cost of our code in either mode. The
difference between the modes is the effect of polling: a page that polls need not be woken, but it occupies a core that
the browser and the server may need. ewebsock answers in its events. All clients check the length and the first and last
letter of each message. Ours and ewebsock then have the message in WebAssembly's memory, where a game in Rust needs it,
and text as UTF-8; plain JavaScript does neither.
";

#[derive(Deserialize)]
struct Results {
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
    out_of_order: u32,
}

pub async fn measure(comparison: &Comparison<'_>) -> Result<Section> {
    build(comparison).await?;
    let (rounds, slice) = (comparison.by_mode(5, 1), comparison.by_mode(400, 50));
    let server = comparison.program("plain").args(["127.0.0.1:0", "--max-message", "1048576"]);
    let server = Service::start(server, websocket_url).await?;
    let page_server =
        PageServer::start(0, &comparison.project.root().join("bench").join("page").join("www"), &[])?;
    let url = page_server.url(&format!("/?server={}&rounds={rounds}&slice={slice}", server.address));
    let page = Page::open(comparison.project, &url).await?;
    // A query would disturb the page, so the first one comes when the page should be done.
    sleep(Duration::from_millis(slice * (rounds + 1)) * ROWS * CLIENTS.len() as u32).await;
    let results = results(&page).await;
    page.close().await?;
    Ok(section(&results?))
}

async fn build(comparison: &Comparison<'_>) -> Result<()> {
    let project = comparison.project;
    // Both workspaces use the same wasm-bindgen program.
    let (bench, library) =
        (project.locked_version("bench", "wasm-bindgen")?, project.locked_version("", "wasm-bindgen")?);
    ensure!(
        bench == library,
        "bench/Cargo.lock has wasm-bindgen {bench} and Cargo.lock {library}: update them to the same version, with js-sys and web-sys"
    );
    tools::web(project).await?;
    let wasm_pack =
        project.command("wasm-pack").args(["build", "bench/page", "--target", "web", "--release"]);
    wasm_pack.args(["--no-typescript", "--no-pack", "--out-dir", "www/pkg"]).run().await
}

async fn results(page: &Page) -> Result<Results> {
    let result =
        "document.documentElement.dataset.result ?? document.documentElement.dataset.failure ?? null";
    let result = page.wait_for("the page to be done", LIMIT, result, vec![], Value::is_string).await?;
    let result = result.as_str().unwrap_or_default();
    match serde_json::from_str(result) {
        Ok(results) => Ok(results),
        Err(_) => bail!("the page failed: {result}"),
    }
}

fn section(results: &Results) -> Section {
    let ratios = ["woken / JavaScript's events", "polled / JavaScript, polled"];
    let names = CLIENTS.map(|(_, name)| name);
    let mut table = Table::new(["kind, bytes × in flight"].into_iter().chain(names).chain(ratios));
    for row in &results.rows {
        let rates =
            CLIENTS.map(|(name, _)| median(row.rates.get(name).map_or(&[][..], Vec::as_slice), |&rate| rate));
        let cells = rates.map(short);
        let [woken, events, ours, polled, _] = rates;
        let ratios = [woken / events, ours / polled].map(ratio);
        let kind = if row.is_text { "text" } else { "binary" };
        let name = format!("{kind}, {} × {}", row.bytes, row.in_flight);
        table.row([name].into_iter().chain(cells).chain(ratios));
    }
    let reordered: Vec<String> =
        results.rows.iter().filter(|row| row.out_of_order > 0).map(Row::describe_reordered).collect();
    let mut text = format!("{}\nThe browser was {}.\n", TEXT.trim(), chrome(&results.browser));
    if !reordered.is_empty() {
        text.push_str(&format!(
            "\newebsock, which reads binary messages as `Blob`s, delivered messages out of order: {}.\n",
            reordered.join(", ")
        ));
    }
    let (title, summary) = ("Client, in a browser", Summary::default());
    Section { title, text, tables: vec![("Messages per second:".to_owned(), table)], summary }
}

impl Row {
    fn describe_reordered(&self) -> String {
        format!("{} at {} × {}", self.out_of_order, self.bytes, self.in_flight)
    }
}

/// Reads the name and version in a user agent.
fn chrome(user_agent: &str) -> &str {
    user_agent.split_whitespace().find(|word| word.contains("Chrome/")).unwrap_or(user_agent)
}

#[cfg(test)]
mod tests {
    use super::chrome;

    #[test]
    fn the_browser_is_read_from_the_user_agent() {
        let user_agent =
            "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0.0.0 Safari/537.36";
        assert_eq!(chrome(user_agent), "HeadlessChrome/150.0.0.0");
    }
}
