//! Direct random target projection: not the error but the target is carried to every layer at once,
//! by a fixed random matrix (Frenkel, Lefebvre & Bol 2021).
//!
//! ```text
//! E_l = T B_l,   B_l of shape n_D x n_l,   T the targets, P x n_D
//! ```
//!
//! Errors of outputs between the two target levels have the sign of the target less a constant, so
//! that it stands for them. Hidden layers know nothing of the output and never stop learning;
//! layers need not wait for those above. Only `B_{D-1}` has the shape of a forward matrix.

use super::{Backward, Facts, Policy, Route};
use crate::real::Real;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "drtp",
    aliases: &[],
    label: "DRTP",
    argument: None,
    route: Route::Target,
    backward: Backward::Fixed,
};

#[derive(Debug)]
struct DirectTarget;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(DirectTarget)
}

impl<T: Real> Policy<T> for DirectTarget {}
