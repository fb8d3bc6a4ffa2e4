//! Lines and texts on a drawing area.

use super::error::FigureError;
use super::path::{Position, dashes};
use plotters::coord::Shift;
use plotters::prelude::*;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(super) fn failed<E: std::fmt::Display>(error: E) -> FigureError {
    FigureError::Drawing(error.to_string())
}

/// Writes `lines` below each other from `top` on.
pub(super) fn write_lines(
    area: &Area<'_>,
    lines: &[String],
    style: &TextStyle<'_>,
    (x, top): (i32, i32),
    distance: i32,
) -> Result<(), FigureError> {
    for (row, line) in (0..).zip(lines) {
        area.draw_text(line, style, (x, top + distance * row + distance / 2)).map_err(failed)?;
    }
    Ok(())
}

/// plotters' coordinates.
pub(super) fn whole((x, y): Position) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

/// Draws a line through `places`.
pub(super) fn path(
    area: &Area<'_>,
    places: &[Position],
    ink: ShapeStyle,
) -> Result<(), FigureError> {
    let places: Vec<_> = places.iter().copied().map(whole).collect();
    area.draw(&PathElement::new(places, ink)).map_err(failed)
}

/// Draws a dashed line through `places`.
pub(super) fn dashed(
    area: &Area<'_>,
    places: &[Position],
    pattern: [f64; 2],
    ink: ShapeStyle,
) -> Result<(), FigureError> {
    dashes(places, pattern).iter().try_for_each(|dash| path(area, dash, ink))
}
