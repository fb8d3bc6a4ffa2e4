//! No error is carried back: the last layer learns alone, on frozen random features. The baseline
//! of every comparison.

use super::{Backward, Facts, Policy, Route};
use crate::real::Real;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "shallow",
    aliases: &[],
    label: "frozen hidden layers",
    argument: None,
    route: Route::Nowhere,
    backward: Backward::None,
};

#[derive(Debug)]
struct Shallow;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(Shallow)
}

impl<T: Real> Policy<T> for Shallow {}
