//! Figures: line plots and heat maps in one style, the same bytes on every machine.
//!
//! plotters lays a figure out as SVG, measuring text with the embedded font; usvg turns the text
//! into paths with that font and no other, resvg renders the PNG from the result, and pdf-writer
//! writes it as a PDF. No system font is ever used.

mod area;
mod axis;
mod compose;
mod draw;
mod error;
mod hue;
mod legend;
mod letters;
mod model;
mod panel;
mod path;
mod pdf;
mod render;
mod screen;
mod style;
mod text;

pub use crate::spec::{Colours, Lettering, Share, Spread};
pub use compose::compose;
pub use error::FigureError;
pub use hue::Hue;
pub use model::{Axis, Band, Cell, Cells, Figure, Look, Mark, Panel, Point, Reference, Series};
pub use render::{Format, Rendered, render};
pub use screen::{Screen, Tints, screen};
pub use style::{Theme, Width};

#[cfg(test)]
mod tests;
