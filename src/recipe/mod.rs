//! What update rule made these steps? `eta L_l^T delta_{l+1}`, its running sum, or something else.
//!
//! A recipe is rates of some kind, momentum or running means, and decay. Those of gradients and
//! their running sums are fitted to relations, which one pass over the steps compresses; those with
//! adaptive rates to some entries of the weights, held whole. A search names the simplest recipe
//! that makes the steps to rounding, and what it has excluded.

mod adaptive;
mod least_squares;
mod relation;
mod search;
mod sgd;
mod shape;
mod span;
mod steps;
mod sums;

pub(crate) use adaptive::{Entries, Follower};
pub(crate) use relation::Relation;
pub(crate) use search::Candidate;
pub use shape::{Beginning, DecayKind, MomentumForm, MomentumKind, Numbers, Optimiser, RatesBy};
pub(crate) use steps::StepRelations;
pub use steps::{ExcludedRecipe, LayerRecipe, StepDecay, StepFit, StepMomentum, StepRates, Steps};
pub(crate) use sums::RelationSums;
