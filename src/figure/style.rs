//! The one style of all figures. Lengths are in units of 1/576 inch (an eighth of a point):
//! plotters knows whole ones only.

use super::hue::{Hue, PALETTE};
use crate::spec::Colours;
use crate::text::Choice;
use plotters::style::RGBColor;

/// Width on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// 85 mm, panels below each other.
    #[default]
    OneColumn,
    /// 178 mm, up to three panels beside each other.
    TwoColumns,
}

impl Choice for Width {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("one", Self::OneColumn), ("two", Self::TwoColumns)];
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

/// What a figure stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// White paper.
    #[default]
    Light,
    /// A dark screen.
    Dark,
}

impl Choice for Theme {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("light", Self::Light), ("dark", Self::Dark)];
}

/// Colours of a theme.
pub(super) struct Inks {
    pub paper: RGBColor,
    /// Axes and letters.
    pub ink: RGBColor,
    pub grid: RGBColor,
    pub grey: RGBColor,
    pub pale: RGBColor,
    /// Okabe and Ito's palette, distinguishable with every form of colour blindness; yellow left
    /// out as too pale for lines.
    palette: [RGBColor; PALETTE],
    /// Stops of the ramp: lightness rises from blue to orange, in hues distinguishable with every
    /// form of colour blindness.
    ramp: [[f64; 3]; 4],
    /// What palette and ramp are mixed with, and how much of it, when they are gone through again.
    again: (RGBColor, f64),
}

static LIGHT: Inks = Inks {
    paper: RGBColor(255, 255, 255),
    ink: RGBColor(30, 30, 30),
    grid: RGBColor(226, 226, 226),
    grey: RGBColor(110, 110, 110),
    pale: RGBColor(232, 232, 232),
    palette: [
        RGBColor(0, 114, 178),
        RGBColor(213, 94, 0),
        RGBColor(0, 158, 115),
        RGBColor(204, 121, 167),
        RGBColor(230, 159, 0),
        RGBColor(86, 180, 233),
        RGBColor(60, 60, 60),
    ],
    ramp: [[13.0, 20.0, 130.0], [126.0, 20.0, 165.0], [204.0, 71.0, 120.0], [240.0, 145.0, 30.0]],
    again: (RGBColor(0, 0, 0), 0.4),
};

/// The same hues, the dark ones of them raised until they stand out from the ground.
static DARK: Inks = Inks {
    paper: RGBColor(20, 22, 25),
    ink: RGBColor(226, 228, 230),
    grid: RGBColor(52, 55, 60),
    grey: RGBColor(160, 164, 170),
    pale: RGBColor(46, 49, 54),
    palette: [
        RGBColor(48, 143, 214),
        RGBColor(232, 113, 24),
        RGBColor(0, 178, 130),
        RGBColor(218, 134, 181),
        RGBColor(234, 168, 16),
        RGBColor(128, 204, 244),
        RGBColor(190, 190, 190),
    ],
    ramp: [
        [95.0, 125.0, 250.0],
        [180.0, 120.0, 245.0],
        [238.0, 135.0, 175.0],
        [250.0, 195.0, 90.0],
    ],
    again: (RGBColor(255, 255, 255), 0.45),
};

/// Letters in cells: on light ones, and on dark ones.
pub(super) static LETTERS: [RGBColor; 2] = [RGBColor(30, 30, 30), RGBColor(255, 255, 255)];
/// Opacity of the band around a curve.
pub(super) const SHADE: f64 = 0.2;

impl Theme {
    pub(super) fn inks(self) -> &'static Inks {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }
}

impl Inks {
    /// Colour of a curve; palette and ramp are gone through again in tones farther from the paper.
    pub(super) fn curve(&self, hue: Hue) -> RGBColor {
        let (RGBColor(r, g, b), is_first) = match hue {
            Hue::Palette(index) => (self.palette[index % PALETTE], index < PALETTE),
            Hue::Ramp { place, count } => {
                let last = count.saturating_sub(1).max(1);
                (between(&self.ramp, (place % count.max(1)) as f64 / last as f64), place < count)
            }
        };
        let (RGBColor(r2, g2, b2), share) = self.again;
        let share = if is_first { 0.0 } else { share };
        let mix =
            |from: u8, to: u8| (f64::from(from) * (1.0 - share) + f64::from(to) * share) as u8;
        RGBColor(mix(r, r2), mix(g, g2), mix(b, b2))
    }
}

/// Stops of the sequential scale: lightness rises evenly from dark blue to yellow.
const SEQUENTIAL: [[f64; 3]; 7] = [
    [0.0, 34.0, 78.0],
    [48.0, 70.0, 107.0],
    [87.0, 98.0, 110.0],
    [124.0, 123.0, 120.0],
    [165.0, 152.0, 115.0],
    [209.0, 188.0, 91.0],
    [254.0, 232.0, 56.0],
];
/// Stops of the scale for print: white is nothing.
const GREY: [[f64; 3]; 2] = [[245.0, 245.0, 245.0], [20.0, 20.0, 20.0]];
/// Stops of the diverging scale: blue, white, vermilion, the colours of the palette.
const DIVERGING: [[f64; 3]; 5] = [
    [0.0, 68.0, 136.0],
    [102.0, 170.0, 210.0],
    [247.0, 247.0, 247.0],
    [232.0, 150.0, 100.0],
    [170.0, 60.0, 0.0],
];

/// Colour of a share from 0 to 1 of a scale.
pub(super) fn shade(colours: Colours, share: f64) -> RGBColor {
    match colours {
        Colours::Sequential => between(&SEQUENTIAL, share),
        Colours::Reversed => between(&SEQUENTIAL, 1.0 - share),
        Colours::Grey => between(&GREY, share),
        Colours::Diverging => between(&DIVERGING, share),
    }
}

/// Colour of a share from 0 to 1 of the way along `stops`, in proportion.
fn between(stops: &[[f64; 3]], share: f64) -> RGBColor {
    let position = share.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let below = (position.floor() as usize).min(stops.len() - 2);
    let part = position - below as f64;
    let mix = |channel: usize| {
        (stops[below][channel] * (1.0 - part) + stops[below + 1][channel] * part).round() as u8
    };
    RGBColor(mix(0), mix(1), mix(2))
}

/// Whether white letters are read better on a colour than dark ones.
pub(super) fn is_dark(RGBColor(r, g, b): RGBColor) -> bool {
    0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b) < 130.0
}

/// Size of the labels of axes in points, unless another is asked for.
pub(crate) const POINTS: f64 = 7.5;

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
/// Radius of a disc, and of one of a single repeat.
pub(super) const DISC: u32 = 18;
pub(super) const DOT: u32 = 8;
/// Distance of discs that are set beside each other.
pub(super) const BESIDE: f64 = 26.0;
/// Length and gap of the dashes of curves and of the dots of analytic lines.
pub(super) const DASHES: [f64; 2] = [34.0, 20.0];
pub(super) const DOTS: [f64; 2] = [8.0, 16.0];

/// How far cells and steps of a colour bar reach under those drawn after them.
pub(super) const OVERLAP: i32 = 3;
/// Width of a colour bar, and its steps.
pub(super) const BAR: i32 = 70;
pub(super) const BAR_STEPS: usize = 64;

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
