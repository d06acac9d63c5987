//! Measures our client in a browser, beside plain JavaScript in the same page.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
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
const CLIENTS: [(&str, &str); 6] = [
    ("woken", "websocket-peer, woken"),
    ("events", "JavaScript, in its events"),
    ("copying", "JavaScript with copies, in its events"),
    ("ours", "websocket-peer, polled"),
    ("polled", "JavaScript, polled"),
    ("ewebsock", "ewebsock, in its events"),
];

/// The clients whose ratios are shown, as the page names them, and the names of the ratios.
const RATIOS: [(&str, &str, &str); 3] = [
    ("woken", "events", "woken / JavaScript's events"),
    ("woken", "copying", "woken / JavaScript with copies"),
    ("ours", "polled", "polled / JavaScript, polled"),
];

/// The number of runs, each in a new browser. The table shows the ratios of each, so that they can be compared.
const RUNS: usize = 2;

/// The number of the page's loads, each with binary messages and with text.
const ROWS: u32 = 8;

/// The deadline of the page after the expected time.
const LIMIT: Duration = Duration::from_secs(180);

const TEXT: &str = "
One page in headless Chrome has all clients. They take turns in short slices of time, for more rounds than elsewhere,
and the table shows medians. A ratio is the median of the ratios of neighbouring slices, so that a slow change of the
machine affects both; either client is first in half of them. Before that each client has exchanged 16,384 messages, so
that the browser has compiled its code with all of its compilers. In parentheses are the medians of two runs, each in a
new browser. The server is the plain tungstenite loop. Chrome and the server share all cores.

Ours and plain JavaScript are measured twice. First at their fastest, answering each message in the browser's event:
ours polls in the hook of `on_wake`. Then polled, as in a game. Sixty frames a second would limit every client to the
same rate, so both are polled as often as a page can without blocking the browser: by `scheduler.postTask`, in a new
task each time; plain JavaScript empties a queue then. The ratios show the cost of our code in either mode. The
difference between the modes is the effect of polling: a page that polls need not be woken, but it occupies a core that
the browser and the server may need. ewebsock answers in its events. All clients check the length and the first and last
letter of each message. Ours and ewebsock then have the message in WebAssembly's memory, where a game in Rust needs it,
and text as UTF-8; plain JavaScript does neither. \"JavaScript with copies\" shows what this costs in any case: it copies
each message into such a memory, as UTF-8 if it is text, and sends from there. In profiles of ours with text, `encodeInto` and
`decode`, the browser's fastest conversions, take 2.2 ms of a message of 1 MiB, and `send` 0.7 ms longer than for plain
JavaScript's constant string, of 3.1 ms of difference in all. With 1 KiB the conversions take 6 µs of 49 µs.
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
    /// The rate in each turn.
    rates: BTreeMap<String, Vec<f64>>,
    out_of_order: u32,
}

/// The length of a run.
struct Plan {
    /// How often all clients connect anew.
    sittings: u32,
    /// The number of turns in a sitting.
    turns: u32,
    /// The time of a turn of one client, in milliseconds.
    slice: u64,
}

pub async fn measure(comparison: &Comparison<'_>) -> Result<Section> {
    build(comparison).await?;
    let plan = Plan {
        sittings: comparison.by_mode(5, 1),
        turns: comparison.by_mode(10, 2),
        slice: comparison.by_mode(120, 50),
    };
    let mut runs = Vec::new();
    for _ in 0..comparison.by_mode(RUNS, 1) {
        runs.push(run(comparison, &plan).await?);
    }
    section(&runs)
}

/// Opens the page in a new browser, and returns what it has measured.
async fn run(comparison: &Comparison<'_>, plan: &Plan) -> Result<Results> {
    let server = comparison.program("plain").args(["127.0.0.1:0", "--max-message", "1048576"]);
    let server = Service::start(server, websocket_url).await?;
    let page_server =
        PageServer::start(0, &comparison.project.root().join("bench").join("page").join("www"), &[])?;
    let Plan { sittings, turns, slice } = plan;
    let query = format!("server={}&sittings={sittings}&turns={turns}&slice={slice}", server.address);
    let page = Page::open(comparison.project, &page_server.url(&format!("/?{query}"))).await?;
    // A query would disturb the page, so the first one comes when the page should be done.
    sleep(plan.expected_time()).await;
    let results = results(&page).await;
    page.close().await?;
    results
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

fn section(runs: &[Results]) -> Result<Section> {
    let first = runs.first().context("no run")?;
    let (names, ratios) = (CLIENTS.map(|(_, name)| name), RATIOS.map(|(_, _, name)| name));
    let mut table = Table::new(["kind, bytes × in flight"].into_iter().chain(names).chain(ratios));
    let mut reordered = Vec::new();
    for index in 0..first.rows.len() {
        let rows: Vec<&Row> = runs.iter().filter_map(|run| run.rows.get(index)).collect();
        table.row([rows[0].name()].into_iter().chain(cells(&rows)));
        reordered.extend(rows.iter().filter(|row| row.out_of_order > 0).map(|row| row.describe_reordered()));
    }
    let mut text = format!("{}\nThe browser was {}.\n", TEXT.trim(), chrome(&first.browser));
    if !reordered.is_empty() {
        text.push_str(&format!(
            "\newebsock, which reads binary messages as `Blob`s, delivered messages out of order: {}.\n",
            reordered.join(", ")
        ));
    }
    let (title, summary) = ("Client, in a browser", Summary::default());
    let tables = vec![("Messages per second:".to_owned(), table)];
    Ok(Section { title, text, tables, figures: Vec::new(), summary })
}

/// Returns the rates and the ratios of one load in all runs.
fn cells(rows: &[&Row]) -> Vec<String> {
    let rates = CLIENTS.iter().map(|(client, _)| {
        let rates: Vec<f64> = rows.iter().flat_map(|row| row.rates_of(client)).copied().collect();
        short(median(&rates, |&rate| rate))
    });
    let ratios = RATIOS.iter().map(|(ours, other, _)| {
        let runs: Vec<Vec<f64>> = rows.iter().map(|row| row.ratios(ours, other)).collect();
        let of_runs: Vec<String> = runs.iter().map(|turns| ratio(median(turns, |&turn| turn))).collect();
        format!("{} ({})", ratio(median(&runs.concat(), |&turn| turn)), of_runs.join(", "))
    });
    rates.chain(ratios).collect()
}

impl Plan {
    /// Returns how long the page takes, which warms up each client before a sitting.
    fn expected_time(&self) -> Duration {
        let clients = CLIENTS.len() as u32;
        let slices = self.sittings * (self.turns + 1) * clients * ROWS;
        Duration::from_millis(self.slice) * slices
    }
}

impl Row {
    fn name(&self) -> String {
        let kind = if self.is_text { "text" } else { "binary" };
        format!("{kind}, {} × {}", self.bytes, self.in_flight)
    }

    fn rates_of(&self, client: &str) -> &[f64] {
        self.rates.get(client).map_or(&[], Vec::as_slice)
    }

    /// Returns the ratio of two clients in each turn.
    fn ratios(&self, client: &str, other: &str) -> Vec<f64> {
        self.rates_of(client).iter().zip(self.rates_of(other)).map(|(rate, other)| rate / other).collect()
    }

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
