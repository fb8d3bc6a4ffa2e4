//! Figures before they are drawn: panels, axes, curves and cells.

use super::hue::Hue;
use super::style::{PLOT_HEIGHT, POINTS, Theme, UNITS_PER_INCH, Width};
use crate::file::cell;
use crate::measure::summary::Summary;
use crate::spec::{Colours, Lettering, Share, Spread};
use std::fmt::Write as _;

/// A figure: panels in rows with a common legend below them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// Heading; broken into lines where it is long, like all text of a figure.
    pub title: String,
    /// Panels, left to right and down.
    pub panels: Vec<Panel>,
    /// What lines and bands stand for, below the legend.
    pub note: String,
    /// What bands around means are.
    pub around: Spread,
    /// Width on the page.
    pub width: Width,
    /// What it stands on.
    pub theme: Theme,
    /// How it is set.
    pub look: Look,
    /// What was asked for and could not be done.
    pub remarks: Vec<String>,
}

/// How a figure is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Size of the labels of axes in points; lines, discs and other letters grow with it.
    pub font: f64,
    /// Whether panels have letters: a, b, c.
    pub letters: bool,
    /// Which axes of panels have the same ends.
    pub share: Share,
    /// Labels of the legend that come first, in this order.
    pub order: Vec<String>,
    /// What letters are in SVG and PDF.
    pub text: Lettering,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            font: POINTS,
            letters: false,
            share: Share::None,
            order: Vec::new(),
            text: Lettering::Text,
        }
    }
}

impl Look {
    /// How much larger than usual everything is drawn.
    fn scale(&self) -> f64 {
        self.font / POINTS
    }

    /// Units of the page along an inch.
    pub(super) fn units_per_inch(&self) -> f64 {
        UNITS_PER_INCH / self.scale()
    }

    /// A width of the page in its units.
    pub(super) fn units(&self, width: Width) -> i32 {
        (f64::from(width.units()) / self.scale()).round() as i32
    }

    /// Height of the axes of a panel: the same on the page whatever the size of letters, as long as
    /// these find room.
    pub(super) fn plot_height(&self) -> i32 {
        ((f64::from(PLOT_HEIGHT) / self.scale()).round() as i32).max(PLOT_HEIGHT / 2)
    }
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
    /// What columns and rows stand for, where that is not their place on the axes: values of
    /// parameters, for the CSV.
    pub names: Option<[Vec<String>; 2]>,
    /// One per cell, row after row from the lowest; cells without a value stay empty.
    pub values: Vec<Cell>,
    /// Ends of the colour scale, ascending; values beyond them take the colour of the end.
    pub range: [f64; 2],
    /// Whether equal steps of colour are equal ratios.
    pub log: bool,
    /// Which colours.
    pub colours: Colours,
    /// Whether the values are written into the cells.
    pub written: bool,
}

/// What a cell shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// The value that the colour stands for.
    pub value: Option<f64>,
    /// Interval of it.
    pub band: Option<[f64; 2]>,
    /// Repeats behind it, where there are any.
    pub n: Option<usize>,
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        Self { value, ..Self::default() }
    }
}

impl From<Summary> for Cell {
    fn from(summary: Summary) -> Self {
        Self { value: summary.mean, band: summary.ci95, n: Some(summary.n) }
    }
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Label with unit.
    pub label: String,
    /// Ends, in ascending order; from the data if not given. What lies beyond them is cut off.
    pub range: Option<[f64; 2]>,
    /// What values cannot go beyond: neither do ends from the data.
    pub limits: Option<[f64; 2]>,
    /// Logarithmic; values that are not positive are left out.
    pub log: bool,
    /// Ticks with their names, in place of numbers.
    pub names: Vec<(f64, String)>,
    /// Whether its values are angles, whose ticks stand at parts of the right angle.
    pub degrees: bool,
}

impl Axis {
    /// A linear axis with its ends from the data, of angles where the label ends in "(degrees)".
    pub fn new(label: impl Into<String>) -> Self {
        let label = label.into();
        let degrees = label.ends_with("(degrees)") || label.ends_with("(°)");
        Self { label, degrees, ..Self::default() }
    }

    /// The position on the axis before scaling: the value, or its decimal logarithm.
    pub(super) fn position(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Entry in the legend; curves with the same label share it, and three or more of labels `name:
    /// what` beside curves called `name` share an entry `what`.
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
    /// Discs joined by a line, with whiskers for the band. Several such curves on the same axes are
    /// set a little beside each other, so that no whisker hides another.
    Joined,
    /// A thin line, of a single repeat.
    Thin,
    /// Small discs, of single repeats.
    Dots,
}

impl Mark {
    /// Whether it stands for a single repeat.
    pub(super) fn is_single(self) -> bool {
        matches!(self, Self::Thin | Self::Dots)
    }
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Abscissa.
    pub x: f64,
    /// Ordinate; the curve is interrupted where there is none or it is not finite.
    pub y: Option<f64>,
    /// Ends of the band around it.
    pub band: Option<[f64; 2]>,
    /// Repeats behind it, where there are any.
    pub n: Option<usize>,
}

impl Point {
    /// A point without a band.
    pub fn at(x: f64, y: Option<f64>) -> Self {
        Self { x, y, ..Self::default() }
    }
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
pub(super) fn seven_digits(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

impl Cells {
    /// Where the value of a cell stands on the scale of colours: from 0 to 1, and beyond.
    pub(super) fn share(&self, value: f64) -> f64 {
        let position = |value: f64| if self.log { value.log10() } else { value };
        let [low, high] = self.range.map(position);
        (position(value) - low) / (high - low)
    }

    /// Decimals of the values written into cells: enough to distinguish the ends of the scale.
    pub(super) fn digits(&self) -> usize {
        let extent = (self.range[1] - self.range[0]).abs();
        if extent > 5.0 { 0 } else { (1.0 - extent.log10().floor()).clamp(1.0, 4.0) as usize }
    }

    /// Column, row and contents of every cell: what the column and the row stand for, or their
    /// middles.
    fn places(&self) -> impl Iterator<Item = (String, String, Cell)> {
        let middle = |edges: &[f64]| {
            edges
                .windows(2)
                .map(|e| seven_digits(0.5 * (e[0] + e[1])).to_string())
                .collect::<Vec<_>>()
        };
        let named = |names: &[String]| names.iter().map(|name| field(name)).collect();
        let [x, y]: [Vec<String>; 2] = match &self.names {
            Some([x, y]) => [named(x), named(y)],
            None => [middle(&self.x), middle(&self.y)],
        };
        let places =
            y.into_iter().flat_map(move |y| x.clone().into_iter().map(move |x| (x, y.clone())));
        places.zip(&self.values).map(|((x, y), cell)| (x, y, *cell))
    }
}

/// A text between quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", cell(text).replace('"', "\"\""))
}

/// A number as it is, any other text between quotes.
fn field(text: &str) -> String {
    if text.parse::<f64>().is_ok_and(f64::is_finite) { text.into() } else { quoted(text) }
}

impl Figure {
    /// The numbers drawn, as CSV: `panel,kind,label,x,y,value,low,high,n`. `kind` is `curve`,
    /// `line`, `band` or `cell`. A point of a curve has its place as `x` and `y`. A cell has the
    /// values of the two parameters that it stands for as `x` and `y`, or its middle where it
    /// stands for none, its value as `value`, and the label of the colour bar. `low` and `high` are
    /// the ends of the band or interval around it, `n` is the number of repeats behind it. What
    /// does not exist or is not finite is left empty.
    pub fn csv(&self) -> String {
        let number = |value: Option<f64>| {
            let value = value.filter(|v| v.is_finite()).map(seven_digits);
            value.map(|value| value.to_string()).unwrap_or_default()
        };
        let around = |band: Option<[f64; 2]>, n: Option<usize>| {
            let [low, high] = band.map_or([None; 2], |band| band.map(Some));
            let n = n.map(|n| n.to_string()).unwrap_or_default();
            [number(low), number(high), n].join(",")
        };
        let mut out = String::from("panel,kind,label,x,y,value,low,high,n\n");
        for panel in &self.panels {
            let title = quoted(&panel.title);
            for series in &panel.series {
                let label = quoted(&series.label);
                for p in &series.points {
                    let (x, y) = (number(Some(p.x)), number(p.y));
                    let _ = writeln!(out, "{title},curve,{label},{x},{y},,{}", around(p.band, p.n));
                }
            }
            if let Some(cells) = &panel.cells {
                let label = quoted(&cells.label);
                for (x, y, cell) in cells.places() {
                    let value = number(cell.value);
                    let _ = writeln!(
                        out,
                        "{title},cell,{label},{x},{y},{value},{}",
                        around(cell.band, cell.n)
                    );
                }
            }
            for line in &panel.references {
                let _ = writeln!(
                    out,
                    "{title},line,{},,{},,,,",
                    quoted(&line.label),
                    number(Some(line.y))
                );
            }
            for band in &panel.bands {
                let ends = around(Some([band.low, band.high]), None);
                let _ = writeln!(out, "{title},band,{},,,,{ends}", quoted(&band.label));
            }
        }
        out
    }
}
