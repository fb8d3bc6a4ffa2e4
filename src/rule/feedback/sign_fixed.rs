//! Sign symmetry with fixed random magnitudes (fixed random-magnitude sign-concordant feedback;
//! Liao et al. 2016, Moskovitz et al. 2018).
//!
//! ```text
//! B_l = |M_l| o sign(W_l^T),   M_l the B_l drawn
//! ```

use super::sign::take_all_signs;
use super::{Backward, Facts, Policy, Route};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use crate::rule::Layers;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "sign-fixed",
    aliases: &["frsf"],
    label: "sign symmetry, fixed magnitudes",
    argument: None,
    route: Route::Layered,
    backward: Backward::Following,
};

#[derive(Debug)]
struct SignFixed;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(SignFixed)
}

impl<T: Real> Policy<T> for SignFixed {
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
        _noise: &mut Stream,
    ) {
        take_all_signs(backward, drawn, layers);
    }
}
