//! What carries the error back: the transposed forward weights (BP) or fixed random matrices (BP-TRW).

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
            Self::Bp(_) => None,
        }
    }

    /// Carries the output error signal of `pass` down to layer 1: fills every `delta` below the last.
    ///
    /// BP copies `W_l^T` into the layout of `B_l` and runs the very same products, so that BP-TRW with
    /// `B_l = W_l^T` is BP to the last bit.
    pub fn carry_back(&mut self, layers: &Layers<T>, pass: &mut Pass<T>) {
        for l in (1..layers.depth()).rev() {
            let backward = match self {
                Self::Bp(transposed) => {
                    transposed[l - 1].copy_transposed(&layers.weights[l]);
                    &transposed[l - 1]
                }
                Self::BpTrw(backward) => &backward[l - 1],
            };
            let (below, above) = pass.delta.split_at_mut(l);
            let delta = &mut below[l - 1];
            product(delta, Product::Replace, above[0].as_faer(), backward.as_faer(), T::one());
            let (z, activity) = (&pass.z[l - 1], &pass.activity[l - 1]);
            layers.activations[l - 1].multiply_derivative(z.as_slice(), activity.as_slice(), delta.as_mut_slice());
        }
    }
}
