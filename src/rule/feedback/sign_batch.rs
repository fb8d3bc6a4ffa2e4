//! Sign symmetry with magnitudes drawn anew for every batch (batchwise random-magnitude
//! sign-concordant feedback; Liao et al. 2016, Moskovitz et al. 2018).
//!
//! ```text
//! B_l = |M_l| o sign(W_l^T),   M_l ~ N(0, s_l^2) before every update, s_l the root mean square of the B_l drawn
//! ```

use super::sign::take_signs;
use super::{Backward, Facts, Policy, Route, rms};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use crate::rule::Layers;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "sign-batch",
    aliases: &["brsf"],
    label: "sign symmetry, magnitudes per batch",
    argument: None,
    route: Route::Layered,
    backward: Backward::Following,
};

#[derive(Debug)]
struct SignBatch;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(SignBatch)
}

impl<T: Real> Policy<T> for SignBatch {
    fn begin(
        &self,
        backward: &mut [Matrix<T>],
        _layers: &Layers<T>,
        _noise: &mut Stream,
    ) -> Vec<Matrix<T>> {
        backward.to_vec()
    }

    fn follow(
        &self,
        backward: &mut [Matrix<T>],
        drawn: &[Matrix<T>],
        layers: &Layers<T>,
        noise: &mut Stream,
    ) {
        for ((b, drawn), weights) in backward.iter_mut().zip(drawn).zip(&layers.weights[1..]) {
            let mut magnitudes = Matrix::zeros(b.rows(), b.cols());
            noise.fill_normal(magnitudes.as_mut_slice());
            magnitudes.scale(T::from_f64(rms(drawn)));
            take_signs(b, &magnitudes, weights);
        }
    }
}
