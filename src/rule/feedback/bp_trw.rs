//! BP-TRW, most of the literature's feedback alignment: fixed random backward weights (Lillicrap et
//! al. 2016; RahmanSetayesh et al. 2024).
//!
//! ```text
//! E_l = delta_{l+1} B_l
//! ```

use super::{Backward, Facts, Policy, Route};
use crate::real::Real;
use std::sync::Arc;

pub(super) const FACTS: Facts = Facts {
    name: "bp-trw",
    aliases: &["fa", "bp-taw"],
    label: "BP-TRW",
    argument: None,
    route: Route::Layered,
    backward: Backward::Fixed,
};

#[derive(Debug)]
struct BpTrw;

pub(super) fn policy<T: Real>(_argument: f64) -> Arc<dyn Policy<T>> {
    Arc::new(BpTrw)
}

impl<T: Real> Policy<T> for BpTrw {}
