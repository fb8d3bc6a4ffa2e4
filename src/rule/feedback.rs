//! What carries the error back: the transposed forward weights (BP) or fixed random matrices (BP-TRW).

use super::normalise::set_column_norms;
use super::product::{Product, product};
use super::{Layers, Pass};
use crate::matrix::Matrix;
use crate::real::Real;

/// Feedback policy. Layers `1 .. D-1` have a backward matrix; layer 0 has none, for no error is carried to the
/// input, and the last layer's update does not pass through one: it is BP's under every policy.
#[derive(Clone, Debug)]
pub enum Feedback<T> {
    /// Back-propagation: `E_l = delta_{l+1} W_l^T`. The matrices are room for the transposes.
    Bp(Vec<Matrix<T>>),
    /// BP-TRW, most of the literature's feedback alignment: `E_l = delta_{l+1} B_l` (Lillicrap et al. 2016,
    /// RahmanSetayesh et al. 2024). Holds `B_1 .. B_{D-1}`, `B_l` of shape `n_{l+1} x n_l`.
    BpTrw(Vec<Matrix<T>>),
    /// No error is carried back: the last layer learns alone, on random features. The baseline of every comparison.
    Shallow,
}

impl<T: Real> Feedback<T> {
    /// Back-propagation for layers of `sizes`, the input first.
    pub fn bp(sizes: &[usize]) -> Self {
        Self::Bp(sizes[1..].windows(2).map(|pair| Matrix::zeros(pair[1], pair[0])).collect())
    }

    /// `B_l`, where this policy has one.
    pub fn backward(&self, l: usize) -> Option<&Matrix<T>> {
        match self {
            Self::BpTrw(backward) => l.checked_sub(1).and_then(|i| backward.get(i)),
            Self::Bp(_) | Self::Shallow => None,
        }
    }

    /// The lowest layer whose weights this policy updates, of a network of `depth` weight matrices.
    pub fn lowest_learning(&self, depth: usize) -> usize {
        if matches!(self, Self::Shallow) { depth - 1 } else { 0 }
    }

    /// Rescales every column of every `B_l` (the backward weights that arrive at one unit) to norm 1.
    pub fn normalise(&mut self) {
        if let Self::BpTrw(backward) = self {
            for b in backward {
                let ones = vec![1.0; b.cols()];
                set_column_norms(b, &ones);
            }
        }
    }

    /// Multiplies every `B_l` by `factor`.
    pub fn scale(&mut self, factor: T) {
        if let Self::BpTrw(backward) = self {
            backward.iter_mut().for_each(|b| b.scale(factor));
        }
    }

    /// Follows the forward weights: BP copies `W_l^T` into the layout of `B_l`. Due after every update, before errors
    /// are carried back.
    pub fn refresh(&mut self, layers: &Layers<T>) {
        if let Self::Bp(transposed) = self {
            for (room, weights) in transposed.iter_mut().zip(&layers.weights[1..]) {
                room.copy_transposed(weights);
            }
        }
    }

    /// Carries the output error signal of `pass` down to layer 1: fills every `delta` below the last. BP must have been
    /// [refreshed](Self::refresh); it runs the very same products, so that BP-TRW with `B_l = W_l^T` is BP to the last
    /// bit.
    pub fn carry_back(&self, layers: &Layers<T>, pass: &mut Pass<T>) {
        let (Self::Bp(backward) | Self::BpTrw(backward)) = self else {
            let lower = layers.depth() - 1;
            return pass.delta[..lower].iter_mut().for_each(|delta| delta.as_mut_slice().fill(T::zero()));
        };
        for l in (1..layers.depth()).rev() {
            let (below, above) = pass.delta.split_at_mut(l);
            let delta = &mut below[l - 1];
            product(delta, Product::Replace, above[0].as_faer(), backward[l - 1].as_faer(), T::one());
            let (z, activity) = (&pass.z[l - 1], &pass.activity[l - 1]);
            layers.activations[l - 1].multiply_derivative(z.as_slice(), activity.as_slice(), delta.as_mut_slice());
        }
    }
}
