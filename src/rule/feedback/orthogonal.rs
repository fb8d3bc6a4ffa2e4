//! BP-TRW with orthogonal backward weights: the nearest matrix with orthonormal rows or columns to
//! the `B_l` drawn, at the norm of that. As the entries drawn are independent normal, it is uniform
//! among such matrices.
//!
//! ```text
//! B_l = c U V^T,   D = U S V^T the B_l drawn,   c = ||D|| / sqrt(min(n_{l+1}, n_l))
//! ```

use super::{Backward, Facts, Policy, Route};
use crate::matrix::Matrix;
use crate::measure::spectrum::Svd;
use crate::random::Stream;
use crate::real::Real;
use crate::rule::Layers;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "orthogonal",
    aliases: &[],
    label: "orthogonal B",
    argument: None,
    route: Route::Layered,
    backward: Backward::Fixed,
};

#[derive(Debug)]
struct Orthogonal;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(Orthogonal)
}

impl<T: Real> Policy<T> for Orthogonal {
    fn begin(
        &self,
        backward: &mut [Matrix<T>],
        _layers: &Layers<T>,
        _noise: &mut Stream,
    ) -> Vec<Matrix<T>> {
        for b in backward {
            let least = b.rows().min(b.cols());
            let norm = b.norm() / (least as f64).sqrt();
            // A matrix of random numbers always has its decomposition; if not, it stays as drawn.
            if let Ok(svd) = Svd::new(&b.to_f64()) {
                let nearest = svd.nearest_orthonormal();
                let entries = b.as_mut_slice().iter_mut().zip(nearest.as_slice());
                entries.for_each(|(b, &value)| *b = T::from_f64(norm * value));
            }
        }
        Vec::new()
    }
}
