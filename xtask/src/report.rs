//! Runs steps with a heading and a time for each, and prints a table and a count at the end.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::wait::Human;

/// The outcome of a step that did not fail.
pub enum Outcome {
    Passed,
    /// With a note for the table.
    PassedWith(String),
    /// The step cannot run on this machine and is optional. Holds the reason.
    Skipped(String),
}

/// The steps that have run.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    time: Duration,
    outcome: Result<Outcome>,
}

impl Report {
    /// Runs one step. A failure is printed at once and does not prevent later steps.
    pub async fn step(&mut self, name: impl Into<String>, work: impl Future<Output = Result<Outcome>>) {
        let name = name.into();
        println!("\n━━ {name}");
        let start = Instant::now();
        let outcome = work.await;
        let row = Row { name, time: start.elapsed(), outcome };
        println!("━━ {}", row.line());
        self.rows.push(row);
    }

    /// Prints the table and the count. Returns `true` if no step failed.
    pub fn conclude(&self) -> bool {
        println!("\n━━ Summary");
        for row in &self.rows {
            println!("{}", row.line());
        }
        let count = |wanted: fn(&Row) -> bool| self.rows.iter().filter(|row| wanted(row)).count();
        let failed = count(|row| row.outcome.is_err());
        let skipped: Vec<&str> =
            self.rows.iter().filter(|row| row.is_skipped()).map(|row| &*row.name).collect();
        let passed = self.rows.len() - failed - skipped.len();
        print!("\n{passed} passed, {failed} failed");
        if skipped.is_empty() {
            println!();
        } else {
            println!(", and these DID NOT RUN: {}", skipped.join(", "));
        }
        failed == 0
    }
}

impl Row {
    fn is_skipped(&self) -> bool {
        matches!(self.outcome, Ok(Outcome::Skipped(_)))
    }

    fn line(&self) -> String {
        let (mark, note) = match &self.outcome {
            Ok(Outcome::Passed) => ("ok      ", String::new()),
            Ok(Outcome::PassedWith(note)) => ("ok      ", format!(": {note}")),
            Ok(Outcome::Skipped(why)) => ("SKIPPED ", format!(": {why}")),
            Err(error) => ("FAILED  ", format!(": {error:#}")),
        };
        format!("{mark}  {:>12}  {}{note}", Human(self.time).to_string(), self.name)
    }
}
