//! Writes the results as Markdown, on the terminal and, with a summary and a chart, to `docs/performance.md`.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::chart::Chart;
use super::comparison::SERVERS;
use super::machine::Machine;
use crate::project::Project;

pub const PATH: &str = "docs/performance.md";

/// The chart's path, relative to the document.
const CHART: &str = "images/performance.svg";

/// The results of one part.
pub struct Section {
    pub title: &'static str,
    /// The method, and what to conclude from the tables.
    pub text: String,
    /// Each table with a caption.
    pub tables: Vec<(String, Table)>,
    pub summary: Summary,
}

/// A section's contribution to the start of the document.
#[derive(Default)]
pub struct Summary {
    /// Columns of the first table, each with a cell for each of [`SERVERS`].
    pub columns: Vec<(String, Vec<String>)>,
    pub chart: Option<Chart>,
    pub note: Option<String>,
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

/// A Markdown table with columns that are aligned on a terminal as well.
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
                // The first column is left-aligned, numbers are right-aligned.
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

const METHOD: &str = "\
## Method

`cargo xtask bench` wrote this page in one run. To measure your machine, run the command there while the machine is
otherwise idle. `--quick` only shows that everything works, and `--only NAME` measures one part (echo, idle, broadcast,
multiplayer, client, browser); neither changes this page.

Everything runs on one machine, over its loopback interface. The programs take turns for three rounds, so that a
disturbance affects all of them, and the tables show medians. Servers and native clients are pinned: the server to one
core, the other end to another, so a rate is that of one core. \"CPU\" is the time of the server's process on its core,
in user space and in the kernel. Each server except Godot's has one thread, sets `TCP_NODELAY` and echoes. The load
compares every byte that comes back. All Rust code is compiled with cargo's default release profile.
";

/// Writes the document and the chart.
pub fn write(project: &Project, machine: &Machine, sections: &[Section]) -> Result<()> {
    let path = project.root().join(PATH);
    let mut page = format!("# Performance\n\n{}", overview(sections));
    for chart in sections.iter().filter_map(|section| section.summary.chart.as_ref()) {
        save(&path.with_file_name(CHART), &chart.to_string())?;
    }
    page.push_str(&format!("\n{METHOD}\n{machine}"));
    for section in sections {
        page.push_str(&format!("\n{section}"));
    }
    save(&path, &page)?;
    println!("wrote {PATH}");
    Ok(())
}

/// The chart, one table and the notes.
fn overview(sections: &[Section]) -> String {
    let columns: Vec<_> = sections.iter().flat_map(|section| &section.summary.columns).collect();
    let mut table = Table::new([""].into_iter().chain(columns.iter().map(|(head, _)| head.as_str())));
    for (index, server) in SERVERS.iter().enumerate() {
        let cells = columns.iter().map(|(_, cells)| cells[index].as_str());
        table.row([server.name].into_iter().chain(cells));
    }
    let notes: Vec<_> = sections.iter().filter_map(|section| section.summary.note.as_deref()).collect();
    format!("![Messages per second of echo servers]({CHART})\n\n{table}\n{}\n", notes.join("\n"))
}

fn save(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(["name", "how many"]);
        table.row(["a server", "1,000"]);
        let expected = "\
            | name     | how many |\n\
            |:---------|---------:|\n\
            | a server |    1,000 |\n";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn the_overview_has_a_row_for_each_server() {
        let columns = vec![("rate".to_owned(), SERVERS.map(|server| server.name.to_uppercase()).to_vec())];
        let summary = Summary { columns, chart: None, note: Some("A note.".to_owned()) };
        let section = Section { title: "Rates", text: String::new(), tables: Vec::new(), summary };
        let overview = overview(&[section]);
        for server in SERVERS {
            assert!(overview.contains(&server.name.to_uppercase()), "{overview}");
        }
        assert!(overview.ends_with("\n\nA note.\n"), "{overview}");
    }
}
