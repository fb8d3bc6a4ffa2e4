//! Back-propagation: the error is carried by the forward weights themselves.
//!
//! ```text
//! E_l = delta_{l+1} W_l^T
//! ```
//!
//! The matrices are room for the transposes, so that the products are those of the other policies.

use super::{Backward, Facts, Policy, Route};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use crate::rule::Layers;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "bp",
    aliases: &[],
    label: "BP",
    argument: None,
    route: Route::Layered,
    backward: Backward::None,
};

#[derive(Debug)]
struct Bp;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(Bp)
}

impl<T: Real> Policy<T> for Bp {
    fn follow(
        &self,
        backward: &mut [Matrix<T>],
        _drawn: &[Matrix<T>],
        layers: &Layers<T>,
        _noise: &mut Stream,
    ) {
        for (room, weights) in backward.iter_mut().zip(&layers.weights[1..]) {
            room.copy_transposed(weights);
        }
    }
}
