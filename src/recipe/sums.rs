//! Sums over relations of what is left of them, and whether that is rounding.

use crate::measure::closing::{Closing, MOST_ROUNDING};

/// What is left of steps is rounding up to this many times the size that is expected of it. Unlike
/// that of other closings, this rounding comes from the sizes at hand, and less may be put down to
/// it.
const STEP_ROUNDING: f64 = MOST_ROUNDING / 8.0;

/// The same of a single step.
const ONE_STEP_ROUNDING: f64 = 2.0 * STEP_ROUNDING;

/// What our own arithmetic, in double precision, makes of a step, relative to it.
pub(super) const OWN_ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Sums of squares over relations: of what is left, of steps, of what rounding is expected to add.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RelationSums {
    difference: f64,
    step: f64,
    rounding: f64,
    /// Sum of squares of differences over what is expected of them, each with as many entries as it
    /// has.
    deviance: f64,
    /// Largest difference over rounding, squared.
    worst: f64,
    /// Entries of all relations.
    pub entries: usize,
}

impl RelationSums {
    /// Adds one relation of so many entries, by squared norms.
    pub fn add(&mut self, difference: f64, step: f64, rounding: f64, entries: usize) {
        self.difference += difference;
        self.step += step;
        self.rounding += rounding;
        self.entries += entries;
        let ratio = if rounding > 0.0 {
            difference / rounding
        } else if difference > 0.0 {
            f64::INFINITY
        } else {
            0.0
        };
        self.deviance += entries as f64 * ratio;
        self.worst = self.worst.max(ratio);
    }

    /// Of all layers.
    pub fn all(layers: &[Self]) -> Self {
        layers.iter().fold(Self::default(), |sum, other| Self {
            difference: sum.difference + other.difference,
            step: sum.step + other.step,
            rounding: sum.rounding + other.rounding,
            deviance: sum.deviance + other.deviance,
            worst: sum.worst.max(other.worst),
            entries: sum.entries + other.entries,
        })
    }

    /// Whether what is left is rounding: on the whole, and of every step.
    pub fn closing(&self) -> Closing {
        let over = |square: f64| if self.step > 0.0 { (square / self.step).sqrt() } else { 0.0 };
        let (relative_difference, rounding) = (over(self.difference), over(self.rounding));
        let closes = self.difference.sqrt() <= STEP_ROUNDING * self.rounding.sqrt()
            && self.worst <= ONE_STEP_ROUNDING * ONE_STEP_ROUNDING;
        Closing { relative_difference, rounding, closes }
    }

    /// Whether anything moves by more than rounding.
    pub fn moves(&self) -> bool {
        self.step.sqrt() > STEP_ROUNDING * self.rounding.sqrt()
    }

    /// Size of what is left in an entry, with so many numbers fitted.
    pub fn left(&self, fitted: usize) -> f64 {
        (self.difference / self.entries.saturating_sub(fitted).max(1) as f64).sqrt()
    }

    /// Size of what is left over what rounding is expected to leave, with so many numbers fitted.
    pub fn spread(&self, fitted: usize) -> f64 {
        (self.deviance / self.entries.saturating_sub(fitted).max(1) as f64).sqrt()
    }
}
