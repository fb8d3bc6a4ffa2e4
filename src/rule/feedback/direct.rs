//! Direct feedback alignment: the output error is carried to every layer at once by a fixed random
//! matrix (Nokland 2016).
//!
//! ```text
//! E_l = delta_D B_l,   B_l of shape n_D x n_l
//! ```
//!
//! Only `B_{D-1}` has the shape of a forward matrix, and can be compared with one.

use super::{Backward, Facts, Policy, Route};
use crate::real::Real;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "dfa",
    aliases: &[],
    label: "DFA",
    argument: None,
    route: Route::Direct,
    backward: Backward::Fixed,
};

#[derive(Debug)]
struct Direct;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(Direct)
}

impl<T: Real> Policy<T> for Direct {}
