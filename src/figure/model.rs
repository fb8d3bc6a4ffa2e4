//! Figures before they are drawn: panels, axes, curves and cells.

use super::hue::{Colours, Hue};
use super::style::{Theme, Width};
use crate::file::cell;
use std::fmt::Write as _;

/// A figure: panels in rows with a common legend below them.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Heading; broken into lines where it is long, like all text of a figure.
    pub title: String,
    /// Panels, left to right and down.
    pub panels: Vec<Panel>,
    /// What lines and bands stand for, below the legend.
    pub note: String,
    /// Width on the page.
    pub width: Width,
    /// What it stands on.
    pub theme: Theme,
}

/// One set of axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Heading; left out where the panel is the only one.
    pub title: String,
    /// Horizontal axis, with its unit.
    pub x: Axis,
    /// Vertical axis, with its unit.
    pub y: Axis,
    /// Curves.
    pub series: Vec<Series>,
    /// Horizontal lines.
    pub references: Vec<Reference>,
    /// Horizontal bands.
    pub bands: Vec<Band>,
    /// A heat map, below everything else.
    pub cells: Option<Cells>,
}

impl Panel {
    /// Empty axes.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self { title: title.into(), x, y, ..Self::default() }
    }
}

/// A grid of coloured cells with a colour bar beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// What the colours stand for, with its unit: the label of the colour bar.
    pub label: String,
    /// Edges of the columns, ascending, in units of the horizontal axis.
    pub x: Vec<f64>,
    /// Edges of the rows, ascending, in units of the vertical axis.
    pub y: Vec<f64>,
    /// One value per cell, row after row from the lowest; cells without one stay empty.
    pub values: Vec<Option<f64>>,
    /// Ends of the colour scale, ascending; values beyond them take the colour of the end.
    pub range: [f64; 2],
    /// Which colours.
    pub colours: Colours,
    /// Whether the values are written into the cells.
    pub written: bool,
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Label with unit; ticks of axes whose label ends in "(degrees)" stand at parts of the right angle.
    pub label: String,
    /// Ends, in ascending order; from the data if not given. What lies beyond them is cut off.
    pub range: Option<[f64; 2]>,
    /// What values cannot go beyond: neither do ends from the data.
    pub limits: Option<[f64; 2]>,
    /// Logarithmic; values that are not positive are left out.
    pub log: bool,
    /// Ticks with their names, in place of numbers.
    pub names: Vec<(f64, String)>,
}

impl Axis {
    /// A linear axis with its ends from the data.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    /// The position on the axis before scaling: the value, or its decimal logarithm.
    pub(super) fn position(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Entry in the legend; curves with the same label share it, and three or more of labels `name: what` beside curves called
    /// `name` share an entry `what`.
    pub label: String,
    /// Its colour, by which entries of the legend are ordered.
    pub colour: Hue,
    /// How it is drawn.
    pub mark: Mark,
    /// Ascending in `x`.
    pub points: Vec<Point>,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A line, with a shade for the band.
    Line,
    /// A line of dashes, with a shade for the band.
    Dashes,
    /// Discs, with whiskers for the band.
    Points,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Abscissa.
    pub x: f64,
    /// Ordinate; the curve is interrupted where there is none or it is not finite.
    pub y: Option<f64>,
    /// Ends of the band around it.
    pub band: Option<[f64; 2]>,
}

/// A horizontal line, such as an analytic limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Entry in the legend.
    pub label: String,
    /// Where.
    pub y: f64,
    /// That of the curves it belongs to; grey if not given.
    pub colour: Option<Hue>,
}

/// A horizontal band, such as the range of a null distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Entry in the legend.
    pub label: String,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A number to seven digits, which is more than can be seen.
fn seven_digits(value: f64) -> String {
    format!("{value:.6e}").parse::<f64>().unwrap_or(value).to_string()
}

impl Cells {
    /// Centre and value of every cell.
    fn centres(&self) -> impl Iterator<Item = (f64, f64, Option<f64>)> {
        let middle = |edges: &[f64]| edges.windows(2).map(|e| 0.5 * (e[0] + e[1])).collect::<Vec<_>>();
        let (x, y) = (middle(&self.x), middle(&self.y));
        let places = y.into_iter().flat_map(move |y| x.clone().into_iter().map(move |x| (x, y)));
        places.zip(&self.values).map(|((x, y), value)| (x, y, *value))
    }
}

impl Figure {
    /// The numbers drawn, as CSV: `panel,kind,label,x,y,low,high`, where `kind` is `curve`, `line`, `band` or `cell`; what
    /// does not exist or is not finite is left empty. A cell has the label of the colour bar, its centre as `x` and `y`, and its value as `low`.
    pub fn csv(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", cell(text).replace('"', "\"\""));
        let number = |value: Option<f64>| value.filter(|v| v.is_finite()).map(seven_digits).unwrap_or_default();
        let mut out = String::from("panel,kind,label,x,y,low,high\n");
        for panel in &self.panels {
            let title = quoted(&panel.title);
            for series in &panel.series {
                for p in &series.points {
                    let [low, high] = p.band.map_or([None; 2], |band| band.map(Some));
                    let values = [number(p.y), number(low), number(high)].join(",");
                    let _ = writeln!(out, "{title},curve,{},{},{values}", quoted(&series.label), number(Some(p.x)));
                }
            }
            if let Some(cells) = &panel.cells {
                for (x, y, value) in cells.centres() {
                    let [x, y] = [x, y].map(|v| number(Some(v)));
                    let _ = writeln!(out, "{title},cell,{},{x},{y},{},", quoted(&cells.label), number(value));
                }
            }
            for line in &panel.references {
                let _ = writeln!(out, "{title},line,{},,{},,", quoted(&line.label), number(Some(line.y)));
            }
            for band in &panel.bands {
                let [low, high] = [band.low, band.high].map(|end| number(Some(end)));
                let _ = writeln!(out, "{title},band,{},,,{low},{high}", quoted(&band.label));
            }
        }
        out
    }
}
