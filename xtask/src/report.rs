//! Steps and their outcome: a heading and a time for each, a table and a count at the end.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::wait::Spoken;

/// How a step ended well.
pub enum Outcome {
    Passed,
    /// With something that belongs in the table.
    PassedWith(String),
    /// It could not be done on this machine, and need not be: why.
    LeftOut(String),
}

/// What was done so far.
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
    /// Does one step. A step that fails is told at once, and does not keep the others from being done.
    pub async fn step(&mut self, name: impl Into<String>, work: impl Future<Output = Result<Outcome>>) {
        let name = name.into();
        println!("\n━━ {name}");
        let start = Instant::now();
        let outcome = work.await;
        let row = Row { name, time: start.elapsed(), outcome };
        println!("━━ {}", row.line());
        self.rows.push(row);
    }

    /// Prints the table and the count; whether all went well.
    pub fn conclude(&self) -> bool {
        println!("\n━━ Summary");
        for row in &self.rows {
            println!("{}", row.line());
        }
        let count = |wanted: fn(&Row) -> bool| self.rows.iter().filter(|row| wanted(row)).count();
        let failed = count(|row| row.outcome.is_err());
        let left_out: Vec<&str> =
            self.rows.iter().filter(|row| row.is_left_out()).map(|row| &*row.name).collect();
        let passed = self.rows.len() - failed - left_out.len();
        print!("\n{passed} passed, {failed} failed");
        if left_out.is_empty() {
            println!();
        } else {
            println!(", and these DID NOT RUN: {}", left_out.join(", "));
        }
        failed == 0
    }
}

impl Row {
    fn is_left_out(&self) -> bool {
        matches!(self.outcome, Ok(Outcome::LeftOut(_)))
    }

    fn line(&self) -> String {
        let (mark, note) = match &self.outcome {
            Ok(Outcome::Passed) => ("ok      ", String::new()),
            Ok(Outcome::PassedWith(note)) => ("ok      ", format!(": {note}")),
            Ok(Outcome::LeftOut(why)) => ("LEFT OUT", format!(": {why}")),
            Err(error) => ("FAILED  ", format!(": {error:#}")),
        };
        format!("{mark}  {:>12}  {}{note}", Spoken(self.time).to_string(), self.name)
    }
}
