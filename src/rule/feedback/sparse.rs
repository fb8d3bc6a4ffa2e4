//! BP-TRW with sparse backward weights: every entry is kept with the same probability, and those
//! kept are enlarged so that the expected norm stays.
//!
//! ```text
//! B_l = K o D / sqrt p,   K_ij = 1 with probability p, 0 else,   D the B_l drawn
//! ```

use super::{Argument, Backward, Facts, Policy, Route};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use crate::rule::Layers;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "sparse",
    aliases: &[],
    label: "sparse B",
    argument: Some(Argument::between("the share of entries that are kept", [0.001, 1.0])),
    route: Route::Layered,
    backward: Backward::Fixed,
};

#[derive(Debug)]
struct Sparse {
    share: f64,
}

pub(super) fn policy<T: Real>(share: f64) -> Arc<dyn Policy<T>> {
    Arc::new(Sparse { share })
}

impl<T: Real> Policy<T> for Sparse {
    fn begin(
        &self,
        backward: &mut [Matrix<T>],
        _layers: &Layers<T>,
        noise: &mut Stream,
    ) -> Vec<Matrix<T>> {
        let factor = T::from_f64(1.0 / self.share.sqrt());
        for b in backward {
            let mut chance = vec![0.0f64; b.as_slice().len()];
            noise.fill_uniform(&mut chance);
            for (b, chance) in b.as_mut_slice().iter_mut().zip(chance) {
                *b = if chance < self.share { factor * *b } else { T::zero() };
            }
        }
        Vec::new()
    }
}
