//! Drives a page in headless Chrome through WebDriver.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::browser::{self, Engine};
use crate::project::Project;
use crate::service::Service;
use crate::wait::within;

/// The deadline for a browser to start, or a page to load.
const START: Duration = Duration::from_secs(60);

/// The deadline of one command to the browser.
const COMMAND_LIMIT: Duration = Duration::from_secs(20);

/// The interval at which a page is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The window size, which makes screenshots equal on every machine.
const WINDOW: &str = "--window-size=1280,900";

/// The key Enter in typed text (WebDriver, 17.4.2).
pub const ENTER: &str = "\u{e007}";

/// A page in its own Chrome. Dropping this ends both.
pub struct Page {
    client: Client,
    driver: Service<u16>,
}

impl Page {
    pub async fn open(project: &Project, url: &str) -> Result<Self> {
        Self::open_in(project, url, &[WINDOW]).await
    }

    /// Opens a page that draws with WebGL. Chrome then draws on the processor, on any machine.
    pub async fn open_with_webgl(project: &Project, url: &str) -> Result<Self> {
        Self::open_in(project, url, &[WINDOW, "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]).await
    }

    async fn open_in(project: &Project, url: &str, args: &[&str]) -> Result<Self> {
        let driver = start_driver(project).await?;

        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(project, args)?);
        let address = format!("http://127.0.0.1:{}", driver.address);
        let client = within(START, "starting Chrome", builder.connect(&address)).await?;
        within(START, format_args!("loading {url}"), client.goto(url)).await?;
        Ok(Self { client, driver })
    }

    pub async fn click(&self, selector: &str) -> Result<()> {
        let what = format!("clicking {selector}");
        let click = async { self.client.find(Locator::Css(selector)).await?.click().await };
        within(COMMAND_LIMIT, &what, click).await.context(what)
    }

    /// Loads another page in the same window.
    pub async fn go_to(&self, url: &str) -> Result<()> {
        within(START, format_args!("loading {url}"), self.client.goto(url)).await
    }

    /// Types at the end of a field, as a person does at a keyboard. [`ENTER`] is the key.
    pub async fn type_into(&self, selector: &str, text: &str) -> Result<()> {
        let what = format!("typing into {selector}");
        let typing = async { self.client.find(Locator::Css(selector)).await?.send_keys(text).await };
        within(COMMAND_LIMIT, &what, typing).await.context(what)
    }

    /// Replaces the text of a field.
    pub async fn fill(&self, selector: &str, text: &str) -> Result<()> {
        let what = format!("filling {selector}");
        let fill = async {
            let field = self.client.find(Locator::Css(selector)).await?;
            field.clear().await?;
            field.send_keys(text).await
        };
        within(COMMAND_LIMIT, &what, fill).await.context(what)
    }

    /// Returns the value of a JavaScript expression. `args` are its `arguments`.
    pub async fn eval(&self, expression: &str, args: Vec<Value>) -> Result<Value> {
        let script = format!("return {expression};");
        let evaluate = self.client.execute(&script, args);
        within(COMMAND_LIMIT, "evaluating JavaScript", evaluate)
            .await
            .with_context(|| format!("evaluating {expression}"))
    }

    /// Returns the text of an element, or an error if it does not exist.
    pub async fn text(&self, selector: &str) -> Result<String> {
        let value =
            self.eval("document.querySelector(arguments[0])?.textContent", vec![json!(selector)]).await?;
        value.as_str().map(str::to_owned).ok_or_else(|| anyhow!("the page has no {selector}"))
    }

    /// Polls until `done` returns `true` for the value of `expression`. After `limit` the error contains the last
    /// value.
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
                bail!("timed out after {} s waiting for {what}; the page has: {value}", limit.as_secs());
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Returns the errors in the browser's console, from the page and from the browser itself.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        let log = self.command("se/log", json!({ "type": "browser" })).await?;
        let entries = log.as_array().context("chromedriver returned no log")?;
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        Ok(severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect())
    }

    /// Runs a command of Chrome's DevTools protocol, for features that WebDriver lacks.
    pub async fn devtools(&self, command: &str, params: Value) -> Result<()> {
        self.command("goog/cdp/execute", json!({ "cmd": command, "params": params })).await.map(|_| ())
    }

    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        let image = within(COMMAND_LIMIT, "taking a screenshot", self.client.screenshot()).await?;
        fs::write(path, image).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Ends the session, so that Chrome removes its temporary profile.
    pub async fn close(self) -> Result<()> {
        let closed = within(COMMAND_LIMIT, "closing Chrome", self.client.close()).await;
        drop(self.driver);
        closed
    }

    async fn command(&self, path: &'static str, body: Value) -> Result<Value> {
        within(COMMAND_LIMIT, path, self.client.issue_cmd(Extension { path, body })).await.context(path)
    }
}

/// The capabilities of webdriver.json, which the contract tests use, with more arguments and a readable console.
fn capabilities(project: &Project, more: &[&str]) -> Result<Capabilities> {
    const OPTIONS: &str = "goog:chromeOptions";
    let path = project.root().join("webdriver.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut shared: Value = serde_json::from_str(&text).context("cannot parse webdriver.json")?;
    let args = shared.pointer_mut(&format!("/{OPTIONS}/args")).and_then(Value::as_array_mut);
    let args = args.context("webdriver.json has no arguments for Chrome")?;
    args.extend(more.iter().map(|&arg| Value::from(arg)));
    Ok(Capabilities::from_iter([
        (OPTIONS.to_owned(), shared[OPTIONS].take()),
        ("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" })),
    ]))
}

/// Starts chromedriver. It picks a free IPv6 port and needs the same
/// port for IPv4. If another program has that, chromedriver exits and is started again.
async fn start_driver(project: &Project) -> Result<Service<u16>> {
    const ATTEMPTS: usize = 5;
    let program = browser::driver(project, Engine::Chrome).await?;
    for _ in 1..ATTEMPTS {
        let command = project.command(&program.to_string_lossy()).arg("--port=0");
        match Service::start(command, port_in).await {
            Ok(driver) => return Ok(driver),
            Err(error) => println!("chromedriver: {error:#}; trying again"),
        }
    }
    let command = project.command(&program.to_string_lossy()).arg("--port=0");
    Service::start(command, port_in).await.context("cannot start chromedriver")
}

/// Reads the port in `ChromeDriver was started successfully on port 12345.`
fn port_in(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("started successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}

/// A chromedriver command beyond the WebDriver standard.
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
    fn the_port_of_chromedriver_is_read() {
        assert_eq!(port_in("ChromeDriver was started successfully on port 33415."), Some(33415));
        assert_eq!(port_in("Starting ChromeDriver 156.0.8078.79 (abc) on port 0"), None);
    }
}
