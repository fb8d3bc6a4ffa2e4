//! Dropout of hidden activities (Srivastava et al. 2014), inverted.
//!
//! ```text
//! L_{l+1} = m o f(Z_{l+1}),   m = 0 with probability p, else 1 / (1 - p)
//! ```
//!
//! of every unit and sample by itself, so that the mean of what is passed on is that without
//! dropout, and a network that is evaluated drops nothing. On the way back an error `E` that
//! arrives at `L` becomes `delta = m o f'(Z) o E`, whatever carries it.

use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;

/// The mask of one layer, and what it leaves of the activities.
#[derive(Clone, Debug)]
pub struct Dropped<T> {
    mask: Matrix<T>,
    fed: Matrix<T>,
    /// Room for uniform values.
    drawn: Vec<f64>,
}

impl<T: Real> Dropped<T> {
    /// Of a layer of so many units, for no samples yet.
    pub(super) fn new(units: usize) -> Self {
        let none = || Matrix::zeros(0, units);
        Self { mask: none(), fed: none(), drawn: Vec::new() }
    }

    pub(super) fn set_batch(&mut self, samples: usize) {
        self.mask.set_rows(samples);
        self.fed.set_rows(samples);
    }

    /// One word of the stream per entry, row by row, so that both precisions have the same masks.
    pub(super) fn draw(&mut self, rate: f64, stream: &mut Stream) {
        let mask = self.mask.as_mut_slice();
        self.drawn.resize(mask.len(), 0.0);
        stream.fill_uniform(&mut self.drawn);
        let kept = T::from_f64(1.0 / (1.0 - rate));
        for (factor, &drawn) in mask.iter_mut().zip(&self.drawn) {
            *factor = if drawn < rate { T::zero() } else { kept };
        }
    }

    /// Masks these activities.
    pub(super) fn take(&mut self, activity: &Matrix<T>) {
        let factors = self.mask.as_slice().iter().zip(activity.as_slice());
        for (fed, (&factor, &activity)) in self.fed.as_mut_slice().iter_mut().zip(factors) {
            *fed = factor * activity;
        }
    }

    /// Multiplies what arrives at the activities by the mask.
    pub(super) fn back(&self, delta: &mut Matrix<T>) {
        let factors = self.mask.as_slice();
        delta.as_mut_slice().iter_mut().zip(factors).for_each(|(delta, &factor)| *delta *= factor);
    }

    /// `m`, `P x n`.
    pub fn mask(&self) -> &Matrix<T> {
        &self.mask
    }

    /// What the layer above is fed, `P x n`.
    pub fn fed(&self) -> &Matrix<T> {
        &self.fed
    }
}
