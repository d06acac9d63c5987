//! The browsers that the tests run in, with their WebDriver programs: found, or installed where we can.

use std::env;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Result, anyhow, bail};

use crate::apt::{Apt, Distribution};
use crate::project::Project;
use crate::tools;

/// The three browser engines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Engine {
    Chrome,
    Firefox,
    WebKit,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Chrome => "Chrome",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKit",
        }
    }

    /// The variable by which wasm-bindgen's test runner is given the WebDriver program.
    pub fn driver_variable(self) -> &'static str {
        match self {
            Self::Chrome => "CHROMEDRIVER",
            Self::Firefox => "GECKODRIVER",
            // To the runner there are three kinds of browser, and WebKitGTK speaks Safari's protocol.
            Self::WebKit => "SAFARIDRIVER",
        }
    }
}

impl FromStr for Engine {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match name.trim() {
            "chrome" => Ok(Self::Chrome),
            "firefox" => Ok(Self::Firefox),
            "webkit" => Ok(Self::WebKit),
            other => bail!("there is no engine `{other}`: chrome, firefox and webkit are known"),
        }
    }
}

/// Makes sure that the engine is here, and gives the path of its WebDriver program.
pub async fn driver(project: &Project, engine: Engine) -> Result<PathBuf> {
    if missing(project, engine).is_some() {
        install(project, engine).await?;
        if let Some(still) = missing(project, engine) {
            bail!("{} was installed, but {still} is still not found", engine.name());
        }
    }
    match engine {
        Engine::Chrome => found(project, CHROMEDRIVER),
        Engine::Firefox => tools::geckodriver(project).await,
        Engine::WebKit => found(project, WEBKIT_DRIVER),
    }
}

const CHROMEDRIVER: &str = "chromedriver";
const WEBKIT_DRIVER: &str = "WebKitWebDriver";

/// The programs that run WebKit's browser without a screen. `xauth` is xvfb-run's, and comes in a package of its own.
const WEBKIT_STAGE: [&str; 3] = ["xvfb-run", "xauth", "dbus-run-session"];

const CHROME_NAMES: [&str; 4] = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser"];
const FIREFOX_NAMES: [&str; 2] = ["firefox", "firefox-esr"];

/// The first thing that the engine needs and this machine has not.
fn missing(project: &Project, engine: Engine) -> Option<&'static str> {
    let has = |program: &str| project.which(program).is_some();
    match engine {
        Engine::Chrome if !(CHROME_NAMES.into_iter().any(has) || outside_path(CHROME_ELSEWHERE)) => {
            Some("Chrome")
        }
        Engine::Chrome => (!has(CHROMEDRIVER)).then_some(CHROMEDRIVER),
        Engine::Firefox => {
            (!(FIREFOX_NAMES.into_iter().any(has) || outside_path(FIREFOX_ELSEWHERE))).then_some("Firefox")
        }
        Engine::WebKit => [WEBKIT_DRIVER].into_iter().chain(WEBKIT_STAGE).find(|program| !has(program)),
    }
}

/// Where macOS and Windows put a browser: a variable that names a directory (or nothing), and the path in it.
type Elsewhere = [(&'static str, &'static str)];

const CHROME_ELSEWHERE: &Elsewhere = &[
    ("", "/Applications/Google Chrome.app"),
    ("ProgramFiles", r"Google\Chrome\Application\chrome.exe"),
    ("ProgramFiles(x86)", r"Google\Chrome\Application\chrome.exe"),
    ("LocalAppData", r"Google\Chrome\Application\chrome.exe"),
];

const FIREFOX_ELSEWHERE: &Elsewhere = &[
    ("", "/Applications/Firefox.app"),
    ("ProgramFiles", r"Mozilla Firefox\firefox.exe"),
    ("ProgramFiles(x86)", r"Mozilla Firefox\firefox.exe"),
];

fn outside_path(places: &Elsewhere) -> bool {
    places.iter().any(|(variable, path)| match *variable {
        "" => Path::new(path).exists(),
        variable => env::var_os(variable).is_some_and(|directory| Path::new(&directory).join(path).exists()),
    })
}

async fn install(project: &Project, engine: Engine) -> Result<()> {
    let Some(apt) = Apt::find(project).await else {
        bail!("{} is needed and not installed here: {}", engine.name(), advice(engine));
    };
    apt.install(packages(engine, apt.distribution)).await
}

fn packages(engine: Engine, distribution: Distribution) -> &'static [&'static str] {
    // Fonts are only recommended by the browsers, and without one the screenshots have no text.
    match (engine, distribution) {
        (Engine::Chrome, Distribution::Debian) => &["chromium", "chromium-driver", "fonts-dejavu-core"],
        (Engine::Chrome, Distribution::Ubuntu) => {
            &["chromium-browser", "chromium-chromedriver", "fonts-dejavu-core"]
        }
        (Engine::Firefox, Distribution::Debian) => &["firefox-esr"],
        (Engine::Firefox, Distribution::Ubuntu) => &["firefox"],
        (Engine::WebKit, _) => &["webkit2gtk-driver", "xvfb", "xauth", "dbus"],
    }
}

/// What to install where we cannot, in one line.
fn advice(engine: Engine) -> &'static str {
    match (engine, env::consts::OS) {
        (Engine::Chrome, "macos") => "`brew install --cask google-chrome chromedriver`",
        (Engine::Chrome, "windows") => {
            "install Google Chrome, and ChromeDriver of the same version (in a directory on PATH)"
        }
        (Engine::Chrome, _) => "install Chrome or Chromium, and ChromeDriver of the same version",
        (Engine::Firefox, "macos") => "`brew install --cask firefox`",
        (Engine::Firefox, _) => "install Firefox",
        (Engine::WebKit, "linux") => {
            "install WebKitGTK's WebKitWebDriver, Xvfb with xvfb-run and xauth, and D-Bus"
        }
        (Engine::WebKit, _) => "these tests run in WebKitGTK, which needs Linux",
    }
}

fn found(project: &Project, driver: &str) -> Result<PathBuf> {
    project.which(driver).ok_or_else(|| anyhow!("{driver} is not on PATH"))
}

#[cfg(test)]
mod tests {
    use super::Engine;

    #[test]
    fn engines_have_names() {
        for engine in [Engine::Chrome, Engine::Firefox, Engine::WebKit] {
            assert_eq!(engine.name().to_lowercase().parse::<Engine>().unwrap(), engine);
        }
        assert!("".parse::<Engine>().is_err());
    }
}
