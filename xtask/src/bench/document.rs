//! Writes the results as Markdown, on the terminal and, with a summary and a chart, to `docs/performance.md`.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

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
    pub figures: Vec<Figure>,
    pub summary: Summary,
}

/// A picture behind the tables of a section.
pub struct Figure {
    pub title: &'static str,
    /// The path, relative to the document.
    pub path: &'static str,
    pub svg: String,
}

/// A section's contribution to the start of the document.
#[derive(Default)]
pub struct Summary {
    /// Columns of the first table, each with a cell for each of [`SERVERS`].
    pub columns: Vec<(String, Vec<String>)>,
    pub chart: Option<Chart>,
    pub note: Option<String>,
}

impl Summary {
    fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.chart.is_none() && self.note.is_none()
    }
}

impl Section {
    fn save_figures(&self, document: &Path) -> Result<()> {
        self.figures.iter().try_for_each(|figure| save(&document.with_file_name(figure.path), &figure.svg))
    }
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
        self.figures.iter().try_for_each(|figure| write!(f, "\n![{}]({})\n", figure.title, figure.path))
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

`cargo xtask bench` wrote this page in one run, except for sections that state otherwise. To measure your machine, run the
command there while the machine is otherwise idle. `--quick` only shows that everything works, and changes nothing here.
`--only NAME` measures one part (echo, sweep, idle, broadcast, multiplayer, rooms, client, browser), and replaces its section
unless the table above has a part of it.

Everything runs on one machine, over its loopback interface. The programs take turns for several rounds, so that a
disturbance affects all of them. The tables show the medians of the rounds, and a ratio is the median of the ratios in
each round, which a slow change of the machine does not affect. Servers and native clients are pinned: the server to one
core, the other end to another, so a rate is that of one core. \"CPU\" is the time of the server's process on its core,
in user space and in the kernel. Each server except Godot's has one thread, sets `TCP_NODELAY`, does not compress, and echoes;
Node's other threads run on the same core. The load compares every byte that comes back. Rust programs are
compiled with thin link-time optimization and one codegen unit per crate, which a server that needs the speed should use, too
(`lto = \"thin\"`, `codegen-units = 1` in its release profile). uWebSockets is compiled as its own build does, for this processor
(`-O3 -flto -march=native`), and so is Boost.Beast, without `-flto`. `libuwebsockets-sys` is the crate with uWebSockets' source.
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
        section.save_figures(&path)?;
        page.push_str(&format!("\n{section}"));
    }
    save(&path, &page)?;
    println!("wrote {PATH}");
    Ok(())
}

/// Replaces a section of the document, or adds it, after a run of its part only. A section that contributes to the start
/// of the document stays, because the start compares results of one run.
pub fn replace(project: &Project, machine: &Machine, part: &str, section: &Section) -> Result<()> {
    if !section.summary.is_empty() {
        println!("Only a full run writes this part to {PATH}.");
        return Ok(());
    }
    let path = project.root().join(PATH);
    let page = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let [date, processor, cores] = ["date", "processor", "cores"].map(|name| machine.fact(name));
    let origin = format!(
        "This section is from its own run, `cargo xtask bench --only {part}`, on {date} ({processor}, {cores} cores)."
    );
    section.save_figures(&path)?;
    save(&path, &replaced(&page, section, &origin)?)?;
    println!("wrote the section \"{}\" of {PATH}", section.title);
    Ok(())
}

/// Returns the page with this section in place of the one with its title, or after the last one of its kind, such as
/// `Server: …`, or at the end. `origin` is its first line.
fn replaced(page: &str, section: &Section, origin: &str) -> Result<String> {
    ensure!(page.starts_with("# "), "{PATH} is not a document of the benchmark");
    let heading = format!("## {}\n", section.title);
    let text = section.to_string().replacen(&heading, &format!("{heading}\n{origin}\n"), 1);
    let end_of_section = |start: usize| page[start..].find("\n## ").map_or(page.len(), |end| start + end + 1);
    let (start, end) = match page.find(&format!("\n{heading}")) {
        Some(newline) => (newline + 1, end_of_section(newline + 1)),
        None => {
            let kind = section.title.split_inclusive(':').next().unwrap_or_default();
            let last = page.rfind(&format!("\n## {kind}"));
            let end = last.map_or(page.len(), |newline| end_of_section(newline + 1));
            (end, end)
        }
    };
    let parts = [page[..start].trim_end(), text.trim_end(), page[end..].trim_end()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Ok(parts.join("\n\n") + "\n")
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

    fn section(title: &'static str) -> Section {
        let (text, summary) = ("How.".to_owned(), Summary::default());
        Section { title, text, tables: Vec::new(), figures: Vec::new(), summary }
    }

    #[test]
    fn a_section_is_replaced_where_it_is_or_added_after_its_kind() {
        let page = "# Performance\n\n## Server: one\n\nold\n\n## Server: two\n\nold\n\n## Client\n\nold\n";
        let replaced = |title| replaced(page, &section(title), "A run.").unwrap();
        let new = "A run.\n\nHow.";
        for title in ["Server: one", "Server: two", "Client"] {
            let [old, new] = ["old", new].map(|text| format!("## {title}\n\n{text}\n"));
            assert_eq!(replaced(title), page.replace(&old, &new));
        }
        let added = format!("## Server: three\n\n{new}\n\n## Client");
        assert_eq!(replaced("Server: three"), page.replace("## Client", &added));
        assert_eq!(replaced("Page"), format!("{page}\n## Page\n\n{new}\n"));
        assert!(super::replaced("", &section("Client"), "A run.").is_err());
    }

    #[test]
    fn the_overview_has_a_row_for_each_server() {
        let columns = vec![("rate".to_owned(), SERVERS.map(|server| server.name.to_uppercase()).to_vec())];
        let summary = Summary { columns, chart: None, note: Some("A note.".to_owned()) };
        let section =
            Section { title: "Rates", text: String::new(), tables: Vec::new(), figures: Vec::new(), summary };
        let overview = overview(&[section]);
        for server in SERVERS {
            assert!(overview.contains(&server.name.to_uppercase()), "{overview}");
        }
        assert!(overview.ends_with("\n\nA note.\n"), "{overview}");
    }
}
