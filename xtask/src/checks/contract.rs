//! Runs the contract tests in a browser engine, in a page and in a worker, against the scripted server in this process.

use std::io::ErrorKind;

use anyhow::{Context, Result, ensure};
use testkit::Server;

use super::suites::Suites;
use crate::browser::{self, Engine};
use crate::ports::loopback;
use crate::process::Cmd;
use crate::project::Project;
use crate::report::Outcome;
use crate::targets::WASM;
use crate::tools;

/// The contract tests in a page, and the same tests in a dedicated worker.
const PAGE: &str = "tests/contract.rs";
const WORKER: &str = "tests/contract_worker.rs";

/// The tests that do not depend on a platform and must pass on each.
const PORTABLE: [&str; 2] = ["tests/session.rs", "tests/variant.rs"];

/// The tests that use `wss:`. webdriver.json makes the browser accept the server's certificate; Safari's protocol has
/// no such setting.
const SECURE: &str = "tests/contract_secure.rs";

/// The ports that the tests use unless they are compiled for others.
const DEFAULT_PORT: u16 = 9081;
const DEFAULT_SECURE_PORT: u16 = 9082;

/// The deadline for one suite in the browser, in seconds.
const SUITE_LIMIT: &str = "600";

pub async fn run(project: &Project, engine: Engine) -> Result<Outcome> {
    tools::web(project).await?;
    let driver = browser::driver(project, engine).await?;
    let expected = native_count(project).await?;
    let (_server, command) = with_server(in_engine(project, engine).env(engine.driver_variable(), driver))?;

    let suites = Suites::run(command.env("WASM_BINDGEN_TEST_TIMEOUT", SUITE_LIMIT)).await?;
    for name in [PAGE, WORKER] {
        let passed = suites.passed_in(name).with_context(|| format!("{name} did not run completely"))?;
        ensure!(passed == expected, "{name} has {passed} tests here and {expected} natively");
    }
    let passed =
        |name: &str| suites.passed_in(name).with_context(|| format!("{name} did not run completely"));
    let portable = PORTABLE.into_iter().map(passed).sum::<Result<usize>>()?;
    let note = format!(
        "{expected} tests in a page and in a worker, as many as natively; {portable} of sessions and values"
    );
    if engine == Engine::WebKit {
        return Ok(Outcome::PassedWith(note));
    }
    let secure = passed(SECURE)?;
    Ok(Outcome::PassedWith(format!("{note}; {secure} more with TLS")))
}

/// Counts the native contract tests.
pub async fn native_count(project: &Project) -> Result<usize> {
    let command = project.command("cargo").args(["test", "--quiet", "--package", "websocket-peer"]);
    let list = command.args(["--test", "contract", "--", "--list"]).read().await?;
    let count = list.iter().filter(|line| line.ends_with(": test")).count();
    ensure!(count > 0, "{PAGE} has no tests");
    Ok(count)
}

/// Starts the scripted server. If a default port is in use, the tests are compiled for other ports.
pub fn with_server(command: Cmd) -> Result<(Server, Cmd)> {
    match Server::start_on(loopback(DEFAULT_PORT), loopback(DEFAULT_SECURE_PORT)) {
        Ok(server) => Ok((server, command)),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            println!(
                "port {DEFAULT_PORT} or {DEFAULT_SECURE_PORT} is in use: the tests are compiled for other ports"
            );
            let server = Server::start()?;
            let command = command
                .env("WEBSOCKET_PEER_TEST_SERVER", server.url(""))
                .env("WEBSOCKET_PEER_TEST_SERVER_SECURE", server.secure_url(""));
            Ok((server, command))
        }
        Err(error) => Err(error).context("cannot start the test server"),
    }
}

/// Returns the command that runs the wasm tests in the engine.
fn in_engine(project: &Project, engine: Engine) -> Cmd {
    match engine {
        Engine::Chrome => project.command("wasm-pack").args(["test", "--headless", "--chrome"]),
        Engine::Firefox => project.command("wasm-pack").args(["test", "--headless", "--firefox"]),
        // wasm-pack supports Safari only on macOS. This does the same as wasm-pack, with a virtual screen and message
        // bus.
        Engine::WebKit => project
            .command("xvfb-run")
            .args(["--auto-servernum", "dbus-run-session", "--", "cargo", "test", "--target", WASM])
            .args(["--test", "contract", "--test", "contract_worker"])
            .args(["--test", "session", "--test", "variant"])
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
            // While JavaScriptCore 2.50.6 compiles a function in another thread, a call of it sometimes returns its
            // first argument: it computed a wrong MD5 in 37 of 4,547 new instances of a small module. It does not if
            // the same compilers run in the thread of the page.
            .env("JSC_useConcurrentJIT", "0")
            .env("WASM_BINDGEN_TEST_ONLY_WEB", "1"),
    }
}
