//! Figures: line plots in one style, the same bytes on every machine.
//!
//! plotters lays a figure out as SVG, measuring text with the embedded font; usvg turns the text into paths with that
//! font and no other, and resvg renders the PNG from the result. No system font is ever looked at.

mod axis;
mod draw;
mod legend;
mod path;
mod render;
mod style;
mod text;

pub use render::render;
pub use style::Width;

use std::fmt::Write as _;
use thiserror::Error;

/// Why a figure cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FigureError {
    /// There is nothing to draw.
    #[error("the figure `{0}` has no panel with data")]
    Empty(String),
    /// An axis without extent.
    #[error("the {0} axis of panel `{1}` has no finite range")]
    Range(&'static str, String),
    /// The drawing library failed.
    #[error("cannot draw: {0}")]
    Drawing(String),
}

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
}

/// One set of axes.
#[derive(Clone, Debug, PartialEq)]
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
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Label with unit; ticks of axes whose label ends in "(degrees)" stand at parts of the right angle.
    pub label: String,
    /// Ends, in ascending order; from the data if not given. What lies beyond them is cut off.
    pub range: Option<[f64; 2]>,
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Entry in the legend; curves with the same label share it.
    pub label: String,
    /// Index into the palette of seven, gone through again in darker tones.
    pub colour: usize,
    /// Drawn with dashes.
    pub dashed: bool,
    /// Ascending in `x`.
    pub points: Vec<Point>,
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
    /// Index into the palette; grey if not given.
    pub colour: Option<usize>,
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

impl Figure {
    /// The numbers drawn, as CSV: `panel,kind,label,x,y,low,high`, where `kind` is `curve`, `line` or `band`; what does
    /// not exist or is not finite is left empty.
    pub fn csv(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let number = |value: Option<f64>| value.filter(|v| v.is_finite()).map(|v| v.to_string()).unwrap_or_default();
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

#[cfg(test)]
mod tests;
