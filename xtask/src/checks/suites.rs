//! Counts the tests that ran, from the output of `cargo test`, natively and in a browser: a suite that never ran is a
//! failure.

use std::num::NonZero;
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::process::Cmd;

/// The least number of native tests that run at once.
const MIN_THREADS: usize = 8;

/// The suites of one `cargo test`, in order.
#[derive(Default)]
pub struct Suites {
    suites: Vec<Suite>,
    failed: Vec<String>,
}

/// One test file (`tests/contract.rs`), the unit tests or the documentation tests.
struct Suite {
    name: String,
    passed: usize,
    /// Ignored or filtered out.
    skipped: usize,
}

impl Suites {
    /// Runs the command and reads its output. If the command fails, the error names the failed tests.
    pub async fn run(command: Cmd) -> Result<Self> {
        let mut suites = Self::default();
        match command.watch(|line| suites.read(line)).await {
            Ok(()) => Ok(suites),
            Err(error) if suites.failed.is_empty() => Err(error),
            Err(error) => Err(error.context(list(&suites.failed))),
        }
    }

    /// Runs native tests, more of them at once than there are cores: most of the time they wait for sockets.
    pub async fn run_natively(command: Cmd) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self::run(command.env("RUST_TEST_THREADS", cores.max(MIN_THREADS).to_string())).await
    }

    /// Reads one line of the output.
    fn read(&mut self, line: &str) {
        if let Some(name) = suite_name(line) {
            self.suites.push(Suite { name, passed: 0, skipped: 0 });
        } else if let Some(test) = failed_test(line) {
            self.failed.push(test.to_owned());
        } else if let Some((_, counts)) = line.split_once("test result: ")
            && let Some(suite) = self.suites.last_mut()
        {
            suite.passed += count(counts, "passed");
            suite.skipped += count(counts, "ignored") + count(counts, "filtered out");
        }
    }

    /// Returns the number of tests that passed.
    pub fn passed(&self) -> usize {
        self.suites.iter().map(|suite| suite.passed).sum()
    }

    /// Checks that each of these suites ran completely, and has tests.
    pub fn require(&self, names: &[&str]) -> Result<()> {
        for name in names {
            let passed = self.passed_in(name).with_context(|| format!("{name} did not run completely"))?;
            ensure!(passed > 0, "{name} has no tests");
        }
        Ok(())
    }

    /// Returns the number of passed tests of one suite, or `None` if it did not run completely.
    pub fn passed_in(&self, name: &str) -> Option<usize> {
        let suite = self.suites.iter().find(|suite| suite.name == name)?;
        (suite.skipped == 0).then_some(suite.passed)
    }
}

/// Reads the name in `     Running tests/contract.rs (target/…)`, with slashes on every system.
fn suite_name(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(running) = line.strip_prefix("Running ") {
        let (name, _) = running.split_once(" (")?;
        return Some(name.replace('\\', "/"));
    }
    line.strip_prefix("Doc-tests ").map(str::to_owned)
}

/// Reads the name in `test closing::answers ... FAILED`; in a browser it is `... FAIL`.
fn failed_test(line: &str) -> Option<&str> {
    let (name, verdict) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    matches!(verdict, "FAILED" | "FAIL").then_some(name)
}

fn list(names: &[String]) -> String {
    const MAX: usize = 10;
    match names.len().checked_sub(MAX) {
        Some(more @ 1..) => format!("{} and {more} more", names[..MAX].join(", ")),
        _ => names.join(", "),
    }
}

/// Reads the number before `what` in `ok. 3 passed; 0 failed; 1 ignored; …`.
fn count(counts: &str, what: &str) -> usize {
    let parts = counts.split(['.', ';']).map(str::trim);
    parts
        .filter_map(|part| part.strip_suffix(what))
        .find_map(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Suites;

    fn read(output: &str) -> Suites {
        let mut suites = Suites::default();
        output.lines().for_each(|line| suites.read(line));
        suites
    }

    #[test]
    fn failed_tests_are_named() {
        let suites =
            read("test one ... ok\ntest a::two ... FAILED\ntest b::three ... FAIL\ntest four ... ignored");
        assert_eq!(suites.failed, ["a::two", "b::three"]);
    }

    #[test]
    fn suites_are_counted_separately() {
        let suites = read(
            "     Running unittests src/lib.rs (target/debug/deps/a.wasm)\n\
             no tests to run!\n\
             \x20    Running tests/contract.rs (target/debug/deps/b.wasm)\n\
             Running headless tests in Chrome on `http://127.0.0.1:1/`\n\
             test result: ok. 86 passed; 0 failed; 0 ignored; 0 filtered out; finished in 2.51s\n\
             \x20    Running tests\\worker.rs (target\\debug\\deps\\c.exe)\n\
             test result: ok. 85 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             \x20  Doc-tests websocket_peer\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        );
        assert_eq!(suites.passed(), 174);
        assert_eq!(suites.passed_in("tests/contract.rs"), Some(86));
        assert_eq!(suites.passed_in("tests/worker.rs"), None, "one test was ignored");
        assert_eq!(suites.passed_in("tests/other.rs"), None, "it never ran");
    }

    #[test]
    fn a_required_suite_has_tests_and_ran_completely() {
        let suites = read(
            "     Running unittests src/lib.rs (target/debug/deps/a)\n\
             test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             \x20    Running tests/plugins.rs (target/debug/deps/b)\n\
             test result: ok. 24 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             \x20    Running tests/page.rs (target/debug/deps/c)\n\
             test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        );
        suites.require(&["tests/plugins.rs"]).unwrap();
        for missing in ["unittests src/lib.rs", "tests/page.rs", "tests/replicon/main.rs"] {
            assert!(suites.require(&["tests/plugins.rs", missing]).is_err(), "{missing}");
        }
    }
}
