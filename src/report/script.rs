//! The scripts of pages, and the library that they draw with.
//!
//! It is [uPlot](https://github.com/leeoniya/uPlot) (MIT), in `assets/uplot`: 51 kB, without
//! dependencies, kept well for years, and it never asks for anything. Plotly, Vega and ECharts draw
//! more kinds of figures, maps among them, but have 1 to 4 MB each, many times what a report is
//! otherwise; drawing in SVG by hand would be a library of our own for axes, zoom and pointers.
//! uPlot leaves to us what is drawn besides lines: shades, whiskers, discs and limits are in
//! `figures.js`, and maps stay pictures that tell of the cell below the pointer.

/// The library, without the comment with its address.
pub(super) fn library() -> &'static str {
    let text = include_str!("../../assets/uplot/uPlot.iife.min.js");
    text.split_once('\n').map_or(text, |(_, code)| code)
}

/// Its style sheet.
pub(super) const LIBRARY_STYLE: &str = include_str!("../../assets/uplot/uPlot.min.css");

/// What has to go with every copy of it.
const LICENCE: &str = include_str!("../../assets/uplot/LICENSE");

/// Draws figures with the library.
const FIGURES: &str = include_str!("figures.js");

/// Style of figures.
pub(super) const STYLE: &str = include_str!("figures.css");

/// The library with its licence, what draws with it, and `last`.
pub(super) fn scripts(last: &str) -> String {
    format!("/* uPlot 1.6.32\n\n{LICENCE} */\n{}\n{FIGURES}{last}", library())
}
