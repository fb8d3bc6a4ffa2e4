//! BP-TRW with backward weights that start at a chosen cosine to the transposed forward weights.
//!
//! ```text
//! B_l = ||D|| (r W^T / ||W|| + sqrt(1 - r^2) D' / ||D'||),   D the B_l drawn, D' what of it is orthogonal to W^T
//! ```
//!
//! with `W` the `W_l` of the start, so that the alignment at the start is `acos r` exactly.

use super::{Argument, Backward, Facts, Policy, Route};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use crate::rule::Layers;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "correlated",
    aliases: &[],
    label: "cosine at the start",
    argument: Some(Argument::between(
        "the cosine between B and the transposed W at the start",
        [-1.0, 1.0],
    )),
    route: Route::Layered,
    backward: Backward::Fixed,
};

#[derive(Debug)]
struct Correlated {
    cosine: f64,
}

pub(super) fn policy<T: Real>(cosine: f64) -> Arc<dyn Policy<T>> {
    Arc::new(Correlated { cosine })
}

impl<T: Real> Policy<T> for Correlated {
    fn begin(
        &self,
        backward: &mut [Matrix<T>],
        layers: &Layers<T>,
        _noise: &mut Stream,
    ) -> Vec<Matrix<T>> {
        for (b, weights) in backward.iter_mut().zip(&layers.weights[1..]) {
            let transposed = weights.transpose();
            let squares = transposed.squared_norm();
            if squares == 0.0 {
                continue;
            }
            let norm = b.norm();
            let along = b.inner(&transposed) / squares;
            *b += T::from_f64(-along) * weights.t();
            let rest = b.norm();
            let sine = (1.0 - self.cosine * self.cosine).sqrt();
            b.scale(T::from_f64(if rest > 0.0 { sine * norm / rest } else { 0.0 }));
            *b += T::from_f64(self.cosine * norm / squares.sqrt()) * weights.t();
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Role;
    use crate::rule::{Activation, ActivityNorm};

    #[test]
    fn a_drawn_matrix_of_no_length_stays_zero() {
        let layers = Layers::<f64> {
            weights: vec![Matrix::zeros(1, 2), Matrix::from_vec(2, 1, vec![3.0, -1.0])],
            biases: vec![vec![0.0; 2], vec![0.0]],
            biases_learn: false,
            activations: vec![Activation::Linear; 2],
            activity_norm: ActivityNorm::Off,
            running: Vec::new(),
        };
        let mut backward = vec![Matrix::zeros(1, 2)];
        let correlated = Correlated { cosine: 0.5 };
        correlated.begin(&mut backward, &layers, &mut Stream::new(1, 0, Role::Null));
        assert_eq!(backward[0].as_slice(), [0.0, 0.0]);
    }
}
