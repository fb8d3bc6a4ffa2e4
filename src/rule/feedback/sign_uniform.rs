//! Sign symmetry with one magnitude (uniform sign-concordant feedback; Liao et al. 2016, Moskovitz
//! et al. 2018): backward weights have the signs of the forward weights, and all the same size.
//!
//! ```text
//! B_l = s_l sign(W_l^T),   s_l the root mean square of the B_l drawn
//! ```

use super::sign::take_all_signs;
use super::{Backward, Facts, Policy, Route, rms};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use crate::rule::Layers;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "sign-uniform",
    aliases: &["usf"],
    label: "sign symmetry, uniform",
    argument: None,
    route: Route::Layered,
    backward: Backward::Following,
};

#[derive(Debug)]
struct SignUniform;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(SignUniform)
}

impl<T: Real> Policy<T> for SignUniform {
    fn begin(
        &self,
        backward: &mut [Matrix<T>],
        _layers: &Layers<T>,
        _noise: &mut Stream,
    ) -> Vec<Matrix<T>> {
        let even = |drawn: &Matrix<T>| {
            let (rows, columns) = (drawn.rows(), drawn.cols());
            Matrix::from_vec(rows, columns, vec![T::from_f64(rms(drawn)); rows * columns])
        };
        backward.iter().map(even).collect()
    }

    fn follow(
        &self,
        backward: &mut [Matrix<T>],
        drawn: &[Matrix<T>],
        layers: &Layers<T>,
        _noise: &mut Stream,
    ) {
        take_all_signs(backward, drawn, layers);
    }
}
