//! From layout to files: text becomes paths, and paths become pixels.

use super::draw::layout;
use super::style::{BOLD, FAMILY, REGULAR};
use super::{Figure, FigureError};
use resvg::{tiny_skia, usvg};
use std::sync::Arc;

/// Pixels of a PNG per CSS pixel of 1/96 inch: 432 dots per inch on the page.
const SCALE: f32 = 4.5;

/// A rendered figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// SVG document without text elements or references.
    pub svg: String,
    /// PNG image.
    pub png: Vec<u8>,
}

/// Draws `figure`.
///
/// # Errors
/// If there is nothing to draw or an axis has no finite range.
pub fn render(figure: &Figure) -> Result<Rendered, FigureError> {
    let drawing = |error: String| FigureError::Drawing(error);
    let laid_out = layout(figure)?;
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    let options = usvg::Options { fontdb: Arc::new(fonts), font_family: FAMILY.into(), ..Default::default() };
    let tree = usvg::Tree::from_str(&laid_out, &options).map_err(|e| drawing(e.to_string()))?;
    let write = usvg::WriteOptions { preserve_text: false, coordinates_precision: 3, ..Default::default() };
    let svg = tree.to_string(&write);
    let pixels_of = |length: f32| (length * SCALE).round() as u32;
    let mut pixels = tiny_skia::Pixmap::new(pixels_of(tree.size().width()), pixels_of(tree.size().height()))
        .ok_or_else(|| drawing("the figure is too large for an image".into()))?;
    // The edge of the page may cut through a pixel, which the drawing alone would leave half transparent.
    pixels.fill(tiny_skia::Color::WHITE);
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    let png = pixels.encode_png().map_err(|e| drawing(e.to_string()))?;
    Ok(Rendered { svg, png })
}
