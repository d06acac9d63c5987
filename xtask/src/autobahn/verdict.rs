//! Judges the reports of one role: every case must have run, and every case must have passed strictly.
//!
//! The suite itself accepts `NON-STRICT`, its name for a rule that was kept too late or only in part.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// The number of cases without those of compression.
const CASES: usize = 301;

/// The cases whose outcome the protocol leaves open.
const INFORMATIONAL: [&str; 3] = ["7.1.6", "7.13.1", "7.13.2"];

/// The outcomes in one agent's report, by case number.
type Cases = BTreeMap<String, Case>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    /// The outcome of the exchange of messages.
    behavior: String,
    /// The outcome of the closing handshake.
    behavior_close: String,
}

/// Reads the index of a directory of reports. Returns a summary, or an error that names the failed cases.
pub fn read(reports: &Path) -> Result<String> {
    let path = reports.join("index.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    judge(&text)
}

fn judge(index: &str) -> Result<String> {
    let agents: BTreeMap<String, Cases> =
        serde_json::from_str(index).context("this is not an index of reports")?;
    let mut agents = agents.into_values();
    let (Some(cases), None) = (agents.next(), agents.next()) else {
        bail!("the index must have one agent");
    };

    let (informational, judged): (Vec<_>, Vec<_>) =
        cases.iter().partition(|(number, case)| case.is_informational(number));
    let mut failed: Vec<_> = judged.into_iter().filter(|(_, case)| !case.passed()).collect();
    failed.sort_by_key(|(number, _)| parts(number));
    ensure!(failed.is_empty(), "{} of {} cases failed: {}", failed.len(), cases.len(), list(&failed));
    ensure!(cases.len() == CASES, "{} of {CASES} cases ran", cases.len());
    Ok(format!("{} cases OK, {} informational", cases.len() - informational.len(), informational.len()))
}

/// Lists the first failures in one line. The reports have all of them.
fn list(failed: &[(&String, &Case)]) -> String {
    const MAX: usize = 30;
    let mut listed: Vec<_> = failed.iter().take(MAX).map(|(number, case)| case.describe(number)).collect();
    if let Some(more @ 1..) = failed.len().checked_sub(MAX) {
        listed.push(format!("and {more} more"));
    }
    listed.join(", ")
}

impl Case {
    fn passed(&self) -> bool {
        self.behavior == "OK" && self.behavior_close == "OK"
    }

    fn is_informational(&self, number: &str) -> bool {
        INFORMATIONAL.contains(&number)
            && self.behavior == "INFORMATIONAL"
            && self.behavior_close == "INFORMATIONAL"
    }

    fn describe(&self, number: &str) -> String {
        match (self.behavior.as_str(), self.behavior_close.as_str()) {
            (behavior, "OK") => format!("{number} {behavior}"),
            (behavior, close) => format!("{number} {behavior} (close: {close})"),
        }
    }
}

/// Splits a case number, so that `2.10` sorts after `2.9`.
fn parts(number: &str) -> Vec<u32> {
    number.split('.').flat_map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes an index of `count` cases: the three informational ones, these, and others that passed.
    fn index(given: &[(&str, &str, &str)], count: usize) -> String {
        let informational = INFORMATIONAL.map(|number| (number, "INFORMATIONAL", "INFORMATIONAL"));
        let mut lines: Vec<_> = given.iter().copied().chain(informational).map(line).collect();
        let others: Vec<_> = (lines.len()..count).map(|number| format!("100.{number}")).collect();
        lines.extend(others.iter().map(|number| line((number, "OK", "OK"))));
        format!(r#"{{"agent":{{{}}}}}"#, lines.join(","))
    }

    fn line((number, behavior, close): (&str, &str, &str)) -> String {
        format!(r#""{number}":{{"behavior":"{behavior}","behaviorClose":"{close}","duration":1}}"#)
    }

    fn error(index: &str) -> String {
        judge(index).unwrap_err().to_string()
    }

    #[test]
    fn passed_cases_are_counted() {
        assert_eq!(judge(&index(&[], CASES)).unwrap(), "298 cases OK, 3 informational");
    }

    #[test]
    fn cases_other_than_ok_fail_and_are_listed_in_order() {
        let given = [("2.10", "NON-STRICT", "OK"), ("2.9", "FAILED", "UNCLEAN"), ("3.1", "OK", "WRONG CODE")];
        assert_eq!(
            error(&index(&given, CASES)),
            "3 of 301 cases failed: 2.9 FAILED (close: UNCLEAN), 2.10 NON-STRICT, 3.1 OK (close: WRONG CODE)"
        );
    }

    #[test]
    fn a_long_list_of_failures_is_cut() {
        let numbers: Vec<_> = (1..=40).map(|number| format!("1.{number}")).collect();
        let given: Vec<_> = numbers.iter().map(|number| (number.as_str(), "FAILED", "OK")).collect();
        let error = error(&index(&given, CASES));
        assert!(error.starts_with("40 of 301 cases failed: 1.1 FAILED, 1.2 FAILED"), "{error}");
        assert!(error.ends_with("1.30 FAILED, and 10 more"), "{error}");
    }

    #[test]
    fn only_three_cases_may_be_informational() {
        let given = [("9.9.9", "INFORMATIONAL", "INFORMATIONAL")];
        assert!(error(&index(&given, CASES)).contains("9.9.9 INFORMATIONAL"));
        let unclean = r#""7.1.6":{"behavior":"INFORMATIONAL","behaviorClose":"UNCLEAN"}"#;
        let index = format!(r#"{{"agent":{{{unclean}}}}}"#);
        assert!(error(&index).contains("7.1.6 INFORMATIONAL (close: UNCLEAN)"), "{}", error(&index));
    }

    #[test]
    fn a_missing_case_is_a_failure() {
        assert_eq!(error(&index(&[], CASES - 1)), "300 of 301 cases ran");
        assert_eq!(error("{}"), "the index must have one agent");
    }
}
