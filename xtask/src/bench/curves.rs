//! Draws curves as SVG, both axes logarithmic, in the colours of the charts.

use std::fmt;
use std::ops::RangeInclusive;

use super::numbers::{short, whole};

/// Curves over the same positions.
pub struct Curves {
    /// The names of the axes.
    pub across: &'static str,
    pub up: &'static str,
    /// The first one is highlighted.
    pub curves: Vec<Curve>,
}

pub struct Curve {
    pub name: &'static str,
    /// Positions and values, all of them positive.
    pub points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 380.0;
/// The space around the curves, with the labels of the axes.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 50.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 40.0;

const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.up { text-anchor: end }
.across { text-anchor: middle }
.back { fill: #ffffff }
path { fill: none; stroke-width: 2 }
.grid { stroke: #d0d7de; stroke-width: 1 }
.c0 { stroke: #0b6e69 } circle.c0 { fill: #0b6e69 }
.c1 { stroke: #bc4c00 } circle.c1 { fill: #bc4c00 }
.c2 { stroke: #8c959f } circle.c2 { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .back { fill: #0d1117 }
  .grid { stroke: #30363d }
  .c0 { stroke: #3fb8ae } circle.c0 { fill: #3fb8ae }
  .c1 { stroke: #f0883e } circle.c1 { fill: #f0883e }
}";

/// The powers of ten around the values of one axis, and its length.
struct Axis {
    powers: RangeInclusive<i32>,
    start: f64,
    length: f64,
}

impl Axis {
    fn around(values: impl Iterator<Item = f64> + Clone, start: f64, length: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).log10().floor() as i32;
        let largest = values.fold(0.0, f64::max).log10().ceil() as i32;
        Self { powers: least..=largest.max(least + 1), start, length }
    }

    fn at(&self, value: f64) -> f64 {
        let powers = f64::from(self.powers.end() - self.powers.start());
        self.start + (value.log10() - f64::from(*self.powers.start())) / powers * self.length
    }

    /// The powers of ten, each with its place.
    fn marks(&self) -> impl Iterator<Item = (f64, f64)> {
        self.powers.clone().map(|power| 10_f64.powi(power)).map(|value| (value, self.at(value)))
    }
}

impl fmt::Display for Curves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let across = Axis::around(points().map(|point| point.0), LEFT, right - LEFT);
        let up = Axis::around(points().map(|point| point.1), bottom, TOP - bottom);
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{} by {}">"#,
            self.up, self.across
        )?;
        writeln!(f, "<style>\n{STYLE}\n</style>")?;
        writeln!(f, r#"<rect class="back" width="{WIDTH}" height="{HEIGHT}" rx="8"/>"#)?;
        for (value, y) in up.marks() {
            writeln!(f, r#"<path class="grid" d="M{LEFT} {y:.1}H{right}"/>"#)?;
            writeln!(f, r#"<text class="up" x="{}" y="{:.1}">{}</text>"#, LEFT - 8.0, y + 4.0, short(value))?;
        }
        for (value, x) in across.marks() {
            writeln!(f, r#"<path class="grid" d="M{x:.1} {TOP}V{bottom}"/>"#)?;
            writeln!(f, r#"<text class="across" x="{x:.1}" y="{}">{}</text>"#, bottom + 18.0, whole(value))?;
        }
        writeln!(f, r#"<text x="10" y="52">{}</text>"#, self.up)?;
        writeln!(f, r#"<text class="up" x="{right}" y="{}">{}</text>"#, HEIGHT - 6.0, self.across)?;
        for (index, curve) in self.curves.iter().enumerate() {
            curve.draw(f, index, &across, &up)?;
        }
        writeln!(f, "</svg>")
    }
}

impl Curve {
    fn draw(&self, f: &mut fmt::Formatter<'_>, index: usize, across: &Axis, up: &Axis) -> fmt::Result {
        let x = 10 + index * 200;
        writeln!(f, r#"<path class="c{index}" d="M{x} 20h24"/>"#)?;
        writeln!(f, r#"<text x="{}" y="24">{}</text>"#, x + 32, self.name)?;
        let places: Vec<(f64, f64)> =
            self.points.iter().map(|&(at, value)| (across.at(at), up.at(value))).collect();
        let line: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        writeln!(f, r#"<path class="c{index}" d="M{}"/>"#, line.join("L"))?;
        for (x, y) in places {
            writeln!(f, r#"<circle class="c{index}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_times_as_much_is_the_same_distance_everywhere() {
        let points = vec![(1.0, 100.0), (10.0, 10.0), (100.0, 1.0)];
        let curves = Curves { across: "bytes", up: "ns", curves: vec![Curve { name: "ours", points }] };
        let svg = curves.to_string();
        // From the upper left corner through the middle to the lower right one.
        assert!(svg.contains(r#"<path class="c0" d="M70.0 70.0L460.0 205.0L850.0 340.0"/>"#), "{svg}");
        assert!(svg.contains(">100</text>"), "{svg}");
    }

    #[test]
    fn an_axis_has_the_powers_of_ten_around_its_values() {
        let axis = Axis::around([0.2, 30.0].into_iter(), 0.0, 300.0);
        assert_eq!(axis.marks().map(|(value, _)| value).collect::<Vec<_>>(), [0.1, 1.0, 10.0, 100.0]);
        assert_eq!(Axis::around([10.0].into_iter(), 0.0, 1.0).powers, 1..=2);
    }
}
