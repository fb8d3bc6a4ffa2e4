//! Kolen-Pollack: backward weights learn by the same updates as the forward weights, transposed,
//! and decay as fast (Kolen & Pollack 1994; Akrout et al. 2019).
//!
//! ```text
//! B_l <- (1 - lambda) B_l + eta delta_{l+1}^T L_l,   lambda = eta * weight decay
//! ```
//!
//! so that, without momentum and weight normalisation, `W_l - B_l^T` shrinks by `1 - lambda` in
//! every step, whatever the data. Under another optimiser `B_l` descends by the same with its own
//! moments: those of AdamW and Muon, whose decay is apart, leave the law as it is.

use super::{Backward, Facts, Made, Policy, Route};
use crate::real::Real;
use crate::rule::add_gradient;
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
    fn descends(&self) -> bool {
        true
    }

    fn add_gradient(&self, index: usize, out: &mut [T], factor: T, made: &Made<'_, T>) {
        for pass in made.passes {
            let (delta, activity) = (&pass.delta[index + 1], pass.fed(index));
            add_gradient(out, 0..delta.cols(), delta, activity, factor);
        }
    }
}
