//! Direct Kolen-Pollack: the output error is carried to every layer at once, by weights that learn
//! from it and the activity of the layer (Webster, Choi & Ahn 2020).
//!
//! ```text
//! E_l = delta_D B_l,   B_l <- (1 - lambda) B_l + eta delta_D^T L_l,   lambda = eta * weight decay
//! ```
//!
//! `B_{D-1}` is that of Kolen-Pollack, whose law it obeys. Those below stand for the product of all
//! weights above them.

use super::{Backward, Facts, Made, Policy, Route};
use crate::real::Real;
use crate::rule::add_gradient;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "direct-kolen-pollack",
    aliases: &["dkp"],
    label: "direct Kolen-Pollack",
    argument: None,
    route: Route::Direct,
    backward: Backward::Learning,
};

#[derive(Debug)]
struct DirectKolenPollack;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(DirectKolenPollack)
}

impl<T: Real> Policy<T> for DirectKolenPollack {
    fn descends(&self) -> bool {
        true
    }

    fn add_gradient(&self, index: usize, out: &mut [T], factor: T, made: &Made<'_, T>) {
        for pass in made.passes {
            let Some(error) = pass.delta.last() else { continue };
            add_gradient(out, 0..error.cols(), error, pass.fed(index), factor);
        }
    }
}
