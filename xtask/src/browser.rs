//! Finds or installs the browsers that the tests run in, and their WebDriver programs.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::ValueEnum;

use crate::apt::{Apt, Distribution};
use crate::project::Project;
use crate::tools;

/// The three browser engines.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Engine {
    Chrome,
    Firefox,
    #[value(name = "webkit")]
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

    /// The environment variable in which wasm-bindgen's test runner expects the path of the WebDriver program.
    pub fn driver_variable(self) -> &'static str {
        match self {
            Self::Chrome => "CHROMEDRIVER",
            Self::Firefox => "GECKODRIVER",
            // The runner has no variable for WebKitGTK, which uses Safari's protocol.
            Self::WebKit => "SAFARIDRIVER",
        }
    }
}

/// Installs the engine if it is missing, and returns the path of its WebDriver program.
pub async fn driver(project: &Project, engine: Engine) -> Result<PathBuf> {
    if missing(project, engine).is_some() {
        install(project, engine).await?;
        if let Some(still) = missing(project, engine) {
            bail!("{} was installed, but {still} is not found", engine.name());
        }
    }
    match engine {
        Engine::Chrome => find(project, CHROMEDRIVER),
        Engine::Firefox => tools::geckodriver(project).await,
        Engine::WebKit => find(project, WEBKIT_DRIVER),
    }
}

const CHROMEDRIVER: &str = "chromedriver";
const WEBKIT_DRIVER: &str = "WebKitWebDriver";

/// The programs that run WebKit's browser without a screen. xvfb-run needs `xauth`, which is in a separate package.
const WEBKIT_HEADLESS: [&str; 3] = ["xvfb-run", "xauth", "dbus-run-session"];

const CHROME_NAMES: [&str; 4] = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser"];
const FIREFOX_NAMES: [&str; 2] = ["firefox", "firefox-esr"];

/// Returns the first missing program that the engine needs.
fn missing(project: &Project, engine: Engine) -> Option<&'static str> {
    let has = |program: &str| project.which(program).is_some();
    match engine {
        Engine::Chrome if !(CHROME_NAMES.into_iter().any(has) || is_installed_at(CHROME_PATHS)) => {
            Some("Chrome")
        }
        Engine::Chrome => (!has(CHROMEDRIVER)).then_some(CHROMEDRIVER),
        Engine::Firefox => {
            (!(FIREFOX_NAMES.into_iter().any(has) || is_installed_at(FIREFOX_PATHS))).then_some("Firefox")
        }
        Engine::WebKit => [WEBKIT_DRIVER].into_iter().chain(WEBKIT_HEADLESS).find(|program| !has(program)),
    }
}

/// The paths of a browser on macOS and Windows: an environment variable that names a directory (or nothing), and a path
/// in it.
type InstallPaths = [(&'static str, &'static str)];

const CHROME_PATHS: &InstallPaths = &[
    ("", "/Applications/Google Chrome.app"),
    ("ProgramFiles", r"Google\Chrome\Application\chrome.exe"),
    ("ProgramFiles(x86)", r"Google\Chrome\Application\chrome.exe"),
    ("LocalAppData", r"Google\Chrome\Application\chrome.exe"),
];

const FIREFOX_PATHS: &InstallPaths = &[
    ("", "/Applications/Firefox.app"),
    ("ProgramFiles", r"Mozilla Firefox\firefox.exe"),
    ("ProgramFiles(x86)", r"Mozilla Firefox\firefox.exe"),
];

fn is_installed_at(paths: &InstallPaths) -> bool {
    paths.iter().any(|(variable, path)| match *variable {
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
    // The browsers only recommend fonts, but without a font the screenshots have no text.
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

/// Advice in one line, for systems on which xtask cannot install packages.
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

fn find(project: &Project, driver: &str) -> Result<PathBuf> {
    project.which(driver).ok_or_else(|| anyhow!("{driver} is not on PATH"))
}
