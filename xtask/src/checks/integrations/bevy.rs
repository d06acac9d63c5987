//! Checks `integrations/bevy`: the plugin on a bare app over real sockets, and in a page of Chrome; its package.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::super::{contract, suites::Suites};
use super::{cargo, format, lint, linting, test};
use crate::browser::{self, Engine};
use crate::project::Project;
use crate::report::Outcome;
use crate::service::{Service, websocket_url};
use crate::targets::WASM;
use crate::tools;

const NAME: &str = "bevy";

pub async fn run(project: &Project) -> Result<Outcome> {
    format(project, NAME).await?;
    lint(project, NAME, "--all-targets --all-features").await?;
    lint(project, NAME, "--no-default-features").await?;
    // The example with all its code, but without the renderer, which would be compiled for minutes.
    lint(project, NAME, "--package squares --no-default-features --features client --all-targets").await?;
    document(project).await?;
    check_package(project).await?;
    let suites =
        ["unittests src/lib.rs", "tests/plugins.rs", "tests/replicon/main.rs", "bevy_websocket_peer"];
    let plugin = test(project, NAME, "--all-features", &suites).await?;
    let example = test(project, NAME, "--package squares --no-default-features", &["tests/game.rs"]).await?;
    let page = test_in_page(project).await?;
    Ok(Outcome::PassedWith(format!("{} tests, and {page} in a page", plugin + example)))
}

async fn document(project: &Project) -> Result<()> {
    let command = cargo(project, NAME, "doc --locked --no-deps --all-features");
    command.env("RUSTDOCFLAGS", "--deny warnings").run().await
}

/// Checks that the package has what its users and its licences need, and no more than the sources.
async fn check_package(project: &Project) -> Result<()> {
    let files = cargo(project, NAME, "package --list --allow-dirty").read().await?;
    for name in ["Cargo.toml", "README.md", "LICENSE-APACHE", "LICENSE-MIT", "src/lib.rs"] {
        ensure!(files.iter().any(|file| file == name), "{name} is not in the package");
    }
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let read = |path: &str| {
            fs::read(project.root().join(path).join(name)).with_context(|| format!("{path}/{name}"))
        };
        ensure!(read("integrations/bevy")? == read(".")?, "{name} differs from the library's");
    }
    let readme = fs::read_to_string(project.root().join("integrations/bevy/README.md"))?;
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for link in links {
        let is_packaged = files.iter().any(|file| file == link);
        ensure!(
            is_packaged || link.starts_with("https://"),
            "README.md links to {link}, which is not in the package"
        );
    }
    Ok(())
}

/// Lints the plugin for pages with all features, and runs it in a page of Chrome, against the scripted server in this process, and
/// a player of the example against its native server. Returns the number of tests.
async fn test_in_page(project: &Project) -> Result<usize> {
    tools::web(project).await?;
    let driver = browser::driver(project, Engine::Chrome).await?;
    let server = "--quiet --locked --package squares --no-default-features --bin server";
    cargo(project, NAME, &format!("build {server}")).run().await?;
    let server = cargo(project, NAME, &format!("run {server} -- 127.0.0.1:0"));
    let squares = Service::start(server, websocket_url).await?;
    let selection = "--all-features --test page";
    let command = linting(cargo(project, NAME, &format!("test --locked --target {WASM} {selection}")))
        .env("SQUARES_SERVER", &squares.address)
        .env(Engine::Chrome.driver_variable(), driver)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
        .env("WASM_BINDGEN_TEST_ONLY_WEB", "1");
    let (_server, command) = contract::with_server(command)?;
    let suites = Suites::run(command).await?;
    suites.require(&["tests/page.rs"])?;
    Ok(suites.passed())
}
