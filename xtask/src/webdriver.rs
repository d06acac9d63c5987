//! A page in headless Chrome, driven through WebDriver.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::browser::{self, Engine};
use crate::project::Project;
use crate::sh::Running;
use crate::wait::within;

/// How long a browser may take to start, or a page to load.
const START: Duration = Duration::from_secs(60);

/// How long one question to the browser may take.
const ANSWER: Duration = Duration::from_secs(20);

/// How often a page is looked at while something is waited for.
const GLANCE: Duration = Duration::from_millis(50);

/// The size of the window, so that screenshots are alike everywhere.
const WINDOW: &str = "--window-size=1280,900";

/// One page in a Chrome of its own; both end when this is dropped.
pub struct Page {
    client: Client,
    driver: Running,
}

impl Page {
    pub async fn open(project: &Project, url: &str) -> Result<Self> {
        let (driver, port) = start_driver(project).await?;

        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(project)?);
        let address = format!("http://127.0.0.1:{port}");
        let client = within(START, "starting Chrome", builder.connect(&address)).await?;
        within(START, format_args!("loading {url}"), client.goto(url)).await?;
        Ok(Self { client, driver })
    }

    pub async fn click(&self, selector: &str) -> Result<()> {
        let what = format!("clicking {selector}");
        let click = async { self.client.find(Locator::Css(selector)).await?.click().await };
        within(ANSWER, &what, click).await.context(what)
    }

    /// Types `text` into a field, in place of what was there.
    pub async fn fill(&self, selector: &str, text: &str) -> Result<()> {
        let what = format!("filling {selector}");
        let fill = async {
            let field = self.client.find(Locator::Css(selector)).await?;
            field.clear().await?;
            field.send_keys(text).await
        };
        within(ANSWER, &what, fill).await.context(what)
    }

    /// The value of a JavaScript expression, for which `args` are `arguments`.
    pub async fn eval(&self, expression: &str, args: Vec<Value>) -> Result<Value> {
        let script = format!("return {expression};");
        let evaluate = self.client.execute(&script, args);
        within(ANSWER, "asking the page", evaluate).await.with_context(|| format!("evaluating {expression}"))
    }

    /// The text of an element; an error when there is no such element.
    pub async fn text(&self, selector: &str) -> Result<String> {
        let value =
            self.eval("document.querySelector(arguments[0])?.textContent", vec![json!(selector)]).await?;
        value.as_str().map(str::to_owned).ok_or_else(|| anyhow!("the page has no {selector}"))
    }

    /// Looks at the page until `done` is satisfied with the value of `expression`; after `limit` the error tells the last value.
    pub async fn wait_for(
        &self,
        what: &str,
        limit: Duration,
        expression: &str,
        args: Vec<Value>,
        mut done: impl FnMut(&Value) -> bool,
    ) -> Result<Value> {
        let start = Instant::now();
        loop {
            let value = self.eval(expression, args.clone()).await?;
            if done(&value) {
                return Ok(value);
            }
            if start.elapsed() > limit {
                bail!("waited {} s in vain for {what}; the page has: {value}", limit.as_secs());
            }
            sleep(GLANCE).await;
        }
    }

    /// What the page wrote into the browser's console as errors, and what the browser itself wrote about the page.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        let log = self.command("se/log", json!({ "type": "browser" })).await?;
        let entries = log.as_array().context("chromedriver gave no log")?;
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        Ok(severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect())
    }

    /// One command of Chrome's DevTools protocol, for what WebDriver cannot do.
    pub async fn devtools(&self, command: &str, params: Value) -> Result<()> {
        self.command("goog/cdp/execute", json!({ "cmd": command, "params": params })).await.map(|_| ())
    }

    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        let image = within(ANSWER, "taking a screenshot", self.client.screenshot()).await?;
        fs::write(path, image).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Ends the session, so that Chrome removes its temporary profile.
    pub async fn close(self) -> Result<()> {
        let closed = within(ANSWER, "closing Chrome", self.client.close()).await;
        drop(self.driver);
        closed
    }

    async fn command(&self, path: &'static str, body: Value) -> Result<Value> {
        within(ANSWER, path, self.client.issue_cmd(Extension { path, body })).await.context(path)
    }
}

/// Chrome as webdriver.json sets it up for the contract tests, with a window and a console that can be read.
fn capabilities(project: &Project) -> Result<Capabilities> {
    const OPTIONS: &str = "goog:chromeOptions";
    let path = project.root().join("webdriver.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut shared: Value = serde_json::from_str(&text).context("webdriver.json is not understood")?;
    let args = shared.pointer_mut(&format!("/{OPTIONS}/args")).and_then(Value::as_array_mut);
    args.context("webdriver.json has no arguments for Chrome")?.push(WINDOW.into());
    Ok(Capabilities::from_iter([
        (OPTIONS.to_owned(), shared[OPTIONS].take()),
        ("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" })),
    ]))
}

/// Starts chromedriver, and returns the port that it listens on. It takes a port that is free for IPv6 and needs the same one for
/// IPv4, which another program may have: then it ends, and is started again.
async fn start_driver(project: &Project) -> Result<(Running, u16)> {
    const ATTEMPTS: usize = 5;
    let program = browser::driver(project, Engine::Chrome).await?;
    let mut attempt = 1;
    loop {
        let command = project.command(&program.to_string_lossy()).arg("--port=0");
        let (driver, mut lines) = command.start()?;
        match within(START, "starting chromedriver", announced_port(&mut lines)).await {
            Ok(port) => return Ok((driver, port)),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(error) => println!("{error:#}; trying again"),
        }
        attempt += 1;
    }
}

/// chromedriver takes any free port and says which. When it cannot start, its own words are the error.
async fn announced_port(lines: &mut UnboundedReceiver<String>) -> Result<u16> {
    let mut said = Vec::new();
    while let Some(line) = lines.recv().await {
        if let Some(port) = port_in(&line) {
            return Ok(port);
        }
        said.push(line);
    }
    bail!("chromedriver did not start: {}", said.join(" "))
}

/// The port in `ChromeDriver was started successfully on port 12345.`
fn port_in(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("started successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}

/// A command that chromedriver has beyond the WebDriver standard.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::port_in;

    #[test]
    fn chromedriver_announces_its_port() {
        assert_eq!(port_in("ChromeDriver was started successfully on port 33415."), Some(33415));
        assert_eq!(port_in("Starting ChromeDriver 156.0.8078.79 (abc) on port 0"), None);
    }
}
