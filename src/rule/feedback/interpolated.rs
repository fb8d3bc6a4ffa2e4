//! Between BP-TRW and BP: a fixed share of the transposed forward weights, the rest fixed and
//! random.
//!
//! ```text
//! B_l = (1 - a) B0_l + a W_l^T,   B0_l the B_l drawn
//! ```
//!
//! `a = 0` is BP-TRW, `a = 1` is BP to the last bit.

use super::{Argument, Backward, Facts, Policy, Route};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use crate::rule::Layers;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "interpolated",
    aliases: &[],
    label: "interpolated",
    argument: Some(Argument::between("the share of the transposed forward weights", [0.0, 1.0])),
    route: Route::Layered,
    backward: Backward::Following,
};

#[derive(Debug)]
struct Interpolated {
    share: f64,
}

pub(super) fn policy<T: Real>(share: f64) -> Arc<dyn Policy<T>> {
    Arc::new(Interpolated { share })
}

impl<T: Real> Policy<T> for Interpolated {
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
        let [share, rest] = [self.share, 1.0 - self.share].map(T::from_f64);
        for ((b, drawn), weights) in backward.iter_mut().zip(drawn).zip(&layers.weights[1..]) {
            b.copy_transposed(weights);
            for (b, &random) in b.as_mut_slice().iter_mut().zip(drawn.as_slice()) {
                *b = rest * random + share * *b;
            }
        }
    }
}
