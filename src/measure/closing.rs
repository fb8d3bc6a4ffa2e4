//! Whether arrays follow from each other: to rounding, or not.

use crate::vmath::sum_squares;
use serde::Serialize;

/// What was recorded against what other members make of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Closing {
    /// Norm of the difference over the norm of what was recorded, all iterations together.
    pub relative_difference: f64,
    /// What rounding alone is expected to make of it.
    pub rounding: f64,
    /// Whether the difference is no more than rounding.
    pub closes: bool,
}

/// The closing of one layer: of `W_l` or `L_l`, as said where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerClosing {
    /// The layer `l`.
    pub layer: usize,
    /// How it closes.
    #[serde(flatten)]
    pub closing: Closing,
}

/// A difference is rounding up to this many times the size that is expected of it: summation orders
/// differ, and sums cancel.
pub const MOST_ROUNDING: f64 = 32.0;

impl Closing {
    /// Of a difference and what rounding is expected to make of it, both relative.
    pub fn new(relative_difference: f64, rounding: f64) -> Self {
        Self {
            relative_difference,
            rounding,
            closes: relative_difference <= MOST_ROUNDING * rounding,
        }
    }
}

/// Squared norms over iterations of a difference and of what it is relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    difference: f64,
    size: f64,
}

impl Tally {
    /// Adds one iteration: `recorded` against `made`.
    pub fn add(&mut self, recorded: &[f64], made: &[f64]) {
        self.difference += recorded.iter().zip(made).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        self.size += sum_squares(recorded);
    }

    /// Adds those of another.
    pub fn plus(&mut self, other: Self) {
        self.difference += other.difference;
        self.size += other.size;
    }

    /// Norm of the difference over the norm of what was recorded; `None` where that is zero.
    pub fn relative(&self) -> Option<f64> {
        (self.size > 0.0).then(|| (self.difference / self.size).sqrt())
    }
}
