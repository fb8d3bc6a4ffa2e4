//! Kolen-Pollack: backward weights learn by the same updates as the forward weights, transposed,
//! and decay as fast (Kolen & Pollack 1994; Akrout et al. 2019).
//!
//! ```text
//! B_l <- (1 - lambda) B_l + eta delta_{l+1}^T L_l,   lambda = eta * weight decay
//! ```
//!
//! so that, without momentum and weight normalisation, `W_l - B_l^T` shrinks by `1 - lambda` in
//! every step, whatever the data.

use super::{Backward, Facts, Made, Policy, Route};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "kolen-pollack",
    aliases: &["kp"],
    label: "Kolen-Pollack",
    argument: None,
    route: Route::Layered,
    backward: Backward::Learning,
};

#[derive(Debug)]
struct KolenPollack;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(KolenPollack)
}

impl<T: Real> Policy<T> for KolenPollack {
    fn learn(&self, backward: &mut [Matrix<T>], made: &Made<'_, T>, _noise: &mut Stream) {
        for (index, b) in backward.iter_mut().enumerate() {
            if made.kept != T::one() {
                b.scale(made.kept);
            }
            for pass in made.passes {
                *b += made.rate * pass.delta[index + 1].t() * &pass.activity[index];
            }
        }
    }
}
