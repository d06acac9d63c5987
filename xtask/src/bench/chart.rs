//! Draws bars as SVG, in colours that follow the reader's light or dark theme.

use std::fmt;

use super::numbers::{best, short};

/// Panels of horizontal bars, each panel with its own scale.
pub struct Chart {
    pub title: &'static str,
    pub panels: Vec<Panel>,
}

pub struct Panel {
    pub title: String,
    /// Labels and values. The first bar is highlighted.
    pub bars: Vec<(&'static str, f64)>,
}

const WIDTH: usize = 880;
const COLUMNS: usize = 2;
/// The height of the chart's title.
const HEAD: usize = 40;
/// The height of a panel's title.
const PANEL_HEAD: usize = 28;
const ROW: usize = 22;
const GAP: usize = 20;
/// The width of the labels.
const LABELS: usize = 150;
/// The width of the longest bar.
const BAR: f64 = 190.0;

const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.panel { font-weight: 600 }
.name { text-anchor: end }
rect { fill: #afb8c1 }
.back { fill: #ffffff }
.first { fill: #0b6e69 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  rect { fill: #57606a }
  .back { fill: #0d1117 }
  .first { fill: #3fb8ae }
}";

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.panels.iter().map(|panel| panel.bars.len()).max().unwrap_or_default();
        let (panel_width, panel_height) = (WIDTH / COLUMNS, PANEL_HEAD + rows * ROW + GAP);
        let height = HEAD + self.panels.len().div_ceil(COLUMNS) * panel_height;
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{}">"#,
            self.title
        )?;
        writeln!(f, "<style>\n{STYLE}\n</style>")?;
        writeln!(f, r#"<rect class="back" width="{WIDTH}" height="{height}" rx="8"/>"#)?;
        writeln!(f, r#"<text class="title" x="10" y="22">{}</text>"#, self.title)?;
        for (index, panel) in self.panels.iter().enumerate() {
            let (x, y) = (index % COLUMNS * panel_width, HEAD + index / COLUMNS * panel_height);
            writeln!(f, r#"<g transform="translate({x} {y})">"#)?;
            panel.draw(f)?;
            writeln!(f, "</g>")?;
        }
        writeln!(f, "</svg>")
    }
}

impl Panel {
    fn draw(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<f64> = self.bars.iter().map(|(_, value)| *value).collect();
        let longest = best(&values);
        writeln!(f, r#"<text class="panel" x="10" y="16">{}</text>"#, self.title)?;
        for (index, (name, value)) in self.bars.iter().enumerate() {
            let (top, class) = (PANEL_HEAD + index * ROW, if index == 0 { r#" class="first""# } else { "" });
            // `max` also replaces NaN.
            let width = (value / longest * BAR).max(1.0);
            let (bar, baseline, end) = (LABELS + 10, top + 13, LABELS as f64 + 16.0 + width);
            writeln!(f, r#"<text class="name" x="{LABELS}" y="{baseline}">{name}</text>"#)?;
            writeln!(f, r#"<rect{class} x="{bar}" y="{top}" width="{width:.1}" height="16" rx="2"/>"#)?;
            writeln!(f, r#"<text x="{end:.1}" y="{baseline}">{}</text>"#, short(*value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_proportional_and_the_first_is_highlighted() {
        let bars = vec![("ours", 500.0), ("other", 1000.0), ("missing", f64::NAN)];
        let chart = Chart { title: "Rates", panels: vec![Panel { title: "64 B".to_owned(), bars }] };
        let svg = chart.to_string();
        for drawn in [
            r#"<rect class="first" x="160" y="28" width="95.0""#,
            r#"<rect x="160" y="50" width="190.0""#,
            r#"<rect x="160" y="72" width="1.0""#,
            ">1,000</text>",
            ">–</text>",
        ] {
            assert!(svg.contains(drawn), "{drawn} is not in {svg}");
        }
    }
}
