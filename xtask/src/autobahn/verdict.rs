//! The verdict on one role: every case there, and every one passed strictly.
//!
//! The suite itself is content with `NON-STRICT`, which is what it calls a rule that was kept too late or only in part.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// How many cases there are besides those of compression.
const CASES: usize = 301;

/// The cases that judge nothing: what is to happen in them the protocol leaves open.
const INFORMATIONAL: [&str; 3] = ["7.1.6", "7.13.1", "7.13.2"];

/// What came of the cases, by their numbers, in one agent's report.
type Cases = BTreeMap<String, Case>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    /// Of the exchange of messages.
    behavior: String,
    /// Of the closing handshake.
    behavior_close: String,
}

/// Reads the index of a directory of reports. An error names the cases that failed; all well is a note on them.
pub fn read(reports: &Path) -> Result<String> {
    let path = reports.join("index.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    judge(&text)
}

fn judge(index: &str) -> Result<String> {
    let agents: BTreeMap<String, Cases> =
        serde_json::from_str(index).context("this is no index of reports")?;
    let mut agents = agents.into_values();
    let (Some(cases), None) = (agents.next(), agents.next()) else {
        bail!("the index is not of one agent");
    };

    let (informational, judged): (Vec<_>, Vec<_>) =
        cases.iter().partition(|(number, case)| case.is_informational(number));
    let mut failed: Vec<_> = judged.into_iter().filter(|(_, case)| !case.passed()).collect();
    failed.sort_by_key(|(number, _)| by_parts(number));
    ensure!(failed.is_empty(), "{} of {} cases failed: {}", failed.len(), cases.len(), some_of(&failed));
    ensure!(cases.len() == CASES, "{} cases were run, of {CASES}", cases.len());
    Ok(format!("{} cases OK, {} informational", cases.len() - informational.len(), informational.len()))
}

/// The failures by name, as many as can be read in one line; the reports have all.
fn some_of(failed: &[(&String, &Case)]) -> String {
    const MANY: usize = 30;
    let mut told: Vec<_> = failed.iter().take(MANY).map(|(number, case)| case.told(number)).collect();
    if let Some(more @ 1..) = failed.len().checked_sub(MANY) {
        told.push(format!("and {more} more"));
    }
    told.join(", ")
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

    fn told(&self, number: &str) -> String {
        match (self.behavior.as_str(), self.behavior_close.as_str()) {
            (behavior, "OK") => format!("{number} {behavior}"),
            (behavior, close) => format!("{number} {behavior} (close: {close})"),
        }
    }
}

/// `2.10` comes after `2.9`.
fn by_parts(number: &str) -> Vec<u32> {
    number.split('.').flat_map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index of as many cases as there must be: the informational three, these, and others that are well.
    fn index(told: &[(&str, &str, &str)], count: usize) -> String {
        let informational = INFORMATIONAL.map(|number| (number, "INFORMATIONAL", "INFORMATIONAL"));
        let mut lines: Vec<_> = told.iter().copied().chain(informational).map(line).collect();
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
    fn all_well_is_counted() {
        assert_eq!(judge(&index(&[], CASES)).unwrap(), "298 cases OK, 3 informational");
    }

    #[test]
    fn anything_but_ok_is_a_failure_and_is_named_in_order() {
        let told = [("2.10", "NON-STRICT", "OK"), ("2.9", "FAILED", "UNCLEAN"), ("3.1", "OK", "WRONG CODE")];
        assert_eq!(
            error(&index(&told, CASES)),
            "3 of 301 cases failed: 2.9 FAILED (close: UNCLEAN), 2.10 NON-STRICT, 3.1 OK (close: WRONG CODE)"
        );
    }

    #[test]
    fn many_failures_are_cut_short() {
        let numbers: Vec<_> = (1..=40).map(|number| format!("1.{number}")).collect();
        let told: Vec<_> = numbers.iter().map(|number| (number.as_str(), "FAILED", "OK")).collect();
        let error = error(&index(&told, CASES));
        assert!(error.starts_with("40 of 301 cases failed: 1.1 FAILED, 1.2 FAILED"), "{error}");
        assert!(error.ends_with("1.30 FAILED, and 10 more"), "{error}");
    }

    #[test]
    fn only_three_may_be_informational() {
        let told = [("9.9.9", "INFORMATIONAL", "INFORMATIONAL")];
        assert!(error(&index(&told, CASES)).contains("9.9.9 INFORMATIONAL"));
        let unclean = r#""7.1.6":{"behavior":"INFORMATIONAL","behaviorClose":"UNCLEAN"}"#;
        let index = format!(r#"{{"agent":{{{unclean}}}}}"#);
        assert!(error(&index).contains("7.1.6 INFORMATIONAL (close: UNCLEAN)"), "{}", error(&index));
    }

    #[test]
    fn a_missing_case_is_a_failure() {
        assert_eq!(error(&index(&[], CASES - 1)), "300 cases were run, of 301");
        assert_eq!(error("{}"), "the index is not of one agent");
    }
}
