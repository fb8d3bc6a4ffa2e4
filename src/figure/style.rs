//! The one style of all figures. Lengths are in units of 1/576 inch (an eighth of a point): plotters knows whole ones only.

use plotters::style::RGBColor;

/// Width on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 85 mm, panels below each other.
    OneColumn,
    /// 178 mm, up to three panels beside each other.
    TwoColumns,
}

impl Width {
    pub(super) fn units(self) -> i32 {
        match self {
            Self::OneColumn => 1928,
            Self::TwoColumns => 4036,
        }
    }

    /// Panels in a row where there are `panels` in all.
    pub(super) fn columns(self, panels: usize) -> usize {
        match (self, panels) {
            (Self::OneColumn, _) => 1,
            (Self::TwoColumns, 4) => 2,
            (Self::TwoColumns, _) => panels.clamp(1, 3),
        }
    }
}

pub(super) const UNITS_PER_INCH: f64 = 576.0;

/// Family name of the embedded font.
pub(super) const FAMILY: &str = "Noto Sans";
pub(super) const REGULAR: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Regular-subset.ttf");
pub(super) const BOLD: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Bold-subset.ttf");

/// Okabe and Ito's palette, told apart with every form of colour blindness; yellow left out as too pale for lines.
const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(60, 60, 60),
];
pub(super) const INK: RGBColor = RGBColor(30, 30, 30);
pub(super) const GRID: RGBColor = RGBColor(226, 226, 226);
pub(super) const GREY: RGBColor = RGBColor(110, 110, 110);
pub(super) const PALE: RGBColor = RGBColor(232, 232, 232);
/// Opacity of the band around a curve.
pub(super) const SHADE: f64 = 0.2;

/// Colour of a curve; the palette is gone through again in darker tones.
pub(super) fn colour(index: usize) -> RGBColor {
    let RGBColor(r, g, b) = PALETTE[index % PALETTE.len()];
    let darker = |channel: u8| if index < PALETTE.len() { channel } else { (f64::from(channel) * 0.6) as u8 };
    RGBColor(darker(r), darker(g), darker(b))
}

/// Sizes of letters: 8.5, 7.5 and 6.5 points.
pub(super) const TITLE: i32 = 68;
pub(super) const TEXT: i32 = 60;
pub(super) const SMALL: i32 = 52;
/// Distance of lines of text.
pub(super) const TITLE_LINE: i32 = 92;
pub(super) const TEXT_LINE: i32 = 82;
pub(super) const SMALL_LINE: i32 = 68;

/// Widths of axes, curves and analytic lines: 0.5, 1.25 and 1 points.
pub(super) const AXIS: u32 = 4;
pub(super) const CURVE: u32 = 10;
pub(super) const LINE: u32 = 8;
/// Length and gap of the dashes of curves and of the dots of analytic lines.
pub(super) const DASHES: [f64; 2] = [34.0, 20.0];
pub(super) const DOTS: [f64; 2] = [8.0, 16.0];

pub(super) const MARGIN: i32 = 40;
pub(super) const PLOT_HEIGHT: i32 = 1000;
pub(super) const TICK: i32 = 20;
pub(super) const GAP: i32 = 18;
/// Between rows of panels, and between the panels and the legend.
pub(super) const ROW_GAP: i32 = 40;
/// Length of the sample of a line in the legend, and the gaps after it and after its text.
pub(super) const SAMPLE: i32 = 150;
pub(super) const SAMPLE_GAP: i32 = 28;
pub(super) const ENTRY_GAP: i32 = 80;
