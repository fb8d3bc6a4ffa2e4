//! What the three kinds of sign symmetry share.

use crate::matrix::Matrix;
use crate::real::Real;
use crate::rule::Layers;

/// `B_l = |M_l| o sign(W_l^T)`, the sign of 0 being 0.
pub(super) fn take_signs<T: Real>(
    backward: &mut Matrix<T>,
    magnitudes: &Matrix<T>,
    weights: &Matrix<T>,
) {
    backward.copy_transposed(weights);
    for (b, m) in backward.as_mut_slice().iter_mut().zip(magnitudes.as_slice()) {
        let sign = if *b > T::zero() {
            T::one()
        } else if *b < T::zero() {
            -T::one()
        } else {
            T::zero()
        };
        *b = sign * m.abs();
    }
}

/// [`take_signs`] for every layer.
pub(super) fn take_all_signs<T: Real>(
    backward: &mut [Matrix<T>],
    magnitudes: &[Matrix<T>],
    layers: &Layers<T>,
) {
    for ((b, m), weights) in backward.iter_mut().zip(magnitudes).zip(&layers.weights[1..]) {
        take_signs(b, m, weights);
    }
}
