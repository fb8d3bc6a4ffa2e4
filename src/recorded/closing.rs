//! Whether recorded arrays follow from each other: to rounding, or not.

use super::RecordedRun;
use crate::array::ArrayError;
use crate::matrix::Matrix;
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

/// A difference is rounding up to this many times the size that is expected of it: summation orders differ, and sums
/// cancel.
pub(super) const MOST_ROUNDING: f64 = 32.0;

impl Closing {
    pub(super) fn new(relative_difference: f64, rounding: f64) -> Self {
        Self { relative_difference, rounding, closes: relative_difference <= MOST_ROUNDING * rounding }
    }
}

/// Squared norms over iterations of a difference and of what it is relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
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

impl RecordedRun {
    /// Weights `W_l` before update `k`; `None` where only others were recorded.
    pub(super) fn weights_before(&self, l: usize, k: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let Some(stack) = self.weights(l) else { return Ok(None) };
        // Of a single state nobody knows whether it is that of the start or of the end.
        let known = k < stack.len() && (stack.len() > 1 || self.iterations() <= 1);
        known.then(|| stack.matrix(k)).transpose()
    }

    /// Biases `b_l` before update `k`, `n_l` values; a single state is that of all, and none is no values.
    pub(super) fn biases_before(&self, l: usize, k: usize) -> Result<Vec<f64>, ArrayError> {
        let Some(stack) = self.biases(l) else { return Ok(Vec::new()) };
        let state = if stack.len() == 1 { 0 } else { k.min(stack.len() - 1) };
        Ok(stack.matrix(state)?.as_slice().to_vec())
    }

    /// Pre-activation `Z_l = L_{l-1} W_{l-1} + b_l` of iteration `k`, samples x `n_l`.
    pub(super) fn pre_activation(&self, l: usize, k: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let Some(below) = l.checked_sub(1) else { return Ok(None) };
        let Some(source) = self.activity(below).filter(|stack| k < stack.len()) else { return Ok(None) };
        let Some(weights) = self.weights_before(below, k)? else { return Ok(None) };
        let source = source.matrix(k)?;
        let mut z = (&source * &weights).to_matrix();
        z.add_to_rows(&self.biases_before(l, k)?);
        Ok(Some(z))
    }

    /// Units of layer `l`; `None` where nothing tells.
    pub fn units(&self, l: usize) -> Option<usize> {
        let above = self.weights(l).map(|w| w.shape()[0]);
        let below = || Some(self.weights(l.checked_sub(1)?)?.shape()[1]);
        let signal = || self.activity(l).or(self.delta(l)).or(self.biases(l)).map(|s| s.shape()[1]);
        above.or_else(below).or_else(signal)
    }

    /// Samples of an iteration; `None` without signals.
    pub fn samples(&self) -> Option<usize> {
        self.activities.iter().chain(&self.deltas).flatten().map(|stack| stack.shape()[0]).next()
    }
}
