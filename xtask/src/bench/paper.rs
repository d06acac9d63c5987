//! What is told of a run: tables with the words that they need, on the terminal and in `docs/performance.md`.

use std::fmt;
use std::fs;

use anyhow::{Context, Result};

use super::machine::Machine;
use crate::project::Project;

pub const PATH: &str = "docs/performance.md";

/// What was measured in one part.
pub struct Section {
    pub title: &'static str,
    /// How, and what to think of it.
    pub text: String,
    /// With a line above each.
    pub tables: Vec<(String, Table)>,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "## {}\n\n{}\n", self.title, self.text.trim())?;
        for (caption, table) in &self.tables {
            if !caption.is_empty() {
                write!(f, "\n{caption}\n")?;
            }
            write!(f, "\n{table}")?;
        }
        Ok(())
    }
}

/// A table in Markdown, with columns that stand below each other on a terminal too.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new<T: Into<String>>(head: impl IntoIterator<Item = T>) -> Self {
        Self { rows: vec![head.into_iter().map(Into::into).collect()] }
    }

    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default().max(3)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (number, row) in self.rows.iter().enumerate() {
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                // Names to the left, numbers to the right.
                match column {
                    0 => write!(f, "| {cell:<width$} |")?,
                    _ => write!(f, " {cell:>width$} |")?,
                }
            }
            writeln!(f)?;
            if number == 0 {
                for (column, &width) in widths.iter().enumerate() {
                    match column {
                        0 => write!(f, "|:{}-|", "-".repeat(width))?,
                        _ => write!(f, "-{}:|", "-".repeat(width))?,
                    }
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

/// The head of the document.
const INTRODUCTION: &str = "\
# How fast it is

`cargo xtask bench` wrote this page, all of it in one run. To see the numbers of your machine, run it there, while
the machine has nothing else to do. `--quick` only shows that everything works, and `--only NAME` measures one part (echo, idle,
broadcast, multiplayer, client, browser); neither changes this page.

Everything runs on one machine, over its loopback interface. The contestants take turns, three times, and the median is told:
what disturbs the machine for a while disturbs all of them. Servers and native clients are pinned, the server to one core and
what talks to it to another, so that a rate is what one core can do. \"CPU\" is the time that the server's process had on its
core, in its own code and in the kernel's. Each server has one thread, sets `TCP_NODELAY` and answers with what it was sent,
but for an engine; the load checks every byte that comes back. All that is Rust is compiled by cargo's own release profile.
";

/// Writes the page.
pub fn write(project: &Project, machine: &Machine, sections: &[Section]) -> Result<()> {
    let mut page = format!("{INTRODUCTION}\n{machine}");
    for section in sections {
        page.push_str(&format!("\n{section}"));
    }
    let path = project.root().join(PATH);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    println!("all of this is in {PATH} now");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::new(["who", "how many"]);
        table.row(["somebody", "1,000"]);
        let expected = "\
            | who      | how many |\n\
            |:---------|---------:|\n\
            | somebody |    1,000 |\n";
        assert_eq!(table.to_string(), expected);
    }
}
