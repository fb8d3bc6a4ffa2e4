//! From layout to files: text becomes paths, and paths become pixels or a page.

use super::draw::layout;
use super::error::drawing;
use super::style::{BOLD, FAMILY, Inks, REGULAR};
use super::{Figure, FigureError, Lettering, letters, pdf};
use crate::text::Choice;
use plotters::style::RGBColor;
use resvg::{tiny_skia, usvg};
use std::sync::Arc;

/// Pixels of a PNG per CSS pixel of 1/96 inch: 432 dots per inch on the page.
const SCALE: f32 = 4.5;

/// A form of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Scalable, for the screen, with the fonts of its text in it.
    Svg,
    /// Pixels.
    Png,
    /// A page as large as the figure.
    Pdf,
}

impl Choice for Format {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("svg", Self::Svg), ("png", Self::Png), ("pdf", Self::Pdf)];
}

/// A figure drawn, to be written in any format.
pub struct Rendered {
    tree: usvg::Tree,
    inks: &'static Inks,
    text: Lettering,
}

/// Draws `figure`.
///
/// # Errors
/// If there is nothing to draw or an axis has no finite range.
pub fn render(figure: &Figure) -> Result<Rendered, FigureError> {
    let laid_out = layout(figure)?;
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    let options =
        usvg::Options { fontdb: Arc::new(fonts), font_family: FAMILY.into(), ..Default::default() };
    let tree = usvg::Tree::from_str(&laid_out, &options).map_err(drawing)?;
    Ok(Rendered { tree, inks: figure.theme.inks(), text: figure.look.text })
}

impl Rendered {
    /// The bytes of a file.
    ///
    /// # Errors
    /// If the figure is too large for an image, or a library cannot write it.
    pub fn bytes(&self, format: Format) -> Result<Vec<u8>, FigureError> {
        match format {
            Format::Svg => Ok(self.svg().into_bytes()),
            Format::Png => self.png(),
            Format::Pdf => pdf::page(&self.tree, self.text),
        }
    }

    /// The SVG document.
    pub fn svg(&self) -> String {
        let preserve_text = self.text == Lettering::Text;
        let write =
            usvg::WriteOptions { preserve_text, coordinates_precision: 3, ..Default::default() };
        let svg = self.tree.to_string(&write);
        if preserve_text { letters::with_fonts(&svg) } else { svg }
    }

    fn png(&self) -> Result<Vec<u8>, FigureError> {
        let pixels_of = |length: f32| (length * SCALE).round() as u32;
        let size = self.tree.size();
        let mut pixels = tiny_skia::Pixmap::new(pixels_of(size.width()), pixels_of(size.height()))
            .ok_or_else(|| drawing("the figure is too large for an image"))?;
        // The edge of the page may cut through a pixel, which the drawing alone would leave half
        // transparent.
        let RGBColor(r, g, b) = self.inks.paper;
        pixels.fill(tiny_skia::Color::from_rgba8(r, g, b, u8::MAX));
        resvg::render(
            &self.tree,
            tiny_skia::Transform::from_scale(SCALE, SCALE),
            &mut pixels.as_mut(),
        );
        pixels.encode_png().map_err(drawing)
    }
}
