//! The one style of all figures. Lengths are in units of 1/576 inch (an eighth of a point), for plotters rounds to whole ones.

use plotters::style::RGBColor;

/// Width on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 85 mm.
    OneColumn,
    /// 178 mm.
    TwoColumns,
}

impl Width {
    pub(super) fn units(self) -> u32 {
        match self {
            Self::OneColumn => 1928,
            Self::TwoColumns => 4036,
        }
    }
}

/// Family name of the embedded font.
pub(super) const FAMILY: &str = "Noto Sans";
pub(super) const REGULAR: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Regular-subset.ttf");
pub(super) const BOLD: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Bold-subset.ttf");

/// Mathematical signs that the family lacks.
pub(super) const SIGNS: &[u8] = include_bytes!("../../assets/fonts/NotoSansMath-subset.ttf");

/// Okabe & Ito's palette, told apart with every form of colour blindness; yellow left out as too pale for lines.
pub(super) const PALETTE: [RGBColor; 7] = [
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
pub(super) const GREY: RGBColor = RGBColor(120, 120, 120);

pub(super) const TITLE: u32 = 76;
pub(super) const TEXT: u32 = 64;
pub(super) const TICK: u32 = 56;
pub(super) const PANEL_HEIGHT: u32 = 1320;
pub(super) const TITLE_HEIGHT: u32 = 136;
pub(super) const LEGEND_ROW: u32 = 96;
/// Length of the sample of a line in the legend, and the gaps after it and after its text.
pub(super) const SAMPLE: i32 = 136;
pub(super) const SAMPLE_GAP: i32 = 28;
pub(super) const ENTRY_GAP: i32 = 96;
pub(super) const MARGIN: i32 = 48;

/// Units per inch.
pub(super) const UNITS_PER_INCH: f64 = 576.0;
/// Widths of axes, curves and analytic lines.
pub(super) const AXIS: u32 = 4;
pub(super) const CURVE: u32 = 10;
pub(super) const LINE: u32 = 8;
/// Length and gap of dashes and dots.
pub(super) const DASHES: (i32, i32) = (32, 20);
pub(super) const DOTS: (i32, i32) = (8, 20);
/// Opacity of bands.
pub(super) const BAND: f64 = 0.18;

/// Colour of a curve.
pub(super) fn colour(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()]
}
