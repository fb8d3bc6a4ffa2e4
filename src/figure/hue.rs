//! Colours by what they stand for.

/// Colour of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hue {
    /// Of what has no order: index into the palette of seven, gone through again in other tones.
    Palette(usize),
    /// Of what has one: a place in a ramp from dark to light, gone through again in other tones.
    Ramp {
        /// Place from 0.
        place: usize,
        /// Number of places.
        count: usize,
    },
}

impl Hue {
    /// The same in another tone.
    #[must_use]
    pub fn again(self) -> Self {
        match self {
            Self::Palette(index) => Self::Palette(index + PALETTE),
            Self::Ramp { place, count } => Self::Ramp { place: place + count, count },
        }
    }
}

/// Colours of the palette.
pub(super) const PALETTE: usize = 7;
